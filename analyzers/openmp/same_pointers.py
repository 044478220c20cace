"""Two pointers that are one after the first iteration of the loop around a region: half of a swap was forgotten.

for (int t = 0; t < steps; t++) {
    #pragma omp parallel for
    for (int i = 1; i < n - 1; i++) y[i] = x[i - 1] + x[i + 1];
    double *old = x;
    x = y;                       // and no `y = old`
}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzers.dependence.facts import Effects
from analyzers.ir.expressions import Address, Name
from analyzers.ir.statements import Assign, Block, Construct, Declare, Jump, Loop, Stmt, calls_of, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp.candidates import Candidate


def find(
    construct: Construct, loops: Sequence[Loop], effects: Mapping[str, Effects]
) -> Iterator[tuple[Symbol, Symbol]]:
    """Pairs of pointers that hold one address whenever `construct` runs again in an iteration of `loops` around it."""
    for loop in loops:
        behind = _behind(construct, loop)
        copies = [pair for stmt in behind for pair in _copied(stmt)]
        statements = list(walk_statements(loop)) if copies else []
        if any(isinstance(s, Jump) and s.kind in ("continue", "goto") for s in statements):
            continue
        if any(isinstance(s, Jump) for s in behind):
            continue  # the loop does not run again
        for stmt, one, other in copies:
            if all(_is_known(p, stmt, statements, effects) for p in (one, other)):
                yield one, other


def _copied(stmt: Stmt) -> Iterator[tuple[Stmt, Symbol, Symbol]]:
    match stmt:
        case Assign(target=Name(symbol=one), value=Name(symbol=other), op=None) if one != other and one.is_pointer:
            yield stmt, one, other


def as_one(one: Sequence[Candidate], other: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
    """What is accessed behind two such pointers as pairs of accesses behind the first, the write first."""
    for left in one:
        for right in other:
            if not (left.through_pointer and right.through_pointer):
                continue
            text = f"the loop around runs again: then `{left.symbol.name}` is `{right.symbol.name}`"
            access = replace(right.access, symbol=left.symbol)
            moved = replace(
                right,
                access=access,
                placed=replace(right.placed, access=access),
                storage=left.storage,
                original=Assumption("condition", text, "ordinary"),
            )
            if left.access.writes:
                yield left, moved
            elif moved.access.writes:
                yield moved, left


def _behind(construct: Construct, loop: Loop) -> list[Stmt]:
    """The statements of the loop's body that follow a construct in it and run whenever it does."""
    flat: list[Stmt] = []
    stack: list[Stmt] = [loop.body]
    while stack:
        top = stack.pop()
        if isinstance(top, Block):
            stack.extend(reversed(top.statements))
        else:
            flat.append(top)
    return flat[flat.index(construct) + 1 :] if construct in flat else []


def _is_known(pointer: Symbol, setting: Stmt, statements: Sequence[Stmt], effects: Mapping[str, Effects]) -> bool:
    """Does nothing else in the loop set the pointer?"""
    if not pointer.is_pointer or pointer.address_taken or pointer.type.volatile:
        return False
    for stmt in statements:
        if isinstance(stmt, Declare) and stmt.symbol == pointer:
            return False
        if isinstance(stmt, Assign) and stmt is not setting and stmt.target == Name(pointer):
            return False
        if any(Address(Name(pointer)) in call.arguments for call in calls_of(stmt)):
            return False
        if pointer.storage in ("global", "undeclared", "static"):
            for call in calls_of(stmt):
                effect = effects.get(call.name or "")
                if effect is None or effect.unknown is not None or pointer.name in effect.writes:
                    return False
    return True
