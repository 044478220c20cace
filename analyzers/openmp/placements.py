"""Where statements stand in a region: the results of the walk (see `phases`), and what holds at a point of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from analyzers.ir.expressions import Expr
from analyzers.ir.statements import Construct, Loop
from analyzers.openmp.decisions import Decision, Phase, resolved
from analyzers.openmp.dependences import Dependences
from analyzers.openmp.facts import Executor

ENTRY = -1  # the phase in which a region begins


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a statement stands in a region."""

    stack: tuple[Construct, ...]  # the constructs around it in the function, outermost first
    executor: Executor
    phases: tuple[frozenset[Phase], ...]  # [0] in the region, [k] within an iteration of `synchronised[k - 1]`
    synchronised: tuple[Loop, ...] = ()  # surrounding loops of the region that hold barriers
    locks: frozenset[str] = frozenset()
    pending: frozenset[int] = frozenset()  # tasks that may be running, by number
    task: int | None = None  # the explicit task that runs it
    loops: tuple[Loop, ...] = ()  # of the region, around it

    def merged(self, other: Placement) -> Placement:
        """Where the statement stands if it may stand in both ways: it is reached twice."""
        if self == other:
            return other
        same = self.executor == other.executor
        return replace(
            other,
            executor=other.executor if same else Executor("all-threads"),
            phases=tuple(a | b for a, b in zip(self.phases, other.phases, strict=True)),
            locks=self.locks & other.locks,
            pending=self.pending | other.pending,
        )


@dataclass(slots=True)
class Task:
    """A construct of a region that makes tasks: task, taskloop, target."""

    number: int
    construct: Construct
    parent: int | None
    created: Placement
    descendants: set[int] = field(default_factory=set)
    remaining: set[int] = field(default_factory=set)  # descendants that it does not wait for

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops of the region in which it is created."""
        return self.created.loops


@dataclass(slots=True)
class Phases:
    """The placements of the statements of a region, by id(statement)."""

    placements: dict[int, Placement] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    ends: dict[int, frozenset[Phase]] = field(default_factory=dict)  # id(synchronised loop) -> phases at its end
    entries: dict[int, Phase] = field(
        default_factory=dict
    )  # id(synchronised loop) -> the phase in which an iteration begins
    constructs: dict[Construct, None] = field(default_factory=dict)  # in textual order
    closing: dict[int, Placement] = field(default_factory=dict)  # their ends, before the barriers there
    locks: dict[str, Expr] = field(default_factory=dict)  # where the locks are
    dependences: Dependences = field(default_factory=Dependences)


@dataclass(slots=True)
class State:
    """What holds at a point: changes along the walk."""

    stack: tuple[Construct, ...]
    executor: Executor
    levels: list[set[Phase]]
    synchronised: tuple[Loop, ...] = ()
    locks: frozenset[str] = frozenset()
    pending: set[int] = field(default_factory=set)
    task: int | None = None
    loops: tuple[Loop, ...] = ()
    final: bool = False  # inside a final task, whose descendants are executed at once (OpenMP 5.2 §12.3)
    nested: bool = False  # inside a parallel region that is not the one looked at: its team is another

    def copy(self) -> State:
        return State(  # as `replace` does it, in a third of the time
            self.stack,
            self.executor,
            [set(level) for level in self.levels],
            self.synchronised,
            self.locks,
            set(self.pending),
            self.task,
            self.loops,
            self.final,
            self.nested,
        )

    def join(self, other: State, decided: Decision | None = None) -> None:
        """Two paths meet; where they part at the decision `decided`, this one has taken it."""
        for mine, theirs in zip(self.levels, other.levels, strict=True):
            if decided is not None:
                theirs = resolved(mine, theirs, decided)
                mine.clear()
            mine |= theirs
        self.pending |= other.pending
        self.locks &= other.locks

    def become(self, other: State) -> None:
        """This path goes on as the other one ended."""
        self.levels = [set(level) for level in other.levels]
        self.pending = set(other.pending)
        self.locks = other.locks

    def covers(self, other: State) -> bool:
        """Does joining the other one change nothing?"""
        levels = zip(self.levels, other.levels, strict=True)
        return all(b <= a for a, b in levels) and other.pending <= self.pending and self.locks <= other.locks

    def holds_like(self, other: State) -> bool:
        return (self.levels, self.pending, self.locks) == (other.levels, other.pending, other.locks)

    def decision(self, at: int) -> Decision:
        return Decision(at, frozenset(d for level in self.levels for phase in level for d, _ in phase.decisions))

    def decide(self, at: int, taken: bool) -> None:
        self.levels = [{Phase(p.barrier, p.decisions | {(at, taken)}) for p in level} for level in self.levels]

    def placement(self) -> Placement:
        return Placement(
            self.stack,
            self.executor,
            tuple(frozenset(level) for level in self.levels),
            self.synchronised,
            self.locks,
            frozenset(self.pending),
            self.task,
            self.loops,
        )


def common(one: Sequence[Loop], other: Sequence[Loop]) -> tuple[Loop, ...]:
    """The loops around both."""
    found: list[Loop] = []
    for mine, theirs in zip(one, other, strict=False):
        if mine is not theirs:
            break
        found.append(mine)
    return tuple(found)


def same_thread(a: Executor, b: Executor) -> bool:
    """Do both run on one thread whenever they meet: one single, one section, or what one thread is chosen for?"""
    if a.kind != b.kind:
        return False
    if a.kind == "single":
        return a.construct is b.construct
    if a.kind == "section":
        return a.construct is b.construct and a.section == b.section
    return a.kind == "masked" and (a.thread, a.section) == (b.thread, b.section)


def made_by_one(one: Task, other: Task) -> bool:
    """Are two tasks without a task around them, or with the same, made by one thread, so that they are siblings?"""
    a, b = one.created.executor, other.created.executor
    return one.parent is not None or same_thread(a, b) or (a.kind == b.kind and a.construct is b.construct)
