"""Loop distribution: the body cut in two, each part in a loop of its own (Kennedy & McKinley, "Loop Distribution with
Arbitrary Control Flow", SC 1990; Allen & Kennedy 2002, §5.5).

A cut is legal where nothing in the second part comes, in an earlier iteration, before something in the first part that
it meets: the first loop would run that too early.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzers.dependence import conflicts
from analyzers.dependence.conflicts import Inquiry, Obstacles
from analyzers.dependence.facts import Split
from analyzers.ir.accesses import Access
from analyzers.ir.statements import Block, Declare, Jump, Label, Loop, Stmt, Switch, Unknown, loops, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts

_MOST = 12  # statements of a body that is cut

Noted = Callable[[Loop, tuple[Access, ...]], Obstacles]  # what stands in the way of a loop besides common elements


def splits(inquiry: Inquiry, parts: Parts, noted: Noted) -> tuple[Split, ...]:
    """The legal cuts of the loop that leave a part which is parallel, as long as it can be, with its verdict: at most
    one of each kind, the parallel part first or second."""
    body = inquiry.loop.body.statements
    if not 2 <= len(body) <= _MOST or any(conflict.unknown for conflict in parts.scalars.conflicts):
        return ()
    if leaves(inquiry.loop):
        return ()
    cutter = _Cutter(inquiry, parts, noted, body)
    found = (cutter.longest(first=True), cutter.longest(first=False))
    return tuple(each for each in found if each is not None)


def leaves(loop: Loop) -> bool:
    """May an iteration end before its last statement, or do something nobody knows?"""
    inner = {id(s) for each in loops(loop.body) for s in walk_statements(each.body)}
    return any(
        isinstance(stmt, (Label, Unknown, Switch))
        or (isinstance(stmt, Jump) and not (stmt.kind in ("break", "continue") and id(stmt) in inner))
        for stmt in walk_statements(loop.body)
    )


class _Cutter:
    """The statements of one body with what they access."""

    def __init__(self, inquiry: Inquiry, parts: Parts, noted: Noted, body: Sequence[Stmt]) -> None:
        self.inquiry, self.parts, self.noted, self.body = inquiry, parts, noted, body
        place = {id(inner): k for k, stmt in enumerate(body) for inner in walk_statements(stmt)}
        self.below: list[list[Access]] = [[] for _ in body]
        self.common: list[list[Access]] = [[] for _ in body]  # to memory that iterations share
        changed = parts.changed
        self.own: list[set[Symbol]] = [set() for _ in body]  # what the loop changes and is no such memory
        self.known = True
        counting = {id(stmt) for stmt in (inquiry.loop, *inquiry.loop.init, *inquiry.loop.step)}
        for access in parts.accesses:
            if id(access.statement) in counting:
                continue  # both loops count alike
            k = place.get(id(access.statement))
            if k is None or access.symbol is None:
                self.known = False
                continue
            self.below[k].append(access)
            if access.symbol in changed:
                self.own[k].add(access.symbol)
        for access in parts.compared:
            k = place.get(id(access.statement))
            if k is not None:
                self.common[k].append(access)
        for k, stmt in enumerate(body):
            self.own[k].update(inner.symbol for inner in walk_statements(stmt) if isinstance(inner, Declare))
        self.in_the_way = {conflict.symbol for conflict in parts.scalars.conflicts}

    def longest(self, *, first: bool) -> Split | None:
        """The longest part at one end of the body that is parallel and may be cut off."""
        count, best = len(self.body), None
        for length in range(1, count if self.known else 1):
            cut = length if first else count - length
            obstacles = self._obstacles(range(cut) if first else range(cut, count))
            if obstacles.verdict is None:
                break
            for assumption in self._needed(cut, obstacles):
                obstacles.assume(assumption)
            if obstacles.verdict is not None:
                best = Split(cut, first, obstacles.verdict)
        return best

    def _obstacles(self, part: range) -> Obstacles:
        """What stands in the way of a loop over these statements alone."""
        loop = self.inquiry.loop
        alone = replace(loop, body=Block(tuple(self.body[k] for k in part), loop.body.span))
        obstacles = self.noted(alone, tuple(a for k in part for a in self.below[k]))
        obstacles.open = obstacles.open or any(self.own[k] & self.in_the_way for k in part)
        mine = [access for k in part for access in self.common[k]]
        inquiry = replace(self.inquiry, representatives=conflicts.representatives(mine, self.inquiry.exclusions))
        reduced = (r.symbol for r in self.parts.array_reductions)
        conflicts.compare(mine, inquiry, obstacles, frozenset((*reduced, *self.parts.lasting_arrays)))
        return obstacles

    def _needed(self, cut: int, obstacles: Obstacles) -> Iterator[Assumption]:
        """What has to be assumed for the cut to be legal; `obstacles` stay open where nothing helps."""
        before, after = (set[Symbol]().union(*self.own[part]) for part in (slice(cut), slice(cut, None)))
        obstacles.open = obstacles.open or bool(before & after)
        for later in itertools.chain(*self.common[:cut]):
            for earlier in itertools.chain(*self.common[cut:]):
                if obstacles.open or not (later.writes or earlier.writes):
                    continue
                answer = conflicts.related(later, earlier, self.inquiry)
                if answer.status == "assumed-distinct" and answer.assumption is not None:
                    yield answer.assumption
                if answer.status in ("distinct", "assumed-distinct"):
                    continue
                conflict = self.inquiry.solver.precedes(earlier, later, self.inquiry.loop)
                obstacles.open = answer.status == "may" or conflict.status != "none" or self.inquiry.allowance.spent
                yield from (a for a in (answer.assumption, conflict.assumption) if a is not None)
