"""Is what an iteration reads of an array written before in the same iteration (Tu & Padua 1993)?

Polyhedral where the conditions are affine; elements with constant subscripts, and whole strings, are followed through
the flow graph like scalars, whatever the conditions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from analyzers.dependence.affine import constant_value
from analyzers.dependence.polyhedral import Solver
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Element, Name, symbols, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Region
from analyzers.ir.statements import Assign, Evaluate, Loop, LoopHeader, Stmt, expressions
from analyzers.ir.symbols import Symbol
from analyzers.standards.library import MAKE_STRINGS, READ_STRINGS

_MOST = 32  # elements that are followed one by one

_OF_STRINGS = MAKE_STRINGS | READ_STRINGS

_SEEN = frozenset({"early-exit", "switch"})  # reasons of doubt that a flow graph does not share

Place = tuple[int, ...]


def covered(accesses: Sequence[Access], solver: Solver, loop: Loop, graph: FlowGraph) -> bool:
    """Was every element that one of the accesses (to one array) reads in an iteration of the loop written before in
    the same iteration?"""
    writes = [a for a in accesses if a.kind == "write"]
    spelled = all(_is_of_string(a) for a in accesses if a.writes)
    return all(
        solver.covered(a, [_under(w, a, loop) for w in writes], loop)
        or _followed(a, loop, graph, solver.headers)
        or (spelled and _is_of_string(a) and _spelled(a, loop, graph))
        for a in accesses
        if a.reads
    )


def _under(write: Access, read: Access, loop: Loop) -> Access:
    """The write without the conditions that the read is under too, and that an iteration of the loop asks once."""
    if loop not in write.loops:
        return write
    level = write.loops.index(loop) + 1
    shared = {id(g) for g in read.guards if g.depth is not None and g.depth <= level}
    guards = tuple(g for g in write.guards if id(g) not in shared)
    return write if len(guards) == len(write.guards) else replace(write, guards=guards)


def _followed(read: Access, loop: Loop, graph: FlowGraph, headers: Mapping[int, LoopHeader]) -> bool:
    """Is every element of the read, one with constant subscripts, written on all paths of the iteration to it?"""
    symbol, statement = read.symbol, read.statement
    if symbol is None or statement is None or read.call is not None or len(read.path) != 1:
        return False
    if not read.exact and read.reason not in _SEEN:
        return False
    places = _places(read, loop, headers)
    regions = graph.regions(loop)
    # A statement that two arms of a switch share has a node in each.
    nodes = [n.index for n in graph.nodes_of(loop) if n.stmt is statement]
    if not places or not nodes or len(regions) != 1:
        return False
    return all(
        _always_before(node, partial(_sets, symbol=symbol, place=place), regions[0], graph)
        for place in places
        for node in nodes
    )


def _is_of_string(access: Access) -> bool:
    """Is it made by a function of the library that uses the string which begins where the array does?"""
    symbol, statement = access.symbol, access.statement
    if symbol is None or statement is None:
        return False
    mentions = sum(s == symbol for expr in expressions(statement) for s in symbols(expr))
    calls = [part for expr in expressions(statement) for part in walk(expr) if isinstance(part, Call)]
    named = [call.name for call in calls for each in call.arguments if each == Name(symbol)]
    return 0 < mentions == len(named) and _OF_STRINGS.issuperset(named)


def _spelled(read: Access, loop: Loop, graph: FlowGraph) -> bool:
    """Is the string written on all paths of the iteration to the read?"""
    regions = graph.regions(loop)
    nodes = [n.index for n in graph.nodes_of(loop) if n.stmt is read.statement]
    if read.symbol is None or not nodes or len(regions) != 1:
        return False
    return all(_always_before(node, partial(_spells, symbol=read.symbol), regions[0], graph) for node in nodes)


def _spells(stmt: Stmt | None, symbol: Symbol) -> bool:
    match stmt:
        case Evaluate(value=Call(arguments=(Name(symbol=written), *_)) as call) if written == symbol:
            return call.name in MAKE_STRINGS
        case _:
            return False


def _places(read: Access, loop: Loop, headers: Mapping[int, LoopHeader]) -> list[Place]:
    """The subscripts of the read, where they are constants or indices of loops inside with constant bounds."""
    (step,) = read.path
    if not isinstance(step, Subscripts) or step.through_pointer:
        return []
    inside = {
        header.index: header
        for inner in read.loops[read.loops.index(loop) + 1 :]
        if (header := headers.get(id(inner))) is not None
    }
    choices: list[Sequence[int]] = []
    total = 1
    for index in step.indices:
        value = constant_value(index)
        if value is not None:
            choices.append((value,))
        elif isinstance(index, Name) and index.symbol in inside:
            choices.append(_values(inside[index.symbol]))
        else:
            return []
        total *= len(choices[-1])
    return [*itertools.product(*choices)] if 0 < total <= _MOST else []


def _values(header: LoopHeader) -> Sequence[int]:
    lower, bound = constant_value(header.lower), constant_value(header.bound)
    if lower is None or bound is None or constant_value(header.step) != 1 or header.relation not in ("<", "<="):
        return ()
    return range(lower, min(bound + (header.relation == "<="), lower + _MOST + 1))


def _always_before(node: int, sets: Callable[[Stmt | None], bool], region: Region, graph: FlowGraph) -> bool:
    """Does every path from the start of the iteration to the node pass a statement that sets what is asked for?"""
    seen = {node}
    stack = [node]
    while stack:
        index = stack.pop()
        if index == region.start:
            return False
        for predecessor in graph.nodes[index].predecessors:
            if not region.first <= predecessor < region.end:
                return False
            if predecessor not in seen and not sets(graph.nodes[predecessor].stmt):
                seen.add(predecessor)
                stack.append(predecessor)
    return True


def _sets(stmt: Stmt | None, symbol: Symbol, place: Place) -> bool:
    match stmt:
        case Assign(target=Element(base=Name(symbol=written), subscripts=subscripts), op=None) if written == symbol:
            return tuple(constant_value(e) for e in subscripts) == place
        case _:
            return False
