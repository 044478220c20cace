"""May parts of a program that follow each other be under way at the same time? What a team of threads needs to know to
go on from one loop to the next without waiting (`nowait`, OpenMP 5.2 §15.6).

Every pair of accesses is asked about, and what is not proved is answered by "anywhere": the threads wait. Nothing is
assumed that the verdicts on the loops do not rest on already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from analyzers.dependence import alias, alignment, induction, surroundings
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.conflicts import representatives
from analyzers.dependence.domains import Headers
from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.polyhedral import Solver
from analyzers.dependence.stores import UNCHANGED, changes_memory
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Binary, Cast, Constant, Expr, Name, Unary, symbols, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Declare, Loop, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption

Meeting = Literal["never", "in step", "anywhere"]
"""in step: only in equal iterations, counted from the first, of two loops that run equally often."""

MOST = 300  # pairs of one row that the solver is asked about
BUDGET = 50_000  # isl operations for one of them


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The function, as far as parts of it are compared."""

    graph: FlowGraph
    headers: Headers
    accesses: tuple[Access, ...]
    pointers: PointerFacts
    assume_no_alias: bool

    def keeps(self, loop: Loop, expr: Expr) -> bool:
        """Has the expression one value from the beginning of the loop to its end?"""
        graph = self.graph

        def unchanged(each: Expr, inside: Loop) -> bool:
            return changes_memory(each, graph.nodes_of(inside), graph) == UNCHANGED

        born = surroundings.declared_inside(loop)
        return born.isdisjoint(symbols(expr)) and induction.invariant(expr, loop, graph, unchanged)

    def of(self, parts: Sequence[LoopFacts | Stmt]) -> Row:
        """Parts that follow each other in one block, nothing between them: loops whose iterations threads share, and
        statements that one thread runs."""
        by_statement: dict[int, list[Access]] = {}
        for access in self.accesses:
            by_statement.setdefault(id(access.statement), []).append(access)
        return Row(self, tuple(_part(each, by_statement) for each in parts))


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part does to memory that threads have in common."""

    inside: tuple[Access, ...]
    head: tuple[Access, ...] = ()  # what every thread does to find its iterations
    handed: frozenset[Symbol] = frozenset()  # in or out, or put together from copies: not only by the accesses
    loop: LoopFacts | None = None


def _part(part: LoopFacts | Stmt, by_statement: dict[int, list[Access]]) -> _Part:
    if not isinstance(part, LoopFacts):
        return _Part(_chosen(_below(part, by_statement)))
    loop = part.loop
    handed = frozenset((
        *part.firstprivate, *part.lastprivate, *part.conditional, *(s for s, _ in part.linear),
        *(r.symbol for r in part.reductions),
    ))  # fmt: skip
    copies = {s.symbol for s in walk_statements(loop.body) if isinstance(s, Declare) and not s.symbol.is_static}
    copies |= {*part.private, *((part.header.index,) if part.header is not None else ())} - handed
    common = [a for a in _below(loop, by_statement) if not _is_copy(a, copies)]
    counting = {id(stmt) for stmt in (loop, *loop.init, *loop.step)}
    head = tuple(a for a in common if id(a.statement) in counting)
    return _Part(_chosen(a for a in common if id(a.statement) not in counting), head, handed, part)


def _below(stmt: Stmt, by_statement: dict[int, list[Access]]) -> list[Access]:
    return [access for each in walk_statements(stmt) for access in by_statement.get(id(each), ())]


def _is_copy(access: Access, copies: set[Symbol]) -> bool:
    """Does the access concern what each thread has for itself?"""
    if access.symbol not in copies or access.symbol.is_reference:
        return False
    return not any(isinstance(step, Subscripts) and step.through_pointer for step in access.path)


def _chosen(accesses: Iterable[Access]) -> tuple[Access, ...]:
    """One of those that ask the same questions."""
    listed = tuple(accesses)
    kept = representatives(listed, {})
    return tuple(a for a in listed if id(a) in kept)


@dataclass(slots=True)
class Row:
    """Parts of one block in their order, by number."""

    room: Neighbours
    parts: tuple[_Part, ...]
    _solver: Solver = field(init=False)
    _granted: frozenset[Assumption] = field(init=False)
    _known: dict[Expr, bool] = field(default_factory=dict)
    _kept: list[Access] = field(default_factory=list)  # the solver knows accesses by identity
    _asked: int = 0

    def __post_init__(self) -> None:
        self._solver = Solver(self.room.headers, self._invariant, budget=BUDGET)
        loops = (part.loop for part in self.parts if part.loop is not None)
        self._granted = frozenset(a for loop in loops for a in loop.verdict.assumptions if a.strength == "ordinary")

    def meeting(self, first: int, second: int) -> Meeting:
        """Where the threads of one part and those of a later one may touch the same memory, one of them writing."""
        one, other = self.parts[first], self.parts[second]
        found: Meeting = "never"
        heads = {id(access) for access in (*one.head, *other.head)}
        for a in (*one.head, *one.inside):
            for b in (*other.head, *other.inside):
                if not (a.writes or b.writes):
                    continue
                whole = a.symbol in one.handed or b.symbol in other.handed or not heads.isdisjoint((id(a), id(b)))
                pair = self._pair(a, b, one, other, whole)
                if pair == "anywhere":
                    return pair
                found = pair if pair == "in step" else found
        return found

    def _pair(self, a: Access, b: Access, one: _Part, other: _Part, whole: bool) -> Meeting:
        room = self.room
        answer = alias.relation(
            a, b, assume_no_alias=room.assume_no_alias, facts=room.pointers, invariant=self._invariant
        )
        if answer.assumption is not None and answer.assumption not in self._granted:
            return "anywhere"
        if answer.status in ("distinct", "assumed-distinct"):
            return "never"
        self._asked += 1
        if answer.status == "may" or whole or self._asked > MOST:
            return "anywhere"
        around = _common(a.loops, b.loops)
        conflict = self._solver.unordered(a, b, around)
        if conflict.status == "none" and self._is_granted(conflict.assumption):
            return "never"
        return "in step" if self._only_in_step(a, b, one, other) else "anywhere"

    def _only_in_step(self, a: Access, b: Access, one: _Part, other: _Part) -> bool:
        if one.loop is None or other.loop is None or one.loop.header is None or other.loop.header is None:
            return False
        ahead = alignment.shift(one.loop.header, other.loop.header, self._invariant)
        if ahead is None:
            return False
        found = alignment.out_of_step(self._solver, self.room.headers, (a, b), one.loop.loop, other.loop.loop, ahead)
        if found is None:
            return False
        conflict, moved = found
        self._kept.append(moved)
        return conflict.status == "none" and self._is_granted(conflict.assumption)

    def _is_granted(self, assumption: Assumption | None) -> bool:
        return assumption is None or assumption in self._granted

    def _invariant(self, expr: Expr) -> bool:
        """Has the expression one value from the beginning of the first part to the end of the last?"""
        known = self._known.get(expr)
        if known is None:
            known = self._known[expr] = all(self._keeps(part, expr) for part in self.parts)
        return known

    def _keeps(self, part: _Part, expr: Expr) -> bool:
        if part.loop is None:
            written = [access for access in part.inside if access.writes]
            return is_plain(expr) and all(_leaves(write, set(symbols(expr))) for write in written)
        return self.room.keeps(part.loop.loop, expr)


def is_plain(expr: Expr) -> bool:
    """Is it made of numbers and variables only?"""
    return all(isinstance(e, (Name, Constant, Unary, Binary, Cast)) for e in walk(expr))


def _leaves(write: Access, variables: set[Symbol]) -> bool:
    """Does the write surely change none of the variables?"""
    if write.symbol is None or write.symbol.is_reference:
        return False
    if any(isinstance(step, Subscripts) and step.through_pointer for step in write.path):
        return not any(symbol.address_taken or symbol.is_static or symbol.is_reference for symbol in variables)
    return write.symbol not in variables


def _common(one: Sequence[Loop], other: Sequence[Loop]) -> int:
    """How many loops are around both."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine is not theirs:
            break
        count += 1
    return count
