"""Do two accesses that run at the same time touch the same element? The questions of a region, put to the solver.

Threads are modelled as the iterations of a loop over thread numbers that stands around the region, inside the loops
that barriers keep in step: two threads are two iterations of it, and subscripts may mention its index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

from analyzers.dependence.allowance import Allowance
from analyzers.dependence.facts import Conflict
from analyzers.dependence.polyhedral import Solver
from analyzers.dependence.rewriting import with_children
from analyzers.dependence.spelling import spell_access
from analyzers.ir.accesses import Access, Guard, Member, PathStep, Subscripts
from analyzers.ir.expressions import (
    ONE,
    ZERO,
    Binary,
    Constant,
    Expr,
    Name,
    children,
    walk,
)
from analyzers.ir.statements import Block, Loop, LoopHeader
from analyzers.ir.symbols import INT, Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp import crowding, differences, rows, tables
from analyzers.openmp.concurrency import Mode
from analyzers.openmp.dealing import at_edge, cases, names_threads, turn
from analyzers.openmp.facts import Executor
from analyzers.openmp.invariants import Invariant
from analyzers.openmp.iteration_order import order_of
from analyzers.openmp.lockstep import Lockstep
from analyzers.openmp.meetings import ROUNDS, Meetings, worst
from analyzers.openmp.placements import Placement
from analyzers.openmp.relaxing import REACHED, UNCERTAIN, Relaxing
from analyzers.openmp.threads import Numbers
from analyzers.text import NOWHERE

THREAD = Symbol("//omp thread", "thread", INT, "local")
TEAM = Symbol("//omp threads", "threads", INT, "local")
_ONCE = LoopHeader(Symbol("//omp once", "//once", INT, "local"), ZERO, "<", ONE, ONE, True)
BUDGET = 50_000  # isl operations for one pair


@dataclass(frozen=True, slots=True)
class Answer:
    """`conflict` and the assumptions under which it was proved."""

    conflict: Conflict
    assumptions: tuple[Assumption, ...] = ()
    why: str = ""  # two accesses that name different places meet, as a sentence


@dataclass(slots=True)
class Elements:
    """Asks the questions of one region. `surrounding` are the loops around it, those of every access."""

    headers: Mapping[int, LoopHeader]
    invariant: Invariant
    arrays: rows.Extents
    surrounding: tuple[Loop, ...]
    numbers: Numbers
    asked_for: frozenset[Symbol]  # see `threads.asked_for`
    threads: int | None = None  # how many, where constant
    allowance: Allowance | None = None
    _solver: Solver = field(init=False)
    _meetings: Meetings = field(init=False)
    _team: Loop = field(init=False)
    _threads_dealt: LoopHeader = field(init=False)
    _relaxing: Relaxing = field(init=False)
    _placed: dict[tuple[int, int, int | None], Access] = field(default_factory=dict)
    _freed: dict[tuple[int, tuple[Guard, ...]], Access] = field(default_factory=dict)
    _without_loops: dict[tuple[int, tuple[int, ...]], Access] = field(default_factory=dict)
    _kept: list[Access] = field(default_factory=list)  # the solver and the caches know accesses by identity

    def __post_init__(self) -> None:
        self._team = Loop("for", (), None, (), Block((), NOWHERE), NOWHERE, NOWHERE)
        bound: Expr = Name(TEAM) if self.threads is None else Constant(self.threads)
        self._threads_dealt = LoopHeader(THREAD, ZERO, "<", bound, ONE, True)
        self._relaxing = Relaxing(self.headers, self.invariant, self._is_invariant, self.numbers, self.asked_for)
        self._solver = self._made_for({})
        self._meetings = Meetings(
            self._solver, self.headers, self._is_invariant, self.outside, self._kept, self._made_for
        )

    def _made_for(self, more: Mapping[int, LoopHeader]) -> Solver:
        known = {at: self._sized(each) for at, each in self.headers.items()}
        # The question is of one run of the region: a loop around it that is not counted is in one iteration.
        once = {id(loop): _ONCE for loop in self.surrounding if id(loop) not in known}
        headers = {**known, **once, id(self._team): self._threads_dealt, **differences.HEADERS, **more}
        return Solver(headers, self._is_invariant, budget=BUDGET, allowance=self.allowance)

    @property
    def outside(self) -> int:
        return len(self.surrounding)

    def _is_invariant(self, expr: Expr) -> bool:
        return (isinstance(expr, Name) and expr.symbol in (TEAM, ROUNDS)) or self.invariant(expr)

    def ask(self, first: Access, second: Access, mode: Mode) -> Answer:
        """May the two accesses touch the same element when they run at the same time in this mode?

        A loop that is not counted, in which all threads keep in step, only says whether they come there at all.
        """
        free = self._uncounted(first, mode)
        if not free:
            return self._ask_in(first, second, mode)
        inside = [loop for loop in free if loop is not mode.adjacent]
        one, other = self._outside_of(first, free), self._outside_of(second, free)
        answer = self._ask_in(one, other, replace(mode, same=mode.same - len(inside)))
        return _where_they_run(answer, free, mode)

    def _uncounted(self, access: Access, mode: Mode) -> list[Loop]:
        """The loops around the access that are not counted, in which all threads keep in step."""
        around = access.loops[self.outside : self.outside + mode.same] if mode.between == "threads" else ()
        free = [loop for loop in around if not self.steps(loop)]
        if mode.adjacent is not None and not self.steps(mode.adjacent):
            free.append(mode.adjacent)
        return free

    def _outside_of(self, access: Access, free: Sequence[Loop]) -> Access:
        """The access without these loops around it."""
        key = (id(access), tuple(map(id, free)))
        known = self._without_loops.get(key)
        if known is None:
            stays = [loop not in free for loop in access.loops]
            guards = (g if g.depth is None else replace(g, depth=sum(stays[: g.depth])) for g in access.guards)
            loops = tuple(loop for loop in access.loops if loop not in free)
            known = self._without_loops[key] = replace(access, loops=loops, guards=tuple(guards))
            self._kept.append(access)
        return known

    def _ask_in(self, first: Access, second: Access, mode: Mode) -> Answer:
        common = tuple(g for g in first.guards if g in second.guards and self.invariant(g.condition))
        if common:
            # What both stand under only says for which inputs the question arises, if it does for any.
            if self._ask(first, second, mode).status == "none":
                return Answer(Conflict("none"))
            first, second = self._without(first, common), self._without(second, common)
        again = ("the loop around it runs more than once",) if self._meetings.counts_itself(mode) else ()
        strict = self._ask(first, second, mode)
        if strict.status == "none":
            return self._across_rows(first, second, mode) or Answer(strict)
        if strict.status != "maybe":
            return Answer(strict, _assumptions(again, ()))
        kept = mode.loops if mode.adjacent is None else (*mode.loops, mode.adjacent)
        for ranges in (False, True):
            one, doubts = self._relaxing(first, ranges, self.outside + mode.same, kept)
            other, more = self._relaxing(second, ranges, self.outside + mode.same, kept)
            if not doubts and not more:
                continue
            loose = self._ask(one, other, mode)
            if loose.status == "none":
                return Answer(loose)
            if loose.status == "proved":
                return Answer(loose, _assumptions((*again, *doubts), more))
        if mode.differ:
            return Answer(strict)  # what is the same for both may be their lock
        found = self._looked_up(first, second, mode) or self._crowded(first, second, mode)
        return found or self._all_alike(first, second, mode) or Answer(strict)

    def _looked_up(self, first: Access, second: Access, mode: Mode) -> Answer | None:
        """The answer where the elements stand in a table."""
        if mode.between not in ("iterations", "lanes") or mode.rounds:
            return None
        for loop in mode.loops if order_of(mode.dealt, self.headers) is None else ():
            found = tables.meet(first, second, loop, self.headers)
            if found is not None:
                return Answer(*found)
        return None

    def _across_rows(self, first: Access, second: Access, mode: Mode) -> Answer | None:
        """The proof that they meet where a subscript leaves its row."""
        for (one, other), leaving in rows.alternatives(first, second, self.arrays, self.headers):
            self._kept += (one, other)
            conflict = self._ask(one, other, mode)
            if conflict.status == "proved":
                place = spell_access(leaving)
                return Answer(conflict, why=f"`{place}` leaves its row, and rows follow each other in memory")
        return None

    def _all_alike(self, first: Access, second: Access, mode: Mode) -> Answer | None:
        """The answer where all threads run the access on the same data, or one writes all that another chooses from."""
        if mode.between != "threads":
            return None
        if first is second and all(e.kind == "all-threads" for e in mode.executors) and _surely(first):
            lockstep = Lockstep(
                self.headers, self.invariant, self._relaxing.given, self.numbers.is_number, self.asked_for
            )
            doubts = lockstep.meets(first, self.outside + mode.same)
            if doubts is not None:
                doubts = doubts if first.exact else (*doubts, REACHED)
                return Answer(Conflict("proved"), _assumptions(doubts, doubts))
        if first is not second and second.exact and crowding.covers(first, self.headers):
            writer, doubts = self._relaxing(replace(first, path=()), False, self.outside, mode.loops)
            reader, more = self._relaxing(replace(second, path=()), False, self.outside, mode.loops)
            if writer.exact and not writer.guards and not reader.guards:
                return Answer(Conflict("proved"), _assumptions(doubts, more))
        return None

    def _crowded(self, first: Access, second: Access, mode: Mode) -> Answer | None:
        """The answer where more iterations than elements write through an index from memory."""
        if first is not second or mode.between != "iterations":
            return None
        needed = crowding.crowd(first, mode.loops, self.headers, self._relaxing.given)
        if needed is None:
            return None
        access, doubts = self._relaxing(first, True, self.outside, mode.loops)
        # Data may choose iterations whose elements differ: then it takes an update to say that they need not.
        if access.guards or not access.exact or (doubts and first.kind != "update"):
            return None
        return Answer(Conflict("proved"), _assumptions((*needed, *doubts), ()))

    def _ask(self, first: Access, second: Access, mode: Mode) -> Conflict:
        if mode.differ:
            return self._meetings.apart(first, second, mode.differ, lambda one, other: self._met(one, other, mode))
        return self._met(first, second, mode)

    def _met(self, first: Access, second: Access, mode: Mode) -> Conflict:
        if mode.between in ("iterations", "lanes"):
            ask = self._meetings.rounds if mode.rounds else self._meetings.iterations
            return ask(first, second, mode)
        if mode.between == "tasks":
            first, second = (self._of_thread(a, n) for a, n in zip((first, second), mode.goes_on, strict=True))
            return self._meetings.tasks(first, second, mode)
        depth = self.outside + mode.same
        if mode.adjacent is not None and self.steps(mode.adjacent):
            first, second = self._consecutive(first, second, mode.adjacent, mode.forward)
        ahead = first.span.start < second.span.start
        first = at_edge(first, mode.inside[0], self.headers, last=ahead)
        second = at_edge(second, mode.inside[1], self.headers, last=not ahead)
        self._kept += (first, second)
        found = self._threads(first, second, depth, mode.executors)
        return differences.as_asked(found, 1) if mode.adjacent is not None and self.steps(mode.adjacent) else found

    def _threads(self, first: Access, second: Access, depth: int, executors: Sequence[Executor]) -> Conflict:
        """Two different threads of the team, inside the `depth` outermost loops around the two."""
        one, other = (self._in_team(a, depth, e.thread) for a, e in zip((first, second), executors, strict=True))
        turns = [turn(a, e, self.headers) for a, e in zip((first, second), executors, strict=True)]
        ask = partial(self._solver.carried, loop=self._team)
        if not names_threads(one, THREAD) and not names_threads(other, THREAD):
            if turns[0] is None or turns[1] is None or turns[0][1] != turns[1][1]:
                return ask(one, other)
            return self._meetings.apart(one, other, ((turns[0][0], turns[1][0]),), ask)
        size: Expr = Name(TEAM) if self.threads is None else Constant(self.threads)
        split = (cases(a, e, self.headers, THREAD, size) for a, e in zip((one, other), executors, strict=True))
        found = []
        for left, right in product(*split):
            self._kept += (left, right)
            found.append(ask(left, right))
        return worst(found)

    def steps(self, loop: Loop) -> bool:
        """Is it known by how much the index of a loop changes from one iteration to the next?"""
        return id(loop) in self.headers

    def _consecutive(self, first: Access, second: Access, loop: Loop, forward: bool) -> tuple[Access, Access]:
        """The accesses such that they meet only in consecutive iterations of a loop around both."""
        header = self.headers[id(loop)]
        now = Name(header.index)
        ahead = Binary("+", now, header.step, INT)
        pair = differences.equal(first, second, (ahead, now) if forward else (now, ahead))
        self._kept += pair
        return pair

    def _without(self, access: Access, guards: tuple[Guard, ...]) -> Access:
        key = (id(access), guards)
        known = self._freed.get(key)
        if known is None:
            known = replace(access, guards=tuple(g for g in access.guards if g not in guards))
            self._freed[key] = known
            self._kept.append(access)
        return known

    def same_schedule(
        self, first: Access, second: Access, mode: Mode, one: Placement, other: Placement
    ) -> Answer | None:
        """See `Meetings.same_schedule`."""
        free = self._uncounted(first, mode)
        if free:
            first, second = self._outside_of(first, free), self._outside_of(second, free)
        found = self._meetings.same_schedule(first, second, one, other)
        return None if found is None else _where_they_run(Answer(found), free, mode)

    def _in_team(self, access: Access, depth: int, thread: int | None) -> Access:
        """The access with the loop over threads at `depth`, the thread's number written as its index."""
        key = (id(access), depth, thread)
        known = self._placed.get(key)
        if known is not None:
            return known
        inner = id(access.statement) in self.numbers.inner
        index = Name(THREAD)
        guards = tuple(
            g
            if g.depth is not None and g.depth < depth
            else Guard(self._numbered(g.condition, inner, index), g.positive, None if g.depth is None else g.depth + 1)
            for g in access.guards
        )
        if thread is not None:
            picked = Binary("==", Name(THREAD), Constant(thread), INT)
            guards = (*guards, Guard(picked, True, depth + 1))
        made = replace(
            access,
            path=tuple(self._numbered_step(step, inner, index) for step in access.path),
            loops=(*access.loops[:depth], self._team, *access.loops[depth:]),
            guards=guards,
        )
        self._placed[key] = made
        self._kept.append(access)
        return made

    def _of_thread(self, access: Access, number: int | None) -> Access:
        """The access as the thread of that number makes it."""
        if number is None:
            return access
        known = self._placed.get((id(access), -1, number))
        if known is None:
            inner = id(access.statement) in self.numbers.inner
            thread = Constant(number)
            path = tuple(self._numbered_step(step, inner, thread) for step in access.path)
            guards = (replace(g, condition=self._numbered(g.condition, inner, thread)) for g in access.guards)
            known = self._placed[id(access), -1, number] = replace(access, path=path, guards=tuple(guards))
            self._kept.append(access)
        return known

    def _numbered_step(self, step: PathStep, inner: bool, thread: Expr) -> PathStep:
        if isinstance(step, Member):
            return step
        return Subscripts(tuple(self._numbered(e, inner, thread) for e in step.indices), step.through_pointer)

    def _numbered(self, expr: Expr, inner: bool, thread: Expr) -> Expr:
        """The expression with `thread` as the number of the thread. The thread of an `inner` team is its first: each
        team has one with that number."""

        def meant(part: Expr) -> Expr | None:
            if inner and self.numbers.is_inner(part):
                return ZERO
            return thread if self.numbers.is_number(part) else self._size(part)

        if not any(meant(e) for e in walk(expr)):
            return expr
        return _rewritten(expr, meant)

    def _size(self, part: Expr) -> Expr | None:
        if not self.numbers.is_size(part):
            return None
        return Name(TEAM) if self.threads is None else Constant(self.threads)

    def _sized(self, header: LoopHeader) -> LoopHeader:
        """The header with the size of the team in place of what holds it."""
        bounds = header.lower, header.bound
        if not any(self.numbers.is_size(part) for bound in bounds for part in walk(bound)):
            return header
        lower, bound = (_rewritten(each, self._size) for each in bounds)
        return replace(header, lower=lower, bound=bound)


def _surely(access: Access) -> bool:
    """Is the element known, and what is not known only whether control gets there?"""
    return access.exact or access.reason in UNCERTAIN


def _where_they_run(answer: Answer, free: Sequence[Loop], mode: Mode) -> Answer:
    """The answer that was found without regard to these loops."""
    if answer.conflict.status != "proved" or all(
        loop.kind == "do-while" and loop is not mode.adjacent for loop in free
    ):
        return answer
    text = "the loop around it runs more than once" if mode.adjacent in free else "the loop around it runs"
    return replace(answer, assumptions=(*answer.assumptions, Assumption("condition", text, "ordinary")))


def _assumptions(first: Sequence[str], second: Sequence[str]) -> tuple[Assumption, ...]:
    """What was taken to hold for the two accesses, each once."""
    texts: dict[str, None] = {}
    for text in (*first, *second):
        if not text.startswith("`") or "takes the path" in text:
            texts[text] = None
        else:
            texts[f"{text} in {'both' if text in first and text in second else 'one of them'}"] = None
    return tuple(Assumption("condition", text, "ordinary") for text in texts)


def _rewritten(expr: Expr, replacement: Callable[[Expr], Expr | None], depth: int = 0) -> Expr:
    """The expression with the parts replaced for which `replacement` has an answer. What is nested too deeply for a
    subscript that anything can be proved of is left as it is."""
    found = replacement(expr)
    if found is not None or depth > 100:
        return expr if found is None else found
    return with_children(expr, tuple(_rewritten(e, replacement, depth + 1) for e in children(expr)))
