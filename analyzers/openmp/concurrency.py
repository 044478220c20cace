"""May two statements of a region run at the same time, and as what: iterations, threads or tasks?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzers.ir.statements import Loop
from analyzers.openmp import dependences
from analyzers.openmp.constructs import exclude
from analyzers.openmp.decisions import meet
from analyzers.openmp.facts import Concurrency, Executor
from analyzers.openmp.phases import Phases, Placement, Task
from analyzers.openmp.sharing import associated_loops


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


def modes(first: Placement, second: Placement, phases: Phases, one_thread: bool) -> tuple[Mode, ...]:
    """All ways in which the statements may run at the same time; empty: never."""
    if _exclusive(first, second):
        return ()
    found: list[Mode] = []
    if first.task is not None or second.task is not None:
        found += _task_modes(first, second, phases, one_thread)
        return tuple(found)
    if one_thread and not _is_iteration(first, second, "taskloop"):
        return ()
    found += _team_modes(first, second, phases)
    return tuple(found)


def _exclusive(first: Placement, second: Placement) -> bool:
    """A lock that both hold. `atomic` is judged by the location (see `races`). What dependences between iterations
    order is not looked at: it is taken as ordered."""
    if exclude(first.locks, second.locks):
        return True
    return any(lock.startswith("doacross:") for lock in first.locks | second.locks)


def _is_iteration(first: Placement, second: Placement, kind: str) -> bool:
    a, b = first.executor, second.executor
    return a.kind == b.kind == "iteration" and a.construct is b.construct and _has(a, kind)


def _has(executor: Executor, kind: str) -> bool:
    return executor.construct is not None and executor.construct.directive.has(kind)


def _team_modes(first: Placement, second: Placement, phases: Phases) -> list[Mode]:
    a, b = first.executor, second.executor
    if "serial" in (a.kind, b.kind):
        return []
    common = _common(first, second)
    if a.kind == b.kind == "iteration" and a.construct is b.construct and a.construct is not None:
        shared_out = [Mode("iterations", associated_loops(a.construct))]
        # Every thread that comes to a taskloop makes tasks of all its iterations (OpenMP 5.2 §12.6).
        by_all = a.creator is not None and a.creator.kind == "all-threads"
        return [*shared_out, Mode("threads", same=common)] if by_all else shared_out
    if _same_thread(a, b):
        return []
    found: list[Mode] = []
    if meet(first.phases[common], second.phases[common]):
        found.append(Mode("threads", same=common))
    for level in range(common, 0, -1):
        loop = first.synchronised[level - 1]
        entry, end = frozenset({phases.entries[id(loop)]}), phases.ends.get(id(loop), frozenset())
        late_first = meet(first.phases[level], end) and meet(entry, second.phases[level])
        late_second = meet(second.phases[level], end) and meet(entry, first.phases[level])
        if late_first or late_second:
            found.append(Mode("threads", same=level - 1, adjacent=loop))
    return found


def _common(first: Placement, second: Placement) -> int:
    """How many synchronised loops surround both."""
    count = 0
    for mine, theirs in zip(first.synchronised, second.synchronised, strict=False):
        if mine is not theirs:
            break
        count += 1
    return count


def _same_thread(a: Executor, b: Executor) -> bool:
    """Do both run on one thread whenever they meet: one single, one section, or what one thread is chosen for?"""
    one, other = _waiting_creator(a), _waiting_creator(b)
    if one is not a or other is not b:
        return _same_thread(one, other)
    if a.kind == b.kind == "single":
        return a.construct is b.construct
    if a.kind == b.kind == "section":
        return a.construct is b.construct and a.section == b.section
    if a.kind == b.kind == "masked":
        if a.thread is None or b.thread is None:
            return (a.construct is b.construct and a.construct is not None) or (
                a.construct is b.construct and a.section == b.section and a.thread is b.thread
            )
        return a.thread == b.thread
    return False


def _waiting_creator(executor: Executor) -> Executor:
    """The executor that creates the tasks of a taskloop and waits for them (OpenMP 5.2 §12.6), where there is one."""
    construct = executor.construct
    if executor.creator is None or construct is None or construct.directive.first("nogroup") is not None:
        return executor
    return executor.creator


def _task_modes(first: Placement, second: Placement, phases: Phases, one_thread: bool) -> list[Mode]:
    if first.task is not None and first.task == second.task:
        return _same_task(phases.tasks[first.task], phases, one_thread)
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
        found.append(Mode("tasks", _common_loops(first, second) if outlives else ()))
    if not one_thread:
        found += _team_modes(_creation(first, phases), _creation(second, phases), phases)
    return found


def _common_loops(first: Placement, second: Placement) -> tuple[Loop, ...]:
    return tuple(a for a, b in zip(first.loops, second.loops, strict=False) if a is b)


def _creation(placement: Placement, phases: Phases) -> Placement:
    """Where the outermost task around the statement was created; the statement itself outside tasks."""
    while placement.task is not None:
        placement = phases.tasks[placement.task].created
    return placement


def _same_task(task: Task, phases: Phases, one_thread: bool) -> list[Mode]:
    """Two instances of one task construct."""
    found: list[Mode] = []
    if task.number in task.created.pending and not dependences.orders_itself(task.construct.directive):
        found.append(Mode("tasks", task.loops, same_task=True))
    creation = _creation(task.created, phases)
    if not one_thread and creation.executor.kind in ("all-threads", "iteration"):
        found += _team_modes(creation, creation, phases)
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
