"""Operators of classes: calls of what the class or the file defines for them."""

from __future__ import annotations

from dataclasses import replace

from analyzers.frontends.c_algebra import address, element
from analyzers.frontends.c_context import Context
from analyzers.frontends.cpp_containers import call
from analyzers.frontends.cpp_inline import inlined
from analyzers.frontends.cpp_names import complete
from analyzers.frontends.cpp_objects import handed
from analyzers.frontends.cpp_types import find
from analyzers.ir.expressions import ZERO, Binary, Element, Expr, Field, Name, Unary
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span


def operated(c: Context, value: Expr) -> Expr:
    """The expression with the operators of classes as calls."""
    if isinstance(value, Unary) and value.operand.type.kind == "record":
        return _operator(c, value.op, value.operand, (), value.span) or value
    spine: list[Binary] = []
    current = value
    while isinstance(current, Binary):
        spine.append(current)
        current = current.left
    if not any("record" in (each.left.type.kind, each.right.type.kind) for each in spine):
        return value
    for each in reversed(spine):
        made = _operator(c, each.op, current, (each.right,), each.span)
        current = made if made is not None else replace(each, left=current)
    return current


def followed(c: Context, base: Expr, span: Span) -> Expr:
    """`*base` of `base->x`, by the operator of its class where that has one."""
    return element(_operator(c, "->", base, (), span) or base, ZERO, span)


def _operator(c: Context, op: str, left: Expr, others: tuple[Expr, ...], span: Span) -> Expr | None:
    kind = complete(c, left.type)
    if kind.kind == "record" and not kind.name.startswith("std::"):
        name = f"{kind.name.removeprefix('struct ')}::operator{op}"
        found = find(c.scope, (name,))
        if isinstance(found, Symbol) and found.type.kind == "function":
            this = address(left, span) if isinstance(left, (Name, Element, Field)) else left
            value = inlined(c, name, this, others, span)
            if value is not None:
                return value
            return call(c, name, (this, *handed(c, others, found.type.fields)), span, _result(found))
    if "record" not in (kind.kind, *(each.type.kind for each in others)):
        return None
    found = c.scope.find(f"operator{op}")
    if not isinstance(found, Symbol) or found.type.kind != "function":
        return None
    values = (left, *others)
    value = inlined(c, found.name, None, values, span)
    return value or call(c, found.name, handed(c, values, found.type.fields), span, _result(found))


def _result(found: Symbol) -> Type:
    return found.type.element or UNKNOWN_TYPE
