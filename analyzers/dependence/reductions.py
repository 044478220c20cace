"""Reductions: variables that every iteration combines with one associative operator and does not use otherwise.

The identifiers are those of OpenMP 5.2 §5.5.5. A candidate is accepted only if every place in the loop that touches it
is such an update, because each thread works on its own copy until the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzers.dependence.facts import Reduction
from analyzers.dependence.inlining import expand
from analyzers.dependence.privatization import declared_inside, span_in
from analyzers.ir.expressions import (
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Expr,
    Field,
    Name,
    Unary,
    symbols,
    walk,
)
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.pointers import CallEffects
from analyzers.ir.statements import Assign, Block, Declare, If, Loop, LoopHeader, Stmt
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import place_of
from analyzers.ir.verdicts import Reason

_CHAINS = ("*", "&", "|", "^", "&&", "||")
_INTEGER_ONLY = ("&", "|", "^")
_TRUTHS = ("&&", "||", "==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Reductions:
    """What was found in one loop; `rejected` says for variables that look like reductions why they are none."""

    found: tuple[Reduction, ...] = ()
    rejected: Mapping[Symbol, Reason] = field(default_factory=dict)


@dataclass(slots=True)
class _Group:
    """The nodes of one update, with the operator; "flag" is an assignment of a constant under a condition."""

    op: str
    stmt: Stmt
    nodes: set[int]


def find(loop: Loop, graph: FlowGraph, header: LoopHeader | None = None) -> Reductions:
    """The scalar reductions of a loop and the near misses."""
    exposed = graph.exposed_mask(loop)
    written = graph.written_mask(loop)
    declared = declared_inside(loop)
    found: list[Reduction] = []
    rejected: dict[Symbol, Reason] = {}
    for symbol in sorted(graph.symbols_in(written), key=lambda s: (s.span, s.uid)):
        if symbol in declared or (header is not None and symbol == header.index):
            continue
        mask = graph.symbol_mask(symbol)
        flag = not exposed & mask
        if flag and not graph.live_out_mask(loop) & mask:
            continue
        verdict = _judge(symbol, loop, graph, flag=flag)
        if isinstance(verdict, Reduction):
            found.append(verdict)
        elif verdict is not None:
            rejected[symbol] = verdict
    return Reductions(tuple(found), rejected)


def _judge(symbol: Symbol, loop: Loop, graph: FlowGraph, *, flag: bool) -> Reduction | Reason | None:
    mask = graph.symbol_mask(symbol)
    nodes = [n for n in graph.nodes_of(loop) if (n.uses | n.writes) & mask]
    if symbol.type.kind == "record":
        return _member(symbol, nodes)
    if symbol.type.kind in ("pointer", "array", "function", "void") or symbol.type.volatile or symbol.type.atomic:
        return None
    if any(n.indirect & mask for n in nodes):
        return None
    groups, strangers = _updates(symbol, nodes, graph)
    if not groups:
        return _argmax(symbol, nodes)
    ops = {g.op for g in groups if g.op != "flag"}
    if not strangers and not ops:
        return _flag(symbol, groups, loop, graph)
    if strangers:
        return _other_use(symbol, groups, strangers, loop)
    if len(ops) > 1:
        text = f"`{symbol.name}` is combined by different operators ({', '.join(sorted(ops))})"
        return Reason("mixed-operators", text, span_in(symbol, groups[0].stmt, write=True), symbol.name)
    (op,) = ops
    if any(g.op == "flag" for g in groups):
        return Reason("mixed-operators", f"`{symbol.name}` is also set outright", groups[0].stmt.span, symbol.name)
    if flag:
        return None
    if op in ("&&", "||") and not is_flag(symbol, graph):
        text = f"`{symbol.name}` may be neither 0 nor 1 before the loop, which `{op}` would turn into 1"
        return Reason("no-reduction", text, span_in(symbol, groups[0].stmt, write=True), symbol.name)
    problem = _type_problem(symbol, op, groups)
    if problem is not None:
        return problem
    spans = tuple(span_in(symbol, g.stmt, write=True) for g in groups)
    return Reduction(symbol, op, symbol.name, symbol.type.kind in ("real", "complex"), spans)


def _updates(symbol: Symbol, nodes: list[Node], graph: FlowGraph) -> tuple[list[_Group], list[Node]]:
    """The updates of a variable and the nodes that touch it otherwise."""
    groups: list[_Group] = []
    taken: set[int] = set()
    for node in nodes:
        if isinstance(node.stmt, If):
            group = _guarded_extremum(symbol, node, node.stmt, graph)
            if group is not None:
                groups.append(group)
                taken |= group.nodes
    for node in nodes:
        if node.index in taken or node.stmt is None:
            continue
        op = _operator(symbol, node.stmt, graph.memory.effects)
        if op is not None:
            groups.append(_Group(op, node.stmt, {node.index}))
            taken.add(node.index)
    return groups, [n for n in nodes if n.index not in taken]


def _operator(symbol: Symbol, stmt: Stmt, effects: Mapping[str, CallEffects]) -> str | None:
    """The operator by which a statement combines the variable with something that does not depend on it."""
    match stmt:
        case Assign(target=Name(symbol=target), value=value, op=None) if target == symbol:
            return combined_by(expand(value, effects), symbol, effects)
        case Assign(target=Name(symbol=target), value=value, op=op) if target == symbol and op is not None:
            if symbol in symbols(value):
                return None
            if op == "-":
                return "+"
            return op if op in ("+", "min", "max", *_CHAINS) else None
        case _:
            return None


def combined_by(value: Expr, symbol: Symbol, effects: Mapping[str, CallEffects]) -> str | None:
    """The operator `op` for which `value` is `symbol op (something without symbol)`, in any association. `effects`
    tells whether a call combines its arguments like an operator."""
    if symbol not in symbols(value):
        return "flag" if isinstance(value, Constant) else None
    value = _uncast(value, symbol.type)
    match value:
        case Binary(op="+" | "-"):
            return "+" if _once_in_chain(value, symbol, ("+", "-")) else None
        case Binary(op=("*" | "&" | "|" | "^" | "&&" | "||") as op):
            return op if _once_in_chain(value, symbol, (op,)) else None
        case Binary(op=("min" | "max") as op, left=left, right=right):
            return op if _one_side(left, right, symbol) else None
        case Call(arguments=(left, right)):
            effect = effects.get(value.name or "")
            op_ = effect.combines if effect is not None else None
            return op_ if op_ is not None and _one_side(left, right, symbol) else None
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _ternary(condition, then, otherwise, symbol)
        case _:
            return None


def _uncast(expr: Expr, type_: Type) -> Expr:
    while isinstance(expr, Cast) and expr.type == type_:
        expr = expr.operand
    return expr


def _is(expr: Expr, symbol: Symbol) -> bool:
    while isinstance(expr, Cast):
        expr = expr.operand
    return isinstance(expr, Name) and expr.symbol == symbol


def _one_side(left: Expr, right: Expr, symbol: Symbol) -> bool:
    return (_is(left, symbol) and symbol not in symbols(right)) or (_is(right, symbol) and symbol not in symbols(left))


def _once_in_chain(value: Expr, symbol: Symbol, ops: tuple[str, ...]) -> bool:
    """Does the variable stand exactly once, and not subtracted, as a term of the chain?"""
    seen = 0
    stack: list[tuple[Expr, bool]] = [(value, False)]
    while stack:
        term, negative = stack.pop()
        if isinstance(term, Binary) and term.op in ops:
            stack += ((term.left, negative), (term.right, negative != (term.op == "-")))
        elif _is(term, symbol):
            if negative:
                return False
            seen += 1
        elif symbol in symbols(term):
            return False
    return seen == 1


def _ternary(condition: Expr, then: Expr, otherwise: Expr, symbol: Symbol) -> str | None:
    """`m = x > m ? x : m` and its mirror images; `ok = c ? ok : 0` is a flag kept or cleared."""
    if _is(then, symbol) == _is(otherwise, symbol):
        return None
    kept_if_true = _is(then, symbol)
    other = otherwise if kept_if_true else then
    if symbol in symbols(other):
        return None
    if symbol not in symbols(condition):
        return "flag" if isinstance(other, Constant) else None
    chosen = _comparison(condition, symbol, other)
    if chosen is None:
        return None
    return {"max": "min", "min": "max"}[chosen] if kept_if_true else chosen


def _comparison(condition: Expr, symbol: Symbol, other: Expr) -> str | None:
    """ "max" if the condition says that `other` exceeds the variable, "min" if it is below."""
    match condition:
        case Binary(op=("<" | "<=" | ">" | ">=") as op, left=left, right=right):
            below = op in ("<", "<=")
            if _is(left, symbol) and _same(right, other):
                return "max" if below else "min"
            if _is(right, symbol) and _same(left, other):
                return "min" if below else "max"
        case _:
            pass
    return None


def _same(left: Expr, right: Expr) -> bool:
    """Structural equality, casts aside; refuses what is too large to compare."""
    while isinstance(left, Cast):
        left = left.operand
    while isinstance(right, Cast):
        right = right.operand
    small = all(n < 100 for n, _ in enumerate(walk(left)))
    return small and left == right


def _guarded_extremum(symbol: Symbol, node: Node, stmt: If, graph: FlowGraph) -> _Group | None:
    """`if (x > m) m = x;` without an `else` and without anything else that depends on the comparison."""
    if stmt.otherwise.statements:
        return None
    body = _only(stmt.then)
    if not isinstance(body, Assign) or body.op is not None or not _is(body.target, symbol):
        return None
    if symbol in symbols(body.value):
        return None
    op = _comparison(stmt.condition, symbol, body.value)
    inner = graph.node_of(body)
    if op is None or inner is None:
        return None
    return _Group(op, body, {node.index, inner.index})


def _only(block: Block) -> Stmt | None:
    """The one statement in a block, blocks in blocks unwrapped."""
    while len(block.statements) == 1:
        inner = block.statements[0]
        if not isinstance(inner, Block):
            return inner
        block = inner
    return None


def _argmax(symbol: Symbol, nodes: list[Node]) -> Reason | None:
    """`if (a[i] > m) { m = a[i]; im = i; }`: the reason for both variables."""
    for node in nodes:
        stmt = node.stmt
        if not isinstance(stmt, If) or not isinstance(stmt.condition, Binary):
            continue
        sets = [s for s in stmt.then.statements if isinstance(s, Assign) and isinstance(s.target, Name)]
        targets = [s.target.symbol for s in sets if isinstance(s.target, Name)]
        ops = [_comparison(stmt.condition, symbol, s.value) for s in sets if _is(s.target, symbol)]
        if len(targets) > 1 and ops and ops[0] is not None:
            kind = "maximum" if ops[0] == "max" else "minimum"
            others = ", ".join(f"`{s.name}`" for s in dict.fromkeys(targets) if s != symbol)
            text = (
                f"`{symbol.name}` is an extremum whose place is kept in {others}: no built-in reduction keeps both; let"
                f" each thread find its own {kind} and combine them in a critical section, or declare a reduction"
            )
            return Reason("argmax", text, span_in(symbol, stmt, write=False), symbol.name)
    return None


def _flag(symbol: Symbol, groups: list[_Group], loop: Loop, graph: FlowGraph) -> Reduction | None:
    """`if (c) found = 1;`: a logical or; `if (!c) ok = 0;`: a logical and, of flags that are 0 or 1."""
    if not graph.symbol_mask(symbol) & ~graph.always_written_mask(loop):
        return None  # set in every iteration: lastprivate says it better
    values = {_constant(g.stmt, symbol) for g in groups}
    if len(values) != 1 or not is_flag(symbol, graph):
        return None
    op = "||" if values.pop() == 1 else "&&"
    spans = tuple(span_in(symbol, g.stmt, write=True) for g in groups)
    return Reduction(symbol, op, symbol.name, False, spans)


def is_flag(symbol: Symbol, graph: FlowGraph) -> bool:
    """Does the variable hold nothing but 0 and 1 in all of the function? Then `!= 0` loses nothing."""
    if symbol.type.kind == "logical":
        return True
    if symbol.type.kind != "integer" or symbol.storage != "local":
        return False
    mask = graph.symbol_mask(symbol)
    for node in graph.nodes:
        if not node.writes & mask:
            continue
        if node.indirect & mask:
            return False
        match node.stmt:
            case Declare(symbol=declared, value=value) if declared == symbol:
                if value is not None and not _is_truth(value, symbol):
                    return False
            case Assign(target=Name(symbol=target), value=value, op=None | "&" | "|" | "^" | "&&" | "||" | "*") if (
                target == symbol
            ):
                if not _is_truth(value, symbol):
                    return False
            case _:
                return False
    return True


def _is_truth(value: Expr, symbol: Symbol) -> bool:
    """Is the value 0 or 1, if the variable is?"""
    stack = [value]
    while stack:
        top = stack.pop()
        match top:
            case Constant(value=0 | 1):
                pass
            case Name(symbol=other) if other == symbol or other.type.kind == "logical":
                pass
            case Binary(op="<" | "<=" | ">" | ">=" | "==" | "!=" | "&&" | "||") | Unary(op="!"):
                pass
            case Binary(op="&" | "|" | "^" | "*", left=left, right=right):
                stack += (left, right)
            case Conditional(then=then, otherwise=otherwise):
                stack += (then, otherwise)
            case Cast(operand=operand):
                stack.append(operand)
            case _:
                return False
    return True


def _constant(stmt: Stmt, symbol: Symbol) -> object:
    """The constant that the statement may set the variable to."""
    if not isinstance(stmt, Assign):
        return None
    value = stmt.value
    if isinstance(value, Conditional):
        value = value.otherwise if _is(value.then, symbol) else value.then
    return value.value if isinstance(value, Constant) else None


def _type_problem(symbol: Symbol, op: str, groups: list[_Group]) -> Reason | None:
    """Operators that the type does not have as a reduction, and updates that round at every step."""
    kind = symbol.type.kind
    where = span_in(symbol, groups[0].stmt, write=True)
    if kind == "complex" and op not in ("+", "*"):
        return Reason("no-reduction", f"`{op}` is no reduction of complex numbers", where, symbol.name)
    if kind in ("real", "complex") and op in _INTEGER_ONLY:
        return Reason("no-reduction", f"`{op}` is no reduction of floating-point numbers", where, symbol.name)
    if any(_joins_objects(g.stmt.value) for g in groups if isinstance(g.stmt, Assign)):
        return Reason("no-reduction", f"`{symbol.name}` is joined with what is no number", where, symbol.name)
    if kind in ("integer", "logical", "character"):
        for group in groups:
            if isinstance(group.stmt, Assign) and is_real(group.stmt.value):
                text = f"`{symbol.name}` is an integer: every update rounds, so the order matters"
                return Reason("rounding", text, where, symbol.name)
    return None


def _joins_objects(value: Expr) -> bool:
    """Is an operand a string or another object, so that the order of the operands matters?"""
    pending = [value]
    while pending:
        part = pending.pop()
        if part.type.kind == "record":
            return True
        if isinstance(part, Binary):
            pending += (part.left, part.right)
        elif isinstance(part, Conditional):
            pending += (part.then, part.otherwise)
    return False


def is_real(value: Expr) -> bool:
    """Whether a value is rounded when an integer takes it; what a cast or a comparison has made an integer is not."""
    pending = [value]
    while pending:
        part = pending.pop()
        if part.type.kind in ("real", "complex"):
            return True
        if isinstance(part, Binary) and part.op not in _TRUTHS:
            pending += (part.left, part.right)
        elif isinstance(part, Unary) and part.op != "!":
            pending.append(part.operand)
        elif isinstance(part, Conditional):
            pending += (part.then, part.otherwise)
    return False


def _other_use(symbol: Symbol, groups: list[_Group], strangers: list[Node], loop: Loop) -> Reason | None:
    """A running total: combined like a reduction, but its intermediate values are used."""
    pair = _argmax(symbol, strangers)
    if pair is not None:
        return pair
    stranger = next((n for n in strangers if n.stmt is not None), None)
    if stranger is None or stranger.stmt is None or all(g.op == "flag" for g in groups):
        return None
    where = span_in(symbol, stranger.stmt, write=False)
    if stranger.stmt is loop:
        return None  # then it is the loop that is not counted
    if isinstance(stranger.stmt, Loop):
        return Reason(
            "running-value", f"a loop is controlled by the running value of `{symbol.name}`", where, symbol.name
        )
    only_reads = all(not n.kills for n in strangers if isinstance(n.stmt, Assign) and place_of(n.stmt.target))
    ops = {g.op for g in groups}
    if ops <= {"+", "*", "max", "min", "&", "|", "^"} and len(ops) == 1 and only_reads:
        text = (
            f"the running value of `{symbol.name}` is read: each iteration needs all earlier ones (a prefix operation)"
        )
        return Reason("scan", text, where, symbol.name)
    return Reason("running-value", f"`{symbol.name}` is also used outside its update", where, symbol.name)


def _member(symbol: Symbol, nodes: list[Node]) -> Reason | None:
    """`s.x += e`: OpenMP 5.2 §5.5 reduces variables and array sections, not members."""
    for node in nodes:
        stmt = node.stmt
        if not isinstance(stmt, Assign) or not isinstance(stmt.target, Field):
            continue
        found = place_of(stmt.target)
        if found is None or found[0][0] != symbol:
            continue
        if stmt.op in ("+", "-", *_CHAINS) or list(walk(stmt.value)).count(stmt.target) == 1:
            name = ".".join((symbol.name, *found[0][1]))
            text = (
                f"`{name}` looks like a reduction, but a clause cannot name a member: collect in a local scalar first"
            )
            return Reason("member-reduction", text, stmt.target.span, name)
    return None
