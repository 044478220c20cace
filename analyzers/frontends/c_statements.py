"""Statements of C to `ir.statements`, OpenMP directives attached to what they govern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends.c_algebra import truth
from analyzers.frontends.c_context import MAX_DEPTH, Context
from analyzers.frontends.c_declarations import declaration, specified
from analyzers.frontends.c_directives import pending, threadprivate
from analyzers.frontends.c_expressions import expression, mentions, sealed
from analyzers.frontends.c_operators import effect
from analyzers.ir.directives import Directive
from analyzers.ir.expressions import ZERO, Expr, Unary
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    If,
    Jump,
    Label,
    Loop,
    Problem,
    Stmt,
    Switch,
    Unknown,
)
from analyzers.ir.symbols import INT
from analyzers.standards.openmp import association
from analyzers.text import NOWHERE, Span

_EXITS = frozenset(("exit", "abort", "_exit", "_Exit", "quick_exit", "__builtin_unreachable", "__builtin_trap"))
_MAX_ARM_STATEMENTS = 20_000
_DECLARATIONS = frozenset(("declaration", "type_definition", "struct_specifier", "union_specifier", "enum_specifier"))
_IGNORED = frozenset(("comment", "{", "}", ";", "preproc_call", "attribute_specifier", "else", "(", ")"))
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
        return Block(tuple(c.out), c.span(node))
    finally:
        c.out = outer
        c.scope = previous


def sequence(c: Context, nodes: Sequence[Node], end: int) -> None:
    """Statements in order, each with the directives in front of it; what nothing follows before `end` stands alone."""
    for node in nodes:
        kind = node.type
        if kind in _IGNORED:
            if node.is_missing:
                _syntax(c, node, f"missing `{kind}`")
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
        _syntax(c, node, "something is missing here")
        return
    handler = _HANDLERS.get(node.type)
    if handler is None:
        if node.type in _IGNORED:
            return
        _error(c, node)
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


def _syntax(c: Context, node: Node, message: str) -> None:
    span = c.span(node)
    c.problems.append(Problem("syntax", message, span))
    c.taint("syntax error", span)


def _error(c: Context, node: Node) -> None:
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


def _check(c: Context, node: Node) -> None:
    """Errors inside a statement that was lowered nevertheless: the parser skipped or invented words."""
    if not node.has_error:
        return
    stack = [node]
    while stack:
        top = stack.pop()
        if top.is_missing:
            _syntax(c, top, f"missing `{top.type}`")
        elif top.type == "ERROR":
            _error(c, top)
        elif top.has_error:
            stack.extend(reversed(top.children))


def _expression_statement(c: Context, node: Node) -> None:
    _check(c, node)
    for child in node.named_children:
        if child.type not in ("comment", "ERROR"):
            if child.type == "gnu_asm_expression":
                c.out.append(Unknown("inline assembly", mentions(c, child), c.span(node)))
            else:
                before = len(c.out)
                effect(c, child)
                _exit(c, before, child)


def _exit(c: Context, before: int, node: Node) -> None:
    """A call that does not come back also leaves the control flow."""
    if node.type != "call_expression":
        return
    function = node.child_by_field_name("function")
    if function is not None and c.text(function) in _EXITS:
        c.out.append(Jump("exit", c.span(node)))


def _compound(c: Context, node: Node) -> None:
    c.out.append(block(c, node))


def _declaration(c: Context, node: Node) -> None:
    _check(c, node)
    declaration(c, node)


def _type_only(c: Context, node: Node) -> None:
    specified(c, node)


def _condition(c: Context, node: Node | None) -> tuple[list[Stmt], Expr]:
    """The statements that a condition needs before its value is known, and the value."""
    if node is None:
        return [], ZERO
    _check(c, node)
    with c.captured() as effects:
        value = sealed(c, expression(c, node))
    return effects, value


def _if(c: Context, node: Node) -> None:
    """A chain of `else if` is followed without recursion."""
    chain: list[tuple[Node, Span, list[Stmt], Expr, Block, Span]] = []
    current = node
    otherwise = Block((), NOWHERE)
    while True:
        _errors_between(c, current)
        condition_node = current.child_by_field_name("condition")
        effects, condition = _condition(c, condition_node)
        where = c.span(condition_node) if condition_node is not None else c.span(current)
        then = body(c, current.child_by_field_name("consequence"), c.span(current))
        chain.append((current, c.span(current), effects, condition, then, where))
        clause = current.child_by_field_name("alternative")
        following = None
        if clause is not None:
            following = next((n for n in clause.named_children if n.type != "comment"), None)
            _errors_between(c, clause)
        if following is None:
            end = chain[-1][1].end
            otherwise = Block((), Span(end, end))
            break
        directives = c.next_directive < len(c.directives) and c.positions[c.next_directive] <= following.start_byte
        if following.type == "if_statement" and not directives:
            current = following
            continue
        otherwise = body(c, following, c.span(following))
        break
    for _, span, effects, condition, then, where in reversed(chain):
        result = If(condition, then, otherwise, span, where)
        if effects and len(chain) > 1:
            otherwise = Block((*effects, result), span)
        elif effects:
            c.out.extend(effects)
            otherwise = Block((result,), span)
        else:
            otherwise = Block((result,), span)
    last = otherwise.statements
    c.out.extend(last)


def _errors_between(c: Context, node: Node) -> None:
    if not node.has_error:
        return
    for child in node.children:
        if child.type == "ERROR":
            _error(c, child)
        elif child.is_missing:
            _syntax(c, child, f"missing `{child.type}`")


def _leave(value: Expr, span: Span) -> Stmt:
    """`if (!value) break;`"""
    stop = Block((Jump("break", span),), span)
    return If(Unary("!", value, INT, span), stop, Block((), span), span, span)


def _finished(c: Context, node: Node, loop: Loop, taints: int) -> None:
    if c.unclosed is not None and loop.span.end > c.unclosed:
        c.taint("syntax error", loop.span)
    if c.unsure and len(c.taints) == taints:
        c.taints.extend(u for u in c.unsure if loop.span.contains(u[1]))
    if len(c.taints) > taints:
        reason, span = c.taints[taints]
        loop = replace(loop, tainted=reason, taint_span=span)
    c.out.append(loop)


def _for(c: Context, node: Node) -> None:
    taints = len(c.taints)
    previous = c.push()
    _errors_between(c, node)
    initializer = node.child_by_field_name("initializer")
    condition_node = node.child_by_field_name("condition")
    update_node = node.child_by_field_name("update")
    body_node = node.child_by_field_name("body")
    with c.captured() as init:
        if initializer is not None:
            _check(c, initializer)
            if initializer.type == "declaration":
                declaration(c, initializer)
            else:
                effect(c, initializer)
    condition: Expr | None = None
    effects: list[Stmt] = []
    if condition_node is not None:
        effects, condition = _condition(c, condition_node)
    with c.captured() as step:
        if update_node is not None:
            _check(c, update_node)
            effect(c, update_node)
    closing = next((n for n in reversed(node.children) if n.type == ")"), None)
    header = c.at(node.start_byte, closing.end_byte if closing is not None else node.end_byte)
    inner = body(c, body_node, header)
    if effects and condition is not None and condition_node is not None:
        inner = replace(inner, statements=(*effects, _leave(condition, c.span(condition_node)), *inner.statements))
        condition = None
    c.scope = previous
    loop = Loop("for", tuple(init), condition, tuple(step), inner, c.span(node), header)
    _finished(c, node, loop, taints)


def _while(c: Context, node: Node) -> None:
    taints = len(c.taints)
    _errors_between(c, node)
    condition_node = node.child_by_field_name("condition")
    effects, value = _condition(c, condition_node)
    where = c.span(node) if condition_node is None else c.span(condition_node)
    header = c.at(node.start_byte, node.end_byte if condition_node is None else condition_node.end_byte)
    inner = body(c, node.child_by_field_name("body"), header)
    condition: Expr | None = value
    if effects:
        inner = replace(inner, statements=(*effects, _leave(value, where), *inner.statements))
        condition = None
    _finished(c, node, Loop("while", (), condition, (), inner, c.span(node), header), taints)


def _do(c: Context, node: Node) -> None:
    """Effects in the condition run as the step, also after `continue`, and leave the truth in a temporary."""
    taints = len(c.taints)
    _errors_between(c, node)
    header = c.at(node.start_byte, node.start_byte + 2)
    inner = body(c, node.child_by_field_name("body"), header)
    condition_node = node.child_by_field_name("condition")
    effects, value = _condition(c, condition_node)
    init: tuple[Stmt, ...] = ()
    step: tuple[Stmt, ...] = ()
    if effects:
        with c.captured() as declared:
            result = c.temporary(INT, value.span, None)
        init = tuple(declared)
        step = (*effects, Assign(result, truth(value), None, value.span))
        value = result
    _finished(c, node, Loop("do-while", init, value, step, inner, c.span(node), header), taints)


def _return(c: Context, node: Node) -> None:
    _check(c, node)
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


def _switch(c: Context, node: Node) -> None:
    """Each arm holds what runs when entered there: its own statements and those it falls through to."""
    _errors_between(c, node)
    condition_node = node.child_by_field_name("condition")
    body_node = node.child_by_field_name("body")
    effects, value = _condition(c, condition_node)
    c.out.extend(effects)
    cases = [] if body_node is None else [n for n in body_node.children if n.type not in _IGNORED]
    if body_node is None or body_node.type != "compound_statement" or any(_hidden_case(n) for n in cases):
        unknown(c, node, "a `case` inside another statement")
        return
    previous = c.push()
    arms: list[tuple[list[Stmt], Span]] = []
    exhaustive = False
    for case in cases:
        if case.type != "case_statement":
            with c.captured() as own:
                sequence(c, (case,), case.start_byte)
            if arms:
                arms[-1][0].extend(own)
            elif own and case.type == "declaration":
                c.out.extend(own)
            continue
        exhaustive = exhaustive or case.children[0].type == "default"
        children = case.children
        colon = next((k for k, n in enumerate(children) if n.type == ":"), 0)
        with c.captured() as own:
            sequence(c, children[colon + 1 :], case.start_byte)
        arms.append((own, c.span(case)))
    with c.captured() as trailing:
        sequence(c, (), body_node.end_byte)
    if arms:
        arms[-1][0].extend(trailing)
    c.scope = previous
    blocks: list[Block] = []
    total = 0
    following: list[Stmt] = []
    for own, span in reversed(arms):
        entered = own if own and isinstance(own[-1], Jump) else [*own, *following]
        total += len(entered)
        if total > _MAX_ARM_STATEMENTS:
            unknown(c, node, "a switch with too many arms")
            return
        if own or not blocks:
            blocks.append(Block(tuple(entered), span))
        following = entered
    c.out.append(Switch(value, tuple(reversed(blocks)), exhaustive, c.span(node)))


def _hidden_case(node: Node) -> bool:
    """A `case` that belongs to this switch but stands inside a block or a loop (Duff's device)."""
    stack = list(node.children)
    while stack:
        top = stack.pop()
        if top.type == "case_statement":
            return True
        if top.type != "switch_statement":
            stack.extend(top.children)
    return False


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
    c.scope = previous
    c.post = waiting
    return value


EXPRESSIONS: dict[str, Callable[[Context, Node], Expr]] = {"compound_statement": _statement_expression}

_HANDLERS: dict[str, Callable[[Context, Node], None]] = {
    "expression_statement": _expression_statement,
    "compound_statement": _compound,
    "declaration": _declaration,
    "type_definition": _declaration,
    "struct_specifier": _type_only,
    "union_specifier": _type_only,
    "enum_specifier": _type_only,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "do_statement": _do,
    "return_statement": _return,
    "break_statement": _break,
    "continue_statement": _continue,
    "goto_statement": _goto,
    "labeled_statement": _labeled,
    "attributed_statement": _attributed,
    "switch_statement": _switch,
    "function_definition": _nested_function,
    "ERROR": _error,
}
