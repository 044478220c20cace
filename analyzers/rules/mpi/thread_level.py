"""Threads call MPI in a way that MPI was not initialised for.

What it finds
A call of MPI in a parallel region, in a function that initialises MPI with a level of thread support that does not
allow it: several threads need `MPI_THREAD_MULTIPLE`, any one of them at a time `MPI_THREAD_SERIALIZED`, the master
thread alone `MPI_THREAD_FUNNELED`.

Why it matters
Without the level, the library is not prepared for calls from threads: messages are lost, programs hang or crash, and
only sometimes.

Example
Bad:

    #include <mpi.h>

    int main(int argc, char **argv)
    {
        int provided;
        double x[100] = {0};
        MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
        #pragma omp parallel for
        for (int i = 0; i < 100; i++)
            MPI_Send(&x[i], 1, MPI_DOUBLE, 1, i, MPI_COMM_WORLD);
        MPI_Finalize();
    }

Good:

    #include <mpi.h>

    int main(int argc, char **argv)
    {
        int provided;
        double x[100] = {0};
        MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
        if (provided < MPI_THREAD_MULTIPLE)
            MPI_Abort(MPI_COMM_WORLD, 1);
        #pragma omp parallel for
        for (int i = 0; i < 100; i++)
            MPI_Send(&x[i], 1, MPI_DOUBLE, 1, i, MPI_COMM_WORLD);
        MPI_Finalize();
    }

Fix
Ask for the level with `MPI_Init_thread` and look at what is provided, or call MPI where one thread runs.

References
MPI 4.1 §11.6 (MPI and threads)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Related
from analyzers.mpi.calls import MPICall, calls
from analyzers.openmp.constructs import has_one_thread
from analyzers.openmp.placements import Placement
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule

_LEVELS = ("MPI_THREAD_SINGLE", "MPI_THREAD_FUNNELED", "MPI_THREAD_SERIALIZED", "MPI_THREAD_MULTIPLE")
_ALWAYS = frozenset(  # any thread may call these (MPI 4.1 §11.4.1)
    ("MPI_Initialized", "MPI_Finalized", "MPI_Query_thread", "MPI_Is_thread_main", "MPI_Get_version", "MPI_Wtime")
)
_WHO = ("", "the master thread", "one thread at a time", "several threads at the same time")


def check(context: Context) -> Iterator[Finding]:
    made = calls(context.facts.function)
    given = _initialised(context, made)
    if given is None:
        return
    start, level = given
    inside = {id(call.statement): call for call in made if call.name not in _ALWAYS}
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel") or has_one_thread(construct.directive):
            continue
        for statement, at in context.phases(construct).placements.items():
            call = inside.get(statement)
            needed = _needed(at) if call is not None else 0
            if call is not None and needed > level:
                yield _finding(call, needed, start, level)


def _initialised(context: Context, made: tuple[MPICall, ...]) -> tuple[MPICall, int] | None:
    """The call that initialises MPI, and the level that it asks for."""
    starts = [call for call in made if call.name in ("MPI_Init", "MPI_Init_thread")]
    if len(starts) != 1:
        return None
    (start,) = starts
    required = start.named("required")
    if required is None:
        return start, 0
    levels = {value.handle for value in _common.values_of(context).of(required.expr, start.statement)}
    (level,) = levels if len(levels) == 1 else (None,)
    return (start, _LEVELS.index(level)) if level in _LEVELS else None


def _needed(at: Placement) -> int:
    """The level that a call needs where it stands."""
    if at.executor.kind == "masked" and at.executor.thread in (None, 0) and at.task is None:
        return 1
    alone = at.executor.kind in ("single", "masked") and at.task is None
    return 2 if alone or any(lock.startswith(("critical:", "lock:")) for lock in at.locks) else 3


def _finding(call: MPICall, needed: int, start: MPICall, level: int) -> Finding:
    asked = f"`{_LEVELS[level]}`" if start.name == "MPI_Init_thread" else "no thread support"
    return _common.finding(
        RULE,
        call,
        call.call.span,
        f"{call.name} is called by {_WHO[needed]}, which needs {_LEVELS[needed]}",
        f"MPI was initialised with {asked}",
        f"{start.name} asks for {asked}; calls from {_WHO[needed]} are allowed from {_LEVELS[needed]} on "
        "(MPI 4.1 §11.6).",
        (Related(start.call.span, "MPI is initialised here"),),
        "proved" if start.name == "MPI_Init_thread" else "likely",
        variable=call.name,
    )


RULE = Rule(
    "mpi-thread-level",
    "mpi",
    "error",
    "threads call MPI in a way that it was not initialised for",
    "MPI 4.1 §11.6",
    check,
)
