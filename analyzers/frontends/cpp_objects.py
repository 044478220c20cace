"""Objects of classes: the constructors and destructors that run for them, and their operators."""

from __future__ import annotations

from dataclasses import replace

from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.cpp_calls import called, handed
from analyzers.frontends.cpp_inline import inlined
from analyzers.frontends.cpp_names import complete
from analyzers.frontends.cpp_types import find
from analyzers.ir.expressions import Binary, Element, Expr, Field, Name, Opaque, Unary
from analyzers.ir.statements import Evaluate
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

_DEEP = 4
_MANY = 16
_GUARDS = ("std::lock_guard", "std::unique_lock", "std::scoped_lock")
_MUTEXES = ("std::mutex", "std::recursive_mutex", "std::shared_mutex")


def born(c: Context, place: Expr, value: Expr | None, span: Span) -> None:
    """Run what a local object runs at the beginning and at the end of its life. `value`: what it is made from; a copy
    of an object of its class copies the members."""
    if place.type.name.startswith(_GUARDS):
        for mutex in value.reads if isinstance(value, Opaque) else ():
            if mutex.type.name in _MUTEXES:
                _run(c, "std::mutex::lock", (address(mutex, span),), span)
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
            values = handed(reads, found.type.fields if isinstance(found, Symbol) else None)
        _run(c, name, (address(place, span), *values), span)


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
    c.out.append(Evaluate(called(c, name, arguments, UNKNOWN_TYPE, span), span))


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
            return called(c, name, (this, *handed(others, found.type.fields)), _result(found), span)
    if "record" not in (kind.kind, *(each.type.kind for each in others)):
        return None
    found = c.scope.find(f"operator{op}")
    if not isinstance(found, Symbol) or found.type.kind != "function":
        return None
    values = (left, *others)
    value = inlined(c, found.name, None, values, span)
    return value or called(c, found.name, handed(values, found.type.fields), _result(found), span)


def _result(found: Symbol) -> Type:
    return found.type.element or UNKNOWN_TYPE
