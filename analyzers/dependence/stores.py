"""May a stretch of code change the memory that an expression reads? Types, then aliases decide.

Where only the callers know, the answer is an ordinary assumption, as between two accesses.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from analyzers.dependence import alias
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.lvalues import locate
from analyzers.ir.accesses import Access, AccessKind
from analyzers.ir.expressions import Call, Expr
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.pointers import may_share_memory, parameter_use
from analyzers.ir.symbols import UNKNOWN_TYPE, Type
from analyzers.ir.uses import of_expression
from analyzers.ir.verdicts import Assumption

UNCHANGED: frozenset[Assumption] = frozenset()

_FACTS: WeakKeyDictionary[FlowGraph, PointerFacts] = WeakKeyDictionary()


def changes_memory(expr: Expr, nodes: Iterable[Node], graph: FlowGraph) -> frozenset[Assumption] | None:
    """What has to hold so that none of the nodes writes memory (array elements, what pointers reach) that `expr` reads:
    nothing (the empty set), some pointers not overlapping, or None: one of them may well write it."""
    uses = of_expression(expr)
    if uses.opaque is not None:
        return None
    loads = (*uses.loads, *uses.elements)
    through_call = any(_reads_memory(call, graph) for call in uses.calls)
    if not loads and not through_call:
        return UNCHANGED
    found: set[Assumption] = set()
    for node in nodes:
        raw = node.raw
        if raw.opaque is not None:
            return None
        stores = (*raw.stores, *raw.element_stores)
        written: list[Type] = []
        for call in raw.calls:
            types = _written_types(call, graph)
            if types is None:
                return None
            written += types
        if through_call and (stores or written):
            return None
        for load in loads:
            if any(may_share_memory(load.type, type_) for type_ in written):
                return None
            for store in stores:
                if not may_share_memory(load.type, store.type):
                    continue
                assumption = _overlap(load, store, graph)
                if assumption is None:
                    return None
                found |= assumption
    return frozenset(found)


def _overlap(load: Expr, store: Expr, graph: FlowGraph) -> frozenset[Assumption] | None:
    """The same for one store, whose type says nothing."""
    facts = _FACTS.get(graph)
    if facts is None:
        facts = _FACTS[graph] = alias.summarize(graph.function)
    answer = alias.relation(_access(load, "read", graph), _access(store, "write", graph), facts=facts)
    if answer.status == "distinct":
        return UNCHANGED
    if answer.status == "assumed-distinct" and answer.assumption is not None:
        return frozenset({answer.assumption})
    return None


def _access(lvalue: Expr, kind: AccessKind, graph: FlowGraph) -> Access:
    place = locate(lvalue)
    symbol = place.symbol
    if symbol is not None and symbol in graph.entries:
        symbol = graph.entries[symbol][0]
    return Access(symbol, place.path, kind, lvalue.span)


def _reads_memory(call: Call, graph: FlowGraph) -> bool:
    effect = graph.memory.effects.get(call.name) if call.name else None
    if effect is None or effect.unknown is not None or effect.reads or effect.memory:
        return True
    return any(use in ("read", "readwrite", "escapes") for use in effect.parameters)


def _written_types(call: Call, graph: FlowGraph) -> list[Type] | None:
    """The types of the memory that a call may write, None for any."""
    effect = graph.memory.effects.get(call.name) if call.name else None
    if effect is None or effect.unknown is not None or effect.writes:
        return None
    found: list[Type] = []
    for position, argument in enumerate(call.arguments):
        if parameter_use(effect, position) in ("write", "readwrite", "escapes") and not argument.type.is_scalar:
            found.append(_pointee(argument.type))
    for root, steps, use in effect.memory:
        if use == "read":
            continue
        if isinstance(root, str) or root >= len(call.arguments):
            return None
        type_ = call.arguments[root].type
        for step in steps:
            type_ = _pointee(type_) if step == "*" else type_.field_type(step[1:])
        found.append(type_)
    return found


def _pointee(type_: Type) -> Type:
    """The type of the elements that a pointer or array leads to."""
    found = type_.element or UNKNOWN_TYPE
    return found.element or UNKNOWN_TYPE if found.kind == "array" else found
