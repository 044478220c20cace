"""The order between iterations that `ordered` regions and doacross dependences make (OpenMP 5.2 §15.10.2, §15.9.6).

An iteration waits, at one place of the body, for what earlier iterations did before another place. An ordered region
waits for all earlier iterations, a `sink` for those at the distances it names and, through these, for others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.ir.accesses import Access
from analyzers.ir.directives import Clause
from analyzers.ir.expressions import Binary, Constant, Expr, Name
from analyzers.ir.statements import Construct, Loop, LoopHeader, substatements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Witness
from analyzers.openmp.sharing import associated_loops, dealt_loops, index_of

_MOST_STEPS = 5_000
Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """`waits`: the place of the body, as an offset, from which on an iteration has waited for earlier ones; `done`: up
    to where these had to come. `distances` in indices; None: it waits for all earlier ones, or for which is not known.
    """

    waits: int
    done: int
    indices: tuple[Symbol, ...]
    distances: frozenset[Vector] | None

    def holds(self, earlier: Access, later: Access) -> bool:
        """Does the order concern two accesses of different iterations, if one iteration waits for the other?"""
        if earlier.statement is None or later.statement is None:
            return True
        return earlier.statement.span.start < self.done and later.statement.span.start >= self.waits

    def reaches(self, witness: Witness | None) -> bool:
        """Does the later iteration of a witness wait for the earlier one? True where that is not known."""
        if self.distances is None or witness is None:
            return True
        first, second = dict(reversed(witness.first)), dict(reversed(witness.second))
        names = [index.name for index in self.indices]
        if any(name not in first or name not in second for name in names):
            return True
        return _is_sum(tuple(second[name] - first[name] for name in names), self.distances)


def order_of(construct: Construct | None, headers: Mapping[int, LoopHeader]) -> Order | None:
    """The order between the iterations that a construct deals out; None: there is none."""
    if construct is None or construct.body is None:
        return None
    regions = list(_ordered(construct))
    if not regions:
        return None
    loops = associated_loops(construct)
    indices = tuple(s for s in map(index_of, loops) if s is not None)
    if any(each.body is not None or each.directive.has("task_iteration") for each in regions):
        return Order(min(r.span.start for r in regions), max(r.span.end for r in regions), indices, None)
    sinks = [(r.span.start, c) for r in regions for c in _dependences(r) if "sink" in c.modifiers]
    sources = [r.span.start for r in regions for c in _dependences(r) if "source" in c.modifiers]
    if not sinks or not sources:
        return None
    # What one thread runs in order needs no waiting: the inner loops that are not dealt out.
    distances = set(_units(loops, len(dealt_loops(construct)), headers))
    for _, clause in sinks:
        distance = _distance([item.expr for item in clause.items], [item.text for item in clause.items], indices)
        if distance is None:
            return Order(min(at for at, _ in sinks), max(sources), indices, None)
        distances.add(distance)
    return Order(min(at for at, _ in sinks), max(sources), indices, frozenset(distances))


def _units(loops: Sequence[Loop], dealt: int, headers: Mapping[int, LoopHeader]) -> Iterator[Vector]:
    for at in range(dealt, len(loops)):
        header = headers.get(id(loops[at]))
        step = header.step if header is not None else None
        if isinstance(step, Constant) and isinstance(step.value, int):
            yield tuple(step.value if k == at else 0 for k in range(len(loops)))


def _ordered(construct: Construct) -> Iterator[Construct]:
    """The ordered constructs that bind to the loop."""
    stack = list(substatements(construct))
    while stack:
        top = stack.pop()
        if isinstance(top, Construct):
            if top.directive.has("parallel", "task", "teams"):
                continue
            if top.directive.has("ordered", "task_iteration"):
                yield top
        stack.extend(substatements(top))


def _dependences(construct: Construct) -> Iterator[Clause]:
    return iter(construct.directive.all("depend", "doacross"))


def _distance(items: Sequence[Expr | None], texts: Sequence[str], indices: Sequence[Symbol]) -> Vector | None:
    """`i - 1, j` with the indices `i, j`: (1, 0)."""
    if len(items) == 1 and texts[0].replace(" ", "").startswith("omp_cur_iteration"):
        rest = texts[0].replace(" ", "").removeprefix("omp_cur_iteration")
        return (int(rest[1:]),) if len(indices) == 1 and rest[:1] == "-" and rest[1:].isdigit() else None
    if len(items) != len(indices):
        return None
    found: list[int] = []
    for item, index in zip(items, indices, strict=True):
        behind = _behind(item, index)
        if behind is None:
            return None
        found.append(behind)
    return tuple(found) if any(found) else None


def _behind(item: Expr | None, index: Symbol) -> int | None:
    if isinstance(item, Name):
        return 0 if item.symbol == index else None
    if isinstance(item, Binary) and item.op in ("-", "+") and item.left == Name(index):
        by = item.right
        if isinstance(by, Constant) and isinstance(by.value, int):
            return by.value if item.op == "-" else -by.value
    return None


def _is_sum(distance: Vector, steps: frozenset[Vector]) -> bool:
    """Is the distance one or several of the steps one after the other?"""
    reach = max(map(abs, distance))
    seen = {distance}
    left = [distance]
    while left:
        at = left.pop()
        for step in steps:
            rest = tuple(a - b for a, b in zip(at, step, strict=True))
            if not any(rest):
                return True
            if rest not in seen and all(abs(r) <= 2 * reach + 8 for r in rest):
                seen.add(rest)
                left.append(rest)
        if len(seen) > _MOST_STEPS:
            return True
    return False
