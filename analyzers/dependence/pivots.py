"""Loops whose iterations meet in one of them only, that of the pivot row: Floyd and Warshall's shortest paths
(index set splitting, Griebl, Feautrier & Lengauer 2000).

The iterations before it and those behind it are loops of their own, each of which is parallel. All come in their old
order as far as they meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzers.dependence import conflicts
from analyzers.dependence.affine import constant_value
from analyzers.dependence.conflicts import Inquiry
from analyzers.dependence.distribution import Noted, leaves
from analyzers.dependence.facts import Pivot
from analyzers.ir.accesses import Access, Guard, Subscripts
from analyzers.ir.expressions import Binary, Name
from analyzers.ir.statements import LoopHeader
from analyzers.ir.symbols import INT, Symbol

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts


def find(inquiry: Inquiry, parts: Parts, noted: Noted) -> Pivot | None:
    """The index of a loop around that runs through the same values, if the loop is parallel without the iteration in
    which its own index is equal to that."""
    header = parts.header
    if header is None or parts.scalars.conflicts or header.relation not in ("<", "<=") or leaves(inquiry.loop):
        return None
    if constant_value(header.step) != 1 or header.index.type.kind != "integer":
        return None
    for at in dict.fromkeys(_candidates(inquiry, parts, header)):
        apart = tuple(_without(access, header.index, at, inquiry) for access in parts.compared)
        representatives = conflicts.representatives(apart, inquiry.exclusions)
        obstacles = noted(inquiry.loop, parts.accesses)
        settled = (*(r.symbol for r in parts.array_reductions), *parts.lasting_arrays)
        conflicts.compare(apart, replace(inquiry, representatives=representatives), obstacles, frozenset(settled))
        if obstacles.verdict is not None:
            return Pivot(at, obstacles.verdict)
    return None


def _candidates(inquiry: Inquiry, parts: Parts, header: LoopHeader) -> Iterator[Symbol]:
    """Indices of loops around with the same bounds that are subscripts."""
    for access in parts.compared:
        around = access.loops[: access.loops.index(inquiry.loop)] if inquiry.loop in access.loops else ()
        subscripts = {e for step in access.path if isinstance(step, Subscripts) for e in step.indices}
        for loop in around:
            outer = inquiry.solver.headers.get(id(loop))
            if outer is not None and Name(outer.index) in subscripts and _values(outer) == _values(header):
                yield outer.index


def _values(header: LoopHeader) -> tuple[object, ...]:
    return header.lower, header.relation, header.bound, header.step


def _without(access: Access, index: Symbol, at: Symbol, inquiry: Inquiry) -> Access:
    """The access in all iterations but that one."""
    if inquiry.loop not in access.loops:
        return access
    level = access.loops.index(inquiry.loop) + 1
    guard = Guard(Binary("!=", Name(index), Name(at), INT), True, level)
    return replace(access, guards=(*access.guards, guard))
