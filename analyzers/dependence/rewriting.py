"""Expressions put together and taken apart: sums with constants folded, substitution, pointers folded into elements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzers.ir.expressions import (
    ZERO,
    Address,
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    Unary,
    children,
)
from analyzers.ir.symbols import Symbol, Type


def add(left: Expr, right: Expr) -> Expr:
    """`left + right`."""
    match left, right:
        case Constant(value=int() as a), Constant(value=int() as b):
            return Constant(a + b, left.type)
        case _:
            pass
    if left == ZERO:
        return right
    if right == ZERO:
        return left
    return Binary("+", left, right, left.type if left.type.kind in ("pointer", "array") else right.type)


def scale(factor: int, expr: Expr) -> Expr:
    """`factor * expr`."""
    if isinstance(expr, Constant) and isinstance(expr.value, int):
        return Constant(factor * expr.value, expr.type)
    if factor == 1:
        return expr
    if factor == 0:
        return ZERO
    if factor == -1:
        return Unary("-", expr, expr.type)
    return Binary("*", Constant(factor), expr, expr.type)


def difference(left: Expr, right: Expr) -> Expr:
    """`left - right`."""
    if isinstance(right, Constant):
        return add(left, scale(-1, right))
    return Binary("-", left, right, left.type)


def sign_of(expr: Expr) -> int | None:
    """-1, 0 or 1, or None where only the run knows. A size of a type or an unsigned value is not negative."""
    sign = 1
    while isinstance(expr, (Unary, Cast)):
        if isinstance(expr, Unary):
            if expr.op not in ("-", "+"):
                return None
            sign = -sign if expr.op == "-" else sign
        expr = expr.operand
    if isinstance(expr, Constant) and isinstance(expr.value, (int, float)):
        return 0 if expr.value == 0 else sign if expr.value > 0 else -sign
    return None


# Substitution


def rewrite(expr: Expr, mapping: Mapping[Symbol, Expr]) -> Expr:
    """`expr` with the values of the variables in `mapping` filled in; pointer sums and addresses fold into plain
    elements. The object in `&x` stays: its address is no use of its value.

    The result shares what did not change; identical to `expr` when nothing did. Needs no stack depth.
    """
    if not mapping:
        return expr
    done: list[Expr] = []
    work: list[tuple[Expr, bool, bool]] = [(expr, False, False)]  # the flags: operands are done; it is an object
    while work:
        top, ready, place = work.pop()
        if isinstance(top, Name):
            done.append(top if place else mapping.get(top.symbol, top))
            continue
        below = children(top)
        if not below:
            done.append(top)
        elif not ready:
            work.append((top, True, place))
            first = _holds_place(top, place)
            work.extend((child, False, first and n == 0) for n, child in reversed([*enumerate(below)]))
        else:
            new = done[-len(below) :]
            del done[-len(below) :]
            done.append(top if all(a is b for a, b in zip(below, new, strict=True)) else with_children(top, new))
    return done[0]


def bottom_up(expr: Expr, change: Callable[[Expr, list[Expr], bool], Expr]) -> Expr:
    """`expr` with each of its operators replaced by `change(operator, operands, same)`, innermost first; `same` says
    that the operands are those of before. Needs no stack depth."""
    done: list[Expr] = []
    work: list[tuple[Expr, bool]] = [(expr, False)]
    while work:
        top, ready = work.pop()
        below = children(top)
        if not below:
            done.append(top)
        elif not ready:
            work.append((top, True))
            work.extend((child, False) for child in reversed(below))
        else:
            new = done[-len(below) :]
            del done[-len(below) :]
            done.append(change(top, new, all(a is b for a, b in zip(below, new, strict=True))))
    return done[0]


def values_in(expr: Expr) -> Iterator[Symbol]:
    """The variables whose values the expression uses; the object in `&x` is not one of them."""
    work: list[tuple[Expr, bool]] = [(expr, False)]
    while work:
        top, place = work.pop()
        if isinstance(top, Name):
            if not place:
                yield top.symbol
            continue
        first = _holds_place(top, place)
        work.extend((child, first and n == 0) for n, child in enumerate(children(top)))


def _holds_place(expr: Expr, place: bool) -> bool:
    """Is the first operand an object rather than a value, given whether the whole is?"""
    match expr:
        case Address():
            return True
        case Field():
            return place
        case Element(base=base):
            return place and base.type.kind == "array"
        case _:
            return False


def with_children(expr: Expr, new: Sequence[Expr]) -> Expr:
    """The same operator over other operands, in canonical form."""
    match expr:
        case Element():
            return element(expr, new[0], tuple(new[1:]))
        case Field():
            return _field(expr, new[0])
        case Address():
            inner = new[0]
            if isinstance(inner, Element) and inner.subscripts == (ZERO,) and inner.base.type.kind == "pointer":
                return inner.base
            return replace(expr, operand=inner)
        case Binary(op="+"):
            return replace(expr, left=new[0], right=new[1]) if not _folds(new) else add(new[0], new[1])
        case Binary():
            return replace(expr, left=new[0], right=new[1])
        case Unary() | Cast():
            return replace(expr, operand=new[0])
        case Call():
            return replace(expr, callee=new[0], arguments=tuple(new[1:]))
        case Conditional():
            return replace(expr, condition=new[0], then=new[1], otherwise=new[2])
        case Opaque():
            return replace(expr, reads=tuple(new))
        case _:
            return expr


def _folds(new: Sequence[Expr]) -> bool:
    return any(isinstance(e, Constant) for e in new)


def _field(expr: Field, base: Expr) -> Expr:
    if isinstance(base, Element) and isinstance(base.base, Address) and base.subscripts == (ZERO,):
        base = base.base.operand
    return replace(expr, base=base)


def element(expr: Element, base: Expr, subscripts: tuple[Expr, ...]) -> Expr:
    """`base[subscripts]` with pointer arithmetic folded: `(a + k)[j]` is `a[k + j]`, `(&a[i])[j]` is `a[i + j]`,
    `(a[i])[j]` of a two-dimensional array is `a[i][j]`, `(&x)[0]` is `x`."""
    if not subscripts:
        return replace(expr, base=_start(base), subscripts=())
    while True:
        match base:
            case Cast(operand=operand, type=type_) if _same_pointee(operand, type_):
                base = operand
            case Binary(op="+", left=left, right=right) if _is_address(left):
                base, subscripts = left, (add(right, subscripts[0]), *subscripts[1:])
            case Binary(op="+", left=left, right=right) if _is_address(right):
                base, subscripts = right, (add(left, subscripts[0]), *subscripts[1:])
            case Binary(op="-", left=left, right=right) if _is_address(left):
                base, subscripts = left, (difference(subscripts[0], right), *subscripts[1:])
            case Address(operand=Element(base=inner, subscripts=outer)) if _walks_within(inner, outer, subscripts):
                base, subscripts = inner, (*outer[:-1], add(outer[-1], subscripts[0]), *subscripts[1:])
            case Address(operand=operand) if subscripts == (ZERO,):
                return operand
            case Element(base=inner, subscripts=outer) if len(outer) + len(subscripts) <= (_rank(inner) or 0) and any(
                s != ZERO for s in outer
            ):
                base, subscripts = inner, (*outer, *subscripts)
            case _:
                return replace(expr, base=base, subscripts=subscripts)


def _start(pointer: Expr) -> Expr:
    """The pointer that arithmetic starts from: all that it leads to is meant, whichever the element."""
    while isinstance(pointer, Binary) and pointer.op in ("+", "-"):
        pointer = pointer.right if _is_address(pointer.right) else pointer.left
    return pointer


def _is_address(expr: Expr) -> bool:
    return expr.type.kind in ("pointer", "array") or isinstance(expr, Address)


def _rank(base: Expr) -> int | None:
    """How many subscripts reach one element; None where the type does not say."""
    kind = base.type
    if kind.kind == "array":
        return len(kind.extents)
    if kind.kind == "pointer":
        return 1 + (len(kind.element.extents) if kind.element is not None and kind.element.kind == "array" else 0)
    return None


def _walks_within(inner: Expr, outer: tuple[Expr, ...], subscripts: tuple[Expr, ...]) -> bool:
    """Does `(&inner[outer])[subscripts]` stay in the row that `outer` names? `&a[0][0]` is how programs flatten."""
    rank = _rank(inner)
    if rank is None or rank == 1:
        return len(outer) == 1 == len(subscripts)
    if len(outer) - 1 + len(subscripts) != rank:
        return False
    return len(outer) < rank or any(s != ZERO for s in outer)


def _same_pointee(operand: Expr, type_: Type) -> bool:
    """Is a cast to the pointer type `type_` without effect on what a subscript means?"""
    mine, wanted = operand.type, type_.element
    if type_.kind != "pointer" or wanted is None:
        return False
    if mine.kind == "array":
        if len(mine.extents) > 1:
            return wanted.kind == "array" and wanted.element == mine.element and wanted.extents == mine.extents[1:]
        return wanted == mine.element
    return mine.kind == "pointer" and mine.element == wanted


def converted(value: Expr, symbol: Symbol) -> Expr:
    """The value after the conversion that an assignment to the variable makes."""
    have, want = value.type, symbol.type
    whole = ("integer", "character")
    if want.kind == "logical":
        return value if have.kind == "logical" else Cast(value, want, value.span)
    if want.kind not in whole:
        return value
    bits = want.bits or (8 if want.kind == "character" else 64)
    if isinstance(value, Constant) and isinstance(value.value, int) and 0 <= value.value < 2 ** (min(bits, 32) - 1):
        return value
    if have.kind == "unknown":
        return value if bits >= 32 else Cast(value, want, value.span)
    if have.kind in whole:
        room = bits - (have.bits or 32)
        if (have.signed == want.signed and room >= 0) or (want.signed and room > 0):
            return value
    if have.kind == "logical":
        return value
    return Cast(value, want, value.span)
