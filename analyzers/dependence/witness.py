"""Concrete evaluation: the second opinion on every dependence that is called proved.

Independent of the affine forms and of isl: expressions are computed by the rules of the language (truncating division,
unsigned wrap-around), loops are checked against their headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from analyzers.dependence.affine import MAX_PARAMETER_NODES
from analyzers.ir.accesses import Access, Member
from analyzers.ir.arithmetic import computed
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Element, Expr, Name, Unary, walk
from analyzers.ir.statements import LoopHeader
from analyzers.ir.symbols import Symbol

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
    if depth < 8 and next(islice(walk(expr), MAX_PARAMETER_NODES + 1, None), None) is None:
        bound = binding.get(expr)
        if bound is not None:
            return bound
    match expr:
        case Unary(operand=operand) | Cast(operand=operand):
            return computed(expr, evaluate(operand, binding, depth + 1))
        case Binary(left=left, right=right):
            return computed(expr, evaluate(left, binding, depth + 1), evaluate(right, binding, depth + 1))
        case Element(base=Name(symbol=symbol), subscripts=(index,)) if symbol.values:
            at = evaluate(index, binding, depth + 1)
            return symbol.values[at] if at is not None and 0 <= at < len(symbol.values) else None
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            chosen = evaluate(condition, binding, depth + 1)
            if chosen is None:
                return None
            return evaluate(then if chosen else otherwise, binding, depth + 1)
        case _:
            return None


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


def runs(
    access: Access,
    headers: Mapping[int, LoopHeader],
    binding: Mapping[Symbol | Expr, int],
    granted: frozenset[int] = frozenset(),
) -> bool:
    """Does the access happen in the iterations that the binding names? `granted`: id() of guards not to be asked."""
    outer: dict[Symbol | Expr, int] = {k: v for k, v in binding.items() if not isinstance(k, Symbol)}
    visible = [dict(outer)]
    for loop in access.loops:
        header = headers.get(id(loop))
        if header is None or header.index not in binding or not in_loop(header, binding[header.index], outer):
            return False
        outer[header.index] = binding[header.index]
        visible.append(dict(outer))
    for guard in access.guards:
        if id(guard) in granted:
            continue
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
