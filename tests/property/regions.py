"""Random parallel regions: printed as C for the analysis, and run for the judge, thread by thread.

What runs them shares nothing with the product. A run makes events, accesses of one thread or task each, in a graph of
what happens before what (OpenMP 5.2 §1.4.5). Two events race if they touch the same memory, one of them writes, neither
happens before the other, different threads may run them, and no lock or pair of atomics keeps them apart.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

PREAMBLE = "#include <omp.h>\nint a[256], b[256], c[256], s, u, x, n;\n"
SIZE = 8  # iterations of most loops; divisible by all numbers of threads but 3
TEAMS = (2, 3, 4, 24)
LENGTHS = (1, 2, 5, 8, 33)  # values of `n`
ARRAYS, SCALARS, TEMPORARY = "abc", "su", "x"
VARIABLES = ARRAYS + SCALARS + TEMPORARY

Cell = tuple[str, int]
Values = Mapping[str, int]


@dataclass(frozen=True)
class Term:
    """`factor * variable + constant`; no variable: the constant."""

    variable: str = ""
    factor: int = 1
    constant: int = 0

    def c(self) -> str:
        if not self.variable:
            return str(self.constant)
        head = self.variable if self.factor == 1 else f"{self.factor} * {self.variable}"
        return head if not self.constant else f"{head} {'+' if self.constant > 0 else '-'} {abs(self.constant)}"

    def value(self, values: Values) -> int:
        return self.constant + (self.factor * values[self.variable] if self.variable else 0)


@dataclass(frozen=True)
class Place:
    name: str
    subscript: Term | None = None

    def c(self) -> str:
        return self.name if self.subscript is None else f"{self.name}[{self.subscript.c()}]"

    def cell(self, values: Values) -> Cell:
        return self.name, 0 if self.subscript is None else self.subscript.value(values)


@dataclass(frozen=True)
class Step:
    """`target op source`, perhaps under `if (guard == value)`, protected or not."""

    target: Place
    op: Literal["=", "+="]
    source: Place | None
    protection: str = ""  # "atomic", or the name of a critical construct
    guard: tuple[str, int] | None = None


@dataclass(frozen=True)
class Barrier:
    pass


@dataclass(frozen=True)
class Everybody:
    """Statements of all threads, or of those with one number."""

    steps: tuple[Step, ...]
    only: int | None = None


@dataclass(frozen=True)
class Shared:
    """A worksharing loop."""

    steps: tuple[Step, ...]
    schedule: str
    nowait: bool
    first: int = 0
    bound: str = str(SIZE)
    data: tuple[tuple[str, str], ...] = ()  # ("private", "x")


@dataclass(frozen=True)
class Sections:
    parts: tuple[tuple[Step, ...], ...]
    nowait: bool


@dataclass(frozen=True)
class Task:
    steps: tuple[Step, ...]
    depend: tuple[tuple[str, str], ...] = ()  # ("in", "s")
    undeferred: bool = False
    below: tuple[Task, ...] = ()  # made by this one, before its own steps
    waits: bool = False  # for those below, before its own steps


@dataclass(frozen=True)
class Wait:
    pass


@dataclass(frozen=True)
class Group:
    parts: tuple[Task | Wait, ...]


@dataclass(frozen=True)
class One:
    """What one thread does: single, master or masked."""

    kind: Literal["single", "master", "masked"]
    parts: tuple[Step | Task | Wait | Group, ...]
    nowait: bool = False


@dataclass(frozen=True)
class Again:
    """A loop that all threads run alike."""

    count: int
    parts: tuple[Part, ...]


Part = Barrier | Everybody | Shared | Sections | One | Again


@dataclass
class Program:
    name: str
    parts: tuple[Part, ...]

    @property
    def c(self) -> str:
        lines = ["  int tid = omp_get_thread_num();", *_indented(_printed(self.parts))]
        head = f"void {self.name}(void) {{\n  #pragma omp parallel\n  {{"
        return "\n".join([head, *_indented(lines), "  }", "}", ""])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _step(step: Step) -> list[str]:
    source = "1" if step.source is None else step.source.c()
    guard = "" if step.guard is None else f"if ({step.guard[0]} == {step.guard[1]}) "
    text = f"{guard}{step.target.c()} {step.op} {source};"
    if step.protection == "atomic":
        return [f"#pragma omp atomic{' write' if step.op == '=' else ''}", text]
    return [f"#pragma omp critical ({step.protection})", text] if step.protection else [text]


def _steps(steps: Sequence[Step]) -> list[str]:
    return [line for step in steps for line in _step(step)]


def _block(head: Sequence[str], lines: Sequence[str]) -> list[str]:
    return [*head, "{", *_indented(lines), "}"]


def _printed(parts: Sequence[Part | Step | Task | Wait | Group]) -> list[str]:
    return [line for part in parts for line in _part(part)]


def _part(part: Part | Step | Task | Wait | Group) -> list[str]:
    match part:
        case Step():
            return _step(part)
        case Barrier():
            return ["#pragma omp barrier"]
        case Everybody(steps=steps, only=None):
            return _steps(steps)
        case Everybody(steps=steps, only=only):
            return _block([f"if (tid == {only})"], _steps(steps))
        case Shared():
            clauses = (f" schedule({part.schedule})" if part.schedule else "") + (" nowait" if part.nowait else "")
            clauses += "".join(f" {kind}({'+:' if kind == 'reduction' else ''}{name})" for kind, name in part.data)
            head = f"for (int i = {part.first}; i < {part.bound}; i++)"
            return _block([f"#pragma omp for{clauses}", head], _steps(part.steps))
        case Sections(parts=parts, nowait=nowait):
            inner = [line for steps in parts for line in _block(["#pragma omp section"], _steps(steps))]
            return _block([f"#pragma omp sections{' nowait' if nowait else ''}"], inner)
        case One():
            return _block([f"#pragma omp {part.kind}{' nowait' if part.nowait else ''}"], _printed(part.parts))
        case Task():
            items = "".join(f" depend({kind}: {item})" for kind, item in part.depend)
            head = f"#pragma omp task{items}{' if(0)' if part.undeferred else ''}"
            waits = ["#pragma omp taskwait"] if part.waits else []
            return _block([head], [*_printed(part.below), *waits, *_steps(part.steps)])
        case Wait():
            return ["#pragma omp taskwait"]
        case Group(parts=tasks):
            return _block(["#pragma omp taskgroup"], _printed(tasks))
        case Again(count=count, parts=parts):
            return _block([f"for (int t = 0; t < {count}; t++)"], _printed(parts))


Who = tuple[str | int, ...]
"""Who runs a strand: ("thread", k), or ("free", number): any thread, the same one throughout; ("static", count,
iteration): the thread that this schedule gives the iteration to."""


@dataclass
class Event:
    number: int
    who: Who
    cell: Cell
    writes: bool
    atomic: bool
    locks: frozenset[str]


@dataclass
class _Strand:
    """A thread, an iteration, a task: what it does is in order. `last`: its newest event; `children`: the ends of its
    tasks that nobody has waited for."""

    who: Who
    last: int
    children: list[int] = field(default_factory=list)
    siblings: list[tuple[Task, int, int]] = field(default_factory=list)  # with their first and last event


class Run:
    """One run of a program by `team` threads with `n` set. `default`: the schedule of loops that name none."""

    def __init__(self, program: Program, team: int, n: int, default: str) -> None:
        self.team, self.n, self.default = team, n, default
        self.events: list[Event] = []
        self.before: list[int] = []  # of each event, what happens before it, as a mask
        self.values: dict[str, int] = {"n": n, "t": 0}
        self.fresh = 0
        start = self._node([])
        self.threads = [_Strand(("thread", k), start) for k in range(team)]
        self.loose: list[int] = [start]  # ends of all strands of this phase
        self.phase = start
        self.steady: dict[Who, _Strand] = {}
        self.held: frozenset[str] = frozenset()  # by tasks that wait for the one that is made
        self.own: frozenset[str] = frozenset()  # of which each thread has a copy for now
        self._parts(program.parts)

    def _node(self, after: Sequence[int]) -> int:
        mask = 0
        for each in after:
            mask |= self.before[each] | 1 << each
        self.before.append(mask)
        return len(self.before) - 1

    def _meet(self) -> None:
        """A barrier: all threads and their tasks are done with what is before it (OpenMP 5.2 §15.3.1)."""
        self.phase = self._node([*self.loose, *(t.last for t in self.threads)])
        self.loose = [self.phase]
        self.steady = {}
        for thread in self.threads:
            thread.last = self.phase
            thread.children, thread.siblings = [], []

    def _free(self) -> _Strand:
        self.fresh += 1
        return _Strand(("free", self.fresh), self.phase)

    def _parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            self._part(part)

    def _part(self, part: Part) -> None:
        match part:
            case Barrier():
                self._meet()
            case Everybody(steps=steps, only=only):
                for k, thread in enumerate(self.threads):
                    if only is None or only == k:
                        self._steps(thread, steps, {"tid": k})
            case Shared():
                self._shared(part)
            case Sections(parts=sections, nowait=nowait):
                for steps in sections:
                    self._steps(self._free(), steps, {})
                self._ends(nowait)
            case One(kind=kind, parts=inner, nowait=nowait):
                strand = self._free() if kind == "single" else self.threads[0]
                for each in inner:
                    self._work(strand, each)
                self.loose.append(strand.last)
                self._ends(nowait or kind != "single")
            case Again(count=count, parts=inner):
                for t in range(count):
                    self.values["t"] = t
                    self._parts(inner)

    def _shared(self, loop: Shared) -> None:
        self.own = frozenset(name for _, name in loop.data)
        copies = [(kind, Place(name)) for kind, name in loop.data]
        for thread in self.threads:
            for kind, place in copies:
                if kind == "firstprivate":  # read where the copy is made
                    self._touch(thread, place.cell({}), writes=False)
        strand = None
        for number, i in enumerate(range(loop.first, self.n if loop.bound == "n" else int(loop.bound))):
            strand = self._iteration(loop, number)
            self._steps(strand, loop.steps, {"i": i})
        self.own = frozenset()
        closes = frozenset((f"end of {id(loop)}",))  # of one construct one after the other, in all its runs
        for kind, place in copies:
            if kind == "lastprivate" and strand is not None:
                self._touch(strand, place.cell({}), writes=True, locks=closes)
            elif kind == "reduction":  # one thread after the other adds its copy (OpenMP 5.2 §5.5.8)
                for thread in self.threads:
                    for writes in (False, True):
                        self._touch(thread, place.cell({}), writes=writes, locks=closes)
        self._ends(loop.nowait)

    def _ends(self, nowait: bool) -> None:
        if not nowait:
            self._meet()

    def _iteration(self, loop: Shared, number: int) -> _Strand:
        count = (self.n if loop.bound == "n" else int(loop.bound)) - loop.first
        schedule = loop.schedule or self.default
        if schedule == "static,1":
            return self.threads[number % self.team]
        if schedule == "static" and count % self.team == 0:
            return self.threads[number // (count // self.team)]
        if schedule == "static":
            # The same thread in each such loop; which one depends on the implementation (OpenMP 5.2 §11.5.3).
            who: Who = ("static", count, number)
            return self.steady.setdefault(who, _Strand(who, self.phase))
        return self._free()

    def _steps(self, strand: _Strand, steps: Sequence[Step], more: Values, locks: frozenset[str] = frozenset()) -> None:
        values = {**self.values, **more}
        for step in steps:
            if step.guard is not None and values[step.guard[0]] != step.guard[1]:
                continue
            kept = locks if step.protection in ("", "atomic") else locks | {step.protection}
            touched = [] if step.source is None else [(step.source.cell(values), False, False)]
            atomic = step.protection == "atomic"
            if step.op == "+=" and not atomic:
                touched.append((step.target.cell(values), False, False))
            for cell, writes, is_atomic in (*touched, (step.target.cell(values), True, atomic)):
                if cell[0] not in self.own:
                    self._touch(strand, cell, writes=writes, atomic=is_atomic, locks=kept)
        self.loose.append(strand.last)

    def _touch(
        self,
        strand: _Strand,
        cell: Cell,
        *,
        writes: bool,
        atomic: bool = False,
        locks: frozenset[str] = frozenset(),
    ) -> None:
        strand.last = self._node([strand.last])
        self.events.append(Event(strand.last, strand.who, cell, writes, atomic, locks))
        self.loose.append(strand.last)

    def _work(self, strand: _Strand, part: Step | Task | Wait | Group) -> list[int]:
        """What a thread or a task does in order; the ends of the tasks that it makes, and those they make."""
        match part:
            case Step():
                self._steps(strand, [part], {})
                return []
            case Wait():
                strand.last = self._node([strand.last, *strand.children])
                strand.children = []
                return []
            case Group(parts=parts):
                made = [end for each in parts for end in self._work(strand, each)]
                strand.last = self._node([strand.last, *made])
                return []
            case Task():
                return self._task(strand, part)

    def _task(self, strand: _Strand, task: Task) -> list[int]:
        self.fresh += 1
        earlier = [end for other, _, end in strand.siblings if _are_ordered(other, task)]
        own = _Strand(("free", self.fresh), self._node([strand.last, *earlier]))
        first, made = own.last, []
        locks = frozenset(f"mutex {item} {strand.who}" for kind, item in task.depend if kind == "mutexinoutset")
        outer = self.held
        self.held = outer | locks if task.waits else frozenset()  # what it waits for runs while it does
        for each in task.below:
            made += self._work(own, each)
        self.held = outer
        if task.waits:
            self._work(own, Wait())
        self._steps(own, task.steps, {}, locks | outer)
        strand.siblings.append((task, first, own.last))
        if task.undeferred:
            strand.last = self._node([strand.last, own.last])
        strand.children.append(own.last)
        self.loose += [own.last, *made]
        return [own.last, *made]

    def races(self) -> Iterator[tuple[str, bool]]:
        """(variable, is that certain?) of each race."""
        by_cell: dict[Cell, list[Event]] = {}
        for event in self.events:
            by_cell.setdefault(event.cell, []).append(event)
        for (name, _), events in by_cell.items():
            for k, one in enumerate(events):
                for other in events[:k]:
                    apart = (one.atomic and other.atomic) or one.locks & other.locks
                    if apart or not (one.writes or other.writes) or self._ordered(one, other):
                        continue
                    told = _may_differ(one.who, other.who)
                    if told != "no":
                        yield name, told == "yes"

    def _ordered(self, one: Event, other: Event) -> bool:
        return bool(self.before[one.number] >> other.number & 1 or self.before[other.number] >> one.number & 1)


def _may_differ(one: Who, other: Who) -> Literal["yes", "no", "vague"]:
    if one == other:
        return "no"  # and in order
    kinds = {one[0], other[0]}
    if kinds == {"static"} and one[1] == other[1]:
        return "vague" if abs(int(one[2]) - int(other[2])) == 1 else "yes"
    return "vague" if "static" in kinds and kinds != {"static", "free"} else "yes"


def _are_ordered(earlier: Task, later: Task) -> bool:
    """By their `depend` clauses (OpenMP 5.2 §15.9.5)."""
    return any(
        one_item == item and (one, kind) not in (("in", "in"), ("mutexinoutset", "mutexinoutset"), ("inoutset",) * 2)
        for one, one_item in earlier.depend
        for kind, item in later.depend
    )


def judged(program: Program) -> dict[str, bool]:
    """The variables that race: for certain, or only with some implementations, as the schedule of a loop without a
    clause is theirs to choose (OpenMP 5.2 §2.4, def-sched-var)."""
    by_default: list[dict[str, bool]] = []
    for default in ("dynamic", "static") if _has_default(program.parts) else ("dynamic",):
        found: dict[str, bool] = {}
        for team in TEAMS:
            for n in LENGTHS if "< n;" in program.c else LENGTHS[:1]:
                for name, certain in Run(program, team, n, default).races():
                    found[name] = found.get(name, False) or certain
        by_default.append(found)
    names = {name for found in by_default for name in found}
    return {name: all(found.get(name, False) for found in by_default) for name in names}


def _has_default(parts: Sequence[Part]) -> bool:
    return any(
        (isinstance(part, Shared) and not part.schedule) or (isinstance(part, Again) and _has_default(part.parts))
        for part in parts
    )


class _Generator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def term(self, index: str) -> Term:
        pick = self.random.choice
        if not index or self.chance(0.1):
            return Term("", 1, pick((0, 0, 1, 3, 9)))
        return pick((Term(index), Term(index), Term(index), Term(index, 1, 1), Term(index, 2), Term(index, -1, 7),
                     Term(index, 1, 16), Term(index, 2, 1), Term(index, 1, 8)))  # fmt: skip

    def place(self, index: str) -> Place:
        if self.chance(0.25):
            return Place(self.random.choice(SCALARS))
        return Place(self.random.choice(ARRAYS), self.term(index))

    def step(self, index: str, protect: float = 0.25) -> Step:
        op: Literal["=", "+="] = self.random.choice(("=", "=", "+="))
        target = self.place(index)
        if target.subscript is None and self.chance(0.6):
            target = Place(self.random.choice(ARRAYS), self.term(index))
        source = self.place(index) if self.chance(0.7) else None
        protection = ""
        if self.chance(protect if target.subscript is None else protect / 3):
            protection = self.random.choice(("atomic", "one", "one", "two"))
        guard = (index, self.random.choice((0, 1, 3))) if index in ("i", "t") and self.chance(0.12) else None
        if protection == "atomic":
            source = None if source == target else source
            guard = None
        return Step(target, op, source, protection, guard if not protection else None)

    def steps(self, index: str, protect: float = 0.25) -> tuple[Step, ...]:
        return tuple(self.step(index, protect) for _ in range(self.random.choice((1, 1, 2))))

    def shared(self) -> Shared:
        schedule = self.random.choice(("", "", "static", "static", "static,1", "dynamic"))
        bound = self.random.choice((str(SIZE), str(SIZE), str(SIZE), "n", "4"))
        first = self.random.choice((0, 0, 0, 1)) if bound == str(SIZE) else 0
        steps, data = self.steps("i"), self.data()
        for kind, name in data:
            if kind == "reduction" or (kind == "" and name in SCALARS):
                steps = (*steps, Step(Place(name), "+=", Place(self.random.choice(ARRAYS), self.term("i"))))
            elif name == TEMPORARY:
                there = Place(self.random.choice(ARRAYS), self.term("i"))
                steps = (Step(Place(name), "=", Place("n")), *steps, Step(there, "=", Place(name)))
        return Shared(steps, schedule, self.chance(0.5), first, bound, tuple(each for each in data if each[0]))

    def data(self) -> tuple[tuple[str, str], ...]:
        """What a loop does with a temporary and with a sum, and the clauses that it should have, or others."""
        found: list[tuple[str, str]] = []
        if self.chance(0.3):
            found.append((self.random.choice(("private", "private", "firstprivate", "lastprivate", "")), TEMPORARY))
        if self.chance(0.25):
            kind = self.random.choice(("reduction", "reduction", "firstprivate", ""))
            found.append((kind, self.random.choice(SCALARS)))
        return tuple(found)

    def task(self, depth: int = 0) -> Task:
        kinds = ("in", "in", "out", "inout", "mutexinoutset", "inoutset")
        depend: tuple[tuple[str, str], ...] = ()
        if self.chance(0.6):
            items = self.random.sample([*SCALARS, "a[0]"], self.random.choice((1, 1, 2)))
            depend = tuple((self.random.choice(kinds), item) for item in items)
        below = (self.task(1),) if depth == 0 and self.chance(0.2) else ()
        waits = bool(below) and self.chance(0.5)
        return Task(self.steps("", 0.15), depend, self.chance(0.1), below, waits)

    def one(self) -> One:
        kind: Literal["single", "master", "masked"] = self.random.choice(("single", "single", "master", "masked"))
        if self.chance(0.5):
            return One(kind, self.steps(""), kind == "single" and self.chance(0.4))
        parts: list[Step | Task | Wait | Group] = []
        for _ in range(self.random.choice((2, 3, 4))):
            if self.chance(0.6):
                parts.append(self.task())
            elif self.chance(0.4):
                parts.append(Wait())
            elif self.chance(0.3):
                parts.append(Group((self.task(), self.task())))
            else:
                parts.append(self.step("", 0.15))
        return One(kind, tuple(parts), kind == "single" and self.chance(0.4))

    def part(self, depth: int) -> Part:
        kind = self.random.choices(
            ("for", "one", "everybody", "only", "sections", "barrier", "again"),
            (5, 3, 2, 1, 1, 2, 1 if depth == 0 else 0),
        )[0]
        match kind:
            case "for":
                return self.shared()
            case "one":
                return self.one()
            case "everybody":
                return Everybody(self.steps("tid", 0.5))
            case "only":
                return Everybody(self.steps("", 0.3), self.random.choice((0, 0, 1)))
            case "sections":
                return Sections((self.steps(""), self.steps("")), self.chance(0.4))
            case "again":
                inner = [replace_index(self.part(1), self.chance(0.5)) for _ in range(self.random.choice((1, 2)))]
                return Again(2, tuple(inner))
            case _:
                return Barrier()


def replace_index(part: Part, swap: bool) -> Part:
    """With `t` instead of constants as subscript, in parts without an index of their own."""
    if not swap or not isinstance(part, Everybody) or part.only is None:
        return part

    def turned(place: Place) -> Place:
        return place if place.subscript is None else Place(place.name, replace(place.subscript, variable="t"))

    steps = (replace(s, target=turned(s.target), source=s.source and turned(s.source)) for s in part.steps)
    return Everybody(tuple(steps), part.only)


def generate(seed: int, name: str) -> Program:
    generator = _Generator(seed)
    count = generator.random.choice((1, 2, 2, 3, 3, 4))
    return Program(name, tuple(generator.part(0) for _ in range(count)))
