"""The directive is none of OpenMP.

What it finds
A line that begins with `omp` and goes on with words that are no directive of OpenMP 5.2 (nor one of the well-known
ones of 6.0).

Why it matters
Compilers ignore pragmas that they do not know, most of them without a word. The loop stays serial and nobody notices.

Example
Bad:

    void clear(int n, double *x)
    {
        #pragma omp paralel for
        for (int i = 0; i < n; i++)
            x[i] = 0.0;
    }

Good:

    void clear(int n, double *x)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            x[i] = 0.0;
    }

Fix
Write the name of the directive as the standard has it.

References
OpenMP 5.2 §3.1 (directive format)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Rule, Site
from analyzers.standards.openmp import WORDS
from analyzers.words import did_you_mean


def _check(site: Site) -> Iterator[Finding]:
    directive = site.directive
    if directive.kinds or not directive.unknown:
        return
    written, span = directive.unknown[0]
    known = sorted(WORDS)
    if _common.may_be_macro(directive, written, known):
        return
    fixes = _common.replacement(span, written, known)
    yield _common.finding(
        RULE,
        span,
        f"`{written}` is not an OpenMP directive{did_you_mean(written, known)}",
        "no directive of this name",
        "The compiler ignores a pragma that it does not know: what follows runs as if it were not there "
        "(OpenMP 5.2 §3.1).",
        fixes,
        variable=written,
    )


check, check_file = _common.everywhere(_check)

RULE = Rule(
    "omp-unknown-directive",
    "omp",
    "error",
    "a directive that OpenMP does not have",
    "OpenMP 5.2 §3.1",
    check,
    check_file,
)
