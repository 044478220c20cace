"""Lowering of one function definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import tree_sitter_c
from tree_sitter import Language, Node, Tree

from analyzers.frontends import (
    c_calls,
    c_chunks,
    c_control,
    c_declarations,
    c_expressions,
    c_memory,
    c_notation,
    c_operators,
    c_spelling,
    c_statements,
)
from analyzers.frontends.c_chunks import name_of_function
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import declarator, parameter_type, specifiers
from analyzers.frontends.c_dialect import Dialect, Signature, Statements
from analyzers.frontends.c_directives import pending
from analyzers.frontends.c_expressions import by_use
from analyzers.frontends.c_recovery import Recovered, definition, errors, recover
from analyzers.frontends.c_statements import sequence
from analyzers.frontends.macros import Expanded
from analyzers.frontends.masking import PreprocessorLine, blank
from analyzers.ir.directives import Directive
from analyzers.ir.implicit import implicit
from analyzers.ir.statements import Block, Function, Problem, Unknown
from analyzers.ir.symbols import INT, Symbol, Type
from analyzers.text import Span

OUTSIDE: Statements = {
    "declaration": c_declarations.declaration,
    "type_definition": c_declarations.declaration,
    "struct_specifier": c_declarations.type_only,
    "union_specifier": c_declarations.type_only,
    "enum_specifier": c_declarations.type_only,
}


class Parsing(Protocol):
    """The parser with its cache."""

    def parse(self, data: bytes) -> Tree: ...

    def reparse(self, data: bytes, old: Tree) -> Tree: ...


_SNIPPET = b"void _(){"
_IMPLICIT = b"int "


def lower_function(
    c: Context,
    name: str,
    start: int,
    lines: tuple[PreprocessorLine, ...],
    fingerprint: str,
    parsing: Parsing,
    bare: bool,
) -> Function:
    """Lower the text of `c`, one function definition that begins at `start` of the file.

    `bare`: statements without a function around them. `lines` are its directives with offsets in the file."""
    length = len(c.data)
    original = c.at(0, length).end
    found = _definition(c, parsing, bare)
    node = found.node
    whole = Span(0, original)
    c.function = name
    _set_marks(c, lines, start, found.gaps)
    if node is None:
        problem = Problem("syntax", "cannot read this function", whole)
        body = Block((Unknown("syntax error", (), whole),), whole)
        return Function(
            name, (), False, body, whole, Span(0, 0), fingerprint, problems=(problem,), notation=c.dialect.notation
        )
    c.body = c.data
    body_node = node.child_by_field_name("body")
    outer: tuple[Directive, ...] = ()
    params: tuple[Symbol, ...] = ()
    variadic = False
    static = False
    name_span = Span(0, 0)
    if bare:
        c.push()
    else:
        head = c.dialect.signature(c, node)
        name, name_span, params = head.name or name, head.name_span, head.params
        variadic, static = head.variadic, head.static
        outer = tuple(pending(c, node.start_byte))
    if body_node is not None:
        sequence(c, body_node.children, body_node.end_byte)
    body = Block(tuple(c.out), whole if bare or body_node is None else c.span(body_node))
    if c.dialect.has_classes:
        named = (each.function for found in implicit(body).values() for each in found)
        c.callees.update(dict.fromkeys(function for function in named if function is not None))
    return Function(
        name,
        params,
        variadic,
        body,
        whole,
        name_span,
        fingerprint,
        static,
        tuple(c.problems),
        tuple(c.globals.values()),
        tuple(c.callees),
        outer,
        c.dialect.notation,
    )


def signature(c: Context, node: Node) -> Signature:
    """The head of a definition in C; its parameters are declared in a new scope."""
    c.push()
    base, words = specifiers(c, node)
    name, name_span = "", Span(0, 0)
    params: tuple[Symbol, ...] = ()
    variadic = False
    declarator_node = node.child_by_field_name("declarator")
    function_node = function_declarator(declarator_node)
    if declarator_node is not None:
        for error in errors(declarator_node):
            c.problems.append(Problem("syntax", "cannot read this", c.span(error)))
        name_node, _ = declarator(c, declarator_node, base)
        if name_node is not None:
            name_span = c.span(name_node)
            name = c.function = c.text(name_node)
    if function_node is not None:
        params, variadic = _parameters(c, function_node, node)
    return Signature(name, name_span, params, variadic, "static" in words)


def _definition(c: Context, parsing: Parsing, bare: bool) -> Recovered:
    """The function in the parsed text. One without a type (`main() {`) gets `int` put in front."""
    text = c.data
    c.limit = len(text)
    if bare:
        c.shift = len(_SNIPPET)
        # It may end in the middle of a statement: `for (...)` alone.
        closing = b"\n}" if text.rstrip()[-1:] in (b";", b"}", b"") else b"\n;}"
        found = recover(_SNIPPET + text + closing, parsing.parse, parsing.reparse)
    elif definition(parsing.parse(text).root_node) is not None:
        found = recover(text, parsing.parse, parsing.reparse)
    else:
        found = Recovered(text, None, (), 0)
        for attempt in (_IMPLICIT + text, _IMPLICIT + _from_name(text), text):
            c.shift = len(attempt) - len(text)
            found = recover(attempt, parsing.parse, parsing.reparse)
            if found.node is not None:
                break
    c.data = found.data
    if c.shift == 0 and c.expanded is None and found.unclosed <= 0:
        c.limit = None
    if found.unclosed > 0 and not bare:
        end = len(text) + c.shift
        c.problems.append(Problem("syntax", "a `{` is not closed", c.at(end - 1, end)))
        c.unclosed = c.at(c.shift, c.shift + len(text.rstrip(b"} \t\r\n;"))).end
    if found.node is not None and found.node.parent is not None:
        top = found.node
        while top.parent is not None and top.parent.parent is not None:
            top = top.parent
        for sibling in top.parent.children if top.parent is not None else ():
            if sibling != top and sibling.type not in ("comment", ";"):
                c.problems.append(Problem("syntax", "unexpected text", c.span(sibling)))
    return found


def _from_name(text: bytes) -> bytes:
    """The head of the function blanked up to its name: macros of headers that were not read stand there."""
    start = name_of_function(text[: max(0, text.find(b"{"))])[1]
    return blank(text[:start]) + text[start:]


def _set_marks(c: Context, lines: tuple[PreprocessorLine, ...], start: int, gaps: tuple[tuple[int, int], ...]) -> None:
    """Directives and left-out lines in the order of the text."""
    marks = [(_place(c, line.span.start - start), _moved(line, start)) for line in lines]
    marks += ((place + c.shift, line) for place, line in c.operators)
    for first, last in gaps:
        span = c.at(first, last)
        marks.append((first, PreprocessorLine("", span, "", ((0, span.start),))))
    marks.sort(key=lambda mark: mark[0])
    c.positions = [position for position, _ in marks]
    c.directives = [line for _, line in marks]


def _place(c: Context, offset: int) -> int:
    placed = c.expanded.place(offset) if isinstance(c.expanded, Expanded) else offset
    return placed + c.shift


def _moved(line: PreprocessorLine, start: int) -> PreprocessorLine:
    return replace(line, span=line.span.shifted(-start), pieces=tuple((k, offset - start) for k, offset in line.pieces))


def function_declarator(node: Node | None) -> Node | None:
    """The declarator with the parameters of the function defined: the innermost one."""
    found = None
    while node is not None:
        if node.type == "function_declarator":
            found = node
        following = node.child_by_field_name("declarator")
        if following is None and node.type == "parenthesized_declarator":
            following = next((n for n in node.named_children if n.type.endswith("declarator")), None)
        node = following
    return found


def _parameters(c: Context, function: Node, definition: Node) -> tuple[tuple[Symbol, ...], bool]:
    list_node = function.child_by_field_name("parameters")
    if list_node is None:
        return (), False
    params: list[Symbol] = []
    old_style: list[Node] = []
    variadic = False
    for child in list_node.named_children:
        if child.type == "variadic_parameter":
            variadic = True
        elif child.type == "identifier":
            old_style.append(child)
        elif child.type == "parameter_declaration":
            base, _ = specifiers(c, child)
            part = child.child_by_field_name("declarator")
            name_node, kind = (None, base) if part is None else declarator(c, part, base)
            kind = parameter_type(kind)
            if kind.kind == "void" and name_node is None:
                continue
            if name_node is None:
                params.append(Symbol(f"{c.function}/p{len(params)}:", "", kind, "parameter", c.span(child), depth=1))
            else:
                kind = by_use(c, c.text(name_node), kind)
                params.append(c.declare(c.text(name_node), kind, "parameter", c.span(name_node)))
    if old_style:
        params += _old_style(c, old_style, definition)
    return tuple(params), variadic


def _old_style(c: Context, names: list[Node], definition: Node) -> list[Symbol]:
    """K&R parameters: names in the list, types in declarations before the body."""
    types: dict[str, Type] = {}
    for child in definition.children:
        if child.type != "declaration":
            continue
        base, _ = specifiers(c, child)
        for part in child.children_by_field_name("declarator"):
            name_node, kind = declarator(c, part, base)
            if name_node is not None:
                types[c.text(name_node)] = parameter_type(kind)
    return [c.declare(c.text(n), types.get(c.text(n), INT), "parameter", c.span(n)) for n in names]


C = Dialect(
    "c",
    Language(tree_sitter_c.language()),
    {
        **c_expressions.EXPRESSIONS,
        **c_operators.EXPRESSIONS,
        **c_memory.EXPRESSIONS,
        **c_calls.EXPRESSIONS,
        **c_statements.EXPRESSIONS,
    },
    {**c_statements.STATEMENTS, **c_control.STATEMENTS},
    OUTSIDE,
    {},
    c_spelling.rewritten,
    c_chunks.cut,
    signature,
    c_declarations.head,
    lambda c, target, value, op, span: False,
    c_notation.C,
)
