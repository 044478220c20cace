"""Names in C++ expressions: members through `this`, references, qualified names."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.frontends import c_names, c_types
from analyzers.frontends.c_algebra import element
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import named as c_named
from analyzers.frontends.c_expressions import noted, opaque
from analyzers.frontends.c_guesses import by_subscripts
from analyzers.frontends.cpp_types import REFERENCE, find, is_container, path
from analyzers.ir.expressions import ZERO, Constant, Expr, Field, Name, Opaque
from analyzers.ir.symbols import ANONYMOUS, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span


def dereferenced(c: Context, value: Expr) -> Expr:
    """What a name means: a reference stands for its object."""
    if isinstance(value, Name) and value.symbol in c.references:
        return element(value, ZERO, value.span)
    if isinstance(value, Name) and value.symbol.storage in ("global", "static"):
        return referred_to(value)
    return value


def referred_to(value: Expr) -> Expr:
    """What a member stands for: one that is a reference, for its object."""
    kind = value.type
    if kind.kind == "pointer" and kind.name.endswith(REFERENCE) and not is_container(kind):
        return element(value, ZERO, value.span)
    return value


def member(c: Context, name: str, span: Span) -> Expr | None:
    """`x` as `this->x`, None where the class is not known to have such a member."""
    this = c.this
    if this is None or this.type.element is None:
        return None
    kind = complete(c, this.type.element)
    words = c_types.member_path(kind, name)
    if len(words) == 1 and not any(field == name for field, _ in kind.fields or ()):
        return None
    return through(element(Name(this, span), ZERO, span), kind, words, span)


def through(base: Expr, kind: Type, words: tuple[str, ...], span: Span) -> Expr:
    for word in words:
        inner = kind.field_type(word)
        base = Field(base, word, inner, span)
        kind = inner
    return base


def as_base(c: Context, value: Expr, target: Type) -> Expr | None:
    """The part of an object that its base class `target` is; None where it is not known to have one."""
    waiting = [(value, complete(c, value.type))]
    for place, kind in waiting:
        if kind.kind == "record" and same_class(kind, target):
            return place
        for name, inner in kind.fields or ():
            if name.startswith(ANONYMOUS) and inner.name and len(waiting) < 100:
                waiting.append((Field(place, name, inner, value.span), complete(c, inner)))
    return None


def converted(c: Context, value: Expr, target: Type) -> Expr:
    """The object as one of class `target`: a base class is a part of it, of another class nothing is known."""
    kind = complete(c, value.type)
    if kind.kind != "record" or target.kind != "record" or same_class(kind, target) or not target.name:
        return value
    return as_base(c, value, target) or Opaque("another class", None, (value,), target, value.span)


def same_class(one: Type, other: Type) -> bool:
    return one.name.removeprefix("struct ") == other.name.removeprefix("struct ")


def complete(c: Context, kind: Type) -> Type:
    """The class with its members, where its definition came later."""
    if kind.kind == "record" and kind.fields is None and kind.name:
        found = c.scope.find_tag(kind.name)
        if found is None:
            other = c.scope.find(kind.name)
            found = other if isinstance(other, Type) else None
        return found or kind
    return kind


def named(c: Context, node: Node, subscripts: int = 0) -> Expr:
    """What a plain name stands for, `subscripts` brackets following it."""
    word = c.data[node.start_byte : node.end_byte]
    name = word.decode("utf-8", "replace")
    found = c.scope.find(name)
    if c.this is not None and (found is None or (isinstance(found, Symbol) and found.depth == 0)):
        inner = member(c, name, c.span(node))
        if inner is not None:
            return referred_to(inner)
        if c.holder:
            own = find(c.scope, (*c.holder.split("::"), name))
            if isinstance(own, Symbol) and own.name != name:
                return Name(noted(c, own), c.span(node))
    if c.space and isinstance(found, Symbol) and found.depth == 0 and found.storage in ("global", "constant"):
        return dereferenced(c, qualified_as(c, node, (*c.space.split("::"), name)))
    if isinstance(found, Type):  # a class where a value is expected
        return Opaque(name, None, (), found, c.span(node))
    return dereferenced(c, c_named(c, word, node, subscripts))


def _identifier(c: Context, node: Node) -> Expr:
    return named(c, node)


def qualified(c: Context, node: Node, subscripts: int = 0) -> Expr:
    """`ns::x`, `A::n`."""
    words = path(c, node)
    if c.this is not None and len(words) > 1 and c.this.type.element is not None:
        holder = find(c.scope, words[:-1])
        if isinstance(holder, Type) and holder.kind == "record":
            span = c.span(node)
            whole = element(Name(c.this, span), ZERO, span)
            part = as_base(c, whole, holder)
            kind = UNKNOWN_TYPE if part is None else complete(c, part.type)
            steps = c_types.member_path(kind, words[-1])
            if part is not None and (len(steps) > 1 or any(name == words[-1] for name, _ in kind.fields or ())):
                return through(part, kind, steps, span)
    return qualified_as(c, node, words, subscripts)


def qualified_as(c: Context, node: Node, words: tuple[str, ...], subscripts: int = 0) -> Expr:
    """What the qualified name `words` stands for; the inner namespaces are left out one after the other."""
    span = c.span(node)
    found: Symbol | Type | None = None
    for end in range(len(words) - 1, 0, -1):
        found = c.scope.find("::".join((*words[:end], words[-1])))
        if found is not None:
            break
    found = found or find(c.scope, words)
    if isinstance(found, Symbol):
        if found.storage == "constant" or isinstance(found.value, Constant):
            value = found.value
            if isinstance(value, Constant):
                return Constant(value.value, found.type, span)
            return Opaque(c.text(node), None, (), found.type, span)
        return dereferenced(c, Name(noted(c, found), span))
    constant = c_names.CONSTANTS.get(words[-1]) if words else None
    if constant is not None:
        return Constant(constant.value, constant.type, span)
    if words[:1] == ("std",):
        return Opaque(c.text(node), None, (), span=span)
    return Name(c.undeclared("::".join(words), by_subscripts(subscripts, c.snippet)), span)


def _this(c: Context, node: Node) -> Expr:
    if c.this is None:
        unknown = c_types.pointer_to(UNKNOWN_TYPE)  # nothing can change it
        return Name(Symbol("//this", "this", unknown, "parameter", depth=1), c.span(node))
    return Name(c.this, c.span(node))


def _literal(c: Context, node: Node) -> Expr:
    """`10_km`, `"x"s`: the operator that makes it is taken for a function of its literal."""
    return Opaque(c.text(node), None, (), span=c.span(node))


def _raw_string(c: Context, node: Node) -> Expr:
    return Constant(c.text(node), c_types.STRING, c.span(node))


def _broken(c: Context, node: Node) -> Expr:
    return opaque(c, node, "syntax error")


EXPRESSIONS: Expressions = {
    "identifier": _identifier,
    "field_identifier": _identifier,
    "qualified_identifier": lambda c, node: qualified(c, node),
    "this": _this,
    "user_defined_literal": _literal,
    "raw_string_literal": _raw_string,
}
