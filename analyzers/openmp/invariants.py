"""Which expressions have one value for all threads (or iterations) while a construct runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.dependence.lvalues import locate, type_at
from analyzers.ir.accesses import Access, Member, PathStep, Subscripts
from analyzers.ir.expressions import Call, Element, Expr, Field, Name, Opaque, root, walk
from analyzers.ir.pointers import may_share_memory
from analyzers.ir.statements import Assign, Construct, Declare, Loop, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.openmp.sharing import Scopes, storage

_TEAM_SIZE = "omp_get_num_threads"  # the same for all threads of a region (OpenMP 5.2 §18.2.2)
_AGGREGATES = ("record", "array")


@dataclass(slots=True)
class Invariant:
    """Asked of an expression: does it keep its value, the same for all threads, throughout `scope`?

    `stack` are the constructs around the body of `scope`, `depth` the index of the region in it: a copy that one
    further in makes is the thread's own. What a variable holds before a loop in `scope` (`entries`, as the facts of the
    function name it) is known of no two threads to be the same.
    """

    scope: Stmt
    scopes: Scopes
    stack: tuple[Construct, ...]
    depth: int
    accesses: Sequence[Access]
    entries: Mapping[Symbol, tuple[Symbol, Loop]]
    _writes: tuple[Access, ...] = ()
    _assigned: frozenset[Symbol] = frozenset()
    _left_to_loops: frozenset[Symbol] = frozenset()
    _definitions: dict[Symbol, list[Expr | None]] = field(default_factory=dict)
    _known: dict[Symbol, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inside = {id(s) for s in walk_statements(self.scope)}
        self._writes = tuple(
            a for a in self.accesses if a.writes and id(a.statement) in inside and not _is_own_object_of_library(a)
        )
        for stmt in walk_statements(self.scope):
            if isinstance(stmt, Declare):
                self._definitions.setdefault(stmt.symbol, []).append(stmt.value)
            elif isinstance(stmt, Assign) and isinstance(stmt.target, Name):
                self._definitions.setdefault(stmt.target.symbol, []).append(None)
        loops = {s for s in walk_statements(self.scope) if isinstance(s, Loop)}
        self._left_to_loops = frozenset(symbol for symbol, (_, loop) in self.entries.items() if loop in loops)
        self._assigned = frozenset(a.symbol for a in self._writes if a.symbol is not None and not a.path)

    def __call__(self, expr: Expr) -> bool:
        # Records and arrays are only on the way to a member or an element: as a whole they have no value.
        return self._part(expr) and all(
            self._part(e) for e in walk(expr) if e is not expr and not (_is_part(e) and e.type.kind in _AGGREGATES)
        )

    def _part(self, expr: Expr) -> bool:
        match expr:
            case Name(symbol=symbol):
                return self._symbol(symbol)
            case Call(name=name):
                return name == _TEAM_SIZE
            case Opaque():
                return False
            case _ if _is_part(expr):
                return self._memory(expr)
            case _:
                return True

    def _memory(self, lvalue: Expr) -> bool:
        """Does nothing in the scope write memory that the lvalue may be?"""
        base = root(lvalue)
        symbol = base.symbol if isinstance(base, Name) else None
        place = locate(lvalue)
        for write in self._writes:
            if write.symbol is None:
                return False
            if write.symbol == symbol and write.path:
                if place.symbol == symbol and _are_other_members(symbol, place.path, write.path):
                    continue
                if not (place.exact and place.symbol == symbol and _is_reached_over(place.path, write.path)):
                    return False
            pointers = write.symbol.is_pointer or symbol is None or symbol.is_pointer
            if pointers and write.path and may_share_memory(type_at(write.symbol, write.path), lvalue.type):
                return False
        return True

    def is_read_only(self, lvalue: Expr) -> bool:
        """Does nothing in the scope write the array or record that the lvalue is a part of?"""
        return isinstance(lvalue, (Element, Field)) and self._memory(lvalue)

    def _symbol(self, symbol: Symbol) -> bool:
        known = self._known.get(symbol)
        if known is None:
            self._known[symbol] = False  # against cycles
            known = self._known[symbol] = self._decide(symbol)
        return known

    def _decide(self, symbol: Symbol) -> bool:
        if symbol.storage in ("constant", "function"):
            return True
        definitions = self._definitions.get(symbol)
        if definitions is not None:
            value = definitions[0] if len(definitions) == 1 else None
            return value is not None and not symbol.address_taken and self(value)
        if symbol in self._assigned or symbol in self._left_to_loops:
            return False
        if (symbol.address_taken or symbol.is_static) and symbol.type.kind != "array" and self._may_be_reached(symbol):
            return False
        meaning = storage(symbol, self.stack, self.scopes)
        return meaning.owner < self.depth or meaning.sharing.attribute == "firstprivate"

    def is_shared(self, symbol: Symbol) -> bool:
        """Is it one variable for all threads of the region?"""
        return storage(symbol, self.stack, self.scopes).owner < self.depth

    def _may_be_reached(self, symbol: Symbol) -> bool:
        """Does the scope write through a pointer, or by an unknown call, what may be this variable?"""
        return any(
            w.symbol is None
            or (w.symbol.is_pointer and w.path and may_share_memory(type_at(w.symbol, w.path), symbol.type))
            for w in self._writes
        )


def _is_part(expr: Expr) -> bool:
    return isinstance(expr, (Element, Field))


def _are_other_members(symbol: Symbol, one: Sequence[PathStep], other: Sequence[PathStep]) -> bool:
    """Do two paths from one variable part at members of one record, so that neither is part of the other?"""
    for at, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine == theirs:
            continue
        if not isinstance(mine, Member) or not isinstance(theirs, Member):
            return False
        return not type_at(symbol, tuple(one[:at])).union
    return False


def _is_reached_over(place: Sequence[PathStep], written: Sequence[PathStep]) -> bool:
    """Does the second path go on behind a pointer that stands where the first path ends?"""
    beyond = written[len(place)] if len(written) > len(place) and tuple(written[: len(place)]) == tuple(place) else None
    return isinstance(beyond, Subscripts) and beyond.through_pointer


def _is_own_object_of_library(access: Access) -> bool:
    """Does a call change an object whose inside the program never sees, such as a stream? No variable is part of it."""
    if access.call is None or access.symbol is None or not access.path:
        return False
    kind = type_at(access.symbol, access.path)
    return kind.kind == "record" and kind.fields is None
