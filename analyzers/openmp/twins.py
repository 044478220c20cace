"""Pointers that become one: `u = v;` at the end of each step of a loop, with the other half of the swap forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzers.dependence.facts import Effects, FunctionFacts
from analyzers.ir.accesses import Guard
from analyzers.ir.expressions import Binary, Cast, Expr, Name
from analyzers.ir.statements import Assign, Construct, Declare, Jump, Loop, LoopHeader, Stmt, calls_of, walk_statements
from analyzers.ir.symbols import INT, Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp.candidates import Candidate, Root

Group = tuple[list[Candidate], list[Candidate]]


def groups(root: Root, facts: FunctionFacts, accesses: Mapping[Symbol, Sequence[Candidate]]) -> Iterator[Group]:
    """The accesses of a region through one pointer, and those through another that leads to the same memory, as if it
    were the first."""
    if root.construct is None:
        return
    guards = later(root.loops, facts.headers)
    for target, source, assumption in of(root.construct, root.loops, facts.effects):
        mine = [c for c in accesses.get(target, ()) if c.through_pointer]
        theirs = []
        for c in accesses.get(source, ()):
            access = replace(c.access, symbol=target, guards=(*c.access.guards, *guards))
            if c.through_pointer:
                theirs.append(replace(c, access=access, original=assumption))
        yield mine, theirs


def of(
    construct: Construct, loops: Sequence[Loop], effects: Mapping[str, Effects]
) -> Iterator[tuple[Symbol, Symbol, Assumption]]:
    """The pairs of pointers that lead to the same memory in a region from the second iteration of the loop around it
    on: the loop copies one to the other behind the region, whatever happens, and changes neither until it is back."""
    if not loops:
        return
    body = loops[-1].body.statements
    inside = [stmt for each in body for stmt in walk_statements(each)]
    at = next((n for n, each in enumerate(body) if any(s is construct for s in walk_statements(each))), None)
    if at is None or any(isinstance(s, Jump) for s in inside):
        return
    declared = {s.symbol for s in inside if isinstance(s, Declare)}
    for number, stmt in enumerate(body[at + 1 :], at + 1):
        pair = _copied(stmt)
        if pair is None or not declared.isdisjoint(pair):
            continue
        between = [s for each in (*body[number + 1 :], *body[: at + 1]) for s in walk_statements(each)]
        if not any(_may_change(s, pair, effects) for s in between):
            text = f"the loop around it runs more than once, from where on `{pair[0].name}` is `{pair[1].name}`"
            yield (*pair, Assumption("condition", text, "ordinary"))


def later(loops: Sequence[Loop], headers: Mapping[int, LoopHeader]) -> tuple[Guard, ...]:
    """That it is not the first iteration of the loop, where the loop is counted."""
    header = headers.get(id(loops[-1])) if loops else None
    if header is None:
        return ()
    return (Guard(Binary("!=", Name(header.index), header.lower, INT), True, len(loops)),)


def _copied(stmt: Stmt) -> tuple[Symbol, Symbol] | None:
    match stmt:
        case Assign(target=Name(symbol=target), op=None, value=value) if target.is_pointer:
            source = _name(value)
            return (target, source) if source is not None and source.is_pointer and source != target else None
        case _:
            return None


def _name(value: Expr) -> Symbol | None:
    while isinstance(value, Cast):
        value = value.operand
    return value.symbol if isinstance(value, Name) else None


def _may_change(stmt: Stmt, pointers: tuple[Symbol, Symbol], effects: Mapping[str, Effects]) -> bool:
    if isinstance(stmt, Assign) and isinstance(stmt.target, Name) and stmt.target.symbol in pointers:
        return True
    if not any(p.is_static or p.address_taken for p in pointers):
        return False
    for call in calls_of(stmt):
        effect = effects.get(call.name or "")
        if effect is None or effect.unknown is not None or any(p.name in effect.writes for p in pointers):
            return True
    return any(p.address_taken for p in pointers)
