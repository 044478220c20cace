"""Two sections use the same memory, and sections run at the same time.

What it finds
Two sections of one sections construct access the same shared variable or element, and one of them writes it.

Why it matters
Sections have no order: different threads may execute them at the same time, or one thread one after the other, in any
order.

Example
Bad:

    double both(const double *x)
    {
        double t = 0.0, r = 0.0;
        #pragma omp parallel sections
        {
            #pragma omp section
            t = x[0] * x[0];
            #pragma omp section
            r = t + x[1];
        }
        return r;
    }

Good:

    double both(const double *x)
    {
        double t = 0.0, r = 0.0;
        #pragma omp parallel sections
        {
            #pragma omp section
            t = x[0] * x[0];
            #pragma omp section
            r = x[1];
        }
        return r + t;
    }

Fix
Move what depends on both behind the construct, or write tasks with depend clauses.

References
OpenMP 5.2 §11.3 (sections construct), §1.4.1 (data races)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "between-sections"):
        first = defect.race.first
        yield _defects.finding(
            RULE,
            defect,
            f"two sections that run at the same time use `{defect.name}`",
            f"section {first.executor.section} {words.verb(first.access)} `{words.element(defect.race)}`",
            "Sections have no order: each goes to whichever thread is free.",
            _repairs.some(_repairs.atomic(context, defect)),
        )


RULE = Rule(
    "race-between-sections",
    "race",
    "error",
    "two sections use the same memory at the same time",
    "OpenMP 5.2 §11.3",
    check,
)
