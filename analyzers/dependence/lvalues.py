"""Which object an lvalue denotes: the symbol and path of an `Access`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from analyzers.ir.accesses import Member, PathStep, Subscripts
from analyzers.ir.expressions import Address, Binary, Cast, Constant, Element, Expr, Field, Name, Opaque, walk
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type

MAX_NODES = 200  # expressions are compared by recursion
WHOLE_POINTEE = Subscripts((), through_pointer=True)  # everything that a pointer reaches: overlaps each of its elements


@dataclass(frozen=True, slots=True)
class Location:
    """An object. `values` are the operands evaluated on the way to it: subscripts, and the pointer followed last (which
    evaluates those before it)."""

    symbol: Symbol | None
    path: tuple[PathStep, ...]
    values: tuple[Expr, ...] = ()
    exact: bool = True
    reason: str | None = None


def bounded(expr: Expr) -> Expr:
    """The expression, or something unknown in its place where it is too long to be compared."""
    if next(islice(walk(expr), MAX_NODES, None), None) is None:
        return expr
    return Opaque("…", None, (), expr.type, expr.span)


def strip_casts(expr: Expr) -> tuple[Expr, bool]:
    """A pointer expression without casts, and whether they kept what is pointed to."""
    same = True
    while isinstance(expr, Cast):
        inner, outer = _pointee(expr.operand.type), expr.type.element
        same = same and inner is not None and outer is not None and same_layout(inner, outer)
        expr = expr.operand
    return expr, same


def _pointee(kind: Type) -> Type | None:
    """What the pointer that it is, or becomes, leads to: of an array of several dimensions, its rows."""
    if kind.kind == "array" and len(kind.extents) > 1:
        return replace(kind, extents=kind.extents[1:])
    return kind.element


def same_layout(first: Type, second: Type) -> bool:
    """May objects of the two types be compared element by element?"""
    if first.kind != second.kind or first.extents != second.extents:
        return False
    if first.kind == "record":
        return first.name == second.name
    return first.bits == second.bits and first.kind not in ("void", "unknown")


def locate(expr: Expr) -> Location:
    """The object that an lvalue denotes. `(p + i)[j]` is `p[i + j]`, `*&x` is `x`; what has no name has symbol None."""
    steps: list[PathStep] = []
    values: list[Expr] = []
    exact, reason, loaded = True, None, False
    while True:
        match expr:
            case Name(symbol=symbol):
                return Location(symbol, tuple(reversed(steps)), tuple(reversed(values)), exact, reason)
            case Field(base=base, name=name):
                steps.append(Member(name))
                expr = base
            case Element(base=base, subscripts=subscripts):
                flat = _as_one_row(expr)
                if flat is not None:
                    expr = flat
                    continue
                pointer, offset, same = _pointer_base(base)
                if not same:
                    exact, reason = False, "pointer-cast"
                    steps.clear()
                    subscripts = (Opaque("?", None, subscripts),)
                if not loaded:
                    values.extend(reversed(subscripts))
                if isinstance(pointer, Address):
                    expr = pointer.operand if same or not _leads_to_record(base) else container(pointer.operand)
                    shifted = _shift_last(expr, (*offset, *subscripts[:1]))
                    if shifted is None:
                        exact, reason = False, "pointer-arithmetic"
                        continue
                    expr = shifted
                    if subscripts[1:]:
                        rest = tuple(bounded(s) for s in subscripts[1:])
                        steps.append(Subscripts(rest, through_pointer=False))
                    continue
                if offset:
                    if not loaded:
                        values.extend(offset)
                    subscripts = (_sum((*offset, *subscripts[:1])), *subscripts[1:])
                through = pointer.type.kind == "pointer"
                if through and not loaded:
                    loaded = True
                    values.append(pointer)
                steps.append(Subscripts(tuple(bounded(s) for s in subscripts), through))
                expr = pointer
            case _:
                if not loaded:
                    values.append(expr)
                return Location(None, (), tuple(reversed(values)), False, _unnamed(expr))


def _unnamed(expr: Expr) -> str:
    return {"Call": "through-call-result", "Conditional": "through-conditional"}.get(
        type(expr).__name__, "unnamed-object"
    )


def _pointer_base(base: Expr) -> tuple[Expr, tuple[Expr, ...], bool]:
    """The base of an Element without casts and pointer arithmetic, the offsets added to it, and whether the element
    size stayed the same."""
    offsets: list[Expr] = []
    base, same = strip_casts(base)
    while isinstance(base, Binary) and base.op in ("+", "-"):
        left, right = base.left, base.right
        if left.type.kind not in ("pointer", "array") and right.type.kind in ("pointer", "array") and base.op == "+":
            left, right = right, left
        if left.type.kind not in ("pointer", "array"):
            break
        offsets.append(right if base.op == "+" else Binary("-", Constant(0), right, right.type, right.span))
        base, kept = strip_casts(left)
        same = same and kept
    return base, tuple(offsets), same


FIRST_ROW = Constant(0)  # as a subscript: of an array of several dimensions that is used as one long row


def _as_one_row(expr: Element) -> Expr | None:
    """`((int *)m + n)[k]` of an array of several dimensions as `m[0][n + k]`."""
    base: Expr = expr.base
    offsets = expr.subscripts
    while isinstance(base, Binary) and base.op == "+" and base.left.type.kind == "pointer":
        offsets = (base.right, *offsets)
        base = base.left
    if not isinstance(base, Cast) or base.operand.type.kind != "array" or not expr.subscripts:
        return None
    array, rows = base.operand, len(base.operand.type.extents) - 1
    element = array.type.element
    if rows < 1 or element is None or base.type.element is None or not same_layout(element, base.type.element):
        return None
    return Element(array, (*(FIRST_ROW,) * rows, _sum(offsets)), expr.type, expr.span)


def _sum(terms: Sequence[Expr]) -> Expr:
    total = terms[0]
    for term in terms[1:]:
        total = Binary("+", total, term, term.type, term.span)
    return total


def is_zero(expr: Expr) -> bool:
    return isinstance(expr, Constant) and expr.value == 0


def _shift_last(expr: Expr, offsets: Sequence[Expr]) -> Expr | None:
    """`*(&expr + offsets)` as an lvalue."""
    moving = [o for o in offsets if not is_zero(o)]
    if not moving:
        return expr
    if not isinstance(expr, Element) or not expr.subscripts:
        return None
    last = _sum((expr.subscripts[-1], *moving))
    return Element(expr.base, (*expr.subscripts[:-1], last), expr.type, expr.span)


def type_at(symbol: Symbol, path: tuple[PathStep, ...]) -> Type:
    """The type of the object that a path leads to; unknown where it cannot be told.

    In a record that points to others of its kind, these are not complete yet: what they hold is known from the first.
    """
    kind = symbol.type
    complete: dict[str, Type] = {}
    for step in path:
        if isinstance(step, Member):
            if kind.fields is None:
                kind = complete.get(kind.name, kind) if kind.name else kind
            else:
                complete[kind.name] = kind
            kind = kind.field_type(step.name)
            continue
        if step.through_pointer:
            kind = kind.element or UNKNOWN_TYPE
            if kind.kind == "array":
                rest = kind.extents[max(0, len(step.indices) - 1) :]
                kind = kind.element or UNKNOWN_TYPE if not rest else _with_extents(kind, len(rest))
        elif kind.kind == "array" and len(step.indices) >= len(kind.extents):
            kind = kind.element or UNKNOWN_TYPE
    return kind


def _with_extents(kind: Type, count: int) -> Type:
    return (
        kind
        if count == len(kind.extents)
        else Type("array", kind.name, element=kind.element, extents=kind.extents[-count:])
    )


def container(lvalue: Expr) -> Expr:
    """The outermost object of which the lvalue is a member: what a pointer to it may be converted to lead to (C17
    §6.7.2.1: to the object from its first member)."""
    found = lvalue
    while isinstance(lvalue, (Element, Field)):
        if isinstance(lvalue, Element) and lvalue.base.type.kind != "array":
            break
        found, lvalue = (lvalue.base if isinstance(lvalue, Field) else found), lvalue.base
    return found


def _leads_to_record(pointer: Expr) -> bool:
    return pointer.type.element is not None and pointer.type.element.kind in ("record", "unknown")


def reached(argument: Expr, *, whole: bool, outgrown: bool = False) -> Location | None:
    """The memory that a call can reach through an argument; None where the argument carries no address.

    `whole` False: the callee uses exactly the object that the argument points to. Otherwise `&a[i]` reaches the
    innermost array that holds `a[i]` (C17 §6.5.6: arithmetic stays inside it; from `&m[0][0]` people go through all of
    `m`), `p` everything behind `p`. `outgrown`: it may convert a pointer to a member to one to what holds it.
    """
    to_record = _leads_to_record(argument)
    argument, same = strip_casts(argument)
    outgrown = outgrown or (to_record and not same)
    if isinstance(argument, Address):
        location = locate(container(argument.operand) if outgrown else argument.operand)
        whole = whole or outgrown
        if whole and location.path and isinstance(location.path[-1], Subscripts):
            return _replace_path(location, _without_last_subscript(location.path))
        return location
    kind = argument.type.kind
    if isinstance(argument, Constant) or kind == "function":
        return None
    if kind == "array" and outgrown:
        return locate(container(argument))
    if kind == "array":
        location = locate(argument)
        if whole and location.path and _begins_array(location.path[-1]):
            return _replace_path(location, _without_last_subscript(location.path))
        return location if whole else _element_of(location, Constant(0))
    if kind == "pointer":
        base, offsets, kept = _pointer_base(argument)
        located = locate(base)
        if isinstance(base, Address):
            return reached(base, whole=True, outgrown=outgrown)
        known = kept and same
        index = _sum(offsets) if offsets else Constant(0)
        if base.type.kind == "array":
            if whole or not known:
                return replace(located, exact=located.exact and whole)
            return _element_of(located, index)
        step = WHOLE_POINTEE if whole or not known else Subscripts((index,), through_pointer=True)
        return Location(
            located.symbol,
            (*located.path, step),
            (*located.values, *offsets),
            located.exact,
            located.reason,
        )
    if kind == "unknown" and isinstance(argument, Name):
        return locate(argument)  # an undeclared name may be an array
    return None


def _element_of(array: Location, index: Expr) -> Location:
    """The element of an array, or the row of one with several dimensions: those stand in one step."""
    last = array.path[-1] if array.path else None
    if isinstance(last, Subscripts):
        path = (*array.path[:-1], Subscripts((*last.indices, index), last.through_pointer))
    else:
        path = (*array.path, Subscripts((index,), through_pointer=False))
    return _replace_path(array, path)


def _without_last_subscript(path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
    last = path[-1]
    assert isinstance(last, Subscripts)
    if _begins_array(last):
        return (*path[:-1], WHOLE_POINTEE) if last.through_pointer else path[:-1]
    if len(last.indices) > 1 or last.through_pointer:
        return (*path[:-1], Subscripts(last.indices[:-1], last.through_pointer))
    return path[:-1]


def _begins_array(step: PathStep) -> bool:
    """Is it the first row of an array, or the first element of one with several dimensions?"""
    return isinstance(step, Subscripts) and all(map(is_zero, step.indices))


def _replace_path(location: Location, path: tuple[PathStep, ...]) -> Location:
    return Location(location.symbol, path, location.values, location.exact, location.reason)
