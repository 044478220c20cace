"""Loops that carry dependences and are pipelines: several of their iterations can be under way at once.

Two loops, one right inside the other: the iterations of the outer one are rows, those of the inner one steps. Each row
runs its steps in order, and before a step waits until the row before it is `lag` steps further: a Gauss-Seidel sweep
may follow the sweep before it at a distance (Wolfe, "Loop Skewing: the Wavefront Method Revisited", IJPP 1986). In
OpenMP that is a doacross loop nest (OpenMP 5.2 §15.9.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzers.dependence.affine import constant_value
from analyzers.dependence.conflicts import Inquiry, related
from analyzers.dependence.domains import Headers
from analyzers.dependence.facts import Wavefront
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Expr
from analyzers.ir.statements import Construct, Jump, Loop, Stmt, Switch, loops, substatements, walk_statements
from analyzers.ir.verdicts import Assumption

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts

MAX_LAG = 4  # rows that follow each other at a greater distance have little to do at the same time


def inner_loop(loop: Loop, headers: Headers, invariant: Callable[[Expr], bool]) -> Loop | None:
    """The loop whose iterations are the steps: alone in the outer one, of bounds that stay, with loops of its own
    inside (less work than that is not worth a signal)."""
    if len(loop.body.statements) != 1:
        return None
    (inner,) = loop.body.statements
    if not isinstance(inner, Loop) or not any(loops(inner.body)):
        return None
    for each in (loop, inner):
        header = headers.get(id(each))
        if header is None or not constant_value(header.step):
            return None
    header = headers[id(inner)]
    if not (invariant(header.lower) and invariant(header.bound)):
        return None
    if any(isinstance(s, Construct) for s in walk_statements(inner.body)) or _leaves_step(inner):
        return None
    return inner


def of(parts: Parts, inquiry: Inquiry, assumed: Iterable[Assumption]) -> Wavefront | None:
    """Whether a loop in whose way only memory is can run as a pipeline. `assumed`: on the way here."""
    scalars = parts.scalars
    arrays = (*parts.private_arrays, *parts.lasting_arrays, *parts.array_reductions)
    copied = (*scalars.lastprivate, *scalars.conditional, *parts.linear, *arrays)
    if scalars.conflicts or scalars.index_live or copied or parts.reductions or parts.protected:
        return None
    inner = inner_loop(inquiry.loop, inquiry.solver.headers, inquiry.solver.invariant)
    found = find(inner, parts.shared, inquiry) if inner is not None else None
    return found and replace(found, assumptions=tuple(dict.fromkeys((*assumed, *found.assumptions))))


def find(inner: Loop, shared: Sequence[Access], inquiry: Inquiry) -> Wavefront | None:
    """How closely the rows may follow each other; None where that is not proved. `shared`: the accesses to what the
    iterations have in common; everything else is known to be no obstacle."""
    lag = 0
    assumptions: dict[Assumption, None] = {}
    for write, other in _pairs(shared, inquiry):
        if inquiry.allowance.spent:
            return None
        answer = related(write, other, inquiry)
        if answer.status == "may" or (answer.assumption is not None and answer.assumption.strength == "strong"):
            return None
        if answer.assumption is not None:
            assumptions.setdefault(answer.assumption)
        if answer.status in ("distinct", "assumed-distinct"):
            continue
        while not inquiry.solver.keeps_behind(write, other, inquiry.loop, inner, lag):
            lag += 1
            if lag > MAX_LAG:
                return None
    return Wavefront(inner, lag, tuple(assumptions))


def _pairs(shared: Sequence[Access], inquiry: Inquiry) -> Iterator[tuple[Access, Access]]:
    distinct = [a for a in shared if a.symbol is not None and id(a) in inquiry.representatives]
    for position, first in enumerate(distinct):
        for second in distinct[position:]:
            if first.writes:
                yield first, second
            elif second.writes:
                yield second, first


def _leaves_step(inner: Loop) -> bool:
    """Does a jump skip the end of a step, where its signal stands?"""
    stack: list[tuple[Stmt, frozenset[str]]] = [(inner.body, frozenset())]
    while stack:
        stmt, harmless = stack.pop()
        if isinstance(stmt, Jump) and stmt.kind not in harmless:
            return True
        if isinstance(stmt, Loop):
            harmless = frozenset(("break", "continue"))
        elif isinstance(stmt, Switch):
            harmless |= {"break"}
        stack.extend((s, harmless) for s in substatements(stmt))
    return False
