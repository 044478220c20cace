"""Concrete evaluation: the second opinion on every dependence that is called proved.

Independent of the affine forms and of isl: expressions are computed by the rules of the language (truncating division,
unsigned wrap-around), loops are checked against their headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzers.dependence.affine import extremum
from analyzers.ir.accesses import Access, Member
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Expr, Name, Unary
from analyzers.ir.statements import LoopHeader
from analyzers.ir.symbols import Symbol, Type

_MAX_DEPTH = 200


def evaluate(expr: Expr, binding: Mapping[Symbol | Expr, int], depth: int = 0) -> int | None:
    """The integer value of `expr`, None where it is not determined by the binding (or undefined).

    `binding` holds indices by symbol, parameters by their expression.
    """
    if depth > _MAX_DEPTH:
        return None
    if isinstance(expr, Name):
        bound = binding.get(expr.symbol)
        if bound is not None:
            return bound
        bound = binding.get(expr)
        if bound is not None:
            return bound
        value = expr.symbol.value
        return None if value is None or expr.symbol.storage != "constant" else evaluate(value, binding, depth + 1)
    if isinstance(expr, Constant):
        return expr.value if isinstance(expr.value, int) else None
    if depth < 8:
        bound = binding.get(expr)
        if bound is not None:
            return bound
    match expr:
        case Unary(op=op, operand=operand):
            inner = evaluate(operand, binding, depth + 1)
            if inner is None:
                return None
            return _wrap({"-": -inner, "+": inner, "!": int(not inner), "~": ~inner}[op], expr.type)
        case Binary(op=("&&" | "||") as op, left=left, right=right):
            first = evaluate(left, binding, depth + 1)
            if first is not None and bool(first) == (op == "||"):
                return int(op == "||")
            second = evaluate(right, binding, depth + 1)
            return None if first is None or second is None else int(bool(second))
        case Binary(op=op, left=left, right=right):
            return _binary(expr, op, left, right, binding, depth)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            chosen = evaluate(condition, binding, depth + 1)
            if chosen is None:
                return None
            return evaluate(then if chosen else otherwise, binding, depth + 1)
        case Cast(operand=operand):
            inner = evaluate(operand, binding, depth + 1)
            return None if inner is None else _wrap(inner, expr.type)
        case _:
            return None


def _binary(
    expr: Binary, op: str, left: Expr, right: Expr, binding: Mapping[Symbol | Expr, int], depth: int
) -> int | None:
    a, b = evaluate(left, binding, depth + 1), evaluate(right, binding, depth + 1)
    if a is None or b is None:
        return None
    kind = expr.type
    if op in ("<", "<=", ">", ">=", "==", "!="):
        common = left.type if left.type.is_unsigned else right.type
        a, b = _wrap(a, common), _wrap(b, common)
        return int({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[op])
    if kind.is_unsigned:
        a, b = _wrap(a, kind), _wrap(b, kind)
    if op in ("/", "%"):
        if b == 0:
            return None
        quotient = abs(a) // abs(b) * (1 if (a >= 0) == (b >= 0) else -1)
        return quotient if op == "/" else a - quotient * b
    if op in ("<<", ">>") and not 0 <= b < 128:
        return None
    match op:
        case "+":
            result = a + b
        case "-":
            result = a - b
        case "*":
            result = a * b
        case "<<":
            result = a << b
        case ">>":
            result = a >> b
        case "&":
            result = a & b
        case "|":
            result = a | b
        case "^":
            result = a ^ b
        case "min":
            result = min(a, b)
        case "max":
            result = max(a, b)
        case _:
            return None
    return _wrap(result, kind)


def _wrap(value: int, kind: Type) -> int:
    if kind.kind != "integer" or kind.bits is None:
        return value
    if kind.is_unsigned:
        return value & ((1 << kind.bits) - 1)
    low = -(1 << (kind.bits - 1))
    return (value - low) % (1 << kind.bits) + low


def element(access: Access, binding: Mapping[Symbol | Expr, int]) -> tuple[str | int, ...] | None:
    """The concrete element an access touches: member names and subscript values; None where not determined."""
    found: list[str | int] = []
    for step in access.path:
        if isinstance(step, Member):
            found.append(step.name)
            continue
        for index in step.indices:
            value = evaluate(index, binding)
            if value is None:
                return None
            found.append(value)
    return tuple(found)


def runs(access: Access, headers: Mapping[int, LoopHeader], binding: Mapping[Symbol | Expr, int]) -> bool:
    """Does the access happen in the iterations that the binding names?"""
    outer: dict[Symbol | Expr, int] = {k: v for k, v in binding.items() if not isinstance(k, Symbol)}
    visible = [dict(outer)]
    for loop in access.loops:
        header = headers.get(id(loop))
        if header is None or header.index not in binding or not in_loop(header, binding[header.index], outer):
            return False
        outer[header.index] = binding[header.index]
        visible.append(dict(outer))
    for guard in access.guards:
        known = visible[len(access.loops) if guard.depth is None else guard.depth]
        value = evaluate(guard.condition, known)
        if value is None or bool(value) != guard.positive:
            return False
    return True


def in_loop(header: LoopHeader, index: int, outer: Mapping[Symbol | Expr, int]) -> bool:
    """Is `index` one of the values that the loop's index takes?"""
    lower, bound, step = (evaluate(e, outer) for e in (header.lower, header.bound, header.step))
    if lower is None or bound is None or not step:
        return False
    if (index - lower) % step or (index - lower) // step < 0:
        return False
    if index < 0 and header.bound.type.is_unsigned:
        return False  # converted for the comparison
    match header.relation:
        case "<":
            return index < bound
        case "<=":
            return index <= bound
        case ">":
            return index > bound
        case ">=":
            return index >= bound
        case "!=":
            return index < bound if step > 0 else index > bound


def describe(values: Sequence[tuple[str, int]]) -> str:
    """`i=1, j=2`."""
    return ", ".join(f"{name}={value}" for name, value in values)


__all__ = ["describe", "element", "evaluate", "extremum", "in_loop", "runs"]
