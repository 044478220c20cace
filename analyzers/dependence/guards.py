"""Reads and writes under matching guards: `if (c) t = ...; if (c) use(t);` reads what the same iteration wrote.

The tests of one condition agree within an iteration when nothing between them changes what the condition reads. Then
only two kinds of paths are real: all of them true, or all of them false (Tu & Padua 1993, guarded definitions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from weakref import WeakKeyDictionary

from analyzers.dependence.stores import UNCHANGED, changes_memory
from analyzers.ir.expressions import Binary, Constant, Expr, Unary, calls_in, symbols, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Region
from analyzers.ir.statements import If, Loop
from analyzers.ir.symbols import Symbol

_NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_SIZE = 40  # operators in a condition


@dataclass(slots=True)
class _Tests:
    """The tests of one condition: nodes, and whether each asks for it or for its negation."""

    condition: Expr
    nodes: list[tuple[int, bool]]


# By region: the places that an iteration may read before it writes them on the paths that can be. They are the same for
# every variable that is asked about.
_KNOWN: WeakKeyDictionary[FlowGraph, dict[Region, int]] = WeakKeyDictionary()
_MOST_CONDITIONS = 64  # of one loop that are looked at; each costs two passes over its nodes


def exposed_on_real_paths(loop: Loop, graph: FlowGraph, mask: int) -> int:
    """The places of `mask` that an iteration may read before it writes them, without the paths on which two tests of
    the same unchanged condition disagree."""
    known = _KNOWN.setdefault(graph, {})
    result = 0
    for region in graph.regions(loop):
        if region not in known:
            known[region] = _exposed(region, graph)
        result |= known[region] & mask
    return result


def _exposed(region: Region, graph: FlowGraph) -> int:
    left = graph.exposed_in(region, frozenset())
    for tests in islice(_repeated(region, graph), _MOST_CONDITIONS):
        yes = graph.exposed_in(region, _edges(tests, graph, holds=False))
        no = graph.exposed_in(region, _edges(tests, graph, holds=True))
        left &= yes | no
    return left


def _edges(tests: _Tests, graph: FlowGraph, *, holds: bool) -> frozenset[tuple[int, int]]:
    """The edges taken when the condition `holds` (or does not)."""
    found = set()
    for index, positive in tests.nodes:
        then, otherwise = graph.nodes[index].successors
        found.add((index, then if positive == holds else otherwise))
    return frozenset(found)


def _repeated(region: Region, graph: FlowGraph) -> Iterator[_Tests]:
    groups: dict[Expr, _Tests] = {}
    for node in graph.nodes[region.first : region.end]:
        stmt = node.stmt
        if not isinstance(stmt, If) or len(node.successors) != 2:
            continue
        condition, positive = normal(stmt.condition)
        if condition is None:
            continue
        groups.setdefault(condition, _Tests(condition, [])).nodes.append((node.index, positive))
    return (g for g in groups.values() if len(g.nodes) > 1 and _agree(g, region, graph))


def normal(condition: Expr) -> tuple[Expr | None, bool]:
    """The condition without negations and whether it stands for itself; None when it is too large to compare."""
    positive = True
    while True:
        match condition:
            case Unary(op="!", operand=operand):
                condition, positive = operand, not positive
            case Binary(op="==", left=left, right=Constant(value=0)):
                condition, positive = left, not positive
            case Binary(op="!=", left=left, right=Constant(value=0)):
                condition = left
            case Binary(op=(">=" | "<=" | "!=") as op, left=left, right=right):
                if left.type.kind == "real" and op != "!=":
                    break  # with NaN, `<` is not the negation of `>=`
                condition, positive = Binary(_NEGATED[op], left, right, condition.type), not positive  # type: ignore[arg-type]  # the table holds comparisons
            case _:
                break
    if sum(1 for _ in zip(range(_SIZE + 1), walk(condition), strict=False)) > _SIZE:
        return None, positive
    if any(calls_in(condition)):
        return None, positive
    return condition, positive


def _agree(tests: _Tests, region: Region, graph: FlowGraph) -> bool:
    """Is nothing that the condition reads written between two tests of one iteration?"""
    wanted = 0
    for symbol in symbols(tests.condition):
        if _changes_by_itself(symbol):
            return False
        wanted |= graph.symbol_mask(symbol)
    indices = [index for index, _ in tests.nodes]
    after = _reach(indices, region, graph, forward=True)
    before = _reach(indices, region, graph, forward=False)
    between = [graph.nodes[i] for i in after & before]
    if any(node.writes & wanted for node in between):
        return False
    return changes_memory(tests.condition, between, graph) == UNCHANGED


def _changes_by_itself(symbol: Symbol) -> bool:
    return symbol.type.volatile or symbol.type.atomic


def _reach(sources: list[int], region: Region, graph: FlowGraph, *, forward: bool) -> set[int]:
    """The nodes reached from the sources (themselves only when reached again) within one iteration."""
    seen: set[int] = set()
    stack = list(sources)
    while stack:
        index = stack.pop()
        node = graph.nodes[index]
        if not forward and index == region.start:
            continue
        for other in node.successors if forward else node.predecessors:
            if other in seen or not region.first <= other < region.end or (forward and other == region.start):
                continue
            seen.add(other)
            stack.append(other)
    return seen
