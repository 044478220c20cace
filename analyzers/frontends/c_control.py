"""Selections and loops of C. Effects inside a condition run before it is tested, wherever control comes from."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_statements
from analyzers.frontends.c_algebra import truth
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Statements
from analyzers.frontends.c_expressions import constant_value, expression, sealed
from analyzers.frontends.c_operators import effect
from analyzers.frontends.c_statements import IGNORED, body, check, error, sequence, syntax, unknown
from analyzers.ir.expressions import ZERO, Address, Call, Constant, Expr, Name, Opaque, Unary
from analyzers.ir.statements import Assign, Block, If, Jump, Loop, Stmt, Switch
from analyzers.ir.symbols import INT, Symbol, Type
from analyzers.text import NOWHERE, Span

_MAX_ARM_STATEMENTS = 20_000  # of all arms, what they fall through to included


def _condition(c: Context, node: Node | None) -> tuple[list[Stmt], Expr]:
    """The statements that a condition needs before its value is known, and the value."""
    if node is None:
        return [], ZERO
    check(c, node)
    with c.captured() as effects:
        value = sealed(c, expression(c, node))
    return effects, value


def _if(c: Context, node: Node) -> None:
    """A chain of `else if` is followed without recursion."""
    chain: list[tuple[Span, list[Stmt], Expr, Block]] = []
    current = node
    otherwise = Block((), NOWHERE)
    while True:
        errors_between(c, current)
        condition_node = current.child_by_field_name("condition")
        effects, condition = _condition(c, condition_node)
        then = body(c, current.child_by_field_name("consequence"), c.span(current))
        chain.append((c.span(current), effects, condition, then))
        clause = current.child_by_field_name("alternative")
        following = None
        if clause is not None:
            following = next((n for n in clause.named_children if n.type != "comment"), None)
            errors_between(c, clause)
        if following is None:
            end = chain[-1][0].end
            otherwise = Block((), Span(end, end))
            break
        directives = c.next_directive < len(c.directives) and c.positions[c.next_directive] <= following.start_byte
        if following.type == "if_statement" and not directives:
            current = following
            continue
        otherwise = body(c, following, c.span(following))
        break
    for span, effects, condition, then in reversed(chain):
        result = If(condition, then, otherwise, span)
        if effects and len(chain) > 1:
            otherwise = Block((*effects, result), span)
        elif effects:
            c.out.extend(effects)
            otherwise = Block((result,), span)
        else:
            otherwise = Block((result,), span)
    last = otherwise.statements
    c.out.extend(last)


def errors_between(c: Context, node: Node) -> None:
    if not node.has_error:
        return
    for child in node.children:
        if child.type == "ERROR":
            error(c, child)
        elif child.is_missing:
            syntax(c, child, f"missing `{child.type}`")


def _leave(value: Expr, span: Span) -> Stmt:
    """`if (!value) break;`"""
    stop = Block((Jump("break", span),), span)
    return If(Unary("!", value, INT, span), stop, Block((), span), span)


def finished(c: Context, loop: Loop, taints: int) -> None:
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
    errors_between(c, node)
    initializer = node.child_by_field_name("initializer")
    condition_node = node.child_by_field_name("condition")
    update_node = node.child_by_field_name("update")
    body_node = node.child_by_field_name("body")
    with c.captured() as init:
        if initializer is not None:
            declares = c.dialect.statements.get(initializer.type)
            if declares is not None:
                declares(c, initializer)
            else:
                check(c, initializer)
                effect(c, initializer)
    condition: Expr | None = None
    effects: list[Stmt] = []
    if condition_node is not None:
        effects, condition = _condition(c, condition_node)
    with c.captured() as step:
        if update_node is not None:
            check(c, update_node)
            effect(c, update_node)
    closing = next((n for n in reversed(node.children) if n.type == ")"), None)
    header = c.at(node.start_byte, closing.end_byte if closing is not None else node.end_byte)
    inner = body(c, body_node, header)
    if effects and condition is not None and condition_node is not None:
        inner = replace(inner, statements=(*effects, _leave(condition, c.span(condition_node)), *inner.statements))
        condition = None
    c.scope = previous
    loop = Loop("for", tuple(init), condition, tuple(step), inner, c.span(node), header)
    finished(c, loop, taints)


def _while(c: Context, node: Node) -> None:
    taints = len(c.taints)
    errors_between(c, node)
    condition_node = node.child_by_field_name("condition")
    effects, value = _condition(c, condition_node)
    where = c.span(node) if condition_node is None else c.span(condition_node)
    header = c.at(node.start_byte, node.end_byte if condition_node is None else condition_node.end_byte)
    inner = body(c, node.child_by_field_name("body"), header)
    condition: Expr | None = value
    if effects:
        inner = replace(inner, statements=(*effects, _leave(value, where), *inner.statements))
        condition = None
    finished(c, Loop("while", (), condition, (), inner, c.span(node), header), taints)


def _statement(c: Context, node: Node) -> None:
    """An expression, or the head of a macro that loops: `FOR_EACH(item, &list) { ... }`, where nobody knows the macro.
    What it is given by name it may set before each iteration."""
    block_node = _headed(c, node)
    if block_node is None:
        c_statements.STATEMENTS[node.type](c, node)
        return
    taints = len(c.taints)
    call_node = node.named_children[0]
    with c.captured() as effects:
        value = sealed(c, expression(c, call_node))
    if isinstance(value, Call):
        value = replace(value, arguments=tuple(map(_by_name, value.arguments)))
    elif isinstance(value, Opaque):
        value = replace(value, reads=())  # it may set them as well
    c.headed.add(block_node.id)
    header, inner = c.span(call_node), body(c, block_node, c.span(call_node))
    if effects:
        inner = replace(inner, statements=(*effects, *inner.statements))
    finished(c, Loop("macro", (), value, (), inner, header.joined(c.span(block_node)), header), taints)


def _headed(c: Context, node: Node) -> Node | None:
    """The block behind a call that no `;` ends, if no function of that name is known and no jump leaves the block."""
    block_node = node.next_sibling
    if block_node is None or block_node.type != "compound_statement" or not node.children:
        return None
    call, *rest = node.children
    if [each.is_missing for each in rest] != ([] if node.type == "ERROR" else [True]):
        return None
    name = call.child_by_field_name("function")
    if call.type != "call_expression" or name is None or name.type != "identifier" or call.has_error:
        return None
    known = c.scope.find(c.text(name))
    directive = c.next_directive < len(c.directives) and c.positions[c.next_directive] <= block_node.start_byte
    jumps = any(_holds(block_node, kind) for kind in ("break_statement", "continue_statement"))
    unseen = known is None or (isinstance(known, Symbol) and known.storage == "undeclared")
    return block_node if unseen and not directive and not jumps else None


def _holds(node: Node, kind: str) -> bool:
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type == kind:
            return True
        stack.extend(top.named_children)
    return False


def _by_name(argument: Expr) -> Expr:
    """A variable that a macro is given: as its address, because the macro may set it."""
    if isinstance(argument, Name) and not argument.symbol.is_array and argument.symbol.storage != "constant":
        return Address(argument, Type("pointer", "", 64, element=argument.type), argument.span)
    return argument


def _compound(c: Context, node: Node) -> None:
    if node.id not in c.headed:
        c_statements.STATEMENTS[node.type](c, node)


def _do(c: Context, node: Node) -> None:
    """Effects in the condition run as the step, also after `continue`, and leave the truth in a temporary."""
    taints = len(c.taints)
    errors_between(c, node)
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
    finished(c, Loop("do-while", init, value, step, inner, c.span(node), header), taints)


def _switch(c: Context, node: Node) -> None:
    """Each arm holds what runs when entered there: its own statements and those it falls through to."""
    errors_between(c, node)
    condition_node = node.child_by_field_name("condition")
    body_node = node.child_by_field_name("body")
    effects, value = _condition(c, condition_node)
    c.out.extend(effects)
    cases = [] if body_node is None else [n for n in body_node.children if n.type not in IGNORED]
    if body_node is None or body_node.type != "compound_statement" or any(_hidden_case(n) for n in cases):
        unknown(c, node, "a `case` inside another statement")
        return
    previous = c.push()
    arms: list[tuple[list[Stmt], Span, Constant | None]] = []
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
        arms.append((own, c.span(case), _label(c, case)))
    with c.captured() as trailing:
        sequence(c, (), body_node.end_byte)
    if arms:
        arms[-1][0].extend(trailing)
    c.scope = previous
    blocks: list[Block] = []
    labels: list[tuple[Constant, ...] | None] = []
    total = 0
    following: list[Stmt] = []
    for own, span, label in reversed(arms):
        entered = own if own and isinstance(own[-1], Jump) else [*own, *following]
        total += len(entered)
        if total > _MAX_ARM_STATEMENTS:
            unknown(c, node, "a switch with too many arms")
            return
        if own or not blocks:
            blocks.append(Block(tuple(entered), span))
            labels.append(() if label is not None else None)
        known = labels[-1]
        labels[-1] = None if known is None or label is None else (label, *known)
        following = entered
    c.out.append(Switch(value, tuple(reversed(blocks)), exhaustive, c.span(node), tuple(reversed(labels))))


def _label(c: Context, case: Node) -> Constant | None:
    """The value for which a case is entered, where it is one that is known."""
    node = case.child_by_field_name("value")
    value = constant_value(c, node) if node is not None and all(n.type != "..." for n in case.children) else None
    return None if value is None else Constant(value)


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


STATEMENTS: Statements = {
    "ERROR": _statement,
    "expression_statement": _statement,
    "compound_statement": _compound,
    "if_statement": _if,
    "for_statement": _for,
    "while_statement": _while,
    "do_statement": _do,
    "switch_statement": _switch,
}
