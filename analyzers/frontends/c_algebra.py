"""Expressions without syntax: canonical memory accesses, types of operators, folding of constants."""

from __future__ import annotations

from collections.abc import Callable

from analyzers.frontends import c_types
from analyzers.ir.expressions import (
    ZERO,
    Address,
    Binary,
    BinaryOp,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Name,
    Unary,
    UnaryOp,
    walk,
)
from analyzers.ir.symbols import INT, Type
from analyzers.text import Span

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "&&", "||"))


def combine(op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr:
    """`left op right` with the type that C gives it."""
    if op in COMPARISONS:
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
    if isinstance(value, Binary) and value.op in COMPARISONS:
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


def fold(value: Expr) -> int | None:
    """Evaluate constants; None where anything else takes part."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, int) else None
    stack: list[int] = []
    nodes = list(walk(value))
    if len(nodes) > 500:
        return None
    for part in reversed(nodes):
        match part:
            case Constant(value=int() as number):
                stack.append(number)
            case Name(symbol=symbol) if (
                symbol.storage != "local" and isinstance(symbol.value, Constant) and isinstance(symbol.value.value, int)
            ):
                stack.append(symbol.value.value)
            case Unary(op=op):
                operand = stack.pop()
                stack.append({"-": -operand, "+": operand, "!": int(not operand), "~": ~operand}[op])
            case Cast(type=kind) if kind.kind == "integer":
                pass
            case Binary(op=op):
                left, right = stack.pop(), stack.pop()
                result = _calculate(op, left, right)
                if result is None:
                    return None
                stack.append(result)
            case Conditional():
                condition, then, otherwise = stack.pop(), stack.pop(), stack.pop()
                stack.append(then if condition else otherwise)
            case _:
                return None
    return stack[0] if len(stack) == 1 else None


def _calculate(op: str, left: int, right: int) -> int | None:
    if op in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if op == "/" else left - quotient * right
    if op in ("<<", ">>") and not 0 <= right < 64:
        return None
    operations: dict[str, Callable[[int, int], int]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "<<": lambda a, b: a << b,
        ">>": lambda a, b: a >> b,
        "&": lambda a, b: a & b,
        "|": lambda a, b: a | b,
        "^": lambda a, b: a ^ b,
        "&&": lambda a, b: int(bool(a) and bool(b)),
        "||": lambda a, b: int(bool(a) or bool(b)),
        "==": lambda a, b: int(a == b),
        "!=": lambda a, b: int(a != b),
        "<": lambda a, b: int(a < b),
        "<=": lambda a, b: int(a <= b),
        ">": lambda a, b: int(a > b),
        ">=": lambda a, b: int(a >= b),
    }
    return operations[op](left, right) if op in operations else None
