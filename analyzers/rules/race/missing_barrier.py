"""Two pieces of work of a parallel region follow each other without a barrier between them.

What it finds
A worksharing construct with `nowait`, a master or masked construct, a section or a statement of all threads writes
what another part of the same region uses, and no barrier separates the two.

Why it matters
A thread that is done with the first part goes on to the second one while others are still busy with the first. It can
read values that are not there yet.

Example
Bad:

    void smooth(int n, const double *x, double *y, double *z)
    {
        #pragma omp parallel
        {
            #pragma omp for nowait
            for (int i = 0; i < n; i++)
                y[i] = x[i] * x[i];
            #pragma omp for
            for (int i = 1; i < n; i++)
                z[i] = y[i] + y[i - 1];
        }
    }

Good:

    void smooth(int n, const double *x, double *y, double *z)
    {
        #pragma omp parallel
        {
            #pragma omp for
            for (int i = 0; i < n; i++)
                y[i] = x[i] * x[i];
            #pragma omp for
            for (int i = 1; i < n; i++)
                z[i] = y[i] + y[i - 1];
        }
    }

Fix
Remove `nowait`, or put a barrier between the two. A master or masked construct has no barrier at its end; single has
one.

References
OpenMP 5.2 §15.3 (barriers), §15.6 (nowait clause), §10.5 (masked construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Fix
from analyzers.openmp.facts import PlacedAccess
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "missing-barrier"):
        race = defect.race
        first, second = _in_order(race.first, race.second)
        both_write = first.access.writes and second.access.writes
        yield _defects.finding(
            RULE,
            defect,
            f"no barrier separates the {'writes' if both_write else 'write and the read'} of `{defect.name}`",
            f"{words.actor(race, False)} {words.verb(race.first.access)} `{words.element(race)}`",
            _why(first),
            _fixes(context, defect, first, second),
        )


def _in_order(one: PlacedAccess, other: PlacedAccess) -> tuple[PlacedAccess, PlacedAccess]:
    return (one, other) if one.access.order <= other.access.order else (other, one)


def _why(first: PlacedAccess) -> str:
    construct = first.executor.construct
    name = construct.directive.name if construct is not None else ""
    if name in ("master", "masked"):
        return (
            f"`{name}` has no barrier at its end, unlike `single`: the other threads do not wait for the one that does "
            "the work."
        )
    if construct is not None and construct.directive.first("nowait") is not None:
        return f"With `nowait` threads leave the {name} construct while others are still in it."
    return "No barrier lies between the two: threads reach the second while others are still in the first."


def _fixes(context: Context, defect: Defect, first: PlacedAccess, second: PlacedAccess) -> tuple[Fix, ...]:
    construct = first.executor.construct
    directed = construct is not None and construct is not second.executor.construct
    return _repairs.some(
        _repairs.no_nowait(construct) if construct is not None and directed else None,
        _repairs.barrier(context, defect, first, second),
        _repairs.single_for(construct) if construct is not None and directed else None,
        _repairs.single(context, defect) if first.executor.kind == "all-threads" else None,
    )


RULE = Rule(
    "race-missing-barrier",
    "race",
    "error",
    "two parts of a parallel region use the same memory without a barrier between them",
    "OpenMP 5.2 §15.3",
    check,
)
