"""Do accesses meet in two iterations that are dealt out, in two runs of a construct, in two tasks?

What only some pairs of iterations or tasks have in common, or what orders some of them, is looked at pair by pair: the
order that `ordered` makes, the share that a thread gets each time, the dependences between tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from analyzers.dependence import alignment
from analyzers.dependence.answers import maybe
from analyzers.dependence.domains import Invariant
from analyzers.dependence.facts import Conflict
from analyzers.dependence.lvalues import locate
from analyzers.dependence.polyhedral import Solver
from analyzers.ir.accesses import Access
from analyzers.ir.directives import ClauseItem
from analyzers.ir.expressions import ONE, ZERO, Constant, Expr, Name
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import INT, Symbol
from analyzers.openmp import differences
from analyzers.openmp.concurrency import Mode, Waits
from analyzers.openmp.dealing import dealt_to, is_static
from analyzers.openmp.dependences import SiblingTask, storage_of
from analyzers.openmp.iteration_order import order_of
from analyzers.openmp.placements import Placement, common
from analyzers.openmp.sharing import dealt_loops

ROUND = Symbol("//omp round", "round", INT, "local")
ROUNDS = Symbol("//omp rounds", "rounds", INT, "local")


@dataclass(slots=True)
class Meetings:
    """Asks a solver about pairs of accesses of one region; `outside` loops of every access surround it."""

    solver: Solver
    headers: Mapping[int, LoopHeader]
    invariant: Invariant
    outside: int
    kept: list[Access]  # the solver knows accesses by identity
    made_for: Callable[[Mapping[int, LoopHeader]], Solver]  # one that knows more loops
    counting: dict[int, Solver] = field(default_factory=dict)  # by id(loop)

    def apart(
        self,
        first: Access,
        second: Access,
        values: Sequence[tuple[Expr, Expr]],
        question: Callable[[Access, Access], Conflict],
    ) -> Conflict:
        """The answer to a question about the accesses where these values of the two differ."""
        answers = []
        for one, other in differences.apart(first, second, values):
            self.kept += (one, other)
            answers.append(differences.as_asked(question(one, other), len(values)))
        return worst(answers) if answers else maybe("apart", "the locks may be the same", first)

    def iterations(self, first: Access, second: Access, mode: Mode) -> Conflict:
        """Two different iterations of the collapsed nest: they differ first in one of its loops."""
        order = order_of(mode.dealt, self.headers)
        if order is None:
            return worst(self.solver_for(loop).carried(first, second, loop) for loop in mode.loops)
        found = []
        for loop in mode.loops:
            for earlier, later in ((first, second), (second, first)):
                conflict = self.solver.precedes(earlier, later, loop)
                waited = order.holds(earlier, later) and order.reaches(conflict.witness)
                found.append(Conflict("none") if waited else conflict)
        return worst(found)

    def rounds(self, first: Access, second: Access, mode: Mode) -> Conflict:
        """Two runs of one worksharing construct; where a thread gets the same iterations again, in different ones."""
        assert mode.dealt is not None
        inner = dealt_loops(mode.dealt)
        if not inner or not is_static(mode.dealt):
            return worst(self.solver_for(loop).carried(first, second, loop) for loop in mode.loops)
        found = []
        for each in inner:
            header = self.headers.get(id(each))
            if header is None:
                return maybe("same-schedule", "each thread may get the same iterations again", first)
            index = Name(header.index)
            for loop in mode.loops:
                ask = partial(self.solver_for(loop).carried, loop=loop)
                found.append(self.apart(first, second, ((index, index),), ask))
        return worst(found)

    def counts_itself(self, mode: Mode) -> bool:
        """Are the iterations those of a loop that is not counted?"""
        return any(id(loop) not in self.headers for loop in mode.loops)

    def solver_for(self, loop: Loop) -> Solver:
        """One that counts the iterations of a loop which does not do so itself, such as a walk along a list, where
        that loop hands out tasks."""
        if id(loop) in self.headers:
            return self.solver
        known = self.counting.get(id(loop))
        if known is None:
            once = isinstance(loop.condition, Constant) and not loop.condition.value
            header = LoopHeader(ROUND, ZERO, "<", ONE if once else Name(ROUNDS), ONE, True)
            known = self.counting[id(loop)] = self.made_for({id(loop): header})
        return known

    def same_schedule(self, first: Access, second: Access, one: Placement, other: Placement) -> Conflict | None:
        """The answer for two worksharing loops over the same iterations with a static schedule: each thread gets the
        same iterations of both (OpenMP 5.2 §11.5.3), so that only different iterations meet. A schedule that is not
        given is taken as static, as it is with the known compilers. None: the loops are not like that."""
        mine, theirs = one.executor.construct, other.executor.construct
        if (
            mine is None
            or theirs is None
            or mine is theirs
            or {one.executor.kind, other.executor.kind} != {"iteration"}
        ):
            return None
        if not is_static(mine) or not is_static(theirs) or dealt_to(mine) != dealt_to(theirs):
            return None
        nests = dealt_loops(mine), dealt_loops(theirs)
        if not nests[0] or len(nests[0]) != len(nests[1]):
            return None
        found: list[Conflict] = []
        for loop, like in zip(*nests, strict=True):
            if self.headers.get(id(loop)) is None or self.headers.get(id(like)) is None:
                return None
            ahead = alignment.shift(self.headers[id(loop)], self.headers[id(like)], self.invariant)
            if ahead is None or loop not in first.loops or like not in second.loops:
                return None
            at = second.loops.index(like)
            if first.loops.index(loop) != at or first.loops[:at] != second.loops[:at]:
                # Dealt out alike, but in different serial loops: what these do is not compared.
                text = "each thread may get the same iterations of both loops"
                return maybe("same-schedule", text, first)
            answer = alignment.out_of_step(self.solver, self.headers, (first, second), loop, like, ahead)
            if answer is None:
                return None
            conflict, second = answer
            found.append(conflict)
            self.kept.append(second)
        return worst(found)

    def tasks(self, first: Access, second: Access, mode: Mode) -> Conflict:
        """In one iteration of the loops around both, unless they are one task; and across those in `mode.loops`."""
        found = []
        around = first.loops[: self.outside]
        if not mode.same_task:
            together = self.solver.unordered(first, second, len(common(first.loops, second.loops)))
            forward = mode.waits is None or mode.waits.first.number < mode.waits.second.number
            found.append(self._unless_waited(together, mode.waits, forward, around))
        for loop in mode.loops:
            if mode.waits is None:
                found.append(self.solver_for(loop).carried(first, second, loop))
                continue
            for forward in (True, False):
                pair = (first, second) if forward else (second, first)
                found.append(
                    self._unless_waited(self.solver_for(loop).precedes(*pair, loop), mode.waits, forward, around)
                )
        return worst(found)

    def _unless_waited(
        self, conflict: Conflict, waits: Waits | None, forward: bool, around: tuple[Loop, ...]
    ) -> Conflict:
        """The conflict of two tasks unless the later one waits for the earlier one; `around`: the region."""
        if waits is None or conflict.status == "none":
            return conflict
        by: list[int] = []
        witness = conflict.witness
        earlier, later = (dict(reversed(w)) for w in (witness.first, witness.second)) if witness else ({}, {})
        for loop in common(waits.first.loops, waits.second.loops):
            header = self.headers.get(id(loop))
            step = header.step if header is not None else None
            if header is None or header.index.name not in earlier or header.index.name not in later:
                return Conflict("none")
            if not isinstance(step, Constant) or not isinstance(step.value, int) or step.value < 1:
                return Conflict("none")
            by.append(later[header.index.name] - earlier[header.index.name])
        return Conflict("none") if waits.holds(forward, tuple(by), partial(self._may_be_one, around)) else conflict

    def _may_be_one(
        self, around: tuple[Loop, ...], item: ClauseItem, task: SiblingTask, other: ClauseItem, its: SiblingTask
    ) -> bool:
        """May two list items of depend clauses name the same storage? `around` are the loops around the region."""
        made = []
        for each, owner in ((item, task), (other, its)):
            expr = storage_of(each)
            place = locate(expr) if expr is not None else None
            if place is None or place.symbol is None or not place.exact:
                return True
            made.append(Access(place.symbol, place.path, "write", each.span, (*around, *owner.loops)))
        self.kept += made
        return self.solver.unordered(made[0], made[1]).status != "none"


def worst(answers: Iterable[Conflict]) -> Conflict:
    """The first that is proved, or one that is not excluded."""
    worst = Conflict("none")
    for answer in answers:
        if answer.status == "proved":
            return answer
        if answer.status == "maybe":
            worst = answer
    return worst
