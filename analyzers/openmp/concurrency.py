"""May two statements of a region run at the same time, and as what: iterations, threads or tasks?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzers.ir.directives import TEAM_MAKERS
from analyzers.ir.expressions import Expr
from analyzers.ir.statements import Construct, Loop
from analyzers.openmp.decisions import meet
from analyzers.openmp.dependences import Meets
from analyzers.openmp.facts import Concurrency, Executor
from analyzers.openmp.locks import keep_apart
from analyzers.openmp.placements import Phases, Placement, Task, common, same_thread
from analyzers.openmp.sharing import dealt_loops


@dataclass(frozen=True, slots=True)
class Waits:
    """The order of two tasks by their dependences, where it may hang on the iterations in which they are made."""

    first: Task
    second: Task
    phases: Phases

    def holds(self, forward: bool, by: tuple[int, ...], meets: Meets = lambda *_: True) -> bool:
        """Does the later task wait for the earlier one, that of `first` if `forward`, with indices less by `by`? True
        where that is not known; `meets`: see `Dependences.waits`."""
        earlier, later = (self.first, self.second) if forward else (self.second, self.first)
        return self.phases.dependences.waits(earlier, later, by, self.phases.tasks, meets)


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
    executors: tuple[Executor, ...] = ()  # who the two threads are; of tasks, those that made them
    inside: tuple[tuple[Loop, ...], ...] = ((), ())  # of each, loops around it alone that a barrier keeps in step
    adjacent: Loop | None = None  # in two consecutive iterations of this synchronised loop
    forward: bool = True  # the first statement in the earlier one of these
    same_task: bool = False  # two instances of one task construct, or in different iterations only
    waits: Waits | None = None  # what may order the two tasks
    dealt: Construct | None = None  # the construct whose iterations are dealt out
    differ: tuple[tuple[Expr, Expr], ...] = ()  # values of the two that are not the same: the locks that are held
    goes_on: tuple[int | None, int | None] = (None, None)  # of each beside a task: which thread, where that is known
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
    if same_thread(a, b):
        return found
    inside = _inside(first, shared, phases), _inside(second, shared, phases)
    if meet(first.phases[shared], second.phases[shared]):
        found.append(Mode("threads", same=shared, executors=(a, b), inside=inside))
    for level in range(shared, 0, -1):
        loop = first.synchronised[level - 1]
        entry, end = frozenset({phases.entries[id(loop)]}), phases.ends.get(id(loop), frozenset())
        late_first = meet(first.phases[level], end) and meet(entry, second.phases[level])
        late_second = meet(second.phases[level], end) and meet(entry, first.phases[level])
        for late, forward in ((late_first, True), (late_second, False)):
            if late:
                found.append(Mode("threads", same=level - 1, adjacent=loop, forward=forward, executors=(a, b)))
    return found


def _inside(placement: Placement, shared: int, phases: Phases) -> tuple[Loop, ...]:
    """The synchronised loops after the first `shared` ones in each of whose iterations all threads meet."""
    loops = placement.synchronised[shared:]
    return tuple(x for x in loops if not meet(frozenset({phases.entries[id(x)]}), phases.ends.get(id(x), frozenset())))


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


def _task_modes(first: Placement, second: Placement, phases: Phases, one_thread: bool) -> list[Mode]:
    if first.task is not None and first.task == second.task:
        return _same_task(first, second, phases.tasks[first.task], phases, one_thread)
    found: list[Mode] = []
    one = phases.tasks[first.task] if first.task is not None else None
    other = phases.tasks[second.task] if second.task is not None else None
    in_flight = _is_in_flight(one, other, second, phases) or _is_in_flight(other, one, first, phases)
    if in_flight and (not one_thread or _has_device(one, phases) or _has_device(other, phases)):
        outlives = any(t is not None and t.number in t.created.pending for t in (one, other))
        loops = common(first.loops, second.loops) if outlives and not _one_after_the_other(one, other, phases) else ()
        if one is None or other is None:
            creator = _creation(first, phases).executor if one is not None else _creation(second, phases).executor
            goes_on = (None, creator.thread) if other is None else (creator.thread, None)
            found.append(Mode("tasks", loops, goes_on=goes_on))
        elif _in_order(one, other, phases):
            pass
        elif one.parent != other.parent or not (_has_dependences(one) and _has_dependences(other)):
            found.append(Mode("tasks", loops))
        else:  # it may hang on the iterations, and on others in between
            waits = Waits(one, other, phases)
            apart, within = _divided(one, loops, phases)
            if within or not waits.holds(one.number < other.number, (0,) * len(one.loops)):
                found.append(Mode("tasks", within, waits=waits))
            if apart:
                found.append(Mode("tasks", apart, same_task=True))
    if not one_thread:
        found += _team_modes(_creation(first, phases), _creation(second, phases), phases)
    return found


def _is_in_flight(task: Task | None, other: Task | None, at: Placement, phases: Phases) -> bool:
    """May a task be running while what stands at `at`, in the task `other`, runs?"""
    if task is None or task.number not in at.pending:
        return False
    # The task around another one is in flight there as itself, or as one made in another iteration.
    is_around = other is not None and any(t is task for t in _lineage(other, phases.tasks))
    return not is_around or not _one_after_the_other(task, other, phases)


def _has_device(task: Task | None, phases: Phases) -> bool:
    """May it run beside the one thread of a team?"""
    return task is not None and any(t.construct.directive.has("target") for t in _lineage(task, phases.tasks))


def _divided(task: Task, loops: tuple[Loop, ...], phases: Phases) -> tuple[tuple[Loop, ...], tuple[Loop, ...]]:
    """The loops in whose iterations the tasks are no siblings, because the task around them is another one each time;
    and those inside that task."""
    if task.parent is None:
        return (), loops
    outside = phases.tasks[task.parent].loops
    return tuple(x for x in loops if x in outside), tuple(x for x in loops if x not in outside)


def _creation(placement: Placement, phases: Phases) -> Placement:
    """Where the outermost task around the statement was created; the statement itself outside tasks."""
    while placement.task is not None:
        placement = phases.tasks[placement.task].created
    return placement


def _same_task(first: Placement, second: Placement, task: Task, phases: Phases, one_thread: bool) -> list[Mode]:
    """Two instances of one task construct, or two tasks of one taskloop."""
    found: list[Mode] = []
    if first.executor.kind == second.executor.kind == "iteration":
        found.append(Mode("iterations", dealt_loops(task.construct), dealt=task.construct))
    outlives = task.number in task.created.pending and (not one_thread or _has_device(task, phases))
    if outlives and not _one_after_the_other(task, task, phases):
        apart, within = _divided(task, task.loops, phases)
        depends = task.construct.directive.first("depend") is not None
        by_others = depends and phases.dependences.is_told(task, phases.tasks)
        if not by_others and not phases.dependences.orders_itself(task.construct.directive):
            found.append(Mode("tasks", task.loops, same_task=True))
        else:
            found.append(Mode("tasks", within, same_task=True, waits=Waits(task, task, phases)))
            if apart:
                found.append(Mode("tasks", apart, same_task=True))
    creation = _creation(task.created, phases)
    if not one_thread:
        # Every thread that comes to a taskloop makes tasks of all its iterations (OpenMP 5.2 §12.6).
        found += _team_modes(creation, creation, phases)
    return found


def _has_dependences(task: Task) -> bool:
    return task.construct.directive.first("depend") is not None


def _in_order(one: Task, other: Task, phases: Phases) -> bool:
    """Are sibling tasks around two tasks ordered by their dependences, or do these exclude each other? What the earlier
    sibling made must be done when it ends."""
    for mine in _lineage(one, phases.tasks):
        for theirs in _lineage(other, phases.tasks):
            if mine.parent != theirs.parent or mine.number == theirs.number or (mine is one and theirs is other):
                continue
            relation = phases.dependences.relation(mine.construct.directive, theirs.construct.directive)
            if relation == "exclusion" and _is_done_with(mine, one) and _is_done_with(theirs, other):
                return True
            earlier, descendant = (mine, one) if mine.number < theirs.number else (theirs, other)
            if phases.dependences.ordered(mine, theirs, phases.tasks) and _is_done_with(earlier, descendant):
                return True
    return False


def _is_done_with(task: Task, descendant: Task) -> bool:
    """Is a task, or one that it made, done when the task ends?"""
    return descendant is task or descendant.number not in task.remaining


def _one_after_the_other(one: Task | None, other: Task | None, phases: Phases) -> bool:
    """Are both made by one task construct around them, whose tasks come one after the other and wait for them?"""
    if one is None or other is None:
        return False
    around = {t.number for t in _lineage(other, phases.tasks)}
    return any(
        task.number in around
        and not (task is one and task is other)
        and phases.dependences.orders_itself(task.construct.directive)
        and _is_done_with(task, one)
        and _is_done_with(task, other)
        for task in _lineage(one, phases.tasks)
    )


def _lineage(task: Task, tasks: Sequence[Task]) -> Iterator[Task]:
    """The task and those around it, inner ones first."""
    at: int | None = task.number
    while at is not None:
        yield tasks[at]
        at = tasks[at].parent
