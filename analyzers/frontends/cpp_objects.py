"""Objects of classes: the constructors and destructors that run for them, and how functions get them."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_containers import call, contents
from analyzers.frontends.cpp_locks import guard, is_guard
from analyzers.frontends.cpp_names import as_base, complete, same_class
from analyzers.frontends.cpp_types import AUTO, BIT, REFERENCE, owns
from analyzers.ir.expressions import Address, Element, Expr, Field, Name, Opaque, root
from analyzers.ir.statements import Evaluate
from analyzers.ir.symbols import Symbol, Type
from analyzers.text import Span

_DEEP = 4
_MANY = 16


def born(c: Context, place: Expr, value: Expr | None, span: Span) -> None:
    """Run what a local object runs at the beginning and at the end of its life. `value`: what it is made from; a copy
    of an object of its class copies the members."""
    if is_guard(complete(c, place.type)):
        guard(c, place, value, span)
        if place.type.name.startswith("std::"):
            return
    same = value is not None and not isinstance(value, Opaque) and value.type.name == place.type.name
    for each in () if same else _parts(c, place):
        for name in _own(c, each, ("", "~")):
            _run(c, name, (address(each, span),), span)
    for name in _own(c, place, ("~",) if same else ("", "~")):
        values: tuple[Expr, ...] = ()
        if "~" not in name and value is not None:
            found = c.scope.find(name)
            reads = value.reads if isinstance(value, Opaque) else (value,)
            formals = found.type.fields if isinstance(found, Symbol) else None
            values = handed(c, reads, None if _copies(place.type, formals) else formals)
        _run(c, name, (address(place, span), *values), span)


def _copies(kind: Type, formals: tuple[tuple[str, Type], ...] | None) -> bool:
    """Is it the constructor that copies or moves an object of the class, so that nothing is made for it first?"""
    return formals is not None and len(formals) > 0 and same_class(formals[0][1].element or formals[0][1], kind)


def _parts(c: Context, place: Expr) -> list[Expr]:
    """The members and base classes that are objects of classes, with theirs."""
    found: list[Expr] = []
    stack = [(place, 0)]
    while stack and len(found) < _MANY:
        top, level = stack.pop()
        for name, kind in complete(c, top.type).fields or () if level < _DEEP else ():
            if kind.kind == "record" and kind.name and not kind.name.startswith("std::"):
                part = Field(top, name, kind, place.span)
                found.append(part)
                stack.append((part, level + 1))
    return found


def _own(c: Context, place: Expr, marks: tuple[str, ...]) -> list[str]:
    """The full names of the constructor and the destructor, as far as the class has its own."""
    kind = complete(c, place.type)
    if kind.kind != "record" or kind.name.startswith("std::"):
        return []
    name = kind.name.removeprefix("struct ").removeprefix("union ")
    last = name.rpartition("::")[2]
    return [full for mark in marks if isinstance(c.scope.find(full := f"{name}::{mark}{last}"), Symbol)]


def is_built(c: Context, kind: Type) -> bool:
    """Has the class a constructor or a destructor of its own?"""
    return bool(_own(c, Opaque("", None, (), kind), ("", "~")))


def _run(c: Context, name: str, arguments: tuple[Expr, ...], span: Span) -> None:
    c.out.append(Evaluate(call(c, name, arguments, span), span))


def is_class(c: Context, kind: Type) -> bool:
    """A class of the program whose members were seen."""
    kind = complete(c, kind)
    return kind.kind == "record" and not kind.name.startswith("std::") and kind.fields is not None


def has_constructor(c: Context, kind: Type) -> bool:
    return bool(_own(c, Opaque("", None, (), kind), ("",)))


def is_made(c: Context, value: Expr, target: Type) -> bool:
    """Does the value have to become an object of a class first, by a constructor or a conversion?"""
    target = complete(c, target)
    kind = complete(c, value.type)
    if target.kind == "record":
        if target.name.startswith("std::") or not target.name or kind.kind == "unknown":
            return False
    elif not target.active or target.name.startswith(AUTO.name) or not kind.is_scalar or _is_guessed(value):
        return False
    return not same_class(kind, target) and as_base(c, value, target) is None


def _is_guessed(value: Expr) -> bool:
    """Nobody declared what the value is read from: its type is a guess."""
    start = root(value)
    return isinstance(start, Name) and start.symbol.storage == "undeclared"


def made(c: Context, value: Expr, target: Type, span: Span) -> Expr:
    """An object without a name that is made from the value."""
    target = complete(c, target)
    source = Opaque(target.name, None, value.reads if isinstance(value, Opaque) else (value,), target, span)
    place = c.temporary(target, span, source)
    born(c, place, source, span)
    return place


def given_back(c: Context, node: Node, kind: Type) -> Expr:
    """The value of a `return` in a function whose result has the type."""
    value = initial_value(c, node, kind)
    braced = isinstance(value, Opaque) and node.type == "initializer_list" and complete(c, kind).kind == "record"
    return made(c, value, kind, value.span) if braced or is_made(c, value, kind) else value


def handed(c: Context, values: tuple[Expr, ...], formals: tuple[tuple[str, Type], ...] | None) -> tuple[Expr, ...]:
    """What a function takes by reference is an address. Where its parameters are not known, everything that could be
    changed may be."""
    found: list[Expr] = []
    for position, value in enumerate(values):
        if formals is None or position >= len(formals):
            found.append(passed(value))
            continue
        kind = formals[position][1]
        by_reference = kind.name.endswith(REFERENCE)
        target = kind.element or kind if by_reference else kind
        if is_made(c, value, target):
            value = made(c, value, target, value.span)
        elif isinstance(value, Element) and value.type == BIT and kind.kind == "unknown":
            value = replace(value, type=replace(BIT, active=True))  # a parameter of its type would be that bit
        if owns(kind) and value.type.kind == "array":
            c.out.append(Evaluate(contents(value), value.span))  # what is copied is read
        found.append(passed(value) if by_reference else value)
    return tuple(found)


def passed(value: Expr) -> Expr:
    """The address of what can be changed, and the value of everything else."""
    if value.type.kind in ("array", "function"):
        return value
    changeable = isinstance(value, Name) and value.symbol.storage not in ("constant", "function")
    if isinstance(value, (Element, Field)) or (changeable and not value.type.const and value.type.kind != "pointer"):
        kind = c_types.pointer_to(value.type)
        return Address(value, replace(kind, name=f"{value.type.name} {REFERENCE}"), value.span)
    return value
