"""Expressions of C++: subscripts, members, streams, `new`, lambdas."""

from __future__ import annotations

import re

from tree_sitter import Node

from analyzers.frontends import c_memory, c_operators, c_types, cpp_containers
from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import expression, mentions, noted, opaque
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_calls import arguments_of, called, type_of, values_of
from analyzers.frontends.cpp_inline import inlined
from analyzers.frontends.cpp_names import complete, named, qualified, referred_to, through
from analyzers.frontends.cpp_objects import is_built, is_class, made, passed
from analyzers.frontends.cpp_operators import followed, operated
from analyzers.frontends.cpp_types import find, is_container, last_name
from analyzers.ir.expressions import ZERO, Cast, Constant, Expr, Name, Opaque
from analyzers.ir.statements import Evaluate, Jump, Unknown
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

_CONSOLE = frozenset(("cout", "cerr", "clog", "cin"))


def _subscript(c: Context, node: Node) -> Expr:
    """`a[i][j]`: the chain of brackets is followed without recursion."""
    chain: list[tuple[Node, list[Node]]] = []
    current = node
    while current.type == "subscript_expression":
        argument = current.child_by_field_name("argument")
        indices = current.child_by_field_name("indices")
        if argument is None or indices is None:
            return opaque(c, node, "syntax error")
        chain.append((current, arguments_of(indices)))
        current = argument
    count = sum(len(nodes) for _, nodes in chain)
    if current.type == "identifier":
        base = named(c, current, count)
    elif current.type == "qualified_identifier":
        base = qualified(c, current, count)
    else:
        base = c_memory.unseen(c, expression(c, current), count)
    for whole, nodes in reversed(chain):
        for index in nodes:
            base = _selected(c, base, initial_value(c, index, UNKNOWN_TYPE), c.span(whole))
    return base


def _pointer(c: Context, node: Node) -> Expr:
    """`*p` and `&x`; the address of what a reference to a container stands for is where its elements are."""
    operand = node.child_by_field_name("argument")
    if operand is not None and node.children[0].type == "&":
        found = c.scope.find(c.text(operand)) if operand.type == "identifier" else None
        kind = found.type if isinstance(found, Symbol) else UNKNOWN_TYPE
        if is_container(kind) and kind.kind == "pointer" and kind.name.endswith("&"):
            return expression(c, operand)
    return c_memory.EXPRESSIONS["pointer_expression"](c, node)


def _selected(c: Context, base: Expr, index: Expr, span: Span) -> Expr:
    kind = complete(c, base.type)
    if kind.kind != "record":
        return cpp_containers.at(base, index, span)
    own = f"{kind.name}::operator[]"
    found = find(c.scope, (own,))
    if kind.name.startswith("std::"):
        own = f"{kind.name.partition('<')[0]}::operator[]"
    elif found is None:
        return cpp_containers.at(base, index, span)
    if found is not None and (value := inlined(c, own, address(base, span), (index,), span)) is not None:
        return value
    return called(c, own, (address(base, span), index), UNKNOWN_TYPE, span)


def _field(c: Context, node: Node) -> Expr:
    found = c_memory.members(node)
    if found is None:
        return opaque(c, node, "syntax error")
    first, chain = found
    base = expression(c, first)
    for whole, arrow, name in chain:
        span = c.span(whole)
        if arrow:
            base = followed(c, base, span)
        elif whole.children[1].type == ".*":
            return opaque(c, node, "a pointer to a member")
        kind = complete(c, base.type)
        static = find(c.scope, (f"{kind.name}::{c.text(last_name(name))}",)) if kind.kind == "record" else None
        if isinstance(static, Symbol) and static.type.kind != "function":
            base = Name(noted(c, static), span)
            continue
        if isinstance(base, Name) and not arrow and _has_member(c, base, c.text(last_name(name))):
            base = Name(cpp_containers.beside(c, base.symbol, f".{c.text(last_name(name))}", UNKNOWN_TYPE), span)
            continue
        base = through(base, kind, c_types.member_path(kind, c.text(last_name(name))), span)
        base = referred_to(base)
    return base


def _has_member(c: Context, base: Name, member: str) -> bool:
    """Is it an object of an unseen class, taken for an array because it is subscripted, whose other members are beside
    its elements? Of what nobody declared only those that are read: no clause could name them."""
    if base.type.kind != "array" or base.type.wrapped:
        return False
    if base.symbol.storage != "undeclared":
        return base.type.element is not None and base.type.element.kind == "unknown"
    place = re.escape(base.symbol.name.encode()) + rb"\s*\.\s*" + re.escape(member.encode())
    written = place + rb"\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))|(?:\+\+|--)\s*" + place
    return re.search(rb"\b(?:" + written + rb")", c.body or c.data) is None


def _binary(c: Context, node: Node) -> Expr:
    """`<<` and `>>` with a stream are calls; so is a shift whose value nobody takes."""
    op = node.children[1].type
    if op not in ("<<", ">>"):
        return operated(c, c_operators.EXPRESSIONS["binary_expression"](c, node))
    parts: list[Node] = []
    current = node
    while current.type == "binary_expression" and current.children[1].type == op:
        left, right = current.child_by_field_name("left"), current.child_by_field_name("right")
        if left is None or right is None:
            return opaque(c, node, "syntax error")
        parts.append(right)
        current = left
    parts.reverse()
    kind = _stream(c, current)
    alone = node.parent is not None and node.parent.type == "expression_statement"
    if kind is None and not alone:
        return c_operators.EXPRESSIONS["binary_expression"](c, node)
    span = c.span(node)
    values = values_of(c, parts, None) if op == ">>" else tuple(expression(c, n) for n in parts)
    if kind == "console":
        return called(c, f"std::{'o' if op == '<<' else 'i'}stream::operator{op}", (ZERO, *values), UNKNOWN_TYPE, span)
    base = expression(c, current)
    if kind is None and base.type.is_scalar and not _undeclared(base):
        return Opaque(c.text(node), None, (base, *values), base.type, span)
    name = f"{kind}::operator{op}" if kind is not None else f"operator{op}"
    return called(c, name, (passed(base), *values), UNKNOWN_TYPE, span)


def _undeclared(value: Expr) -> bool:
    return isinstance(value, Name) and value.symbol.storage == "undeclared"


def _stream(c: Context, node: Node) -> str | None:
    """The class of the stream that a chain of `<<` begins with, "console" for those that everybody shares."""
    if node.type in ("identifier", "qualified_identifier"):
        text = c.text(last_name(node))
        if text in _CONSOLE and not hasattr(c.scope.find(text), "uid"):
            return "console"
    if node.type != "identifier":
        return None
    found = c.scope.find(c.text(node))
    kind: Type | None = getattr(found, "type", None)
    if kind is not None and kind.kind == "pointer" and kind.element is not None:
        kind = kind.element
    if kind is not None and kind.kind == "record" and kind.name.startswith("std::") and kind.name.endswith("stream"):
        return kind.name
    return None


def _new(c: Context, node: Node) -> Expr:
    span = c.span(node)
    if node.child_by_field_name("placement") is not None:
        c.out.append(Unknown("`new` at a given place", mentions(c, node), span))
        return Opaque(c.text(node)[:60], "`new` at a given place", (), span=span)
    type_node = node.child_by_field_name("type")
    kind = UNKNOWN_TYPE
    if type_node is not None:
        kind = type_of(c, type_node)
    lengths: list[Expr] = []
    current = node.child_by_field_name("declarator")
    while current is not None:
        length = current.child_by_field_name("length")
        if length is not None:
            lengths.append(expression(c, length))
        current = next((n for n in current.named_children if n.type == "new_declarator"), None)
    arguments = node.child_by_field_name("arguments")
    nodes = [] if arguments is None else arguments_of(arguments)
    values = values_of(c, nodes, None)
    if (values and not (kind.is_scalar or kind.kind == "pointer")) or is_built(c, kind):
        c.out.append(Evaluate(called(c, kind.name or "constructor", values, UNKNOWN_TYPE, span), span))
    own = f"{kind.name}::operatornew"
    name = own if isinstance(find(c.scope, (own,)), Symbol) else "operator new"
    return Cast(called(c, name, tuple(lengths), c_types.VOID_POINTER, span), c_types.pointer_to(kind), span)


def _delete(c: Context, node: Node) -> Expr:
    inner = next((n for n in reversed(node.named_children) if n.type != "comment"), None)
    if inner is None:
        return opaque(c, node, "syntax error")
    value = expression(c, inner)
    kind = value.type.element if value.type.kind == "pointer" and value.type.element is not None else UNKNOWN_TYPE
    if is_built(c, kind):
        name = f"{kind.name}::~{kind.name.rpartition('::')[2]}"
        c.out.append(Evaluate(called(c, name, (value,), UNKNOWN_TYPE, c.span(node)), c.span(node)))
    return called(c, "operator delete", (value,), UNKNOWN_TYPE, c.span(node))


def _condition(c: Context, node: Node) -> Expr:
    """What an `if` or a loop tests; a variable declared there lives in the statement."""
    start = node.child_by_field_name("initializer")
    if start is not None:
        for child in start.named_children if start.type == "init_statement" else (start,):
            _declares(c, child)
    value = node.child_by_field_name("value")
    if value is None:
        return opaque(c, node, "syntax error")
    if value.type != "declaration" and value.type != "condition_declaration":
        return expression(c, value)
    _declares(c, value)
    part = value.child_by_field_name("declarator")
    while part is not None and part.type != "identifier":
        part = part.child_by_field_name("declarator") or next(iter(part.named_children), None)
    return ZERO if part is None else expression(c, part)


def _declares(c: Context, node: Node) -> None:
    handler = c.dialect.statements.get(node.type) or c.dialect.statements["declaration"]
    handler(c, node)


def _literal(c: Context, node: Node) -> Expr:
    """`T{1, 2}`."""
    type_node = node.child_by_field_name("type")
    value_node = node.child_by_field_name("value")
    if value_node is None:
        return opaque(c, node, "syntax error")
    kind = UNKNOWN_TYPE
    if type_node is not None:
        kind = c.type_name(c, type_node) if type_node.type == "type_descriptor" else type_of(c, type_node)
    if not arguments_of(value_node) and kind.is_scalar:
        return Constant(0, kind, c.span(node))
    value = initial_value(c, value_node, kind)
    return made(c, value, kind, value.span) if is_class(c, kind) else value


def _throw(c: Context, node: Node) -> Expr:
    values = tuple(expression(c, n) for n in node.named_children if n.type != "comment")
    c.out.append(Jump("exit", c.span(node)))
    return Opaque(c.text(node), None, values, span=c.span(node))


def _unread(c: Context, node: Node) -> Expr:
    return opaque(c, node, f"`{node.type.replace('_', ' ')}`")


def _constant(c: Context, node: Node) -> Expr:
    return Opaque(c.text(node), None, (), span=c.span(node))


EXPRESSIONS: Expressions = {
    "subscript_expression": _subscript,
    "field_expression": _field,
    "pointer_expression": _pointer,
    "binary_expression": _binary,
    "unary_expression": lambda c, node: operated(c, c_operators.EXPRESSIONS["unary_expression"](c, node)),
    "new_expression": _new,
    "delete_expression": _delete,
    "condition_clause": _condition,
    "compound_literal_expression": _literal,
    "throw_expression": _throw,
    "co_await_expression": _unread,
    "fold_expression": _unread,
    "parameter_pack_expansion": _unread,
    "requires_expression": _constant,
    "template_function": _constant,
    "type_identifier": lambda c, node: named(c, node),
    "operator_name": _constant,
}
