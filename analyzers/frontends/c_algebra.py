"""Expressions without syntax: canonical memory accesses, types of operators."""

from __future__ import annotations

from analyzers.frontends import c_types
from analyzers.ir.arithmetic import COMPARISONS
from analyzers.ir.expressions import (
    ZERO,
    Address,
    Binary,
    BinaryOp,
    Constant,
    Element,
    Expr,
    Unary,
    UnaryOp,
)
from analyzers.ir.symbols import INT, Type
from analyzers.text import Span

_LOGICAL = COMPARISONS | {"&&", "||"}  # their value is 0 or 1


def combine(op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr:
    """`left op right` with the type that C gives it."""
    if op in _LOGICAL:
        return Binary(op, left, right, INT, span)
    first, second = left.type, right.type
    if op in ("+", "-"):
        if first.kind in ("pointer", "array"):
            if second.kind in ("pointer", "array"):
                return Binary(op, left, right, c_types.NAMED["ptrdiff_t"], span)
            return Binary(op, left, right, c_types.decayed(first), span)
        if second.kind in ("pointer", "array") and op == "+":
            return Binary(op, right, left, c_types.decayed(second), span)
    if op in ("<<", ">>"):
        return Binary(op, left, right, c_types.promoted(first), span)
    return Binary(op, left, right, c_types.common(first, second), span)


def negated(op: UnaryOp, operand: Expr, span: Span) -> Expr:
    if op == "-" and isinstance(operand, Constant) and isinstance(operand.value, (int, float)):
        if operand.type.is_unsigned:
            return Unary(op, operand, operand.type, span)
        return Constant(-operand.value, operand.type, span)
    return Unary(op, operand, INT if op == "!" else c_types.promoted(operand.type), span)


def truth(value: Expr) -> Expr:
    """0 or 1."""
    if isinstance(value, Binary) and value.op in _LOGICAL:
        return value
    return Binary("!=", value, ZERO, INT, value.span)


def merged(then: Type, otherwise: Type) -> Type:
    then, otherwise = c_types.decayed(then), c_types.decayed(otherwise)
    if then.kind in ("pointer", "record", "void"):
        return then
    if otherwise.kind == "pointer":
        return otherwise
    return c_types.common(then, otherwise)


def fits(value: Constant, kind: Type) -> bool:
    return kind.kind == "real" or (
        kind.kind == "integer" and isinstance(value.value, int) and 0 <= value.value < 1 << (kind.bits or 32) - 1
    )


def element(base: Expr, index: Expr, span: Span) -> Expr:
    """`base[index]` in canonical form."""
    base, offset = _based(base)
    if base.type.kind not in ("pointer", "array") and index.type.kind in ("pointer", "array"):
        base, index = index, base  # 2[a]
        base, offset = _based(base)
    if offset is not None:
        index = index if offset == ZERO else offset if index == ZERO else _sum(offset, index, span)
    if isinstance(base, Address):
        inner = base.operand
        if isinstance(inner, Element) and inner.type.kind != "array":
            last = inner.subscripts[-1]
            index = last if index == ZERO else _sum(last, index, span)
            return Element(inner.base, (*inner.subscripts[:-1], index), inner.type, span)
        if index == ZERO and not isinstance(inner, Element):
            return inner
    kind = c_types.pointee(base.type)
    if isinstance(base, Element) and base.type.kind == "array":
        return Element(base.base, (*base.subscripts, index), kind, span)
    return Element(base, (index,), kind, span)


def _based(value: Expr) -> tuple[Expr, Expr | None]:
    """A pointer sum as base and offset: `p + i - 1` is p and i - 1."""
    terms: list[tuple[BinaryOp, Expr]] = []
    while isinstance(value, Binary) and value.op in ("+", "-") and value.type.kind == "pointer":
        terms.append((value.op, value.right))
        value = value.left
    offset: Expr | None = None
    for op, term in reversed(terms):
        if offset is None:
            offset = term if op == "+" else negated("-", term, term.span)
        else:
            offset = Binary(op, offset, term, c_types.common(c_types.common(offset.type, term.type), INT), term.span)
    return value, offset


def _sum(left: Expr, right: Expr, span: Span) -> Expr:
    return Binary("+", left, right, c_types.common(left.type, right.type), span)


def address(operand: Expr, span: Span) -> Expr:
    if operand.type.kind == "function":
        return operand
    return Address(operand, c_types.pointer_to(operand.type), span)
