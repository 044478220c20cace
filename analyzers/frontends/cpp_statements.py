"""Statements of C++: loops over ranges, exceptions, declarations of names."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types, cpp_containers
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_control import STATEMENTS as C_CONTROL
from analyzers.frontends.c_control import errors_between, finished
from analyzers.frontends.c_declarations import declaration as c_declaration
from analyzers.frontends.c_declarations import specifiers
from analyzers.frontends.c_dialect import Statements
from analyzers.frontends.c_expressions import expression, mentions, sealed
from analyzers.frontends.c_statements import block, body, check
from analyzers.frontends.cpp_declarations import declaration
from analyzers.frontends.cpp_objects import given_back
from analyzers.frontends.cpp_references import bind, bound, copies
from analyzers.frontends.cpp_signatures import declarator, head
from analyzers.frontends.cpp_types import deduced, is_container
from analyzers.ir.expressions import ONE, ZERO, Binary, Call, Expr, Name, Opaque
from analyzers.ir.statements import Assign, Block, Declare, If, Jump, Loop, Unknown
from analyzers.ir.symbols import INT, Symbol


def _range_for(c: Context, node: Node) -> None:
    """`for (auto &x : v)` counts a hidden index; `x` is the element, or a copy of it."""
    taints = len(c.taints)
    previous = c.push()
    errors_between(c, node)
    start = node.child_by_field_name("initializer")
    right = node.child_by_field_name("right")
    if start is not None:
        for child in start.named_children:
            handler = c.dialect.statements.get(child.type)
            if handler is not None:
                handler(c, child)
    closing = next((n for n in reversed(node.children) if n.type == ")"), None)
    header = c.at(node.start_byte, closing.end_byte if closing is not None else node.end_byte)
    where = c.span(right) if right is not None else header
    with c.captured() as init:
        values = expression(c, right) if right is not None else Opaque("?", None, (), span=header)
        c.counter += 1
        index = Symbol(f"{c.function}/{c.counter}:", "", c_types.LONG, "local", header, depth=c.scope.depth)
        c.out.append(Declare(index, ZERO, header))
    ordered = values.type.kind in ("array", "pointer", "unknown") or not isinstance(values.type.name, str)
    guessed = values.type.is_scalar
    condition: Expr
    if right is not None and (ordered or guessed):
        count = cpp_containers.size(c, values, c.text(right), where)
        condition = Binary("<", Name(index, header), count, INT, where)
    else:
        condition = Opaque(f"more of {c.text(right) if right is not None else ''}", None, (values,), INT, where)
    if isinstance(values, Opaque) or (isinstance(values, Call) and not _binds_reference(c, node)):
        # What is made for the loop: its elements are values.
        here: Expr = Opaque(c.text(right)[:60] if right is not None else "?", None, (values,), span=where)
    else:
        here = cpp_containers.at(values, Name(index, where), where)
    with c.captured() as bound_:
        _element(c, node, here)
    inner = body(c, node.child_by_field_name("body"), header)
    inner = replace(inner, statements=(*bound_, *inner.statements))
    c.scope = previous
    step = Assign(Name(index, header), ONE, "+", header)
    loop = Loop("for", tuple(init), condition, (step,), inner, c.span(node), header)
    finished(c, loop, taints)


def _binds_reference(c: Context, node: Node) -> bool:
    part = node.child_by_field_name("declarator")
    constant = any(n.type == "type_qualifier" and c.text(n) == "const" for n in node.children)
    return part is not None and part.type == "reference_declarator" and not constant


def _element(c: Context, node: Node, here: Expr) -> None:
    """Declare what stands for the element."""
    part = node.child_by_field_name("declarator")
    if part is None:
        return
    binding = (
        part
        if part.type == "structured_binding_declarator"
        else next((n for n in part.named_children if n.type == "structured_binding_declarator"), None)
    )
    if binding is not None:
        bound(c, binding, here, part is not binding)
        return
    base, _ = specifiers(c, node)
    name, kind, reference = declarator(c, part, base)
    if name is None:
        return
    span = c.span(name)
    if not copies(here, kind) or (reference and not (kind.const and here.type.is_scalar)):
        bind(c, c.text(name), kind, here, span, span)
        return
    symbol = c.declare(c.text(name), deduced(here.type, kind), "local", span)
    c.out.append(Declare(symbol, here, span))
    if is_container(symbol.type):
        cpp_containers.declared(c, symbol, None, span)


def _try(c: Context, node: Node) -> None:
    """The body, and then perhaps a handler. An exception that leaves the loop is not followed: it ends the program."""
    check(c, node)
    inner = node.child_by_field_name("body")
    if inner is not None:
        c.out.append(block(c, inner))
    for clause in node.children:
        if clause.type != "catch_clause":
            continue
        span = c.span(clause)
        previous = c.push()
        parameters = clause.child_by_field_name("parameters")
        with c.captured() as caught:
            for child in () if parameters is None else parameters.named_children:
                _caught(c, child)
            handler = clause.child_by_field_name("body")
            if handler is not None:
                c.out.append(block(c, handler))
        c.scope = previous
        condition = Opaque("an exception", None, (), INT, span)
        c.out.append(If(condition, Block(tuple(caught), span), Block((), span), span))


def _caught(c: Context, node: Node) -> None:
    part = node.child_by_field_name("declarator")
    if part is None:
        return
    base, _ = specifiers(c, node)
    name, kind, _ = declarator(c, part, base)
    if name is not None:
        c.out.append(Declare(c.declare(c.text(name), kind, "local", c.span(name)), None, c.span(node)))


def _scoped(c: Context, node: Node) -> None:
    """`if (T x = ...)`: what it declares lives in the statement."""
    previous = c.push()
    C_CONTROL[node.type](c, node)
    c.leave(previous)


def _return(c: Context, node: Node) -> None:
    """`return x;`: where the function gives back an object of a class, it is made from `x`."""
    check(c, node)
    value_node = next((n for n in node.named_children if n.type not in ("comment", "ERROR")), None)
    value: Expr | None = None
    if value_node is not None:
        value = sealed(c, given_back(c, value_node, c.result))
        c.flush()
    c.out.append(Jump("return", c.span(node), value))


def _throw(c: Context, node: Node) -> None:
    for child in node.named_children:
        if child.type != "comment":
            expression(c, child)
    c.flush()
    c.out.append(Jump("exit", c.span(node)))


def _ignored(c: Context, node: Node) -> None:
    """It declares names that are found without it."""


def _alias(c: Context, node: Node) -> None:
    """`using T = ...;`"""
    name, kind = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is not None and kind is not None:
        found = c.type_name(c, kind)
        c.scope.names[c.text(name)] = found
        if c.holder and c.scope.depth == 0:
            c.scope.names[f"{c.holder}::{c.text(name)}"] = found


def _type_only(c: Context, node: Node) -> None:
    handler = c.dialect.types.get(node.type)
    if handler is not None:
        handler(c, node)


def _declaration(c: Context, node: Node) -> None:
    check(c, node)
    declaration(c, node)


def _inside(c: Context, node: Node) -> None:
    """Templates, namespaces, linkage blocks: what they declare."""
    for child in node.named_children:
        if child.type == "declaration_list":
            _inside(c, child)
            continue
        handler = c.dialect.outside.get(child.type)
        if handler is not None:
            handler(c, child)


def _coroutine(c: Context, node: Node) -> None:
    c.out.append(Unknown(f"`{node.children[0].type}`", mentions(c, node), c.span(node)))


_CLASSES = ("class_specifier", "struct_specifier", "union_specifier", "enum_specifier")
_NAMES = (
    "using_declaration", "namespace_alias_definition", "static_assert_declaration", "friend_declaration",
    "empty_declaration", "concept_definition", "template_instantiation", "attribute_declaration",
)  # fmt: skip

STATEMENTS: Statements = {
    "for_range_loop": _range_for,
    "try_statement": _try,
    **dict.fromkeys(("if_statement", "switch_statement", "while_statement"), _scoped),
    "return_statement": _return,
    "throw_statement": _throw,
    "declaration": _declaration,
    "type_definition": _declaration,
    "alias_declaration": _alias,
    "template_declaration": _ignored,
    "co_return_statement": _coroutine,
    "co_yield_statement": _coroutine,
    **dict.fromkeys(_CLASSES, _type_only),
    **dict.fromkeys(_NAMES, _ignored),
}

OUTSIDE: Statements = {
    "declaration": declaration,
    "type_definition": c_declaration,
    "alias_declaration": _alias,
    "template_declaration": _inside,
    "namespace_definition": _inside,
    "linkage_specification": _inside,
    "function_definition": head,
    **dict.fromkeys(_CLASSES, _type_only),
}
