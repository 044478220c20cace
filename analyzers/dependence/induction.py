"""Counted loops: the canonical form of OpenMP 5.2 §4.4.1, found in `for` and `while` loops, and induction variables.

`normalise` gives the header that the dependence tests work with. Whether a directive may stand before the loop as it is
written is another question: `openmp.canonical`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analyzers.dependence.canonical import comparisons, early_exit, own_statements
from analyzers.dependence.rewriting import add, difference, scale, sign_of
from analyzers.dependence.spelling import spell
from analyzers.dependence.stores import changes_memory
from analyzers.dependence.trips import trip_count
from analyzers.dependence.values import Induction, Values
from analyzers.ir.expressions import (
    ONE,
    ZERO,
    Binary,
    Call,
    Cast,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Unary,
    symbols,
    walk,
)
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    Jump,
    Loop,
    LoopHeader,
    Relation,
    Stmt,
    walk_statements,
)
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import of_expression
from analyzers.ir.verdicts import Assumption, Reason
from analyzers.text import Span

ADDRESS = Type("integer", "ptrdiff_t", 64)

Unchanged = Callable[[Expr, Loop], bool]
"""Is the memory that an expression reads left alone by the loop?"""


def normalise(loop: Loop, graph: FlowGraph, unchanged: Unchanged | None = None) -> LoopHeader | Reason:
    """The counted form of a loop, or why it has none.

    `unchanged` may know better than the types whether a bound that lives in memory (`p->n`, `row[i + 1]`) is written in
    the loop. The lower bound of `for (; i < n; i++)` is an entry symbol: the value of `i` before the loop.
    """
    if loop.tainted is not None:
        return Reason("tainted", f"the loop could not be read completely: {loop.tainted}", loop.taint_span)
    exit_ = early_exit(loop)
    if exit_ is not None:
        return exit_
    if loop.header is not None:
        return loop.header
    if loop.condition is None:
        return Reason("not-canonical", "the loop has no condition to count with", loop.header_span)
    unchanged = unchanged or (
        lambda expr, inside: (
            memory_unchanged(expr, inside, graph) or (graph.lenient and _supposed_unchanged(expr, inside, graph))
        )
    )
    first: Reason | None = None
    for index, relation, bound in comparisons(loop.condition):
        found = _counted(loop, index, relation, bound, graph, unchanged)
        if isinstance(found, LoopHeader):
            return found
        first = first or found
    return first or Reason("not-canonical", "the condition compares no loop index with a bound", loop.header_span)


def _counted(
    loop: Loop, index: Symbol, relation: Relation, bound: Expr, graph: FlowGraph, unchanged: Unchanged
) -> LoopHeader | Reason:
    where = loop.header_span
    if index.type.kind not in ("integer", "pointer", "unknown", "character"):
        return Reason("not-canonical", f"the loop index `{index.name}` is no integer", where, index.name)
    if index.type.volatile or index.type.atomic:
        return Reason("not-canonical", f"the loop index `{index.name}` is volatile or atomic", where, index.name)
    update = _single_update(loop, index, graph)
    if isinstance(update, Reason):
        return update
    if any(n.indirect & graph.symbol_mask(index) for n in graph.nodes_of(loop)):
        return Reason("index-reached", f"`{index.name}` is also read through a pointer or by a call", where, index.name)
    step = increment(update, index)
    if step is None:
        text = f"`{index.name}` is not moved by a constant amount"
        return Reason("not-canonical", text, update.span, index.name)
    if not invariant(step, loop, graph, unchanged):
        return Reason("not-canonical", f"the step of `{index.name}` changes in the loop", update.span, index.name)
    if not invariant(bound, loop, graph, unchanged):
        return Reason("bound-varies", "the bound of the loop may change while it runs", where)
    sign = sign_of(step)
    if sign == 0 or (sign is None and relation == "!="):
        return Reason("not-canonical", f"the step of `{index.name}` has no known direction", update.span, index.name)
    if (relation in ("<", "<=") and sign == -1) or (relation in (">", ">=") and sign == 1):
        return Reason("not-canonical", f"`{index.name}` moves away from its bound", update.span, index.name)
    if relation == "!=" and not (isinstance(step, Constant) and abs(int(step.value)) == 1):
        return Reason("not-canonical", f"`{index.name} != bound` needs a step of one", update.span, index.name)
    if index.type.is_unsigned and relation == ">=" and bound == ZERO:
        return Reason("not-canonical", f"`{index.name} >= 0` is always true: it is unsigned", where, index.name)
    values = Values(graph)
    lower, declares = initial_value(loop, index, graph, values)
    if not invariant(lower, loop, graph, unchanged):
        lower = values.entry_symbol(index, loop)
    lower, bound, step = (_resolved(part, loop, graph, unchanged, values) for part in (lower, bound, step))
    header = LoopHeader(index, lower, relation, bound, step, declares)
    if loop.kind == "do-while" and not trip_count(header):
        return Reason("not-canonical", "the body runs once before the first test", where, index.name)
    return header


def _resolved(expr: Expr, loop: Loop, graph: FlowGraph, unchanged: Unchanged, values: Values) -> Expr:
    """A part of the header with temporaries replaced as they are in subscripts, so that the two can be compared."""
    found = values.resolve(expr, loop)
    return found if found is expr or invariant(found, loop, graph, unchanged) else expr


def _single_update(loop: Loop, index: Symbol, graph: FlowGraph) -> Assign | Reason:
    """The one statement that moves the index, at the end of every iteration."""
    writers = [n for n in graph.nodes_of(loop) if n.writes & graph.symbol_mask(index)]
    where = loop.header_span
    if not writers:
        text = f"`{index.name}` does not change in the loop"
        return Reason("not-canonical", text, where, index.name)
    last = _last_of_iteration(loop)
    found: Assign | None = None
    for node in writers:
        stmt = node.stmt
        if isinstance(stmt, Assign) and any(stmt is candidate for candidate in last):
            found = stmt
            continue
        text = f"`{index.name}` is changed inside the loop"
        return Reason("index-modified", text, _span_of(node, loop), index.name)
    assert found is not None
    if len({id(n.stmt) for n in writers}) > 1:
        return Reason("not-canonical", f"`{index.name}` is changed more than once", where, index.name)
    return found


def _span_of(node: Node, loop: Loop) -> Span:
    return node.stmt.span if node.stmt is not None else loop.header_span


def _last_of_iteration(loop: Loop) -> tuple[Stmt, ...]:
    """The statements that surely run last in every iteration: the step, or the tail of a body without `continue`."""
    if loop.step:
        return loop.step
    tail: list[Stmt] = []
    statements = loop.body.statements
    if any(isinstance(s, Jump) and s.kind == "continue" for s in own_statements(loop.body)):
        return ()
    for stmt in reversed(statements):
        if isinstance(stmt, Block) and len(stmt.statements) == 1:
            stmt = stmt.statements[0]
        if not isinstance(stmt, Assign):
            break
        tail.append(stmt)
        # Further updates before it are the tail too, as long as nothing after them reads what they move.
        break
    return tuple(tail)


def increment(update: Stmt, index: Symbol) -> Expr | None:
    """The signed amount by which a statement moves a variable: `i++`, `i -= 2`, `i = 3 + i`."""
    match update:
        case Assign(target=Name(symbol=symbol), value=value, op=None) if symbol == index:
            return _amount(value, index)
        case Assign(target=Name(symbol=symbol), value=value, op="+") if symbol == index:
            return _without(value, index)
        case Assign(target=Name(symbol=symbol), value=value, op="-") if symbol == index:
            return scale(-1, value) if _without(value, index) is not None else None
        case _:
            return None


def _without(value: Expr, index: Symbol) -> Expr | None:
    return None if index in symbols(value) else value


def _amount(value: Expr, index: Symbol) -> Expr | None:
    """`value - index`, where the index stands once and positively in a sum."""
    total: Expr = ZERO
    seen = 0
    stack: list[tuple[Expr, int]] = [(value, 1)]
    while stack:
        term, factor = stack.pop()
        match term:
            case Binary(op="+", left=left, right=right):
                stack += ((right, factor), (left, factor))
            case Binary(op="-", left=left, right=right):
                stack += ((right, -factor), (left, factor))
            case Name(symbol=symbol) if symbol == index:
                if factor < 0:
                    return None
                seen += 1
            case Cast(operand=operand, type=type_) if type_ == index.type:
                stack.append((operand, factor))
            case _:
                if index in symbols(term):
                    return None
                total = add(total, scale(factor, term))
    return total if seen == 1 else None


def initial_value(loop: Loop, index: Symbol, graph: FlowGraph, values: Values | None = None) -> tuple[Expr, bool]:
    """The value of a variable when the loop begins and whether the loop declares it."""
    for stmt in reversed(loop.init):
        match stmt:
            case Assign(target=Name(symbol=symbol), value=value, op=None) if symbol == index:
                if not any(s in _assigned(loop.init) for s in symbols(value)):
                    return value, False
                break
            case Declare(symbol=symbol, value=value) if symbol == index and value is not None:
                return value, True
            case Assign(target=Name(symbol=symbol)) if symbol == index:
                break
            case _:
                pass
    return (values or Values(graph)).entry(index, loop), False


def _assigned(init: tuple[Stmt, ...]) -> set[Symbol]:
    return {s.target.symbol for s in init if isinstance(s, Assign) and isinstance(s.target, Name)}


def invariant(expr: Expr, loop: Loop, graph: FlowGraph, unchanged: Unchanged) -> bool:
    """Has the expression the same value in every iteration?"""
    reads_memory = False
    for part in walk(expr):
        match part:
            case Name(symbol=symbol):
                if not graph.fixed_in(symbol, loop):
                    # A member of a record may stay while others change; be exact only for whole variables.
                    return False
            case Call():
                effect = graph.memory.effects.get(part.name) if part.name else None
                if effect is None or effect.unknown is not None or effect.writes or effect.reads:
                    return False
                if effect.memory or any(use != "none" for use in effect.parameters):
                    reads_memory = True
            case Constant() | Unary() | Binary() | Cast():
                pass
            case _:
                reads_memory = True
    return not reads_memory or unchanged(expr, loop)


def memory_unchanged(expr: Expr, loop: Loop, graph: FlowGraph) -> bool:
    """Does nothing in the loop write memory that the expression may read? What has to be assumed for it is kept in
    `graph.relied`."""
    found = changes_memory(expr, graph.nodes_of(loop), graph)
    if found is None and (loop, expr) in graph.supposed:
        found = frozenset({_kept(expr)})
    if found:
        graph.relied.setdefault(loop, set()).update(found)
    return found is not None


def _supposed_unchanged(expr: Expr, loop: Loop, graph: FlowGraph) -> bool:
    """Suppose that the loop leaves a bound in memory alone, unless it plainly assigns to what the bound is read from;
    what is supposed is kept in `graph.supposed`."""
    read = {_members(lvalue) for lvalue in (*of_expression(expr).loads, *of_expression(expr).elements)}
    for node in graph.nodes_of(loop):
        if node.raw.opaque is not None:
            return False
        if not read.isdisjoint(_members(store) for store in (*node.raw.stores, *node.raw.element_stores)):
            return False
    graph.supposed.add((loop, expr))
    return memory_unchanged(expr, loop, graph)


def _members(lvalue: Expr) -> tuple[Expr | str, ...]:
    """What an lvalue starts from and the members on the way."""
    found: list[Expr | str] = []
    while isinstance(lvalue, (Element, Field)):
        if isinstance(lvalue, Field):
            found.append(lvalue.name)
        lvalue = lvalue.base
    return (lvalue, *found)


def _kept(expr: Expr) -> Assumption:
    return Assumption("condition", f"the loop does not change `{spell(expr)}`", "strong")


def values_of(graph: FlowGraph, headers: Mapping[Loop, LoopHeader], unchanged: Unchanged | None = None) -> Values:
    """The values of variables in a function whose counted loops are `headers` (outer loops first).

    `Values.headers` holds the headers again, with bounds that move with an outer loop in terms of its index.
    """
    values = Values(graph)
    ask = unchanged or (lambda expr, inside: memory_unchanged(expr, inside, graph))
    for loop, header in headers.items():
        values.count(loop, _numbered(header, loop, graph, values) if header.index.is_pointer else header)
    for loop, header in [*values.headers.items()]:
        lower, bound = (_resolved(part, loop, graph, ask, values) for part in (header.lower, header.bound))
        header = replace(header, lower=lower, bound=bound)
        values.count(loop, header)
        values.learn(loop, induction_variables(loop, header, graph, unchanged, values))
    return values


def _numbered(header: LoopHeader, loop: Loop, graph: FlowGraph, values: Values) -> LoopHeader:
    """`for (p = a; p < a + n; p++)` counted in elements: addresses become numbers, and `*p` is `a[p - a]`."""
    lower, bound = as_number(header.lower), as_number(header.bound)
    index = as_number(Name(header.index))
    if lower is None or bound is None or index is None:
        return header
    before = Binary("+", header.lower, Binary("-", index, lower, ADDRESS), header.lower.type)
    update = _single_update(loop, header.index, graph)
    if isinstance(update, Assign):
        values.pointers[loop] = Induction(header.index, header.lower, header.step, update, before)
    return replace(header, lower=lower, bound=bound)


def as_number(expr: Expr) -> Expr | None:
    """A sum of pointers and integers with the pointers taken as numbers of elements, None where it is no such sum."""
    match expr:
        case Name(symbol=symbol) if symbol.type.kind in ("pointer", "array"):
            return Name(replace(symbol, type=ADDRESS), expr.span)
        case Binary(op="+" | "-" as op, left=left, right=right) if expr.type.kind in ("pointer", "array"):
            first = as_number(left) if left.type.kind in ("pointer", "array") else left
            second = as_number(right) if right.type.kind in ("pointer", "array") else right
            return None if first is None or second is None else Binary(op, first, second, ADDRESS)
        case _:
            return None


def induction_variables(
    loop: Loop, header: LoopHeader, graph: FlowGraph, unchanged: Unchanged | None = None, values: Values | None = None
) -> dict[Symbol, Induction]:
    """The secondary induction variables of a counted loop: moved by one `k += c` in every iteration, or by a loop
    inside that does so a fixed number of times."""
    if len(graph.regions(loop)) != 1:
        return {}
    values = values or Values(graph)
    unchanged = unchanged or (lambda expr, inside: memory_unchanged(expr, inside, graph))
    writers: dict[Symbol, list[Node]] = {}
    for node in graph.nodes_of(loop):
        if node.writes:
            for symbol in graph.symbols_in(node.writes):
                writers.setdefault(symbol, []).append(node)
    count: Expr | None = None
    found: dict[Symbol, Induction] = {}
    for symbol, nodes in writers.items():
        if symbol == header.index or len(nodes) != 1:
            continue
        if symbol.storage == "static" and symbol.depth > header.index.depth:
            continue  # declared inside, perhaps: no clause outside can name it
        if symbol.type.kind not in ("integer", "pointer", "unknown"):
            continue
        if symbol.type.volatile or symbol.type.atomic or not isinstance(nodes[0].stmt, Assign):
            continue
        if (symbol.type.bits or 64) < 32:
            continue  # it wraps around soon
        if any(n.indirect & graph.symbol_mask(symbol) for n in graph.nodes_of(loop)):
            continue  # each thread would move a copy, and pointers lead to the original
        if _declared_in(symbol, loop):
            continue
        move = _movement(symbol, nodes[0], loop, graph, unchanged, values)
        if move is None:
            continue
        count = count or iteration_number(header, loop, graph, unchanged)
        if count is None:
            return found
        start = _start(symbol, loop, graph, values)
        if not invariant(start, loop, graph, unchanged):
            start = values.entry_symbol(symbol, loop)
        before = add(start, scale_by(move.amount, count))
        if isinstance(before, Binary):
            before = replace(before, type=symbol.type)
        found[symbol] = Induction(
            symbol, start, move.amount, nodes[0].stmt, before, through=move.through, counted=move.counted
        )
    return found


def _declared_in(symbol: Symbol, loop: Loop) -> bool:
    return any(isinstance(s, Declare) and s.symbol == symbol for s in walk_statements(loop.body))


def _start(symbol: Symbol, loop: Loop, graph: FlowGraph, values: Values) -> Expr:
    """The value of the variable when the loop begins. Where a loop around moves it through this one, that one knows."""
    for outer, known in values.inductions.items():
        induction = known.get(symbol)
        if induction is not None and induction.through is loop and outer is not loop:
            return induction.before
    return initial_value(loop, symbol, graph, values)[0]


@dataclass(frozen=True, slots=True)
class _Movement:
    """By how much a variable moves in one iteration, through which loop inside, and whether it surely does."""

    amount: Expr
    through: Loop | None
    counted: bool


def _movement(
    symbol: Symbol, node: Node, loop: Loop, graph: FlowGraph, unchanged: Unchanged, values: Values
) -> _Movement | None:
    update = node.stmt
    assert isinstance(update, Assign)
    amount = increment(update, symbol)
    if amount is None or not invariant(amount, loop, graph, unchanged):
        return None
    path = _loops_around(update, loop)
    if not path:
        surely = not graph.symbol_mask(symbol) & ~graph.always_written_mask(loop)
        return _Movement(amount, None, True) if surely else None
    counted = True
    for position, inner in enumerate(path):
        around = path[position - 1] if position else loop
        header = values.headers.get(inner)
        if header is None or len(graph.regions(inner)) != 1 or not _always_reached(inner, around):
            return None
        trips = _trips(header)
        if trips is None or not invariant(trips, loop, graph, unchanged):
            return None
        counted = counted and _not_negative(trips, header)
        amount = scale_by(amount, trips)
    if graph.symbol_mask(symbol) & ~graph.always_written_mask(path[-1]):
        return None
    if not counted and graph.live_out_mask(loop) & graph.symbol_mask(symbol):
        return None
    return _Movement(amount, path[0], counted)


def _loops_around(stmt: Stmt, loop: Loop) -> list[Loop]:
    """The loops inside `loop` that hold the statement, outermost first."""
    path: list[Loop] = []
    current = loop
    while True:
        inner = next(
            (
                s
                for s in walk_statements(current.body)
                if isinstance(s, Loop) and any(below is stmt for below in walk_statements(s))
            ),
            None,
        )
        if inner is None:
            return path
        path.append(inner)
        current = inner


def _always_reached(inner: Loop, around: Loop) -> bool:
    """Does every iteration of `around` come to `inner`? Judged by the text: it stands there plainly."""
    if any(isinstance(s, Jump) for s in own_statements(around.body)):
        return False
    block: Block = around.body
    while True:
        if any(s is inner for s in block.statements):
            return True
        deeper = next((s for s in block.statements if any(b is inner for b in walk_statements(s))), None)
        if isinstance(deeper, Construct) and deeper.body is not None and not deeper.directive.has(*_NOT_BY_ALL):
            deeper = deeper.body
        if not isinstance(deeper, Block):
            return False
        block = deeper


_NOT_BY_ALL = ("sections", "section", "task", "target", "masked", "master", "single")


def _trips(header: LoopHeader) -> Expr | None:
    """The number of iterations where the step is one and the bounds are in order."""
    if header.index.type.kind == "pointer":
        return None
    if header.step == ONE and header.relation in ("<", "<=", "!="):
        return add(difference(header.bound, header.lower), ONE if header.relation == "<=" else ZERO)
    if header.step == Constant(-1) and header.relation in (">", ">=", "!="):
        return add(difference(header.lower, header.bound), ONE if header.relation == ">=" else ZERO)
    return None


def _not_negative(trips: Expr, header: LoopHeader) -> bool:
    if isinstance(trips, Constant):
        return isinstance(trips.value, int) and trips.value >= 0
    unsigned = header.bound.type.is_unsigned and header.relation in ("<", "<=")
    return unsigned and isinstance(header.lower, Constant) and header.lower == ZERO


def scale_by(step: Expr, count: Expr) -> Expr:
    if isinstance(step, Constant) and isinstance(step.value, int):
        return scale(step.value, count)
    if isinstance(count, Constant) and isinstance(count.value, int):
        return scale(count.value, step)
    if count == ONE:
        return step
    if step == ONE:
        return count
    return Binary("*", step, count, step.type if (step.type.bits or 0) >= (count.type.bits or 0) else count.type)


def iteration_number(header: LoopHeader, loop: Loop, graph: FlowGraph, unchanged: Unchanged) -> Expr | None:
    """`(index - lower) / step` for steps of one: counted from zero; None where it is no simple sum."""
    if header.index.type.kind == "pointer" or not isinstance(header.step, Constant):
        return None
    lower = header.lower
    if not invariant(lower, loop, graph, unchanged):
        return None
    distance = difference(Name(header.index), lower)
    if header.step.value == 1:
        return distance
    if header.step.value == -1:
        return scale(-1, distance)
    if isinstance(header.step.value, int):
        return Binary("/", distance, header.step)
    return None
