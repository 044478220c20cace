"""Expressions of C to `ir.expressions`; their side effects become statements in `Context.out`.

Effects that C performs after the value is taken (`i++`) wait in `Context.post` for the next sequence point. The kinds
of expressions stand in the table of the dialect: names and literals here, the others come from
`c_operators`, `c_memory`, `c_calls`.
"""

from __future__ import annotations

from typing import cast

from tree_sitter import Node

from analyzers.frontends import c_literals, c_names, c_types
from analyzers.frontends.c_context import MAX_DEPTH, Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_guesses import by_subscripts, guesses
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import (
    ZERO,
    Constant,
    Expr,
    Name,
    Opaque,
)
from analyzers.ir.statements import Unknown
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type


def expression(c: Context, node: Node) -> Expr:
    """The value of an expression. Nothing is raised: what cannot be lowered is `Opaque` with its reason."""
    while node.type == "parenthesized_expression":
        inner = inside(node)
        if inner is None:
            return opaque(c, node, "syntax error")
        node = inner
    handler = c.dialect.expressions.get(node.type)
    if handler is None:
        return opaque(c, node, _reason(node))
    if c.depth >= MAX_DEPTH:
        return too_deep(c, node)
    c.depth += 1
    try:
        return handler(c, node)
    finally:
        c.depth -= 1


def inside(node: Node) -> Node | None:
    """The expression between parentheses."""
    inner = [n for n in node.named_children if n.type != "comment"]
    return inner[0] if len(inner) == 1 else None


def bare(node: Node) -> Node:
    """The expression without the parentheses around it, as far as they hold one."""
    while node.type == "parenthesized_expression":
        inner = inside(node)
        if inner is None:
            break
        node = inner
    return node


def _reason(node: Node) -> str:
    return {
        "compound_statement": "a statement expression",
        "generic_expression": "`_Generic`",
        "gnu_asm_expression": "inline assembly",
        "ERROR": "syntax error",
    }.get(node.type, f"`{node.type.replace('_', ' ')}`")


def opaque(c: Context, node: Node, reason: str | None, kind: Type = UNKNOWN_TYPE) -> Opaque:
    """Something that may read anything; if it may also write, an `Unknown` statement says so."""
    span = c.span(node)
    reads = mentions(c, node)
    if reason is not None:
        if reason == "syntax error":
            c.taint(reason, span)
        c.out.append(Unknown(reason, reads, span))
    return Opaque(c.text(node)[:200], reason, reads, kind, span)


def too_deep(c: Context, node: Node) -> Opaque:
    return opaque(c, node, "nested too deeply")


def mentions(c: Context, node: Node) -> tuple[Expr, ...]:
    """The known names in a piece of the tree, once each."""
    found: dict[str, Name] = {}
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type == "identifier":
            name = c.text(top)
            symbol = c.scope.find(name)
            if isinstance(symbol, Symbol) and symbol.storage != "constant" and name not in found:
                found[name] = Name(noted(c, symbol), c.span(top))
        stack.extend(reversed(top.children))
    return tuple(found.values())


def noted(c: Context, symbol: Symbol) -> Symbol:
    if symbol.storage == "global":
        c.globals[symbol.name] = symbol
    return symbol


def _identifier(c: Context, node: Node) -> Expr:
    return named(c, c.data[node.start_byte : node.end_byte], node)


def named(c: Context, word: bytes, node: Node, subscripts: int = 0) -> Expr:
    """What a name stands for, `subscripts` brackets following it."""
    span = c.span(node)
    if c.failed and word in c.failed:
        return opaque(c, node, f"macro `{c.text(node)}` cannot be expanded")
    macro = c.macros.get(word)
    if macro is not None and (literal := macro.number) is not None:
        found = c_literals.number(literal)
        if found is not None:
            return Constant(found[0], found[1], span)
    name = word.decode("utf-8", "replace")
    symbol = c.scope.find(name)
    if isinstance(symbol, Symbol):
        if symbol.storage == "constant":
            if symbol.value is None:
                return Opaque(name, None, (), symbol.type, span)
            return Constant(cast(Constant, symbol.value).value, symbol.type, span)
        if symbol.storage == "global":
            c.globals[name] = symbol
        return Name(symbol, span)
    if symbol is None:
        constant = c_names.CONSTANTS.get(name)
        if constant is not None:
            return Constant(constant.value, constant.type, span)
        if name in c_names.OBJECTS:
            return Name(noted(c, c_names.OBJECTS[name]), span)
        if name in ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "__FILE__"):
            return Constant(c.function, c_types.STRING, span)
        if name == "__LINE__":
            return Constant(c.line(span.start) + 1, INT, span)
    return Name(c.undeclared(name, _guess(c, name, subscripts)), span)


def _guess(c: Context, name: str, subscripts: int) -> Type:
    """The type of an undeclared name by its use."""
    if c.guesses is None:
        c.guesses = guesses(c.body, c.snippet)
    found = c.guesses.get(name)
    return found if found is not None else by_subscripts(subscripts, c.snippet)


def by_use(c: Context, name: str, kind: Type) -> Type:
    """A parameter, or a variable that is assigned to, whose type was not seen: a pointer if it is used as one."""
    found = _guess(c, name, 0) if kind.kind == "unknown" else kind
    return found if found.kind == "pointer" else kind


def _number(c: Context, node: Node) -> Expr:
    word = c.data[node.start_byte : node.end_byte]
    found = c_literals.number(word)
    if found is None:
        return Opaque(c.text(node), None, (), UNKNOWN_TYPE, c.span(node))
    return Constant(found[0], found[1], c.span(node))


def _character(c: Context, node: Node) -> Expr:
    value = c_literals.character(c.text(node))
    if value is None:
        return Opaque(c.text(node), None, (), INT, c.span(node))
    return Constant(value, INT, c.span(node))


def _string(c: Context, node: Node) -> Expr:
    if node.type == "concatenated_string":
        text = "".join(c_literals.string(c.text(n)) for n in node.children if n.type == "string_literal")
        for part in node.children:
            if part.type == "identifier":  # a macro of a header that was not read: PRId64
                return Constant(c.text(node), c_types.STRING, c.span(node))
        return Constant(text, c_types.STRING, c.span(node))
    return Constant(c_literals.string(c.text(node)), c_types.STRING, c.span(node))


def _constant_word(c: Context, node: Node) -> Expr:
    constant = c_names.CONSTANTS.get(c.text(node), ZERO)
    return Constant(constant.value, constant.type, c.span(node))


def sealed(c: Context, value: Expr, since: int = 0) -> Expr:
    """The value as it is before the effects that are due happen; they happen now. Those due before the expression
    began, when there were `since` of them, belong to its neighbours and wait on."""
    if len(c.post) <= since:
        return value
    if not isinstance(value, Constant):
        value = c.temporary(c_types.decayed(value.type), value.span, value)
    c.flush(since)
    return value


def effect_free(c: Context, node: Node) -> Expr:
    """The value, its effects dropped: for what is not evaluated."""
    taints = len(c.taints)
    with c.captured() as dropped:
        value = expression(c, node)
        c.post.clear()
        dropped.clear()
    del c.taints[taints:]
    return value


def constant_value(c: Context, node: Node) -> int | None:
    """The value of an integer constant expression, None where it is none."""
    return fold(effect_free(c, node))


EXPRESSIONS: Expressions = {
    "identifier": _identifier,
    "number_literal": _number,
    "char_literal": _character,
    "string_literal": _string,
    "concatenated_string": _string,
    "true": _constant_word,
    "false": _constant_word,
    "null": _constant_word,
}
