"""Calls that set or copy a block of memory: `memset(w, 0, n * sizeof(double))` writes each of `w[0]` to `w[n - 1]`.

Where the length is a number of elements, the call is a loop over them like any other: without one in the text, but with
accesses whose elements are known.
"""

from __future__ import annotations

from analyzers.dependence.lvalues import Location, locate, strip_casts, type_at
from analyzers.ir.accesses import Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ONE, ZERO, Binary, Constant, Element, Expr, Name, Opaque
from analyzers.ir.statements import Assign, Block, Loop, LoopHeader
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

_ELEMENT = Symbol("//[element]", "element", INT)


def first(argument: Expr) -> Location | None:
    """The first element of the memory that `argument` points to."""
    return _element(argument, ZERO)


def elements(argument: Expr, length: Expr) -> tuple[Location, LoopHeader] | None:
    """The element of the memory that `argument` points to which the index of the loop counts over `length` bytes."""
    place = _element(argument, Name(_ELEMENT))
    if place is None or place.symbol is None:
        return None
    guessed = place.symbol.storage == "undeclared"
    count = _count(length, None if guessed else _bytes(type_at(place.symbol, place.path)))
    return None if count is None else (place, LoopHeader(_ELEMENT, ZERO, "<", count, ONE, declares_index=True))


def _element(argument: Expr, index: Expr) -> Location | None:
    base, _ = strip_casts(argument)
    if base.type.kind not in ("array", "pointer") or (base.type.kind == "array" and len(base.type.extents) > 1):
        return None
    place = locate(Element(base, (index,), base.type.element or UNKNOWN_TYPE))
    if place.symbol is None or not place.exact or len(place.path) != 1:
        return None
    (step,) = place.path
    return place if isinstance(step, Subscripts) and len(step.indices) == 1 else None


def loop(header: LoopHeader, span: Span) -> Loop:
    """The loop over the elements, at the place of the call."""
    index = Name(header.index)
    step = Assign(index, ONE, "+", span)
    condition = Binary("<", index, header.bound, INT)
    return Loop("for", (Assign(index, ZERO, None, span),), condition, (step,), Block((), span), span, span, header)


def _bytes(kind: Type) -> int | None:
    return kind.bits // 8 if kind.kind in ("integer", "real", "character") and kind.bits else 0


def _count(length: Expr, size: int | None) -> Expr | None:
    """How many elements so many bytes are; of a name whose type is a guess any factor may be the size of one."""
    value = fold(length)
    if value is not None:
        return Constant(value // size) if size and value % size == 0 else None
    if size == 1:
        return length
    if not isinstance(length, Binary) or length.op != "*":
        return None
    for one, other in ((length.left, length.right), (length.right, length.left)):
        if fold(one) == size or (size is None and (fold(one) in (4, 8, 16) or isinstance(one, Opaque))):
            return other
    return None
