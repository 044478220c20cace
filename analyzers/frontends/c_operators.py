"""Operators of C: arithmetic, `&&` and `?:` with their control flow, assignments."""

from __future__ import annotations

from typing import cast

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_algebra import address, combine, element, fits, merged, negated, truth
from analyzers.frontends.c_calls import IGNORED, parenthesised_type
from analyzers.frontends.c_context import MAX_DEPTH, Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import (
    bare,
    expression,
    inside,
    opaque,
    sealed,
)
from analyzers.ir.expressions import (
    ONE,
    ZERO,
    Binary,
    BinaryOp,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    UnaryOp,
)
from analyzers.ir.statements import Assign, Block, Evaluate, If, Stmt, Unknown
from analyzers.ir.symbols import INT, VOID, Symbol, Type
from analyzers.text import Span

_HAS_EFFECT = frozenset(("assignment_expression", "update_expression"))


def _binary(c: Context, node: Node) -> Expr:
    spine: list[tuple[Node, str, Node]] = []
    since = len(c.post)
    current = node
    while current.type == "binary_expression":
        left = current.child_by_field_name("left")
        right = current.child_by_field_name("right")
        if left is None or right is None:
            break
        spine.append((current, operator(c, current), right))
        current = left
        if current.type == "parenthesized_expression":
            inner = inside(current)
            if inner is not None and inner.type == "binary_expression":
                current = inner
    if not spine:
        return opaque(c, node, "syntax error")
    kind = parenthesised_type(c, current)
    if kind is None or spine[-1][1] not in ("-", "+", "*", "&"):
        value = expression(c, current)
    else:
        value = _cast_of_operand(c, kind, spine)
    for whole, op, right in reversed(spine):
        if op in ("&&", "||"):
            value = _short_circuit(c, value, op, right, whole, since)
        else:
            value = combine(cast(BinaryOp, op), value, expression(c, right), c.span(whole))
    return value


def operator(c: Context, node: Node) -> str:
    """The operator of a binary expression."""
    sign = node.children[1]
    if c.flipped and sign.type == ">" and sign.start_byte - c.shift in c.flipped:
        return "<"
    return sign.type


def _cast_of_operand(c: Context, kind: Type, spine: list[tuple[Node, str, Node]]) -> Expr:
    """`(T) - n * m` was read as a difference: the cast applies to `-n`, and the rest of the operand joins the spine."""
    whole, op, operand = spine.pop()
    while operand.type == "binary_expression":
        left, right = operand.child_by_field_name("left"), operand.child_by_field_name("right")
        if left is None or right is None:
            break
        spine.append((operand, operand.children[1].type, right))
        operand = left
    span = c.at(whole.start_byte, operand.end_byte)
    value = expression(c, operand)
    if op == "*":
        value = element(value, ZERO, span)
    elif op == "&":
        value = address(value, span)
    else:
        value = negated(cast(UnaryOp, op), value, span)
    return Cast(value, kind, span)


def _short_circuit(c: Context, left: Expr, op: str, right: Node, node: Node, since: int) -> Expr:
    """`&&` and `||`: the right side runs only if the left one asks for it, which matters when it has effects."""
    left = sealed(c, left, since)
    with c.captured() as effects:
        value = expression(c, right)
        if effects or c.post:
            value = sealed(c, value)
    span = c.span(node)
    if not effects:
        return Binary(cast(BinaryOp, op), left, value, INT, span)
    result = c.temporary(INT, span, truth(left))
    effects.append(Assign(result, truth(value), None, span))
    empty = Block((), span)
    run = Block(tuple(effects), span)
    c.out.append(If(result, run if op == "&&" else empty, empty if op == "&&" else run, span))
    return result


def _unary(c: Context, node: Node) -> Expr:
    operand_node = node.child_by_field_name("argument")
    if operand_node is None:
        return opaque(c, node, "syntax error")
    op = node.children[0].type
    operand = expression(c, operand_node)
    if op in ("-", "+", "!", "~"):
        return negated(cast(UnaryOp, op), operand, c.span(node))
    return operand if op == "__extension__" else opaque(c, node, f"`{op}`")


def _conditional(c: Context, node: Node) -> Expr:
    """`a ? b : c`; the right spine of a long chain is followed without recursion."""
    links: list[tuple[Expr, Expr, Node]] = []
    chained: bool | None = None
    since = len(c.post)
    current = node
    while True:
        condition_node = current.child_by_field_name("condition")
        then_node = current.child_by_field_name("consequence")
        otherwise_node = current.child_by_field_name("alternative")
        if condition_node is None or otherwise_node is None:
            return opaque(c, node, "syntax error")
        condition = sealed(c, expression(c, condition_node), since)
        if then_node is None:  # GNU `a ?: b`
            condition = c.temporary(condition.type, condition.span, condition)
            then: Expr = condition
            effects: list[Stmt] = []
        else:
            with c.captured() as effects:
                then = expression(c, then_node)
                if c.post:
                    then = sealed(c, then)
        with c.captured() as others:
            plain = otherwise_node.child_by_field_name("consequence") is not None
            if plain and chained is None:
                chained = not _effects_below(node)
            plain = plain and chained is True
            otherwise = None if plain else expression(c, otherwise_node)
            if c.post and otherwise is not None:
                otherwise = sealed(c, otherwise)
        if otherwise is None:
            links.append((condition, then, current))
            current = otherwise_node
            continue
        span = c.span(current)
        if effects or others:
            value: Expr = _branches(c, condition, (effects, then), (others, otherwise), span)
        else:
            value = Conditional(condition, then, otherwise, merged(then.type, otherwise.type), span)
        break
    for condition, then, whole in reversed(links):
        value = Conditional(condition, then, value, merged(then.type, value.type), c.span(whole))
    return value


def _branches(
    c: Context, condition: Expr, then: tuple[list[Stmt], Expr], otherwise: tuple[list[Stmt], Expr], span: Span
) -> Expr:
    kind = merged(then[1].type, otherwise[1].type)
    result = c.temporary(kind, span, None)
    arms = [Block((*effects, Assign(result, value, None, span)), span) for effects, value in (then, otherwise)]
    c.out.append(If(condition, arms[0], arms[1], span))
    return result


def _effects_below(node: Node) -> bool:
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type in _HAS_EFFECT or top.type in (
            "compound_statement",
            "comma_expression",
            "gnu_asm_expression",
            "ERROR",
        ):
            return True
        stack.extend(top.children)
    return False


def _comma(c: Context, node: Node) -> Expr:
    parts, last = _parts_of_comma(node)
    for part in parts:
        effect(c, part)
    return ZERO if last is None else expression(c, last)


def _parts_of_comma(node: Node) -> tuple[list[Node], Node | None]:
    """What is evaluated for its effects, in order, and what is the value."""
    parts: list[Node] = []
    current: Node | None = node
    while current is not None and current.type == "comma_expression":
        left = current.child_by_field_name("left")
        if left is not None:
            parts.append(left)
        current = current.child_by_field_name("right")
    return parts, current


def _assignment(c: Context, node: Node) -> Expr:
    target, value = assign(c, node)
    if isinstance(value, Constant) and fits(value, target.type):
        return Constant(value.value, target.type, c.span(node))
    return target


def assign(c: Context, node: Node) -> tuple[Expr, Expr]:
    """Emit the assignment; gives back its target and its value."""
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None:
        broken = opaque(c, node, "syntax error")
        return broken, broken
    target = expression(c, left)
    value = expression(c, right)
    op = node.children[1].type[:-1]
    store(c, target, value, cast(BinaryOp, op) if op else None, c.span(node), node)
    return target, value


def store(c: Context, target: Expr, value: Expr, op: BinaryOp | None, span: Span, node: Node) -> None:
    """`target op= value`; a target that is no lvalue makes the statement unknown."""
    bare = target
    while isinstance(bare, Cast):
        bare = bare.operand
    if c.dialect.stores(c, bare, value, op, span):
        return
    if isinstance(bare, (Name, Element, Field)):
        c.out.append(Assign(bare, value, op, span))
        return
    supposed = Assign(bare, value, op, span) if isinstance(bare, Call) else None
    c.out.append(Unknown(f"assignment to `{c.text(node)[:60]}`", (target, value), span, supposed))


def update(c: Context, node: Node) -> Expr:
    """`++x` at once, `x++` at the next sequence point."""
    operand = node.child_by_field_name("argument")
    if operand is None:
        return opaque(c, node, "syntax error")
    target = expression(c, operand)
    first = node.children[0].type
    prefix = first in ("++", "--")
    op: BinaryOp = "+" if "++" in (first, node.children[-1].type) else "-"
    changes = isinstance(target, Call) or target.type.kind == "record"
    if changes and c.dialect.stores(c, target, ONE, op, c.span(node)):
        return target
    if isinstance(target, Call):
        supposed = Assign(target, ONE, op, c.span(node))
        c.out.append(Unknown("update of what is no variable", (target,), c.span(node), supposed))
        return target
    if not isinstance(target, (Name, Element, Field)):
        return opaque(c, node, "update of what is no variable")
    step = Assign(target, ONE, op, c.span(node))
    if prefix:
        c.out.append(step)
    else:
        c.post.append(step)
    return target


def effect(c: Context, node: Node) -> None:
    """An expression as a statement: its effects in order, and nothing for a value that nobody takes."""
    node = bare(node)
    since = len(c.post)
    match node.type:
        case "assignment_expression":
            assign(c, node)
        case "update_expression":
            update(c, node)
        case "comma_expression":
            effect_of_parts(c, node)
        case "conditional_expression" if _selects(c, node, since):
            pass
        case "binary_expression" if node.children[1].type in ("&&", "||") and _effects_or_calls(node):
            _guarded_effect(c, node, since)
        case "identifier" if _macro_of_a_header(c, node):
            pass
        case "call_expression" if _without_meaning(c, node):
            pass
        case _:
            before = len(c.out)
            value = expression(c, node)
            if isinstance(value, Opaque) and value.reason is not None and len(c.out) > before:
                pass  # said by an Unknown statement
            else:
                c.out.append(Evaluate(value, c.span(node)))
    c.flush(since)


def _macro_of_a_header(c: Context, node: Node) -> bool:
    """A name alone that nothing declares can only be a macro that was not seen, and may stand for anything."""
    name = c.text(node)
    if c.scope.find(name) is not None or node.end_byte - node.start_byte == 0:
        return False
    if c.data[node.start_byte : node.end_byte] in c.macros:
        return False
    span = c.span(node)
    call = Call(Name(Symbol(f"//{name}", name, c_types.FUNCTION, "undeclared"), span), (), VOID, span)
    reason = f"`{name}` is not declared: a macro of a header that was not read?"
    c.out.append(Unknown(reason, (), span, Evaluate(call, span)))
    return True


def _without_meaning(c: Context, node: Node) -> bool:
    function = node.child_by_field_name("function")
    return function is not None and function.type == "identifier" and c.text(function) in IGNORED


def effect_of_parts(c: Context, node: Node) -> None:
    parts, last = _parts_of_comma(node)
    for part in parts if last is None else (*parts, last):
        effect(c, part)


def _effects_or_calls(node: Node) -> bool:
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type in _HAS_EFFECT or top.type == "call_expression":
            return True
        stack.extend(top.children)
    return False


def _selects(c: Context, node: Node, since: int) -> bool:
    """`a ? f() : g()` as a statement is an `if`."""
    condition_node = node.child_by_field_name("condition")
    then_node = node.child_by_field_name("consequence")
    otherwise_node = node.child_by_field_name("alternative")
    if condition_node is None or then_node is None or otherwise_node is None or not _effects_or_calls(node):
        return False
    if c.depth >= MAX_DEPTH:
        return False
    c.depth += 1
    condition = sealed(c, expression(c, condition_node), since)
    with c.captured() as then:
        effect(c, then_node)
    with c.captured() as otherwise:
        effect(c, otherwise_node)
    c.depth -= 1
    arms = (Block(tuple(then), c.span(then_node)), Block(tuple(otherwise), c.span(otherwise_node)))
    c.out.append(If(condition, arms[0], arms[1], c.span(node)))
    return True


def _guarded_effect(c: Context, node: Node, since: int) -> None:
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None or c.depth >= MAX_DEPTH:
        opaque(c, node, "syntax error" if c.depth < MAX_DEPTH else "nested too deeply")
        return
    c.depth += 1
    condition = sealed(c, expression(c, left), since)
    with c.captured() as run:
        effect(c, right)
    c.depth -= 1
    span = c.span(right)
    blocks = (Block(tuple(run), span), Block((), span))
    then, otherwise = blocks if node.children[1].type == "&&" else blocks[::-1]
    c.out.append(If(condition, then, otherwise, c.span(node)))


EXPRESSIONS: Expressions = {
    "binary_expression": _binary,
    "unary_expression": _unary,
    "conditional_expression": _conditional,
    "comma_expression": _comma,
    "assignment_expression": _assignment,
    "update_expression": update,
}
