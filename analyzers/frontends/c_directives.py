"""OpenMP lines at the place where they stand: read in the scope that surrounds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_literals, directives
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_expressions import effect_free, expression
from analyzers.frontends.macros import Expanded, ExpansionError, expand, expand_text
from analyzers.ir.directives import Clause, Directive
from analyzers.ir.expressions import Constant, Expr, Name
from analyzers.ir.statements import Problem, Unknown
from analyzers.ir.symbols import Symbol
from analyzers.text import Span

_ORDERS = ("seq_cst", "acq_rel", "acquire", "release", "relaxed")
_PREFIX = b"int _=("


def pending(c: Context, before: int) -> list[Directive]:
    """Take the directives up to offset `before` of the parsed text."""
    found: list[Directive] = []
    while c.next_directive < len(c.directives) and c.positions[c.next_directive] <= before:
        if not c.directives[c.next_directive].keyword:
            _gap(c, c.directives[c.next_directive].span)
            c.next_directive += 1
            continue
        directive = read(c, c.next_directive)
        c.next_directive += 1
        if directive is not None:
            found.append(directive)
    return found


def _gap(c: Context, span: Span) -> None:
    """A line that was left out so that the rest could be read."""
    c.problems.append(Problem("syntax", "cannot read this line", span))
    c.taint("syntax error", span)
    c.out.append(Unknown("syntax error", (), span))


def threadprivate(c: Context, directive: Directive) -> None:
    """Mark the static locals that the directive names."""
    for clause in directive.clauses:
        for item in clause.items:
            known = c.scope.names.get(item.text)
            if isinstance(known, Symbol):
                c.scope.names[item.text] = replace(known, threadprivate=True)


def read(c: Context, index: int) -> Directive | None:
    line = c.directives[index]
    directive = parse(c, line.text, line.offset_of)
    return directive if directive is None or not c.memory_order else _with_order(directive, c.memory_order)


def _with_order(directive: Directive, order: str) -> Directive:
    """An atomic construct with the memory order that the file requires where it gives none itself (OpenMP 5.2 §8.2)."""
    if not directive.has("atomic") or directive.all(*_ORDERS):
        return directive
    if order == "acq_rel":
        order = "acquire" if directive.first("read") else "release" if directive.first("write") else order
    return replace(directive, clauses=(*directive.clauses, Clause(order, directive.name_span)))


def parse(c: Context, text: str, offset_of: Callable[[int], int]) -> Directive | None:
    """A directive line in the current scope. Words that mean nothing to OpenMP are macros where there are such (OpenMP
    5.2 §3.1: the tokens are subject to macro replacement), and may be some where a header was not read."""

    def meaning(text: str, span: Span) -> Expr | None:
        return resolve(c, text, span)

    directive = directives.parse(text, offset_of, meaning, c.dialect.name)
    names: frozenset[bytes] = frozenset()
    # What stands behind a name that is unknown is not looked at until that is known.
    while directive is not None and text.isascii():
        more = frozenset(word.encode() for word, _ in directive.unknown) & c.macros.keys()
        if more <= names:
            break
        names |= more
        expanded = expand(text.encode(), c.macros, names, {})
        directive = directives.parse(
            expanded.text.decode("ascii", "replace"), _origin(expanded, offset_of), meaning, c.dialect.name
        )
    if directive is None or not directive.unknown:
        return directive
    return replace(directive, may_hold_macros=c.missing_headers)


def _origin(expanded: Expanded, offset_of: Callable[[int], int]) -> Callable[[int], int]:
    return lambda at: offset_of(expanded.span(at, at).start)


def resolve(c: Context, text: str, span: Span, *, runs: bool = False) -> Expr | None:
    """An expression of a clause in the current scope; None where it names nothing. `runs`: with its effects."""
    text = text.strip()
    if text.isidentifier() and text.isascii():
        word = text.encode()
        macro = c.macros.get(word)
        if macro is None:
            symbol = c.scope.find(text)
            if isinstance(symbol, Symbol) and symbol.storage != "constant":
                if symbol.storage == "global":
                    c.globals[text] = symbol
                return Name(symbol, span)
    elif text.isascii() and text.isdigit() and (number := c_literals.number(text.encode())) is not None:
        return Constant(number[0], number[1], span)
    code = text.encode("utf-8", "surrogatepass")
    if not code or len(code) > 4096:
        return None
    try:
        code = expand_text(code, c.macros)
    except ExpansionError:
        return None
    root = c.dialect.parser().parse(_PREFIX + code + b");").root_node
    if root.has_error or root.named_child_count != 1:
        return None
    node: Node | None = root.named_children[0].child_by_field_name("declarator")
    node = None if node is None else node.child_by_field_name("value")
    if node is None:
        return None
    return _lowered(c, node, _PREFIX + code + b");", span, runs)


def _lowered(c: Context, node: Node, data: bytes, span: Span, runs: bool) -> Expr:
    """Lower in the scope of `c` with every span that of the clause's item."""
    inner = Context(
        data,
        c.scope,
        c.dialect,
        c.function,
        snippet=c.snippet,
        addressed=c.addressed,
        body=c.body,
        guesses=c.guesses,
        type_name=c.type_name,
        expanded=_Everywhere(span),
        limit=0,
        line_starts=c.line_starts,
        globals=c.globals,
        callees=c.callees,
    )
    if not runs:
        return effect_free(inner, node)
    value = expression(inner, node)
    c.out.extend(inner.out)
    c.post.extend(inner.post)
    c.taints.extend(inner.taints)
    return value


class _Everywhere:
    """A map that sends every range to one span."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def span(self, start: int, end: int) -> Span:
        return self._span
