"""Calls, casts and `sizeof`, and the words that the grammar of C cannot tell apart without knowing the types."""

from __future__ import annotations

from typing import cast

from tree_sitter import Node

from analyzers.frontends import c_names, c_types
from analyzers.frontends.c_algebra import combine
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import (
    bare,
    effect_free,
    expression,
    inside,
    named,
    noted,
    opaque,
)
from analyzers.ir.expressions import (
    BinaryOp,
    Call,
    Cast,
    Constant,
    Expr,
    Name,
    Opaque,
)
from analyzers.ir.statements import Evaluate
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type


def _call(c: Context, node: Node) -> Expr:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return opaque(c, node, "syntax error")
    kind = parenthesised_type(c, function)
    nodes = [n for n in arguments.named_children if n.type != "comment"]
    if kind is not None and len(nodes) == 1:
        return Cast(expression(c, nodes[0]), kind, c.span(node))
    if function.type == "identifier" and c.data[function.start_byte : function.end_byte] in c.failed:
        return opaque(c, node, f"macro `{c.text(function)}` cannot be expanded")
    if c.missing_headers and function.type == "identifier" and looks_like_macro(c, c.text(function)):
        return opaque(c, node, f"`{c.text(function)}` may be a macro of a header that was not read")
    callee = _callee(c, function)
    values = tuple(expression(c, n) for n in nodes)
    result = callee.type
    if result.kind == "pointer":
        result = c_types.pointee(result)
    result = (result.element or UNKNOWN_TYPE) if result.kind == "function" else UNKNOWN_TYPE
    span = c.span(node)
    if isinstance(callee, Name) and callee.symbol.name in ("__builtin_expect", "__builtin_assume_aligned") and values:
        return values[0]
    if isinstance(callee, Name) and callee.symbol.name in c_names.CALLS_BACK:
        _call_back(c, callee.symbol.name, nodes, values)
    return Call(callee, values, result, span)


def _call_back(c: Context, name: str, nodes: list[Node], values: tuple[Expr, ...]) -> None:
    """A library function calls what it is given: as a statement before the call, so that what it does is seen."""
    position, *passed = c_names.CALLS_BACK[name]
    if len(nodes) <= position:
        return
    node: Node | None = nodes[position]
    span = c.span(nodes[position])
    while node is not None and node.type in ("parenthesized_expression", "cast_expression", "pointer_expression"):
        node = node.child_by_field_name("value") or node.child_by_field_name("argument") or inside(node)
    if node is not None:
        c.out.append(Evaluate(Call(_callee(c, node), tuple(values[i] for i in passed), INT, span), span))


IGNORED = frozenset(("_Static_assert", "static_assert", "__attribute__", "__builtin_prefetch", "__builtin_assume"))


def looks_like_macro(c: Context, name: str) -> bool:
    """An undeclared name in capitals: unlike a function, a macro may assign to its arguments."""
    return name.isupper() and len(name) > 1 and name not in _FAMILIAR and c.scope.find(name) is None


_FAMILIAR = frozenset(("MIN", "MAX", "ABS", "FABS", "SQR", "SQUARE", "POW", "SQRT"))


def _callee(c: Context, node: Node) -> Expr:
    node = bare(node)
    if node.type != "identifier":
        return expression(c, node)
    name = c.text(node)
    symbol = c.scope.find(name)
    if isinstance(symbol, Symbol):
        if symbol.storage == "undeclared" and symbol.type.kind == "unknown":
            symbol = c.undeclared(name, c_types.FUNCTION)
        if symbol.type.kind == "function":
            c.callees[name] = None
        return Name(noted(c, symbol), c.span(node))
    result = c_names.RESULTS.get(name)
    if result is None:
        symbol = c.undeclared(name, c_types.FUNCTION)
    else:
        symbol = Symbol(f"//{name}", name, Type("function", f"{result.name} ()", element=result), "function")
    c.callees[name] = None
    return Name(symbol, c.span(node))


def parenthesised_type(c: Context, function: Node) -> Type | None:
    """The `T` of `(T)(x)` or `(T) - x`, which without knowledge of `T` read as a call and a difference."""
    if function.type != "parenthesized_expression":
        return None
    inner = inside(function)
    if inner is None or inner.type != "identifier":
        return None
    name = c.text(inner)
    found = c.scope.find(name)
    if isinstance(found, Type):
        return found
    return c_types.NAMED.get(name) if found is None else None


def _cast(c: Context, node: Node) -> Expr:
    type_node = node.child_by_field_name("type")
    value_node = node.child_by_field_name("value")
    if type_node is None or value_node is None:
        return opaque(c, node, "syntax error")
    disguised = _value_in_disguise(c, type_node, value_node, node)
    if disguised is not None:
        return disguised
    kind = c.type_name(c, type_node)
    value = expression(c, value_node)
    return Cast(value, kind, c.span(node))


def _value_in_disguise(c: Context, type_node: Node, value_node: Node, node: Node) -> Expr | None:
    """`(x) * y`, `(x) - 1`, `(x) & m`, which read as casts where `x` could be a type."""
    if value_node.type not in ("pointer_expression", "unary_expression") or type_node.named_child_count != 1:
        return None
    inner = type_node.named_children[0]
    if inner.type != "type_identifier" or not isinstance(c.scope.find(c.text(inner)), Symbol):
        return None
    op = value_node.children[0].type
    right = value_node.child_by_field_name("argument")
    if op not in ("*", "&", "-", "+") or right is None:
        return None
    left = named(c, c.data[inner.start_byte : inner.end_byte], inner)
    return combine(cast(BinaryOp, op), left, expression(c, right), c.span(node))


def _sizeof(c: Context, node: Node) -> Expr:
    type_node = node.child_by_field_name("type")
    value_node = node.child_by_field_name("value")
    kind = UNKNOWN_TYPE
    if type_node is not None:
        kind = c.type_name(c, type_node)
        inner = type_node.named_children[0] if type_node.named_child_count == 1 else None
        if inner is not None and inner.type == "type_identifier":
            found = c.scope.find(c.text(inner))
            if isinstance(found, Symbol):
                kind = found.type
    elif value_node is not None:
        kind = _type_without_effects(c, value_node)
    if kind.kind == "record" and kind.fields is None and kind.name:
        kind = c.scope.find_tag(kind.name) or kind
    size = c_types.size_of(kind)
    if size is None:
        return Opaque(c.text(node), None, (), c_types.SIZE, c.span(node))
    return Constant(size, c_types.SIZE, c.span(node))


def _type_without_effects(c: Context, node: Node) -> Type:
    node = bare(node)
    if node.type == "parenthesized_expression":
        return UNKNOWN_TYPE
    if node.type in ("identifier", "type_identifier"):
        found = c.scope.find(c.text(node))
        if isinstance(found, Type):
            return found
        return found.type if found is not None else c_types.NAMED.get(c.text(node), UNKNOWN_TYPE)
    value = effect_free(c, node)
    return value.type


def _type_property(c: Context, node: Node) -> Expr:
    return Opaque(c.text(node), None, (), c_types.SIZE, c.span(node))


EXPRESSIONS: Expressions = {
    "call_expression": _call,
    "cast_expression": _cast,
    "sizeof_expression": _sizeof,
    "alignof_expression": _type_property,
    "offsetof_expression": _type_property,
}
