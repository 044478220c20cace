"""Lambda functions: the body of one that is called by its name runs where it is called; one that is handed on may run.

What is captured by reference is the variable itself; what is captured by copy is a variable of the lambda that begins
with the value of the moment (ISO/IEC 14882:2020 §7.5.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from tree_sitter import Node

from analyzers.frontends.c_context import MAX_DEPTH, Context, Scope
from analyzers.frontends.c_declarations import specifiers
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_directives import pending
from analyzers.frontends.c_expressions import mentions, sealed
from analyzers.frontends.c_statements import sequence
from analyzers.frontends.cpp_calls import EXPRESSIONS as CALLS
from analyzers.frontends.cpp_calls import arguments_of, plain_values
from analyzers.frontends.cpp_containers import contents
from analyzers.frontends.cpp_names import EXPRESSIONS as NAMES
from analyzers.frontends.cpp_objects import given_back
from analyzers.frontends.cpp_references import bind, copies
from analyzers.frontends.cpp_signatures import declarator, referred
from analyzers.frontends.cpp_types import deduced, is_container
from analyzers.ir.expressions import Expr, Name, Opaque
from analyzers.ir.statements import Block, Declare, If, Stmt, Unknown
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

CLOSURE = Type("unknown", "lambda")
_NESTED = 6


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A lambda function and the names that its body sees."""

    node: Node
    scope: Scope


def closure(c: Context, node: Node) -> Closure | None:
    """Make the copies that a lambda function begins with; None where its body cannot be put anywhere else."""
    if not _is_simple(node) or c.inlining >= _NESTED:
        return None
    scope = Scope(c.scope, c.scope.depth + 1)
    for symbol in _copied(c, node):
        value: Expr = Name(symbol, c.span(node))
        copy = _declared(c, scope, symbol.name, symbol.type, c.span(node))
        if symbol.type.kind == "array":
            value = Opaque(symbol.name, None, (contents(value),), symbol.type, c.span(node))
        c.out.append(Declare(copy, value, c.span(node)))
    return Closure(node, scope)


def _declared(c: Context, scope: Scope, name: str, kind: Type, span: Span) -> Symbol:
    outer, c.scope = c.scope, scope
    symbol = c.declare(name, kind, "local", span)
    c.scope = outer
    return symbol


def _copied(c: Context, node: Node) -> list[Symbol]:
    """The local variables that are captured by copy."""
    captures = node.child_by_field_name("captures")
    if captures is None:
        return []
    default = next((c.text(n) for n in captures.named_children if n.type == "lambda_default_capture"), "")
    named: list[Node] = []
    by_reference: set[str] = set()
    for before, child in pairwise(captures.children):
        if child.type == "identifier" and before.type == "&":
            by_reference.add(c.text(child))
        elif child.type == "identifier":
            named.append(child)
    if default == "=":
        body = node.child_by_field_name("body")
        found = mentions(c, body) if body is not None else ()
        candidates = [m.symbol for m in found if isinstance(m, Name)]
    else:
        candidates = [s for n in named if isinstance(s := c.scope.find(c.text(n)), Symbol)]
    return [
        s
        for s in candidates
        if s.storage in ("local", "parameter", "undeclared")
        and s.type.kind not in ("function", "pointer")
        and s not in c.references
        and s.name not in by_reference
    ]


def _is_simple(node: Node) -> bool:
    """A body that leaves at its end only, and captures nothing under another name."""
    body = node.child_by_field_name("body")
    captures = node.child_by_field_name("captures")
    if body is None or captures is None or node.has_error:
        return False
    if any(n.type not in ("identifier", "lambda_default_capture", "this") for n in captures.named_children):
        return False
    head = node.child_by_field_name("declarator")
    if head is not None and any(n.type == "type_qualifier" for n in head.named_children):
        return False  # `mutable`: it keeps its copies from call to call
    statements = arguments_of(body)
    stack = statements[:-1] if statements and statements[-1].type == "return_statement" else list(statements)
    while stack:
        top = stack.pop()
        if top.type in ("return_statement", "co_return_statement", "co_yield_statement", "co_await_expression"):
            return False
        if top.type != "lambda_expression":
            stack.extend(top.children)
    return True


def _call(c: Context, node: Node) -> Expr:
    """A call; that of a lambda function runs its body here."""
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    made: object = None
    if function is not None and function.type == "identifier":
        found = c.scope.find(c.text(function))
        made = c.closures.get(c.lambdas.get(found, -1)) if isinstance(found, Symbol) else None
        if made is None and isinstance(found, Symbol) and found.type == CLOSURE:
            c.out.append(Unknown(f"a call of the lambda function `{found.name}`", mentions(c, node), c.span(node)))
            return Opaque(c.text(node)[:60], None, (), span=c.span(node))
    elif function is not None and function.type == "lambda_expression":
        made = closure(c, function)
    if isinstance(made, Closure) and arguments is not None:
        value = _called(c, made, arguments_of(arguments), _captured(c, made, node))
        if value is not None:
            return value
        names = (*mentions(c, node), *mentions(c, made.node))
        c.out.append(Unknown("a call of a lambda function", names, c.span(node)))
        return Opaque(c.text(node)[:60], None, (), span=c.span(node))
    return CALLS["call_expression"](c, node)


_LOOPS = frozenset(("for_statement", "for_range_loop", "while_statement", "do_statement"))


def _captured(c: Context, function: Closure, node: Node) -> list[Symbol]:
    """The variables behind the references of a lambda function made outside of the loops around its call, as far as
    they change there: a private copy in the loop would be another object (OpenMP 5.2 §5.1.2)."""
    made, outermost, current = function.node, None, node.parent
    while current is not None and not (current.start_byte <= made.start_byte < current.end_byte):
        if current.type in _LOOPS:
            outermost = current
        current = current.parent
    body = made.child_by_field_name("body")
    if outermost is None or body is None:
        return []
    text = c.data[outermost.start_byte : outermost.end_byte] + b";" + c.data[body.start_byte : body.end_byte]
    outer, c.scope = c.scope, function.scope
    found = {m.symbol: None for m in mentions(c, body) if isinstance(m, Name)}
    c.scope = outer
    return [
        s
        for s in found
        if s.storage in ("local", "parameter")
        and s.depth < function.scope.depth
        and s not in c.references
        and s.type.kind not in ("array", "pointer", "function")
        and s.name != "this"
        and _is_written(s.name, text)
    ]


def _is_written(name: str, text: bytes) -> bool:
    word = rb"(?<![\w.>])" + re.escape(name.encode()) + rb"\b"
    after = rb"\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=)|[.\[,)])"
    return re.search(word + after + rb"|(?:\+\+|--|&|>>)\s*" + word, text) is not None


def _called(c: Context, function: Closure, nodes: list[Node], captured: list[Symbol]) -> Expr | None:
    """Run the body here; its value. None where the call does not fit."""
    if c.inlining >= _NESTED or c.depth >= MAX_DEPTH - 10:
        return None
    formals = _formals(function.node)
    if len(formals) < len(nodes):
        return None
    values = plain_values(c, nodes)
    return _run(c, function, formals, values, captured)


def _lambda(c: Context, node: Node) -> Expr:
    """A lambda function as a value. With a name of its own it runs where it is called; otherwise its body may run, with
    any arguments."""
    made = closure(c, node)
    span = c.span(node)
    if made is not None and node.parent is not None and node.parent.type == "init_declarator":
        first = c.next_directive
        pending(c, node.end_byte - 1)
        if c.next_directive == first:
            c.closures[node.id] = made
            return Opaque(c.text(node)[:60], None, (), CLOSURE, span)
        made = None
    reads = tuple(m for m in mentions(c, node) if isinstance(m, Name) and m.symbol.type.kind != "array")
    value = Opaque(c.text(node)[:60], None, reads, CLOSURE, span)
    _may_run(c, made, node, span)
    return value


def _may_run(c: Context, made: Closure | None, node: Node, span: Span) -> None:
    ran: list[Stmt] = []
    result = None
    if made is not None and c.inlining < _NESTED:
        with c.captured() as ran:
            result = _run(c, made, _formals(made.node), ())
    if result is None:
        c.out.append(Unknown("a lambda function", mentions(c, node if made is None else made.node), span))
        return
    may = Opaque("a call of the lambda function", None, (), INT, span)
    c.out.append(If(may, Block(tuple(ran), span), Block((), span), span))


def _name(c: Context, node: Node) -> Expr:
    """A name; that of a lambda function, where it is not called, hands it on."""
    if c.lambdas:
        found = c.scope.find(c.text(node))
        if isinstance(found, Symbol) and found in c.lambdas:
            made = c.closures.get(c.lambdas[found])
            _may_run(c, made if isinstance(made, Closure) else None, node, c.span(node))
            return Opaque(found.name, None, (), CLOSURE, c.span(node))
    return NAMES["identifier"](c, node)


def _unknown_reference(c: Context, name: str, kind: Type, span: Span) -> None:
    """A parameter by reference of a call that is not seen."""
    if kind.is_scalar:
        symbol = c.declare(name, kind, "parameter", span)
        c.scope.names[name] = replace(symbol, intent="in" if kind.const else "inout")
        return
    symbol = c.declare(name, referred(kind), "parameter", span)
    if not is_container(symbol.type):
        c.references.add(symbol)


def _formals(node: Node) -> list[Node]:
    head = node.child_by_field_name("declarator")
    parameters = None if head is None else head.child_by_field_name("parameters")
    return [] if parameters is None else [
        n for n in parameters.named_children if n.type in ("parameter_declaration", "optional_parameter_declaration")
    ]  # fmt: skip


def _result(c: Context, node: Node) -> Type:
    """The type behind `->`."""
    head = node.child_by_field_name("declarator")
    written = next((n for n in head.named_children if n.type == "trailing_return_type"), None) if head else None
    inner = None if written is None else next(iter(written.named_children), None)
    return UNKNOWN_TYPE if inner is None else c.type_name(c, inner)


def _run(
    c: Context,
    function: Closure,
    formals: list[Node],
    values: tuple[Expr, ...],
    captured: Iterable[Symbol] = (),
) -> Expr | None:
    body = function.node.child_by_field_name("body")
    if body is None:
        return None
    outer = c.scope
    scope = Scope(function.scope, max(outer.depth, function.scope.depth) + 1)
    c.inlining += 1
    for known in captured:
        c.scope = scope
        bind(c, known.name, known.type, Name(known, c.span(function.node)), c.span(body), c.span(body))
    for position, formal in enumerate(formals):
        c.scope = function.scope
        base, _ = specifiers(c, formal)
        part = formal.child_by_field_name("declarator")
        name, kind, reference = (None, base, False) if part is None else declarator(c, part, base)
        c.scope = scope
        if name is None:
            continue
        span = c.span(name)
        value = values[position] if position < len(values) else None
        if value is not None and (reference or not copies(value, kind)):
            bind(c, c.text(name), kind, value, span, span)
            continue
        if value is None and reference:
            _unknown_reference(c, c.text(name), kind, span)
            continue
        if value is not None:
            kind = deduced(value.type, kind)
        symbol = c.declare(c.text(name), kind, "local", span)
        if value is None or not is_container(kind):
            c.out.append(Declare(symbol, value or Opaque("an argument", None, (), kind, span), span))
        else:
            c.out.append(Declare(symbol, Opaque(c.text(name), None, (contents(value),), kind, span), span))
    c.scope = scope
    statements = arguments_of(body)
    last = statements[-1] if statements and statements[-1].type == "return_statement" else None
    waiting, c.post = c.post, []
    directive, c.next_directive = c.next_directive, len(c.directives)  # those inside stand at the definition
    sequence(c, statements if last is None else statements[:-1], body.start_byte)
    value_node = None if last is None else next((n for n in last.named_children if n.type != "comment"), None)
    result: Expr = Opaque("nothing", None, (), UNKNOWN_TYPE, c.span(body))
    if value_node is not None:
        result = sealed(c, given_back(c, value_node, _result(c, function.node)))
        c.flush()
    c.post, c.next_directive = waiting, directive
    c.inlining -= 1
    c.leave(outer)
    return result


EXPRESSIONS: Expressions = {"call_expression": _call, "lambda_expression": _lambda, "identifier": _name}
