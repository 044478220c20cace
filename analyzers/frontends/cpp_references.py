"""Local references: other names for objects, as pointers that are followed wherever they are named."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import cpp_containers
from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.cpp_names import converted, referred_to
from analyzers.frontends.cpp_objects import born, is_made
from analyzers.frontends.cpp_signatures import referred
from analyzers.frontends.cpp_types import AUTO, BIT, is_container, owns
from analyzers.ir.expressions import Cast, Conditional, Element, Expr, Field, Name, Opaque
from analyzers.ir.statements import Declare
from analyzers.ir.symbols import UNKNOWN_TYPE, Type
from analyzers.text import Span


def is_lvalue(value: Expr) -> bool:
    """Does the value name an object, which a reference may stand for?"""
    return isinstance(value, (Name, Element, Field)) and not (
        isinstance(value, Name) and value.symbol.storage in ("constant", "function")
    )


def copies(value: Expr, written: Type) -> bool:
    """Is a variable of the type as written, made from the value, an object of its own? One that stands for a bit of a
    `vector<bool>` is not."""
    parts = (value.then, value.otherwise) if isinstance(value, Conditional) else (value,)
    return not any(part.type == BIT for part in parts) or (written != BIT and not written.name.startswith("auto"))


def bind(c: Context, name: str, kind: Type, value: Expr | None, span: Span, whole: Span) -> None:
    """`T &name = value`: another name for an object, or for a temporary."""
    while isinstance(value, Cast):
        value = value.operand
    if value is None:
        symbol = c.declare(name, kind, "local", span)
        c.out.append(Declare(symbol, None, whole))
        return
    if _is_temporary(c, value, kind):
        symbol = c.declare(name, kind, "local", span)
        c.out.append(Declare(symbol, value, whole))
        born(c, Name(symbol, span), Opaque(name, None, (value,), kind, span), span)
        c.flush()
        return
    value = converted(c, value, kind)
    inner = value.type if kind.name.startswith("auto") or kind.kind == "unknown" else kind
    inner = replace(inner, const=inner.const or kind.const) if inner.kind != "array" else inner
    if is_lvalue(value):
        by_reference = is_container(value.type) and value.type.name.endswith("&")
        if owns(kind) and value.type.kind not in ("array", "pointer"):
            symbol = c.declare(name, referred(kind), "local", span)
            c.out.append(Declare(symbol, Cast(address(value, whole), symbol.type, whole), whole))
            cpp_containers.bound(c, symbol, value, whole)
            c.flush()
            return
        if value.type.kind == "array" or by_reference:  # a row, a container
            pointer = value.type if by_reference else referred(value.type)
            symbol = c.declare(name, pointer, "local", span)
            c.out.append(Declare(symbol, value, whole))
            if is_container(symbol.type):
                cpp_containers.bound(c, symbol, value, whole)
        else:
            pointer = referred(inner)
            symbol = c.declare(name, pointer, "local", span)
            c.references.add(symbol)
            c.out.append(Declare(symbol, address(value, whole), whole))
    elif isinstance(value, Conditional) and not kind.const and is_lvalue(value.then) and is_lvalue(value.otherwise):
        symbol = c.declare(name, referred(inner), "local", span)
        c.references.add(symbol)
        then, otherwise = (address(part, whole) for part in (value.then, value.otherwise))
        c.out.append(Declare(symbol, replace(value, then=then, otherwise=otherwise, type=symbol.type), whole))
    elif (value.type.kind == "unknown" or (kind.kind == "record" and isinstance(value, Opaque))) and not kind.const:
        # What a function gives back by reference.
        symbol = c.declare(name, referred(inner), "local", span)
        c.references.add(symbol)
        c.out.append(Declare(symbol, Cast(value, symbol.type, whole), whole))
    else:
        symbol = c.declare(name, inner, "local", span)
        c.out.append(Declare(symbol, value, whole))
    c.flush()


def _is_temporary(c: Context, value: Expr, kind: Type) -> bool:
    """Does a reference of the type need an object of its own, because the value has another type?"""
    numbers = kind.is_scalar and value.type.is_scalar
    other = (kind.kind, kind.bits, kind.signed) != (value.type.kind, value.type.bits, value.type.signed)
    return (numbers and other) or is_made(c, value, kind)


def bound(c: Context, node: Node, value: Expr | None, reference: bool) -> None:
    fields = value.type.fields if value is not None and value.type.kind == "record" else None
    names = [n for n in node.named_children if n.type == "identifier"]
    for position, name in enumerate(names):
        part: Expr | None = None
        span = c.span(name)
        if value is not None and fields is not None and position < len(fields) and is_lvalue(value):
            part = referred_to(Field(value, fields[position][0], fields[position][1], span))
        elif value is not None and is_lvalue(value):
            word = ("first", "second")[position] if len(names) == 2 else f"get<{position}>"
            part = Field(value, word, UNKNOWN_TYPE, span)
        elif value is not None:
            part = Opaque(c.text(name), None, (value,), UNKNOWN_TYPE, span)
        if part is not None and is_lvalue(part) and (reference or isinstance(part, Element)):
            bind(c, c.text(name), AUTO, part, span, c.span(node))
            continue
        symbol = c.declare(c.text(name), part.type if part is not None else UNKNOWN_TYPE, "local", span)
        c.out.append(Declare(symbol, part, c.span(node)))
