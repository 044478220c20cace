"""A word on the directive is no clause of OpenMP.

What it finds
A word behind the name of a directive that no clause of OpenMP 5.2 has.

Why it matters
Most compilers stop here; some warn and go on without the clause, so that a variable meant to be private stays shared.

Example
Bad:

    void scale(int n, const double *x, double *y)
    {
        double t;
        #pragma omp parallel for privat(t)
        for (int i = 0; i < n; i++) {
            t = x[i];
            y[i] = t * t;
        }
    }

Good:

    void scale(int n, const double *x, double *y)
    {
        double t;
        #pragma omp parallel for private(t)
        for (int i = 0; i < n; i++) {
            t = x[i];
            y[i] = t * t;
        }
    }

Fix
Write the name of the clause as the standard has it.

References
OpenMP 5.2 §3.2 (clause format)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Rule, Site
from analyzers.standards.openmp import DIRECTIVES, clauses_of
from analyzers.words import did_you_mean


def _check(site: Site) -> Iterator[Finding]:
    directive = site.directive
    if not directive.kinds or directive.has("end"):
        return
    section = DIRECTIVES[directive.name].section if directive.name in DIRECTIVES else "3.2"
    known = [clause.name for clause in clauses_of(directive.name)]
    for written, span in directive.unknown:
        if not written[0].isalpha():
            continue  # a stray character is omp-directive-syntax
        if _common.may_be_macro(directive, written, known):
            continue
        fixes = _common.replacement(span, written, known)
        yield _common.finding(
            RULE,
            span,
            f"`{written}` is not a clause of `{directive.name}`{did_you_mean(written, known)}",
            "no clause of this name",
            "Compilers stop here, or go on as if the word were not there. The clauses of "
            f"`{directive.name}` are in OpenMP 5.2 §{section}.",
            fixes,
            variable=written,
        )


check, check_file = _common.everywhere(_check)

RULE = Rule(
    "omp-unknown-clause",
    "omp",
    "error",
    "a clause that OpenMP does not have",
    "OpenMP 5.2 §3.2",
    check,
    check_file,
)
