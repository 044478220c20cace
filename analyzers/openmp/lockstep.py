"""Threads that all run the same statements on the same data: what one of them touches, the others touch too.

`v[perm[i]] = 0` in a loop that every thread runs whole: whatever `perm` holds, two threads write one element. That
holds while nothing in the subscripts and conditions belongs to one thread: its number, a copy of its own, what it was
handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Element, Expr, Field, Name, Opaque, children, walk
from analyzers.ir.statements import LoopHeader
from analyzers.ir.symbols import Symbol
from analyzers.openmp.invariants import Invariant
from analyzers.openmp.threads import may_be_thread_number

_DEPTH = 3  # of definitions that are followed


@dataclass(frozen=True, slots=True)
class Lockstep:
    """Asked of one region. `given`: the values that its variables are given; `is_own`: the number of a thread."""

    headers: Mapping[int, LoopHeader]
    invariant: Invariant
    given: Mapping[Symbol, Sequence[Expr]]
    is_own: Callable[[Expr], bool]
    asked_for: Collection[Symbol]

    def meets(self, access: Access, around: int) -> tuple[str, ...] | None:
        """What must hold for two threads to make the access to one element; None: they need not. `around` loops stand
        around the region or keep the threads in step."""
        indices: set[Symbol] = set()
        asked: list[Expr] = [e for step in access.path if isinstance(step, Subscripts) for e in step.indices]
        doubts: dict[str, None] = {}
        for loop in access.loops:
            header = self.headers.get(id(loop))
            if header is not None:
                indices.add(header.index)
        for loop in access.loops[around:]:
            header = self.headers.get(id(loop))
            if header is None:
                doubts["the loop around it runs"] = None
            else:
                asked += (header.lower, header.bound, header.step)
        for expr in asked:
            found = self._same(expr, indices, 0)
            if found is None:
                return None
            doubts.update(dict.fromkeys(f"`{text}` is the same for both" for text in found))
        for guard in access.guards:
            if not self._may_hold(guard.condition, indices):
                return None
            verb = "holds" if guard.positive else "does not hold"
            known = not isinstance(guard.condition, Opaque)
            doubts[f"`{spell(guard.condition)}` {verb}" if known else "control gets there"] = None
        return tuple(doubts)

    def _same(self, expr: Expr, indices: Collection[Symbol], depth: int) -> list[str] | None:
        """The memory that must hold the same for both threads, in a subscript that has the same value for both."""
        if isinstance(expr, (Call, Opaque)) or self.is_own(expr):
            return None
        if isinstance(expr, Name):
            return self._name(expr.symbol, indices, depth)
        found: list[str] = []
        if isinstance(expr, (Element, Field)):
            if not self._is_shared_memory(expr):
                return None
            if depth == 0 and not self.invariant(expr) and not self._is_counted(expr, indices):
                found.append(spell(expr))
        for part in children(expr):
            if isinstance(part, Name) and part.symbol.type.kind in ("array", "pointer"):
                continue
            below = self._same(part, indices, depth)
            if below is None:
                return None
            found += below
        return found

    def _is_counted(self, expr: Expr, indices: Collection[Symbol]) -> bool:
        """Does nothing in the region write the memory, whichever element the indices choose?"""
        names = {e.symbol for e in walk(expr) if isinstance(e, Name)}
        return bool(names & set(indices)) and self.invariant.is_read_only(expr)

    def _name(self, symbol: Symbol, indices: Collection[Symbol], depth: int) -> list[str] | None:
        if symbol in self.asked_for:
            return None
        if symbol in indices or self.invariant(Name(symbol)):
            return []
        values = self.given.get(symbol, ())
        if len(values) != 1 or depth >= _DEPTH or self.invariant.is_shared(symbol):
            return None
        return self._same(values[0], indices, depth + 1)

    def _is_shared_memory(self, expr: Expr) -> bool:
        base = expr
        while isinstance(base, (Element, Field)):
            base = base.base
        return isinstance(base, Name) and self.invariant.is_shared(base.symbol)

    def _may_hold(self, condition: Expr, indices: Collection[Symbol]) -> bool:
        """May a condition hold for both threads: does it hang on shared memory and on the same indices only?"""
        if may_be_thread_number(condition, self.asked_for):
            return False
        for part in walk(condition):
            if isinstance(part, Call) or self.is_own(part):
                return False
            if not isinstance(part, Name) or part.symbol.storage in ("constant", "function"):
                continue
            if self.invariant.is_shared(part.symbol):
                continue
            if self._name(part.symbol, indices, 0) is None:
                return False
        return True
