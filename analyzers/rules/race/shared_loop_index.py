"""The index of an inner loop is one variable for all threads.

What it finds
A loop inside a parallel region counts with a variable that is declared outside the region. In C and C++ only
the indices of the associated loops are predetermined private.

Why it matters
Threads move each other's index: iterations are skipped or run twice, subscripts leave their range, loops may never
end.

Example
Bad:

    void clear(int n, double a[n][n])
    {
        int i, j;
        #pragma omp parallel for
        for (i = 0; i < n; i++)
            for (j = 0; j < n; j++)
                a[i][j] = 0.0;
    }

Good:

    void clear(int n, double a[n][n])
    {
        int i, j;
        #pragma omp parallel for private(j)
        for (i = 0; i < n; i++)
            for (j = 0; j < n; j++)
                a[i][j] = 0.0;
    }

Fix
Declare the index in the loop (`for (int j = 0; ...)`), or list it in a private clause.

References
OpenMP 5.2 §5.1.1 (data-sharing attributes of loop iteration variables), §4.4.1 (canonical loop nest form)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "shared-loop-index"):
        name = defect.name
        yield _defects.finding(
            RULE,
            defect,
            f"all threads count with the one loop index `{name}`",
            f"`{name}` is shared by all threads",
            "Only the indices of the loops that the directive associates are predetermined private. Here one thread "
            "moves the index of another in the middle of its loop.",
            _repairs.some(_repairs.clause(defect, "private", "each thread counts for itself")),
        )


RULE = Rule(
    "race-shared-loop-index",
    "race",
    "error",
    "the index of a loop inside a parallel region is shared by all threads",
    "OpenMP 5.2 §5.1.1",
    check,
)
