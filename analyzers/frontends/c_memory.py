"""Accesses to memory: subscripts, pointers, members; and initialisers, which write whole objects."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_algebra import address, element
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import (
    expression,
    named,
    opaque,
)
from analyzers.frontends.c_guesses import by_subscripts
from analyzers.ir.expressions import (
    ZERO,
    Expr,
    Field,
    Opaque,
)
from analyzers.ir.symbols import UNKNOWN_TYPE, Type


def _subscript(c: Context, node: Node) -> Expr:
    """`a[i][j]`: the chain of brackets is followed without recursion."""
    chain: list[tuple[Node, Node]] = []
    current = node
    while current.type == "subscript_expression":
        argument = current.child_by_field_name("argument")
        index = current.child_by_field_name("index")
        if argument is None or index is None:
            return opaque(c, node, "syntax error")
        chain.append((current, index))
        current = argument
    if current.type == "identifier":
        base = named(c, c.data[current.start_byte : current.end_byte], current, len(chain))
    else:
        base = unseen(c, expression(c, current), len(chain))
    for whole, index in reversed(chain):
        base = element(base, expression(c, index), c.span(whole))
    return base


def unseen(c: Context, base: Expr, subscripts: int) -> Expr:
    """A member of a record that was not seen, `subscripts` brackets following it: judged by its use, like a name.

    The arrays of a snippet are distinct objects anyway.
    """
    if isinstance(base, Field) and base.type.kind == "unknown" and not c.snippet:
        return replace(base, type=by_subscripts(subscripts, snippet=False))
    return base


def _pointer(c: Context, node: Node) -> Expr:
    operand_node = node.child_by_field_name("argument")
    if operand_node is None:
        return opaque(c, node, "syntax error")
    operand = expression(c, operand_node)
    if node.children[0].type == "*":
        if operand.type.kind == "function" or (
            operand.type.kind == "pointer" and c_types.pointee(operand.type).kind == "function"
        ):
            return operand
        return element(operand, ZERO, c.span(node))
    return address(operand, c.span(node))


def members(node: Node) -> tuple[Node, list[tuple[Node, bool, Node]]] | None:
    """`a.b->c` as `a` and its members, first to last: the expression up to there, whether by `->`, and the name. None
    where the syntax is broken. The chain is followed without recursion."""
    chain: list[tuple[Node, bool, Node]] = []
    current = node
    while current.type == "field_expression":
        argument = current.child_by_field_name("argument")
        name = current.child_by_field_name("field")
        if argument is None or name is None:
            return None
        chain.append((current, current.children[1].type == "->", name))
        current = argument
    return current, chain[::-1]


def _field(c: Context, node: Node) -> Expr:
    found = members(node)
    if found is None:
        return opaque(c, node, "syntax error")
    first, chain = found
    base = expression(c, first)
    for whole, arrow, name in chain:
        span = c.span(whole)
        if arrow:
            base = element(base, ZERO, span)
        record = base.type
        if record.kind == "record" and record.fields is None and record.name:
            record = c.scope.find_tag(record.name) or _typedef(c, record.name) or record
        for word in c_types.member_path(record, c.text(name)):
            base = Field(base, word, record.field_type(word), span)
            record = base.type
    return base


def _typedef(c: Context, name: str) -> Type | None:
    found = c.scope.find(name)
    return found if isinstance(found, Type) else None


def _compound_literal(c: Context, node: Node) -> Expr:
    type_node = node.child_by_field_name("type")
    value_node = node.child_by_field_name("value")
    kind = UNKNOWN_TYPE if type_node is None else c.type_name(c, type_node)
    if value_node is None:
        return opaque(c, node, "syntax error")
    return initial_value(c, value_node, kind)


def initial_value(c: Context, node: Node, kind: Type) -> Expr:
    """The initialiser of an object. A braced list of an aggregate is one opaque value that reads what stands in it."""
    if node.type != "initializer_list":
        return expression(c, node)
    items = [n for n in node.named_children if n.type != "comment"]
    if len(items) == 1 and items[0].type != "initializer_pair" and kind.kind not in ("array", "record", "unknown"):
        return initial_value(c, items[0], kind)
    reads: list[Expr] = []
    stack = items[::-1]
    while stack:
        top = stack.pop()
        if top.type == "initializer_list":
            stack.extend(n for n in reversed(top.named_children) if n.type != "comment")
        elif top.type == "initializer_pair":
            value = top.child_by_field_name("value")
            if value is not None:
                stack.append(value)
        else:
            reads.append(expression(c, top))
    return Opaque(c.text(node)[:200], None, tuple(reads), kind, c.span(node))


EXPRESSIONS: Expressions = {
    "subscript_expression": _subscript,
    "pointer_expression": _pointer,
    "field_expression": _field,
    "compound_literal_expression": _compound_literal,
    "initializer_list": lambda c, node: initial_value(c, node, UNKNOWN_TYPE),
}
