"""Integer arithmetic by the rules that C and Fortran share: division truncates, logical values are 0 and 1."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Expr, Name, Unary, walk
from analyzers.ir.symbols import INT, Type

COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
PRECEDENCE: Mapping[str, int] = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, "<=": 7, ">": 7, ">=": 7, "<<": 8, ">>": 8,
    "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_WIDEST = 64  # bits of the widest type that people shift
_TOO_LONG = 500  # terms of a constant expression

_PLAIN: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "min": min,
    "max": max,
}


def unary(op: str, value: int | None) -> int | None:
    """`op value` without limits; None where the operand is, or for another operator than `-`, `+`, `!` and `~`."""
    if value is None:
        return None
    return {"-": -value, "+": value, "!": int(not value), "~": ~value}.get(op)


def binary(op: str, left: int | None, right: int | None) -> int | None:
    """`left op right` without limits; None where it is undefined (a division by zero, a shift by more bits than there
    are) or needs an operand that is None: where the left operand decides, `&&` and `||` do not need the right one."""
    if op in ("&&", "||"):
        if left is not None and bool(left) == (op == "||"):
            return int(op == "||")
        return None if left is None or right is None else int(bool(right))
    if left is None or right is None:
        return None
    if op in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if op == "/" else left - quotient * right
    if op in ("<<", ">>"):
        if not 0 <= right < _WIDEST:
            return None
        return left << right if op == "<<" else left >> right
    return int(_PLAIN[op](left, right)) if op in _PLAIN else None


def wrapped(value: int, kind: Type) -> int:
    """What an integer type makes of a value: the one it can hold that is equal modulo two to the power of its bits."""
    if kind.kind != "integer" or kind.bits is None:
        return value
    low = 0 if kind.is_unsigned else -(1 << (kind.bits - 1))
    return (value - low) % (1 << kind.bits) + low


def computed(expr: Unary | Binary | Cast, *operands: int | None) -> int | None:
    """The value of one operation in its type, where its operands have these values (C11 §6.3.1.8, §6.5)."""
    first = operands[0]
    if isinstance(expr, Unary):
        result = unary(expr.op, first)
    elif isinstance(expr, Cast):
        result = first
    else:
        second = operands[1]
        shared = _shared(expr)
        if shared is not None and first is not None and second is not None:
            first, second = wrapped(first, shared), wrapped(second, shared)
        result = binary(expr.op, first, second)
    return None if result is None else wrapped(result, expr.type)


def _shared(expr: Binary) -> Type | None:
    """The unsigned type to which both operands are converted, where there is one; small types become int first."""
    if expr.op not in COMPARISONS:
        return expr.type if expr.type.is_unsigned and expr.op not in ("<<", ">>", "&&", "||") else None
    left, right = expr.left.type, expr.right.type
    wide = max(left, right, key=lambda t: (t.bits or 0, t.is_unsigned))
    return wide if wide.is_unsigned and (wide.bits or 0) >= (INT.bits or 0) else None


def fold(value: Expr | None) -> int | None:
    """The integer that a constant expression stands for; None where anything else takes part."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, int) else None
    if value is None:
        return None
    nodes: list[Expr] = []
    for part in walk(value):
        if isinstance(part, Name) and not isinstance(part.symbol.value, Constant):
            return None
        nodes.append(part)
        if len(nodes) > _TOO_LONG:
            return None
    stack: list[int | None] = []
    for part in reversed(nodes):
        match part:
            case Constant(value=int() as number):
                stack.append(number)
            case Name(symbol=symbol) if symbol.storage != "local" and isinstance(symbol.value, Constant):
                stack.append(fold(symbol.value))
            case Unary():
                stack.append(computed(part, stack.pop()))
            case Cast(type=kind) if kind.kind == "integer":
                stack.append(computed(part, stack.pop()))
            case Binary():
                stack.append(computed(part, stack.pop(), stack.pop()))
            case Conditional():
                condition, then, otherwise = stack.pop(), stack.pop(), stack.pop()
                stack.append(None if condition is None else then if condition else otherwise)
            case _:
                return None
    return stack[0]
