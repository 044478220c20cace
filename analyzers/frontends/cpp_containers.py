"""Containers of the standard library as arrays: their elements, their size, and what changes it.

The size of a container is a variable beside its elements, named `v.size()`: a loop's bound does not change as long as
nothing resizes the container, and `push_back` in a loop depends on the iteration before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_algebra import address, combine, element
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_expressions import noted
from analyzers.frontends.cpp_types import BIT, is_container
from analyzers.ir.expressions import (
    ONE,
    ZERO,
    Address,
    Binary,
    Call,
    Cast,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    root,
    walk,
)
from analyzers.ir.statements import Assign, Declare, Evaluate
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Extent, Symbol, Type
from analyzers.standards.cpp_library import CPP_ROUTINES
from analyzers.text import Span

Values = tuple[Expr, ...]
_TO_SIZE = c_types.pointer_to(c_types.LONG)
_RESIZING = b"push_back|emplace_back|pop_back|insert|emplace|erase|assign|swap|resize|clear"
_WORD = Constant(64)
ANY = Opaque("?", None, (), INT)  # as a subscript: all elements


OVER_BITS = "an iterator over bits, which share their words with others"


def whole_bits(value: Expr) -> Expr:
    """An iterator over bits, handed to a function: it may reach all of them."""
    for part in walk(value):
        if isinstance(part, Opaque) and part.reason == OVER_BITS:
            return element(part.reads[0], ANY, value.span)
    return value


def is_bits(kind: Type) -> bool:
    """Is it a `vector<bool>`, or one of those in another container?"""
    innermost = len(kind.extents) <= 1 and kind.element is not None and kind.element.kind == "logical"
    return innermost and "vector<bool>" in kind.name


def at(base: Expr, index: Expr, span: Span) -> Expr:
    """`base[index]`. The bits of a `vector<bool>` share words, and what is written is the word."""
    if not is_bits(base.type):
        return element(base, index, span)
    word = element(base, Binary("/", index, _WORD, index.type, index.span), span)
    return word if base.type.const or word.type.const or not isinstance(word, Element) else replace(word, type=BIT)


def contents(value: Expr) -> Expr:
    """What copying a value reads: of arrays and containers all elements, any of them."""
    if value.type.kind == "array" or is_container(value.type):
        return element(value, ANY, value.span)
    return value


def size(c: Context, base: Expr, text: str, span: Span) -> Expr:
    """The number of elements."""
    if base.type.kind == "array" and base.type.extents:
        known = base.type.extents[0].size
        if isinstance(known, Constant):
            return replace(known, type=c_types.LONG, span=span)
    match base:
        case Name(symbol=symbol):
            own = _beside(c, symbol, 0)
            if own in c.references:
                return element(Name(replace(own, type=_TO_SIZE), span), ZERO, span)
            return Name(own, span)
        case Element(base=Name(symbol=symbol), subscripts=subscripts):
            count = len(subscripts)
            return Element(Name(_beside(c, symbol, count), span), subscripts, c_types.LONG, span)
        case Field(base=inner, name=name):
            return Field(inner, f"{name}.size()", c_types.LONG, span)
    return Opaque(f"{text}.size()", None, (base,), c_types.LONG, span)


def bound(c: Context, symbol: Symbol, value: Expr, span: Span) -> None:
    """A reference to a container was made: where its size changes, that is the size of what it stands for."""
    name = re.escape(symbol.name.encode())
    if not re.search(rb"\b" + name + rb"\s*(?:\.\s*(?:" + _RESIZING + rb")\b|=(?!=))", c.body or c.data):
        return
    place = size(c, value, symbol.name, span)
    own = replace(_beside(c, symbol, 0), type=_TO_SIZE)
    if isinstance(place, (Name, Element, Field)):
        c.references.add(own)
        c.out.append(Declare(own, address(place, span), span))
    else:
        c.out.append(Declare(replace(own, type=c_types.LONG), place, span))


def _beside(c: Context, symbol: Symbol, depth: int) -> Symbol:
    """The variable that holds the size of a container, or the sizes of those in it."""
    kind = c_types.LONG
    for _ in range(depth):
        kind = c_types.array_of(kind, Extent(None))
    return beside(c, symbol, f"{'[]' * depth}.size()", kind)


def beside(c: Context, symbol: Symbol, name: str, kind: Type) -> Symbol:
    """A variable for what an object holds beside its elements."""
    shared = symbol.address_taken or symbol in c.references or _is_handed_out(c, symbol.name)
    own = replace(symbol, uid=f"{symbol.uid}{name}", name=f"{symbol.name}{name}", type=kind, address_taken=shared)
    return noted(c, own)


def _is_handed_out(c: Context, name: str) -> bool:
    """Is the container itself an argument somewhere, by reference perhaps?"""
    return re.search(rb"[(,]\s*" + re.escape(name.encode()) + rb"\s*[,)]", c.body or c.data) is not None


def resized(c: Context, base: Expr, new: Expr, text: str, span: Span) -> None:
    """The container has `new` elements from here on."""
    target = size(c, base, text, span)
    if isinstance(target, (Name, Element, Field)):
        c.out.append(Assign(target, new, None, span))


def changed(c: Context, base: Expr, method: str, arguments: Values, text: str, span: Span) -> None:
    """A method that may move all elements and change their number."""
    touch(c, base, method, arguments, span)
    before = size(c, base, text, span)
    reads = (before, *(a for a in arguments if a.type.is_scalar))
    resized(c, base, Opaque(f"{text}.{method}()", None, reads, c_types.LONG, span), text, span)


def reached(c: Context, place: Expr, span: Span) -> None:
    """A change of what `m.at(key)` names is a change of `m`."""
    start = root(place)
    if isinstance(start, Call) and start.name in CPP_ROUTINES and CPP_ROUTINES[start.name].parameters[:1] == "r":
        # Which element it is depends on the key: other keys name others.
        name = f"the element of {start.name.rpartition('::')[0]}"
        c.out.append(Evaluate(call(c, name, start.arguments, span), span))


def touch(c: Context, base: Expr, method: str, arguments: Values, span: Span) -> None:
    reached(c, base, span)
    if method in _STORING:
        arguments = tuple(a if a.type.is_scalar else Opaque(method, None, (contents(a),), span=span) for a in arguments)
    c.out.append(Evaluate(call(c, f"std::vector::{method}", (base, *arguments), span), span))


def call(c: Context, name: str, arguments: Values, span: Span, kind: Type = UNKNOWN_TYPE, method: bool = False) -> Call:
    """A call of a function by its full name."""
    c.callees[name] = None
    symbol = Symbol(f"//{name}", name, Type("function", f"{kind.name} ()", element=kind), "function", method=method)
    return Call(Name(symbol, span), arguments, kind, span)


def declared(c: Context, symbol: Symbol, count: Expr | None, span: Span) -> None:
    """A container came to life with `count` elements."""
    if symbol.type.extents and symbol.type.extents[0].size is not None:
        return
    value = count if count is not None else Opaque("size", None, (), c_types.LONG, span)
    c.out.append(Declare(_beside(c, symbol, 0), value, span))


def members_declared(c: Context, symbol: Symbol, span: Span) -> None:
    """An object of an unseen class came to life: what it holds beside its elements, by the names used."""
    if symbol.type.element is None or symbol.type.element.kind != "unknown" or symbol.type.wrapped:
        return
    pattern = rb"\b" + re.escape(symbol.name.encode()) + rb"\s*\.\s*([A-Za-z_]\w*)(?!\s*\(|\w)"
    for name in dict.fromkeys(re.findall(pattern, c.body or c.data)):
        c.out.append(Declare(beside(c, symbol, f".{name.decode()}", UNKNOWN_TYPE), None, span))


def _size(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return size(c, base, text, span)


def _empty(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return Binary("==", size(c, base, text, span), ZERO, INT, span)


def _at(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return at(base, arguments[0], span) if arguments else base


def _front(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return at(base, ZERO, span)


def _back(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return at(base, combine("-", size(c, base, text, span), ONE, span), span)


def _begin(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    kind = base.type
    if is_bits(kind):
        return Opaque(f"{text}.begin()", OVER_BITS, (base,), span=span)
    plain = c_types.pointer_to(c_types.pointee(kind))
    if kind.kind not in ("array", "pointer"):
        return Address(element(base, ZERO, span), plain, span)
    # The same elements, but no container any more.
    name = plain.name if kind.kind == "pointer" else (kind.element or UNKNOWN_TYPE).name
    match base:
        case Name(symbol=symbol):
            return Name(replace(symbol, type=replace(kind, name=name)), span)
        case Field() | Element():
            return replace(base, type=replace(kind, name=name))
    return Cast(base, plain, span)


def _end(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    return combine("+", _begin(c, base, arguments, text, span), size(c, base, text, span), span)


def _resize(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    touch(c, base, "resize", arguments, span)
    resized(c, base, arguments[0] if arguments else ZERO, text, span)
    return Opaque(text, None, (), span=span)


def _clear(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
    touch(c, base, "clear", arguments, span)
    resized(c, base, ZERO, text, span)
    return Opaque(text, None, (), span=span)


def _changes(name: str) -> Method:
    def method(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
        changed(c, base, name, arguments, text, span)
        return Opaque(text, None, (), span=span)

    return method


def _touches(name: str) -> Method:
    def method(c: Context, base: Expr, arguments: Values, text: str, span: Span) -> Expr:
        touch(c, base, name, arguments, span)
        return Opaque(text, None, (), span=span)

    return method


Method = Callable[[Context, Expr, Values, str, Span], Expr]

METHODS: dict[str, Method] = {
    **dict.fromkeys(("size", "length", "ssize", "capacity", "max_size"), _size),
    "empty": _empty,
    "at": _at,
    "front": _front,
    "back": _back,
    **dict.fromkeys(("begin", "cbegin", "data", "get"), _begin),
    **dict.fromkeys(("end", "cend"), _end),
    "resize": _resize,
    "clear": _clear,
    **{
        name: _changes(name)
        for name in ("push_back", "emplace_back", "pop_back", "insert", "emplace", "erase", "assign", "swap", "reset")
    },
    **{name: _touches(name) for name in ("fill", "reserve", "shrink_to_fit")},
}
_STORING = frozenset(("push_back", "emplace_back", "fill"))  # what they are given, not what it leads to
READING = frozenset(
    ("size", "length", "ssize", "empty", "begin", "cbegin", "end", "cend", "at", "front", "back", "data")
)
"""Methods that mean the same for every class that has them, as far as anybody knows."""

CHANGING = frozenset(("push_back", "emplace_back", "pop_back", "resize", "clear"))


def method(c: Context, base: Expr, name: str, arguments: Values, node: Node, text: str) -> Expr | None:
    """The call of a method of a container, None where it is none of those known."""
    handler = METHODS.get(name)
    if handler is None or (name == "at" and len(arguments) != 1):  # of two subscripts: a matrix of somebody's
        return None
    if not is_container(base.type):
        unknown = base.type.kind in ("unknown", "array") or _is_guessed(base)
        if not unknown or name not in (READING | CHANGING):
            return None
    return handler(c, base, arguments, text, c.span(node))


def _is_guessed(base: Expr) -> bool:
    """The type of what nobody declared is a guess."""
    found = root(base)
    return isinstance(found, Name) and found.symbol.storage == "undeclared"
