"""Values and sizes with which a parallel region runs and races: what bounds loops is large, the rest as in the witness.

Sizes of memory are found by interval arithmetic over the subscripts (Moore, "Interval Analysis", 1966): roughly, and
never too small where every part is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import (
    Binary,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Name,
    Unary,
    children,
    symbols,
    walk,
)
from analyzers.ir.statements import Assign, Construct, Declare, Loop, LoopHeader, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Witness

Interval = tuple[int, int]

FILLED = (1, 7)  # what elements hold at first
_ANYTHING = (0, 100)  # an integer of which nothing is known
# How far loops run, by how deeply they are nested. Primes: the shares of threads do not end where rows do.
_BY_DEPTH = {0: 1009, 1: 1009, 2: 101}
_DEEP = 23
_WITH_CONDITION = 100_003  # where an `if` clause asks for much work
_THREADS = 4
_CALLS = 10  # how deep what calls itself may go
_MOST = 4_000_000  # elements of one array


@dataclass(slots=True)
class Values:
    """The integers of a region: those from outside with one value each, indices and others with a range."""

    given: dict[Symbol, int] = field(default_factory=dict)
    ranges: dict[Symbol, Interval] = field(default_factory=dict)

    def interval(self, expr: Expr) -> Interval:
        """The values that an integer expression can have."""
        match expr:
            case Constant(value=value):
                return (value, value) if isinstance(value, int) else _ANYTHING
            case Name(symbol=symbol):
                if symbol in self.given:
                    return self.given[symbol], self.given[symbol]
                if symbol.storage == "constant" and symbol.value is not None:
                    return self.interval(symbol.value)
                return self.ranges.get(symbol, _ANYTHING)
            case Cast(operand=operand):
                return self.interval(operand)
            case Unary(op="-", operand=operand):
                low, high = self.interval(operand)
                return -high, -low
            case Unary(op="+", operand=operand):
                return self.interval(operand)
            case Element():
                return FILLED
            case Conditional(then=then, otherwise=otherwise):
                return _hull(self.interval(then), self.interval(otherwise))
            case Binary(op=op, left=left, right=right):
                return _combined(op, self.interval(left), self.interval(right))
            case _:
                return _ANYTHING


def _hull(one: Interval, other: Interval) -> Interval:
    return min(one[0], other[0]), max(one[1], other[1])


def _combined(op: str, one: Interval, other: Interval) -> Interval:
    (a, b), (c, d) = one, other
    match op:
        case "+":
            return a + c, b + d
        case "-":
            return a - d, b - c
        case "*":
            products = (a * c, a * d, b * c, b * d)
            return min(products), max(products)
        case "/":
            least = max(1, min(abs(c), abs(d)))
            return min(a // least, a), max(b // least, 0)
        case "%":
            most = max(abs(c), abs(d), 1) - 1
            return (-most if a < 0 else 0), min(most, max(b, 0)) if a >= 0 else most
        case "<<":
            return a, b << min(max(d, 0), 20)
        case ">>":
            return min(a, 0), max(b, 0)
        case "&":
            return 0, max(b, d, 0)
        case "|" | "^":
            return min(a, c, 0), 2 * max(b, d, 1)
        case "min":
            return min(a, c), min(b, d)
        case "max":
            return max(a, c), max(b, d)
        case _:
            return 0, 1  # a comparison


def choose(facts: FunctionFacts, body: Stmt, free: Iterable[Symbol], witness: Witness | None) -> Values:
    """Values for the integers `free` that come from outside `body`, and ranges for those that change in it."""
    loops = [s for s in walk_statements(body) if isinstance(s, Loop)]
    headers = [h for loop in loops if (h := facts.headers.get(id(loop)) or loop.header) is not None]
    asks = any(isinstance(s, Construct) and s.directive.first("if") is not None for s in walk_statements(body))
    deep = max((_depth(loop) for loop in loops), default=0)
    far = _WITH_CONDITION if asks and deep <= 1 else _BY_DEPTH.get(deep, _DEEP)
    shown = dict(witness.parameters) if witness is not None else {}
    sizes = {*_sizes(headers, facts, body), *_in_clauses(body, "if")}
    teams = set(_in_clauses(body, "num_threads"))
    values = Values()
    for symbol in free:
        if symbol.type.kind not in ("integer", "character", "logical"):
            continue
        known = _initial(facts, body, symbol)
        if known is not None:
            values.given[symbol] = known
        elif symbol in teams:
            values.given[symbol] = _THREADS
        elif symbol in sizes:
            values.given[symbol] = min(far, 100) if symbol.type.kind == "character" else far
        else:
            calls_itself = facts.function.name in facts.function.callees
            values.given[symbol] = shown.get(symbol.name, _CALLS if calls_itself else 1)
    changed = {s.target.symbol for s in walk_statements(body) if isinstance(s, Assign) and isinstance(s.target, Name)}
    _ranges(values, headers)
    for symbol in changed - {h.index for h in headers}:
        start = values.given.pop(symbol, 0)
        values.ranges[symbol] = (min(start, 0), max(start, far))
    return values


def _ranges(values: Values, headers: Sequence[LoopHeader]) -> None:
    """Indices run from the least to the greatest that their loops name; the bounds may be those of outer ones."""
    indices = {header.index for header in headers}
    for symbol in indices & values.given.keys():
        del values.given[symbol]
    for _ in range(3):
        for header in headers:
            low, high = _hull(values.interval(header.lower), values.interval(header.bound))
            before = values.ranges.get(header.index)
            found = (low, high - 1) if header.relation in ("<", "!=") and high > low else (low, high)
            values.ranges[header.index] = found if before is None else _hull(before, found)


def _depth(loop: Loop) -> int:
    return 1 + max((_depth(s) for s in walk_statements(loop.body) if isinstance(s, Loop)), default=0)


def _sizes(headers: Iterable[LoopHeader], facts: FunctionFacts, body: Stmt) -> Iterator[Symbol]:
    """What bounds loops from above, or is multiplied in a subscript, or is an extent: a size."""
    for header in headers:
        yield from _upward(header.bound if header.relation in ("<", "<=", "!=") else header.lower)
    for access in facts.accesses:
        if not body.span.contains(access.span):
            continue
        for index in subscripts(access):
            for each in walk(index):
                if isinstance(each, Binary) and each.op == "*":
                    yield from (s for s in symbols(each) if s.type.kind == "integer")
        if access.symbol is not None:
            for extent in extents(access.symbol):
                yield from symbols(extent) if extent is not None else ()


def _in_clauses(body: Stmt, name: str) -> Iterator[Symbol]:
    """The names in clauses: what a condition or a number of threads hangs on."""
    for stmt in walk_statements(body):
        if isinstance(stmt, Construct):
            for clause in stmt.directive.all(name):
                for item in clause.items:
                    yield from symbols(item.expr) if item.expr is not None else ()


def _upward(bound: Expr) -> Iterator[Symbol]:
    """The names with which a bound grows."""
    if isinstance(bound, Name):
        yield bound.symbol
    elif isinstance(bound, Binary):
        yield from _upward(bound.left)
        if bound.op not in ("-", "/", "%", ">>"):
            yield from _upward(bound.right)
    else:
        for child in children(bound):
            yield from _upward(child)


def _initial(facts: FunctionFacts, body: Stmt, symbol: Symbol) -> int | None:
    """The constant that a variable surely has when the region begins."""
    writes = [a for a in facts.accesses if a.symbol == symbol and a.writes and not a.path]
    if len(writes) != 1 or symbol.address_taken or writes[0].span.start >= body.span.start:
        return None
    statement = writes[0].statement
    if isinstance(statement, (Declare, Assign)) and isinstance(statement.value, Constant):
        value = statement.value.value
        return value if isinstance(value, int) and 0 <= value <= _WITH_CONDITION else None
    return None


def subscripts(access: Access) -> Iterator[Expr]:
    return (index for step in access.path if isinstance(step, Subscripts) for index in step.indices)


def extents(symbol: Symbol) -> tuple[Expr | None, ...]:
    """The extents of an array, or of the arrays that a pointer leads to."""
    type_ = symbol.type
    if type_.kind == "pointer" and type_.element is not None and type_.element.kind == "array":
        type_ = type_.element
    return tuple(extent.size for extent in type_.extents)


def reach(values: Values, symbol: Symbol, accesses: Iterable[Access], steps: int = 1) -> list[Interval]:
    """For each of the first `steps` subscripts of a variable, what it goes through."""
    found: list[Interval | None] = [None] * steps
    known = True
    for access in accesses:
        if access.symbol != symbol:
            continue
        indices = list(subscripts(access))[:steps]
        known = (known and access.exact) or bool(indices)
        for position, index in enumerate(indices):
            here, before = values.interval(index), found[position]
            found[position] = here if before is None else _hull(before, here)
    whole = _ANYTHING if known else (0, 1000)
    return [_limited(interval or whole) for interval in found]


def _limited(interval: Interval) -> Interval:
    return max(interval[0], -_MOST), min(interval[1], _MOST)
