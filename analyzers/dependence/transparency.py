"""Small functions seen through: every access they make and the value they return, in terms of their parameters.

With this `put(g, i, v)` is a store to `g->data[i]`, and `a[idx(i, j)]` is `a[i * n + j]`. What has loops, or changes
what its own subscripts are made of, is left to the summary of its effects.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.dependence.facts import ParameterUse, Transparent
from analyzers.dependence.inlining import SIZE, Known, called, expand
from analyzers.dependence.stores import UNCHANGED, changes_memory
from analyzers.dependence.values import Values
from analyzers.ir import flow
from analyzers.ir.expressions import Binary, Call, Conditional, Element, Expr, Field, Name, Opaque, calls_in, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.implicit import Implicit, implicit
from analyzers.ir.statements import (
    Block,
    Function,
    If,
    Jump,
    Loop,
    Stmt,
    Switch,
    Unknown,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol

_STATEMENTS = 24
_ACCESSES = 24


def is_small(function: Function) -> bool:
    """Is it short and straight enough to be seen through, if what it calls is?"""
    statements = [s for s in walk_statements(function.body) if not isinstance(s, Block)]
    if len(statements) > _STATEMENTS or function.variadic or any(p.is_reference for p in function.params):
        return False
    return not any(
        isinstance(s, (Loop, Unknown, Switch)) or (isinstance(s, Jump) and s.kind != "return") for s in statements
    )


def see_through(function: Function, known: Known) -> Transparent | None:
    """The accesses and the result of a function without loops, or None where they cannot be told exactly."""
    if not is_small(function):
        return None
    statements = [s for s in walk_statements(function.body) if not isinstance(s, Block)]
    if any(not _is_harmless(each, known) for found in implicit(function.body).values() for each in found):
        return None
    graph = flow.build(function, known)
    values = Values(graph)
    found: dict[tuple[Expr, ParameterUse], None] = {}
    for node in graph.nodes:
        if node.stmt is None:
            continue
        made = _accesses(node, graph, values, known)
        if made is None:
            return None
        found.update(dict.fromkeys(made))
    if len(found) > _ACCESSES:
        return None
    returns = [s for s in statements if isinstance(s, Jump)]
    result = None
    if len(returns) == 1 and returns[0] is statements[-1] and returns[0].value is not None:
        result = _in_terms(returns[0].value, returns[0], graph, values, known)
        if result is not None and any(calls_in(result)):
            result = None
    return Transparent(function.params, tuple(found), _runs_straight(statements), result)


def _is_harmless(each: Implicit, known: Known) -> bool:
    effect = known.get(each.function or "")
    return each.is_generic or (effect is not None and effect.local)


def _runs_straight(statements: Sequence[Stmt]) -> bool:
    """Does every call make all of the accesses?"""
    if any(isinstance(s, If) for s in statements) or any(isinstance(s, Jump) for s in statements[:-1]):
        return False
    for stmt in statements:
        for expr in expressions(stmt):
            for part in walk(expr):
                if isinstance(part, Conditional) or (isinstance(part, Binary) and part.op in ("&&", "||")):
                    return False
    return True


def _accesses(node: Node, graph: FlowGraph, values: Values, known: Known) -> list[tuple[Expr, ParameterUse]] | None:
    stmt, raw = node.stmt, node.raw
    assert stmt is not None
    touched = (*raw.reads, *raw.writes, *raw.touches)
    if raw.opaque is not None or any(s.storage == "static" for s, _ in touched):
        return None
    found: list[tuple[Expr, ParameterUse]] = []
    plain: list[tuple[Expr, ParameterUse]] = [(Name(s), "read") for s, _ in raw.reads if _outlives(s)]
    plain += [(Name(s), "write") for s, _ in (*raw.writes, *raw.touches) if _outlives(s)]
    direct: list[tuple[Expr, ParameterUse]] = [(lvalue, "read") for lvalue in (*raw.loads, *raw.elements)]
    direct += [(lvalue, "write") for lvalue in (*raw.stores, *raw.element_stores)]
    for lvalue, use in direct:
        if _is_local(lvalue):
            continue
        known_as = _in_terms(lvalue, stmt, graph, values, known)
        if not isinstance(known_as, (Element, Field)):
            return None
        found.append((known_as, use))
    for call in raw.calls:
        made = called(call, known)
        if made is None:
            return None
        for lvalue, use in made:
            if isinstance(lvalue, Name) or _is_local(lvalue):
                if isinstance(lvalue, Name) and _outlives(lvalue.symbol):
                    plain.append((lvalue, use))
                elif isinstance(lvalue, Name):
                    return None
                continue
            known_as = _in_terms(lvalue, stmt, graph, values, known)
            if not isinstance(known_as, (Element, Field)):
                return None
            found.append((known_as, use))
    return [*plain, *found]


def _outlives(symbol: Symbol) -> bool:
    return symbol.storage in ("global", "undeclared")


def _is_local(lvalue: Expr) -> bool:
    """An element or member of a local object?"""
    while isinstance(lvalue, (Element, Field)):
        if isinstance(lvalue, Element) and lvalue.base.type.kind != "array":
            return False
        lvalue = lvalue.base
    return isinstance(lvalue, Name) and lvalue.symbol.storage in ("local", "parameter")


def _in_terms(expr: Expr, stmt: Stmt, graph: FlowGraph, values: Values, known: Known) -> Expr | None:
    """The expression by parameters and file-scope objects alone, meaning the same in the caller before the call."""
    found = values.resolve(expand(expr, known), stmt)
    if sum(1 for _ in walk(found)) > SIZE:
        return None
    for part in walk(found):
        if isinstance(part, (Opaque, Call)):
            return None
        if isinstance(part, Name):
            symbol = part.symbol
            if symbol in graph.entries or graph.symbol_mask(symbol) & graph.written:
                return None
            if symbol.storage in ("local", "static"):
                return None
    operands = _subscripts(found) if isinstance(found, (Element, Field)) else [found]
    if any(changes_memory(operand, graph.nodes, graph) != UNCHANGED for operand in operands):
        return None
    return found


def _subscripts(lvalue: Expr) -> list[Expr]:
    """What is evaluated to find the place: subscripts, and pointers that are loaded."""
    found: list[Expr] = []
    while isinstance(lvalue, (Element, Field)):
        if isinstance(lvalue, Element):
            found.extend(lvalue.subscripts)
            if isinstance(lvalue.base, (Element, Field)) and lvalue.base.type.kind != "array":
                found.append(lvalue.base)
        lvalue = lvalue.base
    return found
