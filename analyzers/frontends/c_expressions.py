"""Expressions of C to `ir.expressions`; their side effects become statements in `Context.out`.

Effects that C performs after the value is taken (`i++`) wait in `Context.post` for the next sequence point.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tree_sitter import Node

from analyzers.frontends import c_literals, c_names, c_types
from analyzers.frontends.c_context import MAX_DEPTH, Context
from analyzers.frontends.c_guesses import by_subscripts, guesses
from analyzers.ir.expressions import (
    ONE,
    ZERO,
    Address,
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
    Unary,
    UnaryOp,
    walk,
)
from analyzers.ir.statements import Assign, Block, Evaluate, If, Stmt, Unknown
from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "&&", "||"))
_HAS_EFFECT = frozenset(("assignment_expression", "update_expression"))


def expression(c: Context, node: Node) -> Expr:
    """The value of an expression. Nothing is raised: what cannot be lowered is `Opaque` with its reason."""
    while node.type == "parenthesized_expression":
        inner = _inside(node)
        if inner is None:
            return opaque(c, node, "syntax error")
        node = inner
    handler = _HANDLERS.get(node.type)
    if handler is None:
        return opaque(c, node, _reason(node))
    if c.depth >= MAX_DEPTH:
        return too_deep(c, node)
    c.depth += 1
    try:
        return handler(c, node)
    finally:
        c.depth -= 1


def _inside(node: Node) -> Node | None:
    """The expression between parentheses."""
    inner = [n for n in node.named_children if n.type != "comment"]
    return inner[0] if len(inner) == 1 else None


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
                found[name] = Name(_noted(c, symbol), c.span(top))
        stack.extend(reversed(top.children))
    return tuple(found.values())


def _noted(c: Context, symbol: Symbol) -> Symbol:
    if symbol.storage == "global":
        c.globals[symbol.name] = symbol
    return symbol


# Names and literals


def _identifier(c: Context, node: Node) -> Expr:
    return named(c, c.data[node.start_byte : node.end_byte], node)


def named(c: Context, word: bytes, node: Node, subscripts: int = 0) -> Expr:
    """What a name stands for, `subscripts` brackets following it."""
    span = c.span(node)
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
            return Name(_noted(c, c_names.OBJECTS[name]), span)
        if name in ("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "__FILE__"):
            return Constant(c.function, c_types.STRING, span)
        if name == "__LINE__":
            return Constant(c.line(span.start) + 1, INT, span)
    return Name(c.undeclared(name, _guess(c, name, subscripts)), span)


def _guess(c: Context, name: str, subscripts: int) -> Type:
    """The type of an undeclared name by its use."""
    if c.guesses is None:
        c.guesses = {} if c.root is None else guesses(c.root, c.data, c.snippet)
    found = c.guesses.get(name)
    return found if found is not None else by_subscripts(subscripts, c.snippet)


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


# Operators


def _binary(c: Context, node: Node) -> Expr:
    spine: list[tuple[Node, str, Node]] = []
    current = node
    while current.type == "binary_expression":
        left = current.child_by_field_name("left")
        right = current.child_by_field_name("right")
        if left is None or right is None:
            break
        spine.append((current, current.children[1].type, right))
        current = left
        if current.type == "parenthesized_expression":
            inner = _inside(current)
            if inner is not None and inner.type == "binary_expression":
                current = inner
    if not spine:
        return opaque(c, node, "syntax error")
    value = expression(c, current)
    for whole, op, right in reversed(spine):
        if op in ("&&", "||"):
            value = _short_circuit(c, value, op, right, whole)
        else:
            value = combine(cast(BinaryOp, op), value, expression(c, right), c.span(whole))
    return value


def combine(op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr:
    """`left op right` with the type that C gives it."""
    if op in _COMPARISONS:
        return Binary(op, left, right, INT, span)
    first, second = left.type, right.type
    if op in ("+", "-"):
        if first.kind in ("pointer", "array"):
            if second.kind in ("pointer", "array"):
                return Binary(op, left, right, c_types.NAMED["ptrdiff_t"], span)
            return Binary(op, left, right, c_types.decayed(first), span)
        if second.kind in ("pointer", "array") and op == "+":
            return Binary(op, right, left, c_types.decayed(second), span)
    if op in ("<<", ">>"):
        return Binary(op, left, right, c_types.promoted(first), span)
    return Binary(op, left, right, c_types.common(first, second), span)


def _short_circuit(c: Context, left: Expr, op: str, right: Node, node: Node) -> Expr:
    """`&&` and `||`: the right side runs only if the left one asks for it, which matters when it has effects."""
    left = sealed(c, left)
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
    c.out.append(If(result, run if op == "&&" else empty, empty if op == "&&" else run, span, span))
    return result


def truth(value: Expr) -> Expr:
    """0 or 1."""
    if isinstance(value, Binary) and value.op in _COMPARISONS:
        return value
    return Binary("!=", value, ZERO, INT, value.span)


def sealed(c: Context, value: Expr) -> Expr:
    """The value as it is before the pending effects happen; they happen now."""
    if not c.post:
        return value
    if not isinstance(value, Constant):
        value = c.temporary(c_types.decayed(value.type), value.span, value)
    c.flush()
    return value


def _unary(c: Context, node: Node) -> Expr:
    operand_node = node.child_by_field_name("argument")
    if operand_node is None:
        return opaque(c, node, "syntax error")
    op = node.children[0].type
    operand = expression(c, operand_node)
    if op in ("-", "+", "!", "~"):
        return negated(cast(UnaryOp, op), operand, c.span(node))
    return operand if op == "__extension__" else opaque(c, node, f"`{op}`")


def negated(op: UnaryOp, operand: Expr, span: Span) -> Expr:
    if op == "-" and isinstance(operand, Constant) and isinstance(operand.value, (int, float)):
        if operand.type.is_unsigned:
            return Unary(op, operand, operand.type, span)
        return Constant(-operand.value, operand.type, span)
    return Unary(op, operand, INT if op == "!" else c_types.promoted(operand.type), span)


def _conditional(c: Context, node: Node) -> Expr:
    """`a ? b : c`; the right spine of a long chain is followed without recursion."""
    links: list[tuple[Expr, Expr, Node]] = []
    current = node
    while True:
        condition_node = current.child_by_field_name("condition")
        then_node = current.child_by_field_name("consequence")
        otherwise_node = current.child_by_field_name("alternative")
        if condition_node is None or otherwise_node is None:
            return opaque(c, node, "syntax error")
        condition = sealed(c, expression(c, condition_node))
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
            plain = (
                not effects and otherwise_node.type == "conditional_expression" and not _effects_below(otherwise_node)
            )
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
            value = Conditional(condition, then, otherwise, _merged(then.type, otherwise.type), span)
        break
    for condition, then, whole in reversed(links):
        value = Conditional(condition, then, value, _merged(then.type, value.type), c.span(whole))
    return value


def _merged(then: Type, otherwise: Type) -> Type:
    then, otherwise = c_types.decayed(then), c_types.decayed(otherwise)
    if then.kind in ("pointer", "record", "void"):
        return then
    if otherwise.kind == "pointer":
        return otherwise
    return c_types.common(then, otherwise)


def _branches(
    c: Context, condition: Expr, then: tuple[list[Stmt], Expr], otherwise: tuple[list[Stmt], Expr], span: Span
) -> Expr:
    kind = _merged(then[1].type, otherwise[1].type)
    result = c.temporary(kind, span, None)
    arms = [Block((*effects, Assign(result, value, None, span)), span) for effects, value in (then, otherwise)]
    c.out.append(If(condition, arms[0], arms[1], span, condition.span))
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
    rest: list[Node] = []
    current: Node | None = node
    while current is not None and current.type == "comma_expression":
        left = current.child_by_field_name("left")
        if left is not None:
            rest.append(left)
        current = current.child_by_field_name("right")
    for part in rest:
        effect(c, part)
    return ZERO if current is None else expression(c, current)


def _assignment(c: Context, node: Node) -> Expr:
    target, value = assign(c, node)
    if isinstance(value, Constant) and _fits(value, target.type):
        return Constant(value.value, target.type, c.span(node))
    return target


def _fits(value: Constant, kind: Type) -> bool:
    return kind.kind == "real" or (
        kind.kind == "integer" and isinstance(value.value, int) and 0 <= value.value < 1 << (kind.bits or 32) - 1
    )


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
    if isinstance(bare, (Name, Element, Field)):
        c.out.append(Assign(bare, value, op, span))
        return
    c.out.append(Unknown(f"assignment to `{c.text(node)[:60]}`", (target, value), span))


def _update(c: Context, node: Node) -> Expr:
    return update(c, node)


def update(c: Context, node: Node) -> Expr:
    """`++x` at once, `x++` at the next sequence point."""
    operand = node.child_by_field_name("argument")
    if operand is None:
        return opaque(c, node, "syntax error")
    target = expression(c, operand)
    first = node.children[0].type
    prefix = first in ("++", "--")
    op: BinaryOp = "+" if "++" in (first, node.children[-1].type) else "-"
    if not isinstance(target, (Name, Element, Field)):
        return opaque(c, node, "update of what is no variable")
    step = Assign(target, ONE, op, c.span(node))
    if prefix:
        c.out.append(step)
    else:
        c.post.append(step)
    return target


# Memory


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
        base = expression(c, current)
    for whole, index in reversed(chain):
        base = element(c, base, expression(c, index), c.span(whole))
    return base


def element(c: Context, base: Expr, index: Expr, span: Span) -> Expr:
    """`base[index]` in canonical form."""
    base, offset = _based(base)
    if base.type.kind not in ("pointer", "array") and index.type.kind in ("pointer", "array"):
        base, index = index, base  # 2[a]
        base, offset = _based(base)
    if offset is not None:
        index = index if offset == ZERO else offset if index == ZERO else _sum(offset, index, span)
    if isinstance(base, Address):
        inner = base.operand
        if isinstance(inner, Element) and inner.type.kind != "array":
            last = inner.subscripts[-1]
            index = last if index == ZERO else _sum(last, index, span)
            return Element(inner.base, (*inner.subscripts[:-1], index), inner.type, span)
        if index == ZERO and not isinstance(inner, Element):
            return inner
    kind = c_types.pointee(base.type)
    if isinstance(base, Element) and base.type.kind == "array":
        return Element(base.base, (*base.subscripts, index), kind, span)
    return Element(base, (index,), kind, span)


def _based(value: Expr) -> tuple[Expr, Expr | None]:
    """A pointer sum as base and offset: `p + i - 1` is p and i - 1."""
    terms: list[tuple[BinaryOp, Expr]] = []
    while isinstance(value, Binary) and value.op in ("+", "-") and value.type.kind == "pointer":
        terms.append((value.op, value.right))
        value = value.left
    offset: Expr | None = None
    for op, term in reversed(terms):
        if offset is None:
            offset = term if op == "+" else negated("-", term, term.span)
        else:
            offset = Binary(op, offset, term, c_types.common(c_types.common(offset.type, term.type), INT), term.span)
    return value, offset


def _sum(left: Expr, right: Expr, span: Span) -> Expr:
    return Binary("+", left, right, c_types.common(left.type, right.type), span)


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
        return element(c, operand, ZERO, c.span(node))
    return _address(operand, c.span(node))


def _address(operand: Expr, span: Span) -> Expr:
    if operand.type.kind == "function":
        return operand
    return Address(operand, c_types.pointer_to(operand.type), span)


def _field(c: Context, node: Node) -> Expr:
    chain: list[tuple[Node, bool, Node]] = []
    current = node
    while current.type == "field_expression":
        argument = current.child_by_field_name("argument")
        name = current.child_by_field_name("field")
        if argument is None or name is None:
            return opaque(c, node, "syntax error")
        chain.append((current, current.children[1].type == "->", name))
        current = argument
    base = expression(c, current)
    for whole, arrow, name in reversed(chain):
        span = c.span(whole)
        if arrow:
            base = element(c, base, ZERO, span)
        record = base.type
        if record.kind == "record" and record.fields is None and record.name:
            record = c.scope.find_tag(record.name) or _typedef(c, record.name) or record
        word = c.text(name)
        base = Field(base, word, record.field_type(word), span)
    return base


def _typedef(c: Context, name: str) -> Type | None:
    found = c.scope.find(name)
    return found if isinstance(found, Type) else None


def _call(c: Context, node: Node) -> Expr:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return opaque(c, node, "syntax error")
    kind = _cast_in_disguise(c, function)
    nodes = [n for n in arguments.named_children if n.type != "comment"]
    if kind is not None and len(nodes) == 1:
        return Cast(expression(c, nodes[0]), kind, c.span(node))
    callee = _callee(c, function)
    values = tuple(expression(c, n) for n in nodes)
    result = callee.type
    if result.kind == "pointer":
        result = c_types.pointee(result)
    result = (result.element or UNKNOWN_TYPE) if result.kind == "function" else UNKNOWN_TYPE
    span = c.span(node)
    if isinstance(callee, Name) and callee.symbol.name in ("__builtin_expect", "__builtin_assume_aligned") and values:
        return values[0]
    return Call(callee, values, result, span)


def _callee(c: Context, node: Node) -> Expr:
    while node.type == "parenthesized_expression":
        inner = _inside(node)
        if inner is None:
            break
        node = inner
    if node.type != "identifier":
        return expression(c, node)
    name = c.text(node)
    symbol = c.scope.find(name)
    if isinstance(symbol, Symbol):
        if symbol.storage == "undeclared" and symbol.type.kind == "unknown":
            symbol = c.undeclared(name, c_types.FUNCTION)
        if symbol.type.kind == "function":
            c.callees[name] = None
        return Name(_noted(c, symbol), c.span(node))
    result = c_names.RESULTS.get(name)
    if result is None:
        symbol = c.undeclared(name, c_types.FUNCTION)
    else:
        symbol = Symbol(f"//{name}", name, Type("function", f"{result.name} ()", element=result), "function")
    c.callees[name] = None
    return Name(symbol, c.span(node))


def _cast_in_disguise(c: Context, function: Node) -> Type | None:
    """`(T)(x)`, which without knowledge of `T` reads as a call."""
    if function.type != "parenthesized_expression":
        return None
    inner = _inside(function)
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
    while node.type == "parenthesized_expression":
        inner = _inside(node)
        if inner is None:
            return UNKNOWN_TYPE
        node = inner
    if node.type in ("identifier", "type_identifier"):
        found = c.scope.find(c.text(node))
        if isinstance(found, Type):
            return found
        return found.type if found is not None else c_types.NAMED.get(c.text(node), UNKNOWN_TYPE)
    value = effect_free(c, node)
    return value.type


def effect_free(c: Context, node: Node) -> Expr:
    """The value, its effects dropped: for what is not evaluated."""
    taints = len(c.taints)
    with c.captured() as dropped:
        value = expression(c, node)
        c.post.clear()
        dropped.clear()
    del c.taints[taints:]
    return value


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


def _statement_expression(c: Context, node: Node) -> Expr:
    return opaque(c, node, "a statement expression")


def _type_property(c: Context, node: Node) -> Expr:
    return Opaque(c.text(node), None, (), c_types.SIZE, c.span(node))


# Expressions for their effect


def effect(c: Context, node: Node) -> None:
    """An expression as a statement: its effects in order, and nothing for a value that nobody takes."""
    while node.type == "parenthesized_expression":
        inner = _inside(node)
        if inner is None:
            break
        node = inner
    match node.type:
        case "assignment_expression":
            assign(c, node)
        case "update_expression":
            update(c, node)
        case "comma_expression":
            effect_of_parts(c, node)
        case "conditional_expression" if _selects(c, node):
            pass
        case "binary_expression" if node.children[1].type in ("&&", "||") and _effects_or_calls(node):
            _guarded_effect(c, node)
        case _:
            before = len(c.out)
            value = expression(c, node)
            if isinstance(value, Opaque) and value.reason is not None and len(c.out) > before:
                pass  # said by an Unknown statement
            else:
                c.out.append(Evaluate(value, c.span(node)))
    c.flush()


def effect_of_parts(c: Context, node: Node) -> None:
    parts: list[Node] = []
    current: Node | None = node
    while current is not None and current.type == "comma_expression":
        left = current.child_by_field_name("left")
        if left is not None:
            parts.append(left)
        current = current.child_by_field_name("right")
    if current is not None:
        parts.append(current)
    for part in parts:
        effect(c, part)


def _effects_or_calls(node: Node) -> bool:
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type in _HAS_EFFECT or top.type == "call_expression":
            return True
        stack.extend(top.children)
    return False


def _selects(c: Context, node: Node) -> bool:
    """`a ? f() : g()` as a statement is an `if`."""
    condition_node = node.child_by_field_name("condition")
    then_node = node.child_by_field_name("consequence")
    otherwise_node = node.child_by_field_name("alternative")
    if condition_node is None or then_node is None or otherwise_node is None or not _effects_or_calls(node):
        return False
    if c.depth >= MAX_DEPTH:
        return False
    c.depth += 1
    condition = sealed(c, expression(c, condition_node))
    with c.captured() as then:
        effect(c, then_node)
    with c.captured() as otherwise:
        effect(c, otherwise_node)
    c.depth -= 1
    arms = (Block(tuple(then), c.span(then_node)), Block(tuple(otherwise), c.span(otherwise_node)))
    c.out.append(If(condition, arms[0], arms[1], c.span(node), c.span(condition_node)))
    return True


def _guarded_effect(c: Context, node: Node) -> None:
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None or c.depth >= MAX_DEPTH:
        opaque(c, node, "syntax error" if c.depth < MAX_DEPTH else "nested too deeply")
        return
    c.depth += 1
    condition = sealed(c, expression(c, left))
    with c.captured() as run:
        effect(c, right)
    c.depth -= 1
    span = c.span(right)
    blocks = (Block(tuple(run), span), Block((), span))
    then, otherwise = blocks if node.children[1].type == "&&" else blocks[::-1]
    c.out.append(If(condition, then, otherwise, c.span(node), c.span(left)))


# Constants


def constant_value(c: Context, node: Node) -> int | None:
    """The value of an integer constant expression, None where it is none."""
    return fold(effect_free(c, node))


def fold(value: Expr) -> int | None:
    """Evaluate constants; None where anything else takes part."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, int) else None
    stack: list[int] = []
    nodes = [e for e in walk(value)]
    if len(nodes) > 500:
        return None
    for part in reversed(nodes):
        match part:
            case Constant(value=int() as number):
                stack.append(number)
            case Name(symbol=symbol) if (
                symbol.storage != "local" and isinstance(symbol.value, Constant) and isinstance(symbol.value.value, int)
            ):
                stack.append(symbol.value.value)
            case Unary(op=op):
                operand = stack.pop()
                stack.append({"-": -operand, "+": operand, "!": int(not operand), "~": ~operand}[op])
            case Cast(type=kind) if kind.kind == "integer":
                pass
            case Binary(op=op):
                left, right = stack.pop(), stack.pop()
                result = _calculate(op, left, right)
                if result is None:
                    return None
                stack.append(result)
            case Conditional():
                condition, then, otherwise = stack.pop(), stack.pop(), stack.pop()
                stack.append(then if condition else otherwise)
            case _:
                return None
    return stack[0] if len(stack) == 1 else None


def _calculate(op: str, left: int, right: int) -> int | None:
    if op in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return quotient if op == "/" else left - quotient * right
    if op in ("<<", ">>") and not 0 <= right < 64:
        return None
    operations: dict[str, Callable[[int, int], int]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "<<": lambda a, b: a << b,
        ">>": lambda a, b: a >> b,
        "&": lambda a, b: a & b,
        "|": lambda a, b: a | b,
        "^": lambda a, b: a ^ b,
        "&&": lambda a, b: int(bool(a) and bool(b)),
        "||": lambda a, b: int(bool(a) or bool(b)),
        "==": lambda a, b: int(a == b),
        "!=": lambda a, b: int(a != b),
        "<": lambda a, b: int(a < b),
        "<=": lambda a, b: int(a <= b),
        ">": lambda a, b: int(a > b),
        ">=": lambda a, b: int(a >= b),
    }
    return operations[op](left, right) if op in operations else None


_HANDLERS: dict[str, Callable[[Context, Node], Expr]] = {
    "identifier": _identifier,
    "number_literal": _number,
    "char_literal": _character,
    "string_literal": _string,
    "concatenated_string": _string,
    "true": _constant_word,
    "false": _constant_word,
    "null": _constant_word,
    "binary_expression": _binary,
    "unary_expression": _unary,
    "conditional_expression": _conditional,
    "comma_expression": _comma,
    "assignment_expression": _assignment,
    "update_expression": _update,
    "subscript_expression": _subscript,
    "pointer_expression": _pointer,
    "field_expression": _field,
    "call_expression": _call,
    "cast_expression": _cast,
    "sizeof_expression": _sizeof,
    "alignof_expression": _type_property,
    "offsetof_expression": _type_property,
    "compound_literal_expression": _compound_literal,
    "initializer_list": lambda c, node: initial_value(c, node, UNKNOWN_TYPE),
    "compound_statement": _statement_expression,
}
