"""SIMD lanes need what a lane beside them writes.

What it finds
A loop under a simd directive writes an element (or a scalar) that a later iteration, closer than `safelen`, reads or
writes.

Why it matters
The lanes run consecutive iterations together. A value that one iteration should hand to the next is not there when
the next one loads it.

Example
Bad:

    void prefix(int n, double *u)
    {
        #pragma omp simd
        for (int i = 1; i < n; i++)
            u[i] = u[i] + u[i - 1];
    }

Good:

    void stride(int n, double *u)
    {
        #pragma omp simd safelen(4)
        for (int i = 4; i < n; i++)
            u[i] = u[i] + u[i - 4];
    }

Fix
State with safelen how many iterations may run together, use a reduction or a scan, or remove the directive.

References
OpenMP 5.2 §10.4 (simd construct), §10.4.2 (safelen clause)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.openmp import clauses
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule
from analyzers.text import Span


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "simd-dependence"):
        race = defect.race
        dependence = race.dependence
        facts = {"dependence": dependence.kind} if dependence is not None else {}
        yield _defects.finding(
            RULE,
            defect,
            f"SIMD lanes depend on each other through `{defect.name}`",
            f"a later lane needs `{words.element(race)}`",
            "SIMD lanes run consecutive iterations together, so that the value is not there in time.",
            _fixes(context, defect),
            **facts,
        )


def _fixes(context: Context, defect: Defect) -> tuple[Fix, ...]:
    if defect.reduction is not None or defect.op is not None:
        note = "each lane combines into its own copy"
        return _repairs.some(_repairs.clause(defect, "reduction", note, None, defect.op))
    dependence = defect.race.dependence
    directive = defect.region.construct.directive
    serial = _repairs.serial(context, defect)
    if dependence is None or dependence.distance is None or abs(dependence.distance) < 2:
        return _repairs.some(serial)
    if directive.first("safelen") is not None:
        return _repairs.some(serial)
    clause = f"safelen({abs(dependence.distance)})"
    at = clauses.end_of(directive)
    note = "no more iterations run together than lie between the two"
    return _repairs.some(Fix(f"add `{clause}`", (Edit(Span(at, at), f" {clause}"),), True, note), serial)


RULE = Rule(
    "race-simd-dependence",
    "race",
    "error",
    "SIMD lanes depend on each other",
    "OpenMP 5.2 §10.4",
    check,
)
