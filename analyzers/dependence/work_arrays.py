"""Work arrays that no clause can copy: every iteration fills them anew, but they are reached through a pointer, or what
the last iteration leaves in them may be looked at (array privatization, Tu & Padua 1993).

With an array of its own for each thread the loop is parallel if nothing else is in the way. Who comes after the loop
finds what the last iteration left, which has to be what all of them left: every iteration writes the same elements, or
nobody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from analyzers.dependence import conflicts, coverage
from analyzers.dependence.conflicts import Inquiry, Obstacles
from analyzers.dependence.distribution import Noted
from analyzers.dependence.facts import WorkArray, WorkArrays
from analyzers.dependence.lvalues import type_at
from analyzers.dependence.points_to import PointerFacts, origins_of
from analyzers.dependence.privatization import array_live_out
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Address, Binary, Call, Element, Expr, Name, Unary, children
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Assign, Declare, Loop, Stmt, Unknown, expressions, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts

_PLAIN = ("integer", "real", "complex", "character", "logical")
_ENDS = ("free", "operator delete")
_STORAGES = ("parameter", "local", "global", "static")


def find(inquiry: Inquiry, parts: Parts, noted: Noted, graph: FlowGraph) -> WorkArrays | None:
    """The arrays that alone are in the way of a loop, with the verdict that it has once each thread has its own."""
    if parts.scalars.conflicts:
        return None
    found = []
    reached = [a for a in parts.compared if a.symbol is not None and (a.path or not a.symbol.is_pointer)]
    for symbol in dict.fromkeys(a.symbol for a in reached if a.writes and a.symbol is not None):
        mine = [a for a in reached if a.symbol == symbol]
        alone = Obstacles()
        conflicts.compare(mine, inquiry, alone)
        if not alone.dependences and not alone.reasons:
            continue
        if not _replaceable(symbol, mine, inquiry, graph):
            return None
        if not coverage.covered(mine, inquiry.solver, inquiry.loop, graph):
            return None
        looked_at = not is_dead(symbol, inquiry.loop, graph, inquiry.pointers)
        if looked_at and not all(conflicts.stays(a, inquiry) for a in mine if a.writes):
            return None
        found.append(WorkArray(symbol, looked_at))
    if not found:
        return None
    obstacles = noted(inquiry.loop, parts.accesses)
    own = frozenset(each.symbol for each in found)
    needed = _apart(own, parts.compared, inquiry)
    if needed is None:
        return None
    for assumption in needed:
        obstacles.assume(assumption)
    settled = (*(r.symbol for r in parts.array_reductions), *parts.lasting_arrays, *own)
    conflicts.compare(parts.compared, inquiry, obstacles, frozenset(settled))
    return None if obstacles.verdict is None else WorkArrays(tuple(found), obstacles.verdict)


def _replaceable(symbol: Symbol, accesses: Iterable[Access], inquiry: Inquiry, graph: FlowGraph) -> bool:
    """Can another array take its place in the loop? Nothing but its elements is used there, under this name only."""
    if symbol.storage not in _STORAGES or symbol in graph.entries or symbol.threadprivate or symbol.is_reference:
        return False
    if not (symbol.is_pointer or symbol.is_array):
        return False
    for access in accesses:
        kind = type_at(symbol, access.path)
        plain = kind.kind in _PLAIN and not (kind.volatile or kind.atomic)
        if access.call is not None or len(access.path) != 1 or not isinstance(access.path[0], Subscripts) or not plain:
            return False
    others: set[Symbol] = set()
    for stmt in walk_statements(inquiry.loop):
        if isinstance(stmt, Unknown) or not _only_elements(stmt, symbol, others):
            return False
    if not inquiry.solver.invariant(Name(symbol)):
        return False
    if any(other.name.startswith(f"{symbol.name}.") for other in others):  # its size
        return False
    mine = _origins(symbol, inquiry.pointers)
    return not any(mine & _origins(other, inquiry.pointers) for other in others - {symbol} if other.is_pointer)


def _origins(symbol: Symbol, facts: PointerFacts) -> frozenset[object]:
    return frozenset(origins_of(symbol, 0 if symbol.is_pointer else None, facts))


def _only_elements(stmt: Stmt, symbol: Symbol, others: set[Symbol]) -> bool:
    """Does the statement name the array only to use elements? `others` takes up what else it names."""
    stack: list[Expr] = [*expressions(stmt)]
    while stack:
        expr = stack.pop()
        match expr:
            case Address(operand=Element()):
                if _leads_to(expr.operand, symbol):
                    return False
            case Element(base=Name(symbol=named), subscripts=subscripts) if named == symbol:
                stack.extend(subscripts)
                continue
            case Name(symbol=named):
                if named == symbol:
                    return False
                others.add(named)
            case _:
                pass
        stack.extend(children(expr))
    return True


def _leads_to(expr: Expr, symbol: Symbol) -> bool:
    while isinstance(expr, Element):
        expr = expr.base
    return isinstance(expr, Name) and expr.symbol == symbol


def _apart(own: frozenset[Symbol], compared: Sequence[Access], inquiry: Inquiry) -> list[Assumption] | None:
    """What has to be assumed for nothing else in the loop to reach the arrays, not even in the same iteration; None
    where it may."""
    needed: list[Assumption] = []
    kept = [a for a in compared if id(a) in inquiry.representatives]
    for mine in kept:
        if mine.symbol not in own or not mine.path:
            continue
        for other in kept:
            if other.symbol == mine.symbol or not (mine.writes or other.writes):
                continue
            answer = conflicts.related(mine, other, inquiry)
            if answer.status == "assumed-distinct" and answer.assumption is not None:
                needed.append(answer.assumption)
            elif answer.status != "distinct":
                return None
    return needed


# Who looks at it afterwards


def is_dead(symbol: Symbol, loop: Loop, graph: FlowGraph, pointers: PointerFacts) -> bool:
    """Is it certain that nobody reads what the loop leaves in the array? For a pointer: it leads to memory that the
    function allocates, that nothing else leads to, and that it reads nowhere else."""
    if symbol.is_array:
        return symbol not in (pointers.exposed or ()) and not array_live_out(symbol, loop, graph)
    if symbol.storage != "local" or symbol.address_taken:
        return False
    mine = pointers.origins.get(symbol, frozenset())
    if not mine or any(origin.kind != "allocation" or origin.site in pointers.escaping for origin in mine):
        return False
    if any(mine & origins for other, origins in pointers.origins.items() if other != symbol):
        return False
    inside = {id(stmt) for stmt in walk_statements(loop)}
    return all(id(stmt) in inside or _looks_away(stmt, symbol) for stmt in walk_statements(graph.function.body))


def _looks_away(stmt: Stmt, symbol: Symbol) -> bool:
    """Does the statement neither read elements nor pass the pointer on? It may set either, compare the pointer with
    another one, or free it."""
    match stmt:
        case Unknown():
            return False
        case Assign(target=Name(symbol=named), value=value, op=None) if named == symbol:
            stack: list[Expr] = [value]
        case Assign(target=Element(base=Name(symbol=named), subscripts=subscripts), value=value, op=None) if (
            named == symbol
        ):
            stack = [value, *subscripts]
        case Declare(value=value):
            stack = [] if value is None else [value]
        case _:
            stack = [*expressions(stmt)]
    while stack:
        match stack.pop():
            case Binary(op="==" | "!=", left=left, right=right):
                stack.extend(part for part in (left, right) if part != Name(symbol))
            case Unary(op="!", operand=Name(symbol=named)) if named == symbol:
                pass
            case Call(arguments=(Name(symbol=named),)) as call if named == symbol and call.name in _ENDS:
                pass
            case Name(symbol=named) if named == symbol:
                return False
            case other:
                stack.extend(children(other))
    return True
