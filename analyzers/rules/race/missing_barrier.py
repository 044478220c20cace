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

from analyzers.ir.statements import Construct
from analyzers.ir.verdicts import Finding, Fix
from analyzers.openmp import clauses
from analyzers.openmp.facts import PlacedAccess
from analyzers.rules.race import _defects
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "missing-barrier"):
        race = defect.race
        name = defect.name
        first, second = _in_order(race.first, race.second)
        why = (
            f"{_defects.sharing(defect)} {_place(first)} {_defects.verb(first.access)} it and {_place(second).lower()} "
            f"{_defects.verb(second.access)} it, with no barrier between the two: threads reach the second "
            "while others are still in the first."
        )
        yield _defects.finding(
            RULE,
            defect,
            f"no barrier separates the {'writes' if second.access.writes else 'write and the read'} of `{name}`",
            f"{_defects.who(race, False)} {_defects.verb(race.first.access)} `{_defects.element(defect)}`",
            why,
            _fixes(context, first, second),
        )


def _in_order(one: PlacedAccess, other: PlacedAccess) -> tuple[PlacedAccess, PlacedAccess]:
    return (one, other) if one.access.order <= other.access.order else (other, one)


def _place(placed: PlacedAccess) -> str:
    construct = placed.executor.construct
    if placed.executor.kind == "section":
        return f"Section {placed.executor.section}"
    if construct is None or placed.executor.kind == "all-threads":
        return "A statement of all threads" if placed.executor.kind == "all-threads" else "One thread"
    return f"The {construct.directive.name} construct"


def _fixes(context: Context, first: PlacedAccess, second: PlacedAccess) -> tuple[Fix, ...]:
    construct = first.executor.construct
    if construct is None or first.executor.kind == "section" or construct is second.executor.construct:
        return ()
    nowait = construct.directive.first("nowait")
    if nowait is not None:
        note = "all threads wait at the end of the construct"
        return (Fix("remove `nowait`", (clauses.remove(construct.directive, nowait),), True, note),)
    other = second.executor.construct
    if construct.directive.has("master", "masked") and second.executor.kind in ("iteration", "single"):
        at = _start_of(other)
        edit = _defects.directive_before(context, at, "barrier") if at is not None else None
        if edit is not None:
            return (Fix("insert a barrier", (edit,), True, "all threads wait for the one that did the work"),)
    return ()


def _start_of(construct: Construct | None) -> int | None:
    return construct.span.start if construct is not None else None


RULE = Rule(
    "race-missing-barrier",
    "race",
    "error",
    "two parts of a parallel region use the same memory without a barrier between them",
    "OpenMP 5.2 §15.3",
    check,
)
