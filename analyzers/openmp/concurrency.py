"""May two statements of a region run at the same time, and as what: iterations, threads or tasks?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzers.ir.directives import TEAM_MAKERS
from analyzers.ir.expressions import Expr
from analyzers.ir.statements import Construct, Loop
from analyzers.openmp import dependences
from analyzers.openmp.decisions import meet
from analyzers.openmp.facts import Concurrency, Executor
from analyzers.openmp.locks import keep_apart
from analyzers.openmp.placements import Phases, Placement, Task, common
from analyzers.openmp.sharing import dealt_loops


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which two statements run at the same time.

    iterations: two different iterations of one of `loops`, in the same iteration of what surrounds it. threads: two
    different threads, in the same iteration of the first `same` synchronised loops. tasks: two tasks, or a
    task and its creator, in the same iteration of the loops around both, or in different ones of one of `loops`.
    """

    between: Concurrency
    loops: tuple[Loop, ...] = ()
    same: int = 0
    adjacent: Loop | None = None  # in two consecutive iterations of this synchronised loop
    same_task: bool = False  # two instances of one task construct
    dealt: Construct | None = None  # the construct whose iterations are dealt out
    differ: tuple[tuple[Expr, Expr], ...] = ()  # values of the two that are not the same: the locks that are held
    rounds: bool = False  # `loops` stand around `dealt`: two runs of it, in different iterations of them


def modes(first: Placement, second: Placement, phases: Phases, one_thread: bool) -> tuple[Mode, ...]:
    """All ways in which the statements may run at the same time; empty: never."""
    differ = keep_apart(first.locks, second.locks, phases.locks)
    if differ is None:
        return ()
    if first.task is not None or second.task is not None:
        found = _task_modes(first, second, phases, one_thread)
    else:
        found = [] if one_thread else _team_modes(first, second, phases)
    return tuple(replace(mode, differ=differ) for mode in found)


def _team_modes(first: Placement, second: Placement, phases: Phases) -> list[Mode]:
    a, b = first.executor, second.executor
    if "serial" in (a.kind, b.kind):
        return []
    shared = len(common(first.synchronised, second.synchronised))
    found: list[Mode] = []
    if a.kind in ("iteration", "single", "section") and a.construct is b.construct and a.construct is not None:
        found += _rounds(first, second, shared, phases)
        if a.kind == "iteration":
            return [Mode("iterations", dealt_loops(a.construct), dealt=a.construct), *found]
    if _same_thread(a, b):
        return found
    if meet(first.phases[shared], second.phases[shared]):
        found.append(Mode("threads", same=shared))
    for level in range(shared, 0, -1):
        loop = first.synchronised[level - 1]
        entry, end = frozenset({phases.entries[id(loop)]}), phases.ends.get(id(loop), frozenset())
        late_first = meet(first.phases[level], end) and meet(entry, second.phases[level])
        late_second = meet(second.phases[level], end) and meet(entry, first.phases[level])
        if late_first or late_second:
            found.append(Mode("threads", same=level - 1, adjacent=loop))
    return found


def _rounds(first: Placement, second: Placement, shared: int, phases: Phases) -> list[Mode]:
    """Two runs of one worksharing construct in different iterations of loops around it that no barrier keeps apart."""
    construct = first.executor.construct
    at = phases.placements.get(id(construct))
    if at is None or construct is None or construct.directive.has(*TEAM_MAKERS):
        return []
    free = tuple(loop for loop in at.loops if loop not in at.synchronised)
    if not free or not meet(first.phases[shared], second.phases[shared]):
        return []
    return [Mode("iterations", free, dealt=construct, rounds=True)]


def _same_thread(a: Executor, b: Executor) -> bool:
    """Do both run on one thread whenever they meet: one single, one section, or what one thread is chosen for?"""
    if a.kind != b.kind:
        return False
    if a.kind == "single":
        return a.construct is b.construct
    if a.kind == "section":
        return a.construct is b.construct and a.section == b.section
    return a.kind == "masked" and (a.thread, a.section) == (b.thread, b.section)


def _task_modes(first: Placement, second: Placement, phases: Phases, one_thread: bool) -> list[Mode]:
    if first.task is not None and first.task == second.task:
        return _same_task(first, second, phases.tasks[first.task], phases, one_thread)
    found: list[Mode] = []
    in_flight = (first.task is not None and first.task in second.pending) or (
        second.task is not None and second.task in first.pending
    )
    one = phases.tasks[first.task] if first.task is not None else None
    other = phases.tasks[second.task] if second.task is not None else None
    if one is not None and other is not None and _in_order(one, other, phases.tasks):
        return []
    if in_flight:
        outlives = any(t is not None and t.number in t.created.pending for t in (one, other))
        found.append(Mode("tasks", common(first.loops, second.loops) if outlives else ()))
    if not one_thread:
        found += _team_modes(creation(first, phases), creation(second, phases), phases)
    return found


def creation(placement: Placement, phases: Phases) -> Placement:
    """Where the outermost task around the statement was created; the statement itself outside tasks. Threads that are
    apart there are apart in what their tasks do."""
    while placement.task is not None:
        placement = phases.tasks[placement.task].created
    return placement


def _same_task(first: Placement, second: Placement, task: Task, phases: Phases, one_thread: bool) -> list[Mode]:
    """Two instances of one task construct, or two tasks of one taskloop."""
    found: list[Mode] = []
    if first.executor.kind == second.executor.kind == "iteration":
        found.append(Mode("iterations", dealt_loops(task.construct), dealt=task.construct))
    if task.number in task.created.pending and not dependences.orders_itself(task.construct.directive):
        found.append(Mode("tasks", task.loops, same_task=True))
    made = creation(task.created, phases)
    if not one_thread and made.executor.kind in ("all-threads", "iteration"):
        # Every thread that comes to a taskloop makes tasks of all its iterations (OpenMP 5.2 §12.6).
        found += _team_modes(made, made, phases)
    return found


def _in_order(one: Task, other: Task, tasks: Sequence[Task]) -> bool:
    """Are two tasks, or sibling tasks around them, ordered by their dependences? What the earlier sibling made must be
    done when it ends."""
    for mine in _lineage(one, tasks):
        for theirs in _lineage(other, tasks):
            if mine.number == theirs.number or not dependences.ordered(mine, theirs, tasks):
                continue
            earlier, descendant = (mine, one) if mine.number < theirs.number else (theirs, other)
            if descendant is earlier or descendant.number not in earlier.remaining:
                return True
    return False


def _lineage(task: Task, tasks: Sequence[Task]) -> Iterator[Task]:
    """The task and those around it, inner ones first."""
    at: int | None = task.number
    while at is not None:
        yield tasks[at]
        at = tasks[at].parent
