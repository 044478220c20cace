"""Every thread of a parallel region writes the same memory.

What it finds
A statement that all threads execute, because no worksharing construct divides the work, writes a variable or an
element that is the same for all of them.

Why it matters
The threads write at the same time. If they write different values, chance decides; if one reads in between, it sees
either.

Example
Bad:

    #include <omp.h>

    int team(void)
    {
        int size = 0, half = 0;
        #pragma omp parallel
        {
            size = omp_get_num_threads();
            half = size / 2;
        }
        return half;
    }

Good:

    #include <omp.h>

    int team(void)
    {
        int size = 0, half = 0;
        #pragma omp parallel
        {
            #pragma omp single
            {
                size = omp_get_num_threads();
                half = size / 2;
            }
        }
        return half;
    }

Fix
Let one thread write it (single, or masked and a barrier), make it private, or divide the loop with a for directive.

References
OpenMP 5.2 §10.1 (parallel construct), §11.1 (single construct), §1.4.1 (data races)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Fix
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "shared-write-in-parallel"):
        element = words.element(defect.race)
        yield _defects.finding(
            RULE,
            defect,
            f"every thread of the region writes `{element}`",
            f"every thread {words.verb(defect.race.first.access)} `{element}` at the same time",
            "No worksharing construct divides the work here, so that all threads of the team execute the statement at "
            "the same time.",
            _fixes(context, defect),
        )


def _fixes(context: Context, defect: Defect) -> tuple[Fix, ...]:
    return _repairs.some(
        _repairs.private(context, defect),
        _repairs.atomic(context, defect),
        _repairs.single(context, defect),
        _repairs.critical(context, defect),
        _repairs.divided(context, defect),
    )


RULE = Rule(
    "race-shared-write-in-parallel",
    "race",
    "error",
    "every thread of a parallel region writes the same memory",
    "OpenMP 5.2 §10.1",
    check,
)
