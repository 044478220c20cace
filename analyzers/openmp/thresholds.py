"""From how much work on a team of threads pays, as a condition for the `if` clause (OpenMP 5.2 §3.4).

Only where some executions of a loop are surely smaller than others: inside a loop that runs one after the other, with
bounds that move with its index. In the elimination of a matrix the part that is left shrinks to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.spelling import spell
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ONE, Binary, Constant, Expr, Name, symbols, walk
from analyzers.ir.symbols import Symbol
from analyzers.openmp.cost import Work
from analyzers.openmp.nests import Nests


def condition(facts: LoopFacts, nests: Nests, works: Mapping[int, Work]) -> str | None:
    """The condition under which a loop that pays on average does so in this execution; None where all are alike, or
    where it cannot be said in terms of the bounds."""
    work = works[id(facts.loop)]
    outside = {outer.header.index for outer in nests.above(facts) if outer.header is not None}
    sizes: list[Expr] = []
    unit, moves = work.operations, False
    for each in _chain(facts, nests, works):
        used = _used(each)
        if each.trip_count is not None:
            continue
        size = _size(each)
        if size is None or not _stays(size, facts):
            return None
        moves = moves or bool(used & outside)
        sizes.append(size)
        unit /= max(works[id(each.loop)].trips * _step(each), 1.0)
    if not moves:
        return None
    least = Constant(_rounded(work.costs.pays_two / unit))
    product = sizes[0]
    for size in sizes[1:]:
        product = Binary("*", product, size)
    # A product of two sizes may be more than an `int` holds.
    return f"{'1.0 * ' if len(sizes) > 1 else ''}{spell(product)} > {least.value}"


def _chain(facts: LoopFacts, nests: Nests, works: Mapping[int, Work]) -> list[LoopFacts]:
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
    if header is None:
        return None
    low, high = (header.lower, header.bound) if header.relation in ("<", "<=") else (header.bound, header.lower)
    if header.relation == "!=" or not all(_plain(e) for e in (low, high)):
        return None
    if header.relation in ("<=", ">="):
        low = Binary("-", low, ONE) if fold(low) is None else Constant((fold(low) or 0) - 1)
    match low:
        case Constant(value=0):
            return high
        case Binary(op="+", left=left, right=Constant() as right):
            return Binary("-", Binary("-", high, left), right)
        case _:
            return Binary("-", high, low)


def _plain(expr: Expr) -> bool:
    return all(
        isinstance(e, (Name, Constant)) or (isinstance(e, Binary) and e.op in ("+", "-", "*")) for e in walk(expr)
    )


def _stays(size: Expr, facts: LoopFacts) -> bool:
    """Does the size have its meaning and its value before the loop already?"""
    local = {role.name for role in facts.roles if role.kind != "shared-read"}
    written = {a.symbol for a in facts.accesses if a.writes and not a.path}
    return not any(s in written or s.name in local for s in symbols(size))


def _rounded(value: float) -> int:
    """Two significant digits."""
    whole = max(1, round(value))
    return round(whole, 2 - len(str(whole))) if whole > 99 else whole
