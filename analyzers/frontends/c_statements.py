"""Statements of C to `ir.statements`, OpenMP directives attached to what they govern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends.c_context import MAX_DEPTH, Context
from analyzers.frontends.c_declarations import declaration, type_only
from analyzers.frontends.c_dialect import Expressions, Statements
from analyzers.frontends.c_directives import pending, threadprivate
from analyzers.frontends.c_expressions import expression, mentions, sealed
from analyzers.frontends.c_operators import effect
from analyzers.ir.directives import Directive
from analyzers.ir.expressions import ZERO, Expr
from analyzers.ir.statements import (
    Block,
    Construct,
    Jump,
    Label,
    Problem,
    Stmt,
    Unknown,
)
from analyzers.standards.openmp import association
from analyzers.text import Span

_EXITS = frozenset(("exit", "abort", "_exit", "_Exit", "quick_exit", "__builtin_unreachable", "__builtin_trap"))
IGNORED = frozenset(("comment", "{", "}", ";", "preproc_call", "attribute_specifier", "else", "(", ")"))
_RECOVERABLE = frozenset(("for_statement", "while_statement", "do_statement", "if_statement", "compound_statement"))
_STATEMENTS = frozenset(
    (
        *("expression_statement", "compound_statement", "if_statement", "for_statement", "while_statement"),
        *("do_statement", "switch_statement", "case_statement", "return_statement", "break_statement"),
        *("continue_statement", "goto_statement", "labeled_statement", "attributed_statement", "declaration"),
        *("type_definition", "function_definition", "ERROR"),
    )
)


def block(c: Context, node: Node) -> Block:
    """A compound statement with its own scope."""
    previous = c.push()
    outer = c.out
    c.out = []
    try:
        sequence(c, node.children, node.end_byte)
        c.leave(previous)
        return Block(tuple(c.out), c.span(node))
    finally:
        c.out = outer
        c.scope = previous


def sequence(c: Context, nodes: Sequence[Node], end: int) -> None:
    """Statements in order, each with the directives in front of it; what nothing follows before `end` stands alone."""
    for node in nodes:
        kind = node.type
        if kind in IGNORED:
            if node.is_missing:
                syntax(c, node, f"missing `{kind}`")
            continue
        if c.next_directive < len(c.directives) and c.positions[c.next_directive] <= node.start_byte:
            _governed(c, pending(c, node.start_byte), node)
        else:
            statement(c, node)
    if c.next_directive < len(c.directives):
        _governed(c, pending(c, end - 1), None)


def body(c: Context, node: Node | None, empty: Span) -> Block:
    """The statement that an `if` or a loop governs, braced or not."""
    if node is None:
        return Block((), empty)
    directives = c.next_directive < len(c.directives) and c.positions[c.next_directive] <= node.start_byte
    if node.type == "compound_statement" and not directives:
        return block(c, node)
    previous = c.push()
    outer = c.out
    c.out = []
    try:
        sequence(c, (node,), node.start_byte)
        c.leave(previous)
        return Block(tuple(c.out), c.span(node))
    finally:
        c.out = outer
        c.scope = previous


def _governed(c: Context, directives: list[Directive], node: Node | None) -> None:
    """Nest the directives in front of a statement and lower it inside."""
    for k, directive in enumerate(directives):
        names = [clause.name for clause in directive.clauses]
        kind = association(directive.name, names)
        if kind in ("none", "declarative", "function", "delimited") or directive.name == "scan" or node is None:
            c.out.append(Construct(directive, None, directive.span))
            if directive.name == "threadprivate":
                threadprivate(c, directive)
            continue
        outer = c.out
        c.out = []
        _governed(c, directives[k + 1 :], node) if k + 1 < len(directives) else statement(c, node)
        inner = c.out
        c.out = outer
        whole = _hull(inner, c.span(node))
        governed = _sections(inner, whole) if kind == "sections" else Block(tuple(inner), whole)
        c.out.append(Construct(directive, governed, directive.span.joined(whole)))
        return
    if node is not None:
        statement(c, node)


def _hull(statements: Sequence[Stmt], default: Span) -> Span:
    span = default
    for statement_ in statements:
        span = span.joined(statement_.span)
    return span


def _sections(inner: list[Stmt], whole: Span) -> Block:
    """The block of a `sections` construct as `section` constructs; what stands before the first `section` is one too
    (OpenMP 5.2 §11.3)."""
    if len(inner) != 1 or not isinstance(inner[0], Block):
        return Block(tuple(inner), whole)
    statements = inner[0].statements
    parts: list[Stmt] = []
    first: list[Stmt] = []
    for part in statements:
        if isinstance(part, Construct) and part.directive.name == "section":
            parts.append(part)
        elif parts and isinstance(parts[-1], Construct) and parts[-1].directive.name == "section":
            last = parts[-1]
            block_ = last.body or Block((), last.span)
            grown = Block((*block_.statements, part), block_.span.joined(part.span))
            parts[-1] = replace(last, body=grown, span=last.span.joined(part.span))
        else:
            first.append(part)
    if first:
        span = _hull(first, first[0].span)
        directive = Directive("section", ("section",), (), Span(span.start, span.start), Span(span.start, span.start))
        parts.insert(0, Construct(directive, Block(tuple(first), span), span))
    return Block(tuple(parts), inner[0].span)


def statement(c: Context, node: Node) -> None:
    """Lower one statement into `c.out`."""
    if node.is_missing:
        syntax(c, node, "something is missing here")
        return
    handler = c.dialect.statements.get(node.type)
    if handler is None:
        if node.type in IGNORED:
            return
        error(c, node)
        return
    if c.depth >= MAX_DEPTH:
        unknown(c, node, "nested too deeply")
        return
    c.depth += 1
    try:
        handler(c, node)
    finally:
        c.depth -= 1


def unknown(c: Context, node: Node, reason: str) -> None:
    span = c.span(node)
    pending(c, node.end_byte - 1)
    c.taint(reason, span)
    c.out.append(Unknown(reason, mentions(c, node), span))


def syntax(c: Context, node: Node, message: str) -> None:
    span = c.span(node)
    c.problems.append(Problem("syntax", message, span))
    c.taint("syntax error", span)


def error(c: Context, node: Node) -> None:
    span = c.span(node)
    c.problems.append(Problem("syntax", f"cannot read `{_excerpt(c.text(node))}`", span))
    c.taint("syntax error", span)
    c.out.append(Unknown("syntax error", mentions(c, node), span))
    inside = [child for child in node.children if child.type in _RECOVERABLE]
    if inside and c.depth < MAX_DEPTH:
        c.depth += 1
        sequence(c, inside, node.end_byte)
        c.depth -= 1
    else:
        pending(c, node.end_byte - 1)


def _excerpt(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def check(c: Context, node: Node) -> None:
    """Errors inside a statement that was lowered nevertheless: the parser skipped or invented words."""
    if not node.has_error:
        return
    stack = [node]
    while stack:
        top = stack.pop()
        if top.is_missing:
            syntax(c, top, f"missing `{top.type}`")
        elif top.type == "ERROR":
            error(c, top)
        elif top.has_error:
            stack.extend(reversed(top.children))


def _expression_statement(c: Context, node: Node) -> None:
    check(c, node)
    for child in node.named_children:
        if child.type not in ("comment", "ERROR"):
            if child.type == "gnu_asm_expression":
                c.out.append(Unknown("inline assembly", mentions(c, child), c.span(node)))
            else:
                effect(c, child)
                _exit(c, child)


def _exit(c: Context, node: Node) -> None:
    """A call that does not come back also leaves the control flow."""
    if node.type != "call_expression":
        return
    function = node.child_by_field_name("function")
    if function is not None and c.text(function) in _EXITS:
        c.out.append(Jump("exit", c.span(node)))


def _compound(c: Context, node: Node) -> None:
    c.out.append(block(c, node))


def _declaration(c: Context, node: Node) -> None:
    check(c, node)
    declaration(c, node)


def _return(c: Context, node: Node) -> None:
    check(c, node)
    value_node = next((n for n in node.named_children if n.type not in ("comment", "ERROR")), None)
    value = None
    if value_node is not None:
        value = sealed(c, expression(c, value_node))
        c.flush()
    c.out.append(Jump("return", c.span(node), value))


def _break(c: Context, node: Node) -> None:
    c.out.append(Jump("break", c.span(node)))


def _continue(c: Context, node: Node) -> None:
    c.out.append(Jump("continue", c.span(node)))


def _goto(c: Context, node: Node) -> None:
    label = node.child_by_field_name("label")
    if label is None or node.has_error:
        c.out.append(Unknown("a computed goto", mentions(c, node), c.span(node)))
        return
    c.out.append(Jump("goto", c.span(node), None, c.text(label)))


def _labeled(c: Context, node: Node) -> None:
    label = node.child_by_field_name("label")
    if label is not None:
        c.out.append(Label(c.text(label), c.span(label)))
    rest = [n for n in node.children if n.type in _STATEMENTS]
    sequence(c, rest, node.start_byte)


def _attributed(c: Context, node: Node) -> None:
    sequence(c, [n for n in node.children if n.type in _STATEMENTS], node.start_byte)


def _nested_function(c: Context, node: Node) -> None:
    c.out.append(Unknown("a function inside a function", mentions(c, node), c.span(node)))


def _statement_expression(c: Context, node: Node) -> Expr:
    """GNU `({ ...; value; })`: the statements run before the value is taken."""
    previous = c.push()
    waiting, c.post = c.post, []
    statements = [n for n in node.named_children if n.type != "comment"]
    last = statements[-1] if statements else None
    value_node = None
    if last is not None and last.type == "expression_statement":
        value_node = next((n for n in last.named_children if n.type != "comment"), None)
    sequence(c, statements if value_node is None else statements[:-1], node.start_byte)
    value = ZERO if value_node is None else sealed(c, expression(c, value_node))
    c.leave(previous)
    c.post = waiting
    return value


EXPRESSIONS: Expressions = {"compound_statement": _statement_expression}

STATEMENTS: Statements = {
    "expression_statement": _expression_statement,
    "compound_statement": _compound,
    "declaration": _declaration,
    "type_definition": _declaration,
    "struct_specifier": type_only,
    "union_specifier": type_only,
    "enum_specifier": type_only,
    "return_statement": _return,
    "break_statement": _break,
    "continue_statement": _continue,
    "goto_statement": _goto,
    "labeled_statement": _labeled,
    "attributed_statement": _attributed,
    "function_definition": _nested_function,
    "ERROR": error,
}
