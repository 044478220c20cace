"""From how much work on a team of threads pays, as a condition for the `if` clause (OpenMP 5.2 §3.4).

It is asked for where a loop may well be too short, and nowhere else:

- where its bounds move with the index of a loop around it that runs one iteration after the other: in the elimination
  of a matrix the part that is left shrinks to nothing;
- where an iteration is little work and nothing says how many there are: a copy, a sum, a loop that sets up;
- where it runs in loops in loops, here or where its function is called: the inner ones are short more often than not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.spelling import spell
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Constant, Element, Expr, Field, Name, symbols, walk
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader
from analyzers.ir.symbols import Symbol
from analyzers.openmp.cost import Work
from analyzers.openmp.nests import Nests

LONG = 20_000.0  # iterations that a loop may be trusted to have; one that pays from fewer needs no condition
LONG_IF_CALLED = 2_000.0  # the same where its function is called from a loop
LONG_IF_HOT = 100.0  # the same where it runs in loops in loops
NEVER = 100_000.0  # iterations that such a loop never has
SMALL = 100  # a constant that is left out beside a number as large as these


@dataclass(frozen=True, slots=True)
class Threshold:
    """`condition`: when a loop pays; "" where that goes without saying, or cannot be said. `iterations`: from how many
    on. `needed`: without a condition it is better not to start threads."""

    condition: str = ""
    iterations: int = 0
    needed: bool = False


def of(facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work]) -> Threshold:
    """The threshold of a loop that pays as its work is estimated."""
    work = works[id(facts.loop)]
    if not work.pays:
        return Threshold()
    outside = {outer.header.index for outer in nests.above(facts) if outer.header is not None}
    unit, moves = work.operations, False
    open_ended: list[LoopFacts] = []
    for each in _chain(facts, nests, works):
        if each.trip_count is not None:
            continue
        open_ended.append(each)
        moves = moves or bool(_used(each) & outside)
        unit /= max(works[id(each.loop)].trips * _step(each), 1.0)
    costs = work.costs
    # The cost of starting adds up.
    again = costs.pays_again / costs.pays if costs.pays and (work.called or work.hot) else 1.0
    least = again * costs.pays_two / unit
    hot = work.hot and not work.bounded and least > LONG_IF_HOT
    long = LONG_IF_CALLED if work.called else LONG
    light = not work.bounded and costs.pays_two / work.each > long
    if not moves and not hot and not light:
        return Threshold()
    alone = len(open_ended) == 1
    never = work.called > 0 and hot and alone and least > NEVER
    condition = "" if never else _condition(open_ended, facts, least)
    return Threshold(condition, _rounded(least), work.called > 0 and alone and not condition)


def _condition(loops: list[LoopFacts], facts: LoopFacts, least: float) -> str:
    """What compares the number of iterations with the least one; "" where it cannot be written."""
    product: Expr | None = None
    for each in loops:
        size = _size(each)
        # What is looked up for a loop inside may not be there where this one has no iterations.
        if size is None or not _stays(size, facts) or (each is not facts and not _needs_no_memory(size)):
            return ""
        product = size if product is None else Binary("*", product, size)
    if product is None:
        return ""
    # A product of two sizes may be more than an `int` holds.
    return f"{'1.0 * ' if len(loops) > 1 else ''}{spell(product)} > {_rounded(least)}"


def _chain(facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work]) -> list[LoopFacts]:
    """The loop and, level by level, the loop inside that does most of the work; up to one that moves with these."""
    found = [facts]
    while inside := nests.children(found[-1]):
        most = max(inside, key=lambda f: works[id(f.loop)].operations)
        if most.header is None or _used(most) & {f.header.index for f in found if f.header is not None}:
            break
        found.append(most)
    return found


def _used(facts: LoopFacts) -> set[Symbol]:
    return set() if facts.header is None else {*symbols(facts.header.lower), *symbols(facts.header.bound)}


def _step(facts: LoopFacts) -> float:
    return abs(fold(facts.header.step) or 1) if facts.header is not None else 1.0


def _size(facts: LoopFacts) -> Expr | None:
    """The length of the range that the loop counts through, as people would write it."""
    header = facts.header
    if header is None or header.relation == "!=":
        return None
    start, end = _written_start(facts.loop, header), _written_end(facts.loop, header)
    low, high = (start, end) if header.relation in ("<", "<=") else (end, start)
    if not _is_plain(low) or not _is_plain(high):
        return None
    least, most = _about(low), _about(high)
    match most:
        case Binary(op="+", left=left, right=right) if left == least:
            return _about(right)
        case _:
            return most if least is None or most is None else Binary("-", most, least)


def _written_start(loop: Loop, header: LoopHeader) -> Expr:
    """As it stands in the text, where values of variables are not put in place of their names."""
    for stmt in loop.init:
        if isinstance(stmt, Declare) and stmt.symbol == header.index and stmt.value is not None:
            return stmt.value
        if isinstance(stmt, Assign) and stmt.target == Name(header.index) and stmt.op is None:
            return stmt.value
    return header.lower


def _written_end(loop: Loop, header: LoopHeader) -> Expr:
    match loop.condition:
        case Binary(op="<" | "<=" | ">" | ">=", left=Name(symbol=symbol), right=right) if symbol == header.index:
            return right
        case _:
            return header.bound


def _about(bound: Expr) -> Expr | None:
    """The bound without a constant that does not matter; None: there is nothing else."""
    match bound:
        case Constant(value=int(value)) if abs(value) < SMALL:
            return None
        case Binary(op="+" | "-", left=left, right=Constant(value=int(value))) if abs(value) < SMALL:
            return left
        case _:
            return bound


def _is_plain(expr: Expr) -> bool:
    """Is it made of integers, by arithmetic that cannot go wrong, and stands in the text like this?"""
    match expr:
        case Constant(value=value):
            return isinstance(value, int)
        case Name() | Field() | Element():
            return expr.type.kind == "integer" and not expr.type.volatile and _is_written(expr)
        case Binary(op="+" | "-" | "*", left=left, right=right):
            return _is_plain(left) and _is_plain(right)
        case Binary(op="/", left=left, right=Constant(value=value)):
            return bool(value) and _is_plain(left)
        case _:
            return False


def _needs_no_memory(size: Expr) -> bool:
    return not any(isinstance(part, Element) for part in walk(size))


def _is_written(place: Expr) -> bool:
    """An accessor that was seen through names what stands in its class, and what perhaps only that may name."""
    match place:
        case Name(symbol=symbol, span=span):
            if symbol.storage in ("local", "parameter"):
                return span.end > span.start and symbol.name.isidentifier()  # whatever macro stands there
            return symbol.storage != "undeclared" and span.end - span.start == len(symbol.name.encode())
        case Field(base=base, name=name, span=span):
            before = base.base if isinstance(base, Element) else base
            between = span.end - len(name.encode()) - before.span.end
            return between in (len("."), len("->")) and _is_written(base)
        case Element(base=base, subscripts=subscripts):  # also of `p->n`
            return _is_written(base) and all(_is_plain(subscript) for subscript in subscripts)
        case _:
            return False


def _stays(size: Expr, facts: LoopFacts) -> bool:
    """Does the size have its meaning and its value before the loop already?"""
    local = {role.name for role in facts.roles if role.kind not in ("shared-read", "shared-distinct")}
    written = {a.symbol for a in facts.accesses if a.writes and not a.path}
    return not any(s in written or s.name in local for s in symbols(size))


def _rounded(value: float) -> int:
    """1, 2 or 5 and zeros: more than that is not known."""
    digits = 1
    while value >= 10 * digits:
        digits *= 10
    return digits * next(first for first, limit in ((1, 1.5), (2, 3.5), (5, 7.5), (10, 10)) if value <= limit * digits)
