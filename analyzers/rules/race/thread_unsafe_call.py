"""A function with hidden state is called by several threads at the same time.

What it finds
Inside a parallel region, a function is called that keeps its state in static storage, where another thread may call it
at the same time: `rand`, `strtok`, `asctime`, or a function of the file with a static local variable that it writes.

Why it matters
The calls race on the hidden state. `rand` then repeats numbers or slows down on a lock; `strtok` and `asctime` mix up
the texts of the threads.

Example
Bad:

    #include <stdlib.h>

    void fill(int n, int *x)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            x[i] = rand();
    }

Good:

    #include <stdlib.h>

    void fill(int n, int *x)
    {
        #pragma omp parallel
        {
            unsigned seed = 1;
            #pragma omp for
            for (int i = 0; i < n; i++)
                x[i] = rand_r(&seed);
        }
    }

Fix
Call the reentrant variant with a state of the thread's own (`rand_r`, `strtok_r`, `asctime_r`), or let one thread
call.

References
POSIX.1-2017 §2.9.1 (Thread-Safety)
OpenMP 5.2 §1.7 (thread safety of library routines)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from analyzers.dependence.surroundings import taken_for, unread
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Call
from analyzers.ir.statements import Assign, Evaluate, Stmt, calls_of, walk_statements
from analyzers.ir.verdicts import Assumption, Confidence, Finding, Fix, Related
from analyzers.openmp.concurrency import modes
from analyzers.openmp.constructs import has_one_thread
from analyzers.openmp.facts import PlacedAccess, Race, Region
from analyzers.openmp.placements import Phases, Placement
from analyzers.rules.race import _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.registry import Context, Rule

_MOST_EDITS = 3


@dataclass(frozen=True, slots=True)
class _Calling:
    """A call that changes hidden state, and where it stands in the region."""

    call: Call
    name: str
    state: str
    statement: Stmt
    at: Placement


def check(context: Context) -> Iterator[Finding]:
    told: set[str] = set()
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel") or has_one_thread(construct.directive):
            continue
        phases = context.phases(construct)
        calls = list(_calls(context, region, phases))
        for one, other in combinations_with_replacement(calls, 2):
            if one.state != other.state or one.name in told:
                continue
            found = modes(one.at, other.at, phases, False)
            if found:
                told.add(one.name)
                race = Race(region, _placed(one), _placed(other), "likely", "", between=found[0].between)
                yield _finding(context, race, one, other, calls)


def _calls(context: Context, region: Region, phases: Phases) -> Iterator[_Calling]:
    for stmt in walk_statements(region.construct):
        at = phases.placements.get(id(stmt))
        for call in calls_of(stmt) if at is not None else ():
            effects = context.facts.effects.get(call.name or "")
            state = effects.state if effects is not None and not effects.synchronizes else None
            if call.name is None or call.name.startswith("omp_") or state is None or "threadprivate" in state:
                continue
            assert at is not None
            yield _Calling(call, call.name, state, stmt, at)


def _placed(each: _Calling) -> PlacedAccess:
    access = Access(None, (), "update", each.call.span, each.at.loops, statement=each.statement)
    return PlacedAccess(access, each.at.executor, frozenset(), each.at.locks)


def _finding(context: Context, race: Race, one: _Calling, other: _Calling, calls: Sequence[_Calling]) -> Finding:
    effects = context.facts.effects[one.name]
    confidence: Confidence = "proved" if effects.trusted else "likely"
    assumed = tuple(taken_for(each) for each in sorted(effects.basis) if not each.certain)
    if unread(one.state) is not None:
        confidence = "possible"
        assumed = (*assumed, Assumption("condition", f"somebody reads {one.state}", "strong"))
    first, second = words.actor(race, False), words.actor(race, True)
    what = "it too" if one.name == other.name else f"`{other.name}`"
    related = (Related(other.call.span, f"{second} calls `{other.name}` here"),) if other is not one else ()
    return Finding(
        RULE.code,
        RULE.category,
        RULE.severity,
        confidence,
        one.call.span,
        f"`{one.name}` is called by several threads at once and changes {one.state}",
        f"every call changes {one.state}",
        f"{first[0].upper()}{first[1:]} calls `{one.name}` while {second} calls {what}. "
        f"{one.state[0].upper()}{one.state[1:]} is predetermined shared, because it has static storage "
        "(OpenMP 5.2 §5.1.1): calls at the same time race on it.",
        related,
        _critical(context, [each for each in calls if each.state == one.state and not each.at.locks]),
        {
            "variable": one.name,
            "state": one.state,
            "attribute": "shared",
            "origin": "predetermined",
            "section": RULE.section,
            "kind": "call",
        },
        (),
        assumed,
    )


def _critical(context: Context, calls: Sequence[_Calling]) -> tuple[Fix, ...]:
    """One thread at a time calls, in whatever order they come. What a call gives must be its own: a text of `strtok` is
    that of another thread's call by the time the next one comes."""
    if any(each.call.type.kind == "pointer" for each in calls):
        return ()
    statements = {id(each.statement): each.statement for each in calls}
    edits = [
        _repairs.directive_before(context, stmt.span.start, "critical")
        if isinstance(stmt, (Assign, Evaluate))
        else None
        for stmt in statements.values()
    ]
    found = tuple(edit for edit in edits if edit is not None)
    if len(found) != len(edits) or len(found) > _MOST_EDITS:
        return ()
    title = "make the statement critical" if len(found) == 1 else "make the statements critical"
    return (Fix(title, found, False, "one thread at a time calls; the others wait"),)


RULE = Rule(
    "race-thread-unsafe-call",
    "race",
    "warning",
    "a function with hidden state is called by several threads",
    "OpenMP 5.2 §1.7",
    check,
)
