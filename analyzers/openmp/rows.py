"""Subscripts that leave their row: `m[i][j - 1]` at j = 0 is the last element of the row before.

C17 §6.5.6 p8 leaves that undefined, and the dependence tests take each subscript to be in its range. The memory is
there all the same, and another thread may be at work on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ONE, ZERO, Binary, Constant, Expr, Name, symbols, walk
from analyzers.ir.statements import Assign, Function, LoopHeader, walk_statements
from analyzers.ir.symbols import INT, Symbol


@dataclass(slots=True)
class Extents:
    """The extents of the arrays of a function, as they are throughout."""

    function: Function
    _changed: set[Symbol] | None = None

    def rest(self, access: Access, headers: Mapping[int, LoopHeader]) -> tuple[Expr, ...] | None:
        """Those of all dimensions but the first, where the path is one element of an array of several, in the words of
        the loops around."""
        if len(access.path) != 1 or access.symbol is None or not access.exact:
            return None
        (step,) = access.path
        if not isinstance(step, Subscripts) or len(step.indices) < 2:
            return None
        kind = access.symbol.type
        if kind.kind == "pointer" and kind.element is not None:
            kind = kind.element
        sizes = [self._kept(extent.size) for extent in kind.extents[-(len(step.indices) - 1) :]]
        written = ((each.condition, headers.get(id(each))) for each in access.loops)
        words = {
            condition.right.symbol: header.bound
            for condition, header in written
            if header is not None and isinstance(condition, Binary) and isinstance(condition.right, Name)
            if condition.op == header.relation
        }
        found = tuple(words.get(s.symbol, s) if isinstance(s, Name) else s for s in sizes if s is not None)
        return found if len(found) == len(step.indices) - 1 else None

    def _kept(self, size: Expr | None) -> Expr | None:
        """An extent that still is what it was when the array was declared."""
        if size is None or fold(size) is not None:
            return size
        if self._changed is None:
            assigns = (s for s in walk_statements(self.function.body) if isinstance(s, Assign))
            self._changed = {s.target.symbol for s in assigns if isinstance(s.target, Name)}
        if any(not isinstance(part, (Name, Binary, Constant)) for part in walk(size)):
            return None
        if any(symbol in self._changed or symbol.address_taken or symbol.is_static for symbol in symbols(size)):
            return None
        return size


def alternatives(
    first: Access, second: Access, arrays: Extents, headers: Mapping[int, LoopHeader]
) -> Iterator[tuple[tuple[Access, Access], Access]]:
    """Other names for the elements of the pair under which they may be the same one, each with the access that leaves
    its row: in the rows before and behind, and by the offset in the array where its extents are constant."""
    extents = arrays.rest(first, headers)
    if extents is None or extents != arrays.rest(second, headers):
        return
    leaving = next((a for a in (first, second) if _may_leave(a, extents, headers)), None)
    if leaving is None:
        return
    for ahead in (False, True):
        yield (first, _shifted(second, extents[-1], ahead)), leaving
    if all(fold(extent) is not None for extent in extents):
        yield (_flat(first, extents), _flat(second, extents)), leaving


def _may_leave(access: Access, extents: tuple[Expr, ...], headers: Mapping[int, LoopHeader]) -> bool:
    """Is there a subscript that is not plainly in its range, as constants are, or an index that counts through it?
    Programs see to it that variables are in it, and the bounds of indices that are no numbers, and no extents."""
    (step,) = access.path
    assert isinstance(step, Subscripts)
    known = {h.index: h for loop in access.loops if (h := headers.get(id(loop))) is not None}
    for index, extent in zip(step.indices[1:], extents, strict=True):
        number, size = fold(index), fold(extent)
        if number is not None and number >= 0 and (size is None or number < size):
            continue
        allowed = {*known, *symbols(extent)}
        bounds = [e for s in symbols(index) if s in known for e in (known[s].lower, known[s].bound)]
        if not set(symbols(index)) <= known.keys() or any(not set(symbols(e)) <= allowed for e in bounds):
            continue
        header = known.get(index.symbol) if isinstance(index, Name) else None
        if header is None or not _counts_within(header, extent):
            return True
    return False


def _counts_within(header: LoopHeader, extent: Expr) -> bool:
    low, high, size = fold(header.lower), fold(header.bound), fold(extent)
    if low is None or low < 0 or fold(header.step) is None or header.relation not in ("<", "<="):
        return False
    if high is not None and size is not None:
        return high + (header.relation == "<=") <= size
    return header.relation == "<" and header.bound == extent


def _flat(access: Access, extents: tuple[Expr, ...]) -> Access:
    (step,) = access.path
    assert isinstance(step, Subscripts)
    offset = step.indices[0]
    for index, extent in zip(step.indices[1:], extents, strict=True):
        offset = Binary("+", Binary("*", offset, Constant(fold(extent) or 0, INT), INT), index, INT)
    return replace(access, path=(Subscripts((*(ZERO for _ in extents), offset), step.through_pointer),))


def _shifted(access: Access, extent: Expr, ahead: bool) -> Access:
    """The element counted from the row before, or from the one `ahead`."""
    (path,) = access.path
    assert isinstance(path, Subscripts)
    *outer, row, last = path.indices
    row = Binary("+" if ahead else "-", row, ONE, INT)
    last = Binary("-" if ahead else "+", last, extent, INT)
    return replace(access, path=(Subscripts((*outer, row, last), path.through_pointer),))
