"""The head of a function in C++, and what its constructor's initialisers do before the body."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_algebra import element
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import parameter_type, specifiers
from analyzers.frontends.c_dialect import Signature
from analyzers.frontends.c_recovery import errors
from analyzers.frontends.cpp_declarations import value_of
from analyzers.frontends.cpp_names import complete, through
from analyzers.frontends.cpp_objects import born, is_class
from analyzers.frontends.cpp_signatures import declarator, function_declarator, function_type, parameters, referred
from analyzers.frontends.cpp_types import find, is_container, last_name, owns, path, type_parameter
from analyzers.ir.expressions import ZERO, Name
from analyzers.ir.statements import Assign, Problem
from analyzers.ir.symbols import ANONYMOUS, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span


def signature(c: Context, node: Node) -> Signature:
    """The head of a definition; its parameters are declared in a new scope."""
    c.push()
    _template_parameters(c, node)
    _, words = specifiers(c, node)
    part = node.child_by_field_name("declarator")
    function = function_declarator(part)
    name, name_span = c.function, Span(0, 0)
    if part is not None:
        for error in errors(part):
            c.problems.append(Problem("syntax", "cannot read this", c.span(error)))
    if function is not None:
        name_node = function.child_by_field_name("declarator")
        if name_node is not None:
            name_span = c.span(name_node)
            name = _full_name(c, name_node)
    c.function = name
    head = function_type(c, node)
    if head is not None and not head[2]:
        c.result = head[1].element or UNKNOWN_TYPE
    params: list[Symbol] = []
    variadic = False
    own = find(c.scope, (name,))
    static = "static" in words or (isinstance(own, Symbol) and own.type.name.startswith("static "))
    if c.holder:
        holder = c.scope.find(c.holder)
        kind = c_types.pointer_to(holder if isinstance(holder, Type) else Type("record", c.holder))
        this = Symbol(f"{name}/p:this", "this", kind, "parameter", depth=1)
        c.this = None if static else this
        params.append(this)
    if function is not None:
        variadic = _parameters(c, function, params)
    _initialisers(c, node)
    return Signature(name, name_span, tuple(params), variadic, "static" in words and not c.holder)


def _full_name(c: Context, node: Node) -> str:
    """`A::f`: in a class, or of a class outside of it; namespaces are left out."""
    words = path(c, node) if node.type == "qualified_identifier" else (_spelled(c, node),)
    if len(words) > 1:
        for start in range(len(words) - 1):
            holder = c.scope.find("::".join(words[start:-1]))
            if isinstance(holder, Type) and holder.kind == "record":
                c.holder = holder.name or "::".join(words[start:-1])
                return f"{c.holder}::{words[-1]}"
        known = c.scope.find(words[-1])
        if isinstance(known, Symbol) and known.type.kind == "function":
            return words[-1]
        c.holder = "::".join(words[:-1])
        return "::".join(words)
    return f"{c.holder}::{words[0]}" if c.holder else words[0]


def _spelled(c: Context, node: Node) -> str:
    return "".join(c.text(node).split())


def _template_parameters(c: Context, node: Node) -> None:
    """Types that are not known, and constants whose values are not known."""
    current = node.parent
    while current is not None:
        if current.type == "template_declaration":
            list_node = current.child_by_field_name("parameters")
            for child in () if list_node is None else list_node.named_children:
                _template_parameter(c, child)
        current = current.parent


def _template_parameter(c: Context, node: Node) -> None:
    if node.type in ("parameter_declaration", "optional_parameter_declaration"):
        base, _ = specifiers(c, node)
        part = node.child_by_field_name("declarator")
        if part is not None:
            name, kind, _ = declarator(c, part, base)
            if name is not None:
                c.declare(c.text(name), replace(kind, const=True), "parameter", c.span(name))
        return
    name = next((n for n in node.named_children if n.type == "type_identifier"), None)
    if name is not None:
        c.scope.names[c.text(name)] = type_parameter(c.text(name))


def _parameters(c: Context, function: Node, params: list[Symbol]) -> bool:
    """Declare the parameters; may there be more of them?"""
    for child, name, kind, reference in parameters(c, function):
        params.append(_parameter(c, name, kind, reference, child, len(params)))
    list_node = function.child_by_field_name("parameters")
    listed = () if list_node is None else list_node.named_children
    return any(child.type in ("variadic_parameter", "variadic_parameter_declaration") for child in listed)


def _parameter(c: Context, name: Node | None, kind: Type, reference: bool, node: Node, position: int) -> Symbol:
    scalar = reference and kind.is_scalar
    if reference and not scalar:
        kind = referred(kind)
    elif not reference and not owns(kind):
        kind = parameter_type(kind)
    if name is None:
        return Symbol(f"{c.function}/p{position}:", "", kind, "parameter", c.span(node), depth=1)
    symbol = c.declare(c.text(name), kind, "parameter", c.span(name))
    if scalar:
        symbol = replace(symbol, intent="in" if kind.const else "inout")
        c.scope.names[symbol.name] = symbol
    elif reference and not is_container(kind) and not _of_array(kind):
        c.references.add(symbol)
    return symbol


def _of_array(kind: Type) -> bool:
    """A reference to a C array became a pointer to its rows, and is subscripted as such."""
    return kind.name.endswith("[] &")


def _initialisers(c: Context, node: Node) -> None:
    """`A(int n) : x(n)`: members and base classes in the order written."""
    if c.this is None:
        return
    kind = complete(c, c.this.type.element or UNKNOWN_TYPE)
    for child in node.named_children:
        if child.type != "field_initializer_list":
            continue
        for part in child.named_children:
            names = [n for n in part.named_children if n.type in ("field_identifier", "template_method")]
            values = [n for n in part.named_children if n.type in ("argument_list", "initializer_list")]
            if len(names) == 1 and len(values) == 1:
                _initialiser(c, kind, c.text(last_name(names[0])), values[0], c.span(part))


def _initialiser(c: Context, kind: Type, name: str, node: Node, span: Span) -> None:
    """A member, or the part that a base class is."""
    base = f"{ANONYMOUS}{name}"
    name = base if any(field == base for field, _ in kind.fields or ()) else name
    member = kind.field_type(name)
    assert c.this is not None
    target = through(element(Name(c.this, span), ZERO, span), kind, (name,), span)
    value = value_of(c, node, member)
    c.out.append(Assign(target, value, None, span))
    if is_class(c, member):
        born(c, target, value, span)
