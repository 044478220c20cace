"""The collapsed loops do not form a nest.

What it finds
`collapse(n)` or `ordered(n)` on fewer than n loops that stand directly inside each other.

Why it matters
The loops become one iteration space, which exists only if nothing stands between them (OpenMP 5.0 relaxes this for
code that may run any number of times). Compilers refuse the program.

Example
Bad:

    void scale(int n, int m, double a[n][m])
    {
        #pragma omp parallel for collapse(3)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++)
                a[i][j] *= 2.0;
    }

Good:

    void scale(int n, int m, double a[n][m])
    {
        #pragma omp parallel for collapse(2)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++)
                a[i][j] *= 2.0;
    }

Fix
Collapse only as many loops as are nested directly.

References
OpenMP 5.2 §4.4.3 (collapse clause)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.openmp.sharing import associated_loops
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.words import counted


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None:
            continue
        for clause in site.directive.all("collapse", "ordered"):
            wanted = clause.constant
            if wanted is None:
                continue
            found = len(associated_loops(construct))
            if not 0 < found < wanted or any(loop.tainted for loop in associated_loops(construct)):
                continue
            edit = Edit(clause.items[0].span, str(found))
            fix = Fix(f"write `collapse({found})`", (edit,), False, "the loops that are nested")
            yield _common.finding(
                RULE,
                clause.span,
                f"`{clause.name}({wanted})`, but only {counted(found, 'loop')} directly inside each other",
                f"only {found} here",
                "The loops become one iteration space: each must be the only statement of the one around it "
                "(OpenMP 5.2 §4.4.3).",
                (fix,) if clause.name == "collapse" else (),
                variable=clause.name,
            )


RULE = Rule(
    "omp-collapse-not-perfect",
    "omp",
    "error",
    "collapse of more loops than are nested",
    "OpenMP 5.2 §4.4.3",
    check,
)
