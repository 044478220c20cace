"""May a stretch of code change the memory that an expression reads? Types, then aliases decide.

Where only the callers know, the answer is an ordinary assumption, as between two accesses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Union
from weakref import WeakKeyDictionary

from analyzers.dependence import alias
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.lvalues import locate
from analyzers.ir.accesses import Access, AccessKind, Member
from analyzers.ir.expressions import Call, Constant, Expr
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.pointers import may_share_memory, parameter_use
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type
from analyzers.ir.uses import of_expression
from analyzers.ir.verdicts import Assumption

UNCHANGED: frozenset[Assumption] = frozenset()

Answer = Union[frozenset[Assumption], None]  # noqa: UP007  (evaluated on 3.10)
Shape = tuple[object, ...]


@dataclass(slots=True)
class _Memo:
    """What was found out about the memory accesses of one function. Subscripts do not matter for overlaps, so that
    accesses of one shape (object, members, pointers followed) are asked about once."""

    facts: PointerFacts
    stores: dict[int, tuple[Shape, Access, Type]] = field(default_factory=dict)  # by id() of the lvalue in its node
    answers: dict[tuple[Shape, Shape], Answer] = field(default_factory=dict)


_MEMOS: WeakKeyDictionary[FlowGraph, _Memo] = WeakKeyDictionary()


def changes_memory(expr: Expr, nodes: Iterable[Node], graph: FlowGraph) -> Answer:
    """What has to hold so that none of the nodes writes memory (array elements, what pointers reach) that `expr` reads:
    nothing (the empty set), some pointers not overlapping, or None: one of them may well write it."""
    uses = of_expression(expr)
    if uses.opaque is not None:
        return None
    through_call = any(_reads_memory(call, graph) for call in uses.calls)
    if not uses.loads and not uses.elements and not through_call:
        return UNCHANGED
    memo = _MEMOS.get(graph)
    if memo is None:
        memo = _MEMOS[graph] = _Memo(alias.summarize(graph.function, graph.memory.effects))
    loads = [(*_placed(lvalue, "read", graph), lvalue.type) for lvalue in (*uses.loads, *uses.elements)]
    found: set[Assumption] = set()
    seen: set[Shape] = set()
    # A pointer may lead to variables that are written by name.
    reached = 0
    for lvalue in uses.loads:
        reached |= graph.memory.accessed(lvalue)
    for node in nodes:
        raw = node.raw
        if raw.opaque is not None or node.writes & reached & ~graph.memory.assumable:
            return None
        if node.writes & reached:
            found.update(apart_from(symbol) for symbol in graph.symbols_in(node.writes & reached))
        for call in raw.calls:
            types = _written_types(call, graph)
            if types is None or (through_call and types):
                return None
            if any(may_share_memory(load[2], type_) for load in loads for type_ in types):
                return None
        for store in (*raw.stores, *raw.element_stores):
            if through_call:
                return None
            known = memo.stores.get(id(store))
            if known is None:
                known = memo.stores[id(store)] = (*_placed(store, "write", graph), store.type)
            if known[0] in seen:
                continue
            seen.add(known[0])
            for load in loads:
                answer = _overlap(load, known, memo)
                if answer is None:
                    return None
                found |= answer
    return frozenset(found)


def apart_from(symbol: Symbol) -> Assumption:
    """That no pointer leads to a file-scope variable whose address is nowhere taken."""
    return Assumption("no-alias", f"no pointer of the loop leads to `{symbol.name}`", "ordinary", (symbol.name,))


def _overlap(load: tuple[Shape, Access, Type], store: tuple[Shape, Access, Type], memo: _Memo) -> Answer:
    """The same for one load and one store."""
    key = load[0], store[0]
    if key in memo.answers:
        return memo.answers[key]
    result: Answer = None
    if not may_share_memory(load[2], store[2]):
        result = UNCHANGED
    else:
        answer = alias.relation(load[1], store[1], facts=memo.facts)
        if answer.status == "distinct":
            result = UNCHANGED
        elif answer.status == "assumed-distinct" and answer.assumption is not None:
            result = frozenset({answer.assumption})
    memo.answers[key] = result
    return result


def _placed(lvalue: Expr, kind: AccessKind, graph: FlowGraph) -> tuple[Shape, Access]:
    place = locate(lvalue)
    symbol = place.symbol
    if symbol is not None and symbol in graph.entries:
        symbol = graph.entries[symbol][0]
    steps = tuple(
        step.name
        if isinstance(step, Member)
        else (step.through_pointer, len(step.indices), all(isinstance(e, Constant) for e in step.indices))
        for step in place.path
    )
    return (symbol, steps, lvalue.type), Access(symbol, place.path, kind, lvalue.span)


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
