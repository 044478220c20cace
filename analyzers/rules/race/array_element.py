"""All iterations of a parallel loop write the same element.

What it finds
In a loop whose iterations are shared among threads, an element is written that does not depend on the iteration:
`a[0]`, or `a[j]` with the index of an inner loop.

Why it matters
Several threads write the element at the same time; what remains is chance.

Example
Bad:

    void columns(int n, const double a[n][n], double *sum)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                sum[j] = a[i][j];
    }

Good:

    void columns(int n, const double a[n][n], double *sum)
    {
        #pragma omp parallel for
        for (int j = 0; j < n; j++)
            for (int i = 0; i < n; i++)
                sum[j] = a[i][j];
    }

Fix
Parallelize the loop whose index chooses the element, give each thread its own copy (private, or a reduction over an
array section), or protect the update with atomic.

References
OpenMP 5.2 §1.4.1 (data races), §5.5.8 (reduction over array sections), §15.8.4 (atomic construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "array-element"):
        yield _defects.finding(
            RULE,
            defect,
            f"different iterations write the same element of `{defect.name}`",
            f"every iteration writes the same elements of `{defect.name}`",
            "Which element is written does not depend on the iteration.",
            _repairs.some(
                _repairs.atomic(context, defect), _repairs.critical(context, defect), _repairs.serial(context, defect)
            ),
        )


RULE = Rule(
    "race-array-element",
    "race",
    "error",
    "different iterations of a parallel loop write the same element",
    "OpenMP 5.2 §1.4.1",
    check,
)
