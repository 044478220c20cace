"""What a loop costs, and whether threads pay for it.

The unit is the operation (`analyzers.costs`, which also says what threads cost). The estimate decides nothing about
correctness; it keeps pragmas away from loops that finish before a team of threads has started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from analyzers.costs import DEFAULTS, Costs
from analyzers.dependence.facts import FunctionFacts, LoopShape
from analyzers.ir.accesses import Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Call, Constant, Element, Expr, Name, calls_in, children, symbols, walk
from analyzers.ir.statements import (
    Block,
    Declare,
    If,
    Jump,
    Loop,
    Stmt,
    Switch,
    expressions,
    loops,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Extent, Symbol, Type
from analyzers.openmp.nests import Nests, runs_once
from analyzers.standards.library import ALLOCATORS, OPERATIONS

SIGNAL = 10_000.0  # operations between two signals of a pipeline: threads that wait for one spin, and lose their turn
BARRIER = 20_000.0  # operations that a thread could do while it waits for the others
UNNOTICED = 100.0  # times the price is what is paid for: nobody notices
FEW_ROWS = 8.0  # iterations below which a pipeline is hardly full before it ends
MANY = 100_000.0  # iterations of an outermost loop whose bound is not known
SOME = 1_000.0  # of a loop inside another one
FEW = 100.0  # of a loop that cannot be counted, or whose length is looked up for each iteration of the one around
UNSEEN_CALL = 200.0  # and more, perhaps: a loop that makes one is never known to be small

Evenness = Literal["even", "triangular", "data"]


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one execution of a loop.

    `bounded`: no trip count below was assumed and no unseen function is called, so there is not more work than this;
    otherwise sizes were taken as large. `trips` and `counted` speak of the loop itself. `called`: the loops around the
    calls of its function.
    """

    operations: float
    trips: float
    bounded: bool
    counted: bool  # `trips` is the exact number of iterations
    repeated: bool = False  # it stands in another loop, here or where the function is called
    costs: Costs = DEFAULTS
    called: int = 0
    hot: bool = False  # it runs in loops in loops, here or where the function is called

    @property
    def each(self) -> float:
        """Operations of one iteration."""
        return self.operations / max(self.trips, 1.0)

    @property
    def enough(self) -> float:
        """The operations from which it is worth a parallel region."""
        return self.costs.pays_again if self.repeated else self.costs.pays

    @property
    def pays(self) -> bool:
        return self.operations >= self.enough


class Trips(NamedTuple):
    """Iterations of one execution of a loop; is that an upper bound, is it exact?"""

    number: float
    bounded: bool
    counted: bool


def works(function: FunctionFacts, costs: Costs = DEFAULTS) -> dict[int, Work]:
    """The work of every loop of a function, by `id(loop)`."""
    nests = Nests.of(function.shapes)
    trips: dict[int, Trips] = {}
    looked_up: dict[int, frozenset[Symbol]] = {}
    for facts in function.shapes:  # outer loops first: triangular bounds ask for the trips of the outer one
        if facts.parent is None:
            looked_up[id(facts.loop)] = _looked_up(facts)
        trips[id(facts.loop)] = _trips(facts, nests, trips, looked_up)
    found: dict[int, Work] = {}
    for facts in reversed(function.shapes):
        count, bounded, counted = trips[id(facts.loop)]
        each, below = of(facts.loop.body, found, costs)
        around, called = _around(facts, nests), function.called.loops
        hot = around + called > 1
        found[id(facts.loop)] = Work(
            count * each, count, bounded and below, counted, around + called > 0, costs, called, hot
        )
    return found


def evenness(facts: LoopShape, inner: tuple[LoopShape, ...]) -> Evenness:
    """How the work is spread over the iterations. `inner`: the loops below this one.

    triangular: an inner bound moves with the index, so that the work grows or shrinks steadily. data: how long an
    iteration takes depends on the data (an inner `while`, a `break`, a loop behind a condition).
    """
    uncounted = any((f.header is None and not runs_once(f.loop)) or _leaves_early(f.loop) for f in inner)
    if uncounted or _loop_behind_condition(facts.loop):
        return "data"
    index = facts.header.index if facts.header is not None else None
    if index is not None and any(_follows(f, index) for f in inner):
        return "triangular"
    return "even"


def _follows(inner: LoopShape, index: Symbol) -> bool:
    """Does the length of the inner loop change steadily with `index`?

    Not where it is only looked up with it, as in the rows of a sparse matrix (`start[r]` to `start[r + 1]`), and not
    where both bounds move together, as in a tile.
    """
    header = inner.header
    if header is None or _block_length(inner) is not None:
        return False
    return _named_outside_subscripts(header.lower, index) != _named_outside_subscripts(header.bound, index)


def _named_outside_subscripts(expr: Expr, symbol: Symbol) -> bool:
    stack = [expr]
    while stack:
        top = stack.pop()
        if isinstance(top, Name) and top.symbol == symbol:
            return True
        if not isinstance(top, Element):
            stack.extend(children(top))
    return False


def _looked_up(facts: LoopShape) -> frozenset[Symbol]:
    """The scalars that the loop sets to what it reads from memory."""
    return frozenset(
        a.symbol
        for a in facts.accesses
        if a.writes and not a.path and a.symbol is not None and a.value is not None and any(_elements(a.value))
    )


def _trips(
    facts: LoopShape,
    nests: Nests[LoopShape],
    outer: Mapping[int, Trips],
    looked_up: Mapping[int, frozenset[Symbol]],
) -> Trips:
    if facts.trip_count is not None:
        return Trips(float(facts.trip_count), True, True)
    if facts.header is None:
        return Trips(1.0, True, True) if runs_once(facts.loop) else Trips(FEW, False, False)
    step = abs(fold(facts.header.step) or 1)
    extent = _extent(facts)
    around = _moves_with(facts, nests)
    if extent is None and _is_looked_up(facts, nests, around, looked_up):
        return Trips(FEW, False, False)
    if around is None and extent is None:
        return Trips(SOME if _around(facts, nests) else MANY, False, False)
    if around is None:
        return Trips(max(1.0, (extent or 0) / step), True, False)
    block = _block_length(facts)
    if block is not None:
        return Trips(max(1.0, block / step), True, False)
    count, bounded, _ = outer[id(around.loop)]
    if extent is not None:
        count, bounded = min(count, float(extent)), True
    return Trips(max(1.0, count / (2 * step)), bounded, False)


def _around(facts: LoopShape, nests: Nests[LoopShape]) -> int:
    """How many loops there are around this one."""
    return sum(not runs_once(outer.loop) for outer in nests.above(facts))


def _moves_with(facts: LoopShape, nests: Nests[LoopShape]) -> LoopShape | None:
    """The innermost loop around this one with whose index its bounds move."""
    header = facts.header
    if header is None:
        return None
    return next(
        (
            f
            for f in nests.above(facts)
            if f.header is not None
            and any(_named_outside_subscripts(bound, f.header.index) for bound in (header.lower, header.bound))
        ),
        None,
    )


def _is_looked_up(
    facts: LoopShape,
    nests: Nests[LoopShape],
    around: LoopShape | None,
    looked_up: Mapping[int, frozenset[Symbol]],
) -> bool:
    """Does a loop around look up in each iteration how long this one is: the rows of a sparse matrix, the members of a
    cell? Such lists are short. `around`: the one with whose index the bounds move; where only one of them does, the
    loop is as long as that one."""
    header = facts.header
    if header is None:
        return False
    if around is not None and around.header is not None:
        index = around.header.index
        if not all(_named_outside_subscripts(bound, index) for bound in (header.lower, header.bound)):
            return False
    rows = {f.header.index for f in nests.above(facts) if f.header is not None}
    if any(not rows.isdisjoint(symbols(part)) for bound in (header.lower, header.bound) for part in _elements(bound)):
        return True
    used = {*symbols(header.lower), *symbols(header.bound)}
    outermost = next(iter(reversed(tuple(nests.above(facts)))), None)
    return outermost is not None and not used.isdisjoint(looked_up[id(outermost.loop)])


def _elements(expr: Expr) -> Iterator[Element]:
    return (part for part in walk(expr) if isinstance(part, Element))


def _block_length(facts: LoopShape) -> int | None:
    """The length of a tile: `for (i = ii; i < ii + 32; i++)`, also with `min(ii + 32, n)`."""
    header = facts.header
    if header is None:
        return None
    for bound in _alternatives(header.bound):
        match bound:
            case Binary(op="+", left=left, right=Constant(value=int() as length)) if left == header.lower:
                return length
            case Binary(op="+", left=Constant(value=int() as length), right=right) if right == header.lower:
                return length
    return None


def _alternatives(expr: Expr) -> tuple[Expr, ...]:
    return (expr.left, expr.right) if isinstance(expr, Binary) and expr.op == "min" else (expr,)


def _extent(facts: LoopShape) -> int | None:
    """The least extent of an array dimension that the index walks through: there cannot be more iterations."""
    if facts.header is None:
        return None
    index = facts.header.index
    sizes = [
        size
        for access in facts.accesses
        if access.symbol is not None and access.path and isinstance(access.path[0], Subscripts)
        for subscript, extent in zip(access.path[0].indices, _extents(access.symbol.type), strict=False)
        if extent is not None and _walks(subscript, index) and (size := fold(extent.size)) is not None
    ]
    return min(sizes, default=None)


def _extents(type_: Type) -> Iterator[Extent | None]:
    if type_.kind == "array":
        yield from type_.extents
    elif type_.kind == "pointer":
        yield type_.declared
        if type_.element is not None:
            yield from type_.element.extents


def _walks(subscript: Expr, index: Symbol) -> bool:
    """Is it `i`, `i + c` or `i - c`?"""
    match subscript:
        case Name(symbol=symbol):
            return symbol == index
        case Binary(op="+" | "-", left=Name(symbol=symbol), right=right):
            return symbol == index and fold(right) is not None
        case _:
            return False


def of(body: Block, known: Mapping[int, Work], costs: Costs) -> tuple[float, bool]:
    """Operations of one iteration of a loop with this body, and whether that is all there can be."""
    total = 1.0  # the loop's own test and step
    bounded = True
    stack: list[Stmt] = [body]
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, Loop):
            work = known.get(id(stmt))
            total += work.operations if work else FEW
            bounded = bounded and work is not None and work.bounded
            continue
        for expr in expressions(stmt):
            operations, seen = _operations(expr, costs)
            total += operations
            bounded = bounded and seen
        if isinstance(stmt, (If, Switch)) or (not isinstance(stmt, (Block, Declare)) and expressions(stmt)):
            total += 1.0
        stack.extend(substatements(stmt))
    return total, bounded


def _operations(expr: Expr, costs: Costs = DEFAULTS) -> tuple[float, bool]:
    """Loads and arithmetic; that of subscripts is the address unit's, and free, but not what they load. And whether all
    functions called are known."""
    total = 0.0
    seen = True
    stack = [(expr, False)]
    while stack:
        top, address = stack.pop()
        match top:
            case Element(base=base, subscripts=subscripts):
                total += 1.0
                stack.append((base, address))
                stack += [(subscript, True) for subscript in subscripts]
                continue
            case Binary(op="/" | "%"):
                total += costs.division
            case Binary() if not address:
                total += 1.0
            case Call():
                known = OPERATIONS.get(top.name or "")
                total += UNSEEN_CALL if known is None else known * costs.library
                seen = seen and known is not None
        stack += [(child, address) for child in children(top)]
    return total, seen


def calls_unseen(loop: Loop) -> bool:
    """Does the loop call a function of which nothing is known here?"""
    return not all(_operations(expr)[1] for stmt in walk_statements(loop.body) for expr in expressions(stmt))


def allocator(facts: LoopShape, nests: Nests[LoopShape], works: Mapping[int, Work]) -> str | None:
    """The function of the allocator that most of the work goes into: threads wait for each other there."""
    deepest = facts
    while inside := nests.children(deepest):
        deepest = max(inside, key=lambda f: works[id(f.loop)].operations)
    parts = [expr for stmt in walk_statements(deepest.loop.body) for expr in expressions(stmt)]
    calls = [call.name for expr in parts for call in calls_in(expr) if call.name in ALLOCATORS]
    total = sum(_operations(expr)[0] for expr in parts)
    return calls[0] if calls and 2 * len(calls) * UNSEEN_CALL > total else None


def _leaves_early(loop: Loop) -> bool:
    """Does a `break` or `return` end this loop (not one of a loop or switch below it)?"""
    stack: list[Stmt] = [loop.body]
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, Jump) and stmt.kind in ("break", "return", "goto"):
            return True
        if not isinstance(stmt, (Loop, Switch)):
            stack.extend(substatements(stmt))
    return False


def _loop_behind_condition(loop: Loop) -> bool:
    """Does only one branch of a condition hold a loop?"""
    stack: list[Stmt] = [loop.body]
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, If) and any(loops(stmt.then)) != any(loops(stmt.otherwise)):
            return True
        stack.extend(substatements(stmt))
    return False
