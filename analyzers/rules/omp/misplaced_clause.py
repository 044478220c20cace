"""The directive does not take this clause.

What it finds
A clause of OpenMP on a directive that does not allow it: `nowait` on `parallel for`, `schedule` on `sections`.

Why it matters
The program does not compile, or the compiler drops the clause with a warning.

Example
Bad:

    void clear(int n, double *x)
    {
        #pragma omp parallel for nowait
        for (int i = 0; i < n; i++)
            x[i] = 0.0;
    }

Good:

    void clear(int n, double *x)
    {
        #pragma omp parallel
        {
            #pragma omp for nowait
            for (int i = 0; i < n; i++)
                x[i] = 0.0;
        }
    }

Fix
Remove the clause, or put it on the construct that it is meant for.

References
OpenMP 5.2 §17.2 (clauses on combined and composite constructs)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.directives import Clause, Directive
from analyzers.ir.verdicts import Finding, Fix
from analyzers.openmp import clauses
from analyzers.rules.omp import _common
from analyzers.rules.registry import Rule, Site
from analyzers.standards.openmp import DIRECTIVES
from analyzers.standards.openmp_directives import DirectiveRule
from analyzers.words import listed, quoted


def _check(site: Site) -> Iterator[Finding]:
    directive = site.directive
    rule = DIRECTIVES.get(directive.name)
    if rule is None:
        return
    allowed = {*rule.clauses, rule.argument}
    for clause in directive.clauses:
        if clause.name in allowed:
            continue
        takers = [d.name for d in DIRECTIVES.values() if clause.name in d.clauses and len(d.kinds) == 1]
        where = f"it belongs on {listed(quoted(takers), 'or')}" if 0 < len(takers) <= 4 else ""
        yield _common.finding(
            RULE,
            clause.span,
            f"`{directive.name}` takes no clause `{clause.name}`",
            where or f"`{directive.name}` does not take it",
            _why(directive, clause, rule),
            (Fix(f"remove `{clause.name}`", (clauses.remove(directive, clause),), False),),
            variable=clause.name,
        )


def _why(directive: Directive, clause: Clause, rule: DirectiveRule) -> str:
    if clause.name == "nowait" and directive.has("parallel"):
        return "All threads wait at the end of a parallel region; there is nothing that could go on (OpenMP 5.2 §15.6)."
    if len(rule.kinds) > 1:
        return "A combined directive takes only clauses of its parts, and not all of those (OpenMP 5.2 §17.2)."
    return f"A directive takes only the clauses that its section of the standard lists (OpenMP 5.2 §{rule.section})."


check, check_file = _common.everywhere(_check)

RULE = Rule(
    "omp-misplaced-clause",
    "omp",
    "error",
    "a clause on a directive that does not take it",
    "OpenMP 5.2 §17.2",
    check,
    check_file,
)
