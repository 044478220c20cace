"""Phases: which barrier a thread passed last, and what all threads of the team decided since."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """The barrier passed last, and the branches taken since at conditions that decide whether there is another one:
    all threads decide alike there, so that two threads in different branches are in different runs."""

    barrier: int
    decisions: frozenset[tuple[int, bool]] = frozenset()

    def meets(self, other: Phase) -> bool:
        if self.barrier != other.barrier:
            return False
        return not any((at, not taken) in other.decisions for at, taken in self.decisions)


def meet(one: frozenset[Phase], other: frozenset[Phase]) -> bool:
    """May two threads be in these phases at the same time?"""
    return any(a.meets(b) for a in one for b in other)


@dataclass(frozen=True, slots=True)
class Decision:
    """A condition that decides whether there is another barrier, and those decided before it."""

    at: int
    before: frozenset[int]


def resolved(taken: set[Phase], not_taken: set[Phase], decision: Decision) -> set[Phase]:
    """The phases behind both branches of a decision: without it, and with what either branch decided. No thread of a
    run gets to the conditions of the branch that the run does not take, so that nothing is lost, and a row of such
    conditions does not double the phases each time."""
    result = taken | not_taken
    pairs: dict[tuple[int, frozenset[tuple[int, bool]]], tuple[list[Phase], list[Phase]]] = {}
    for side, phases in enumerate((taken, not_taken)):
        for phase in phases:
            if (decision.at, side == 0) in phase.decisions:
                earlier = frozenset(d for d in phase.decisions if d[0] in decision.before)
                pairs.setdefault((phase.barrier, earlier), ([], []))[side].append(phase)
    for (barrier, _), (ones, others) in pairs.items():
        if len(ones) == len(others) == 1:
            result -= {ones[0], others[0]}
            both = ones[0].decisions | others[0].decisions
            result.add(Phase(barrier, both - {(decision.at, True), (decision.at, False)}))
    by_barrier: dict[int, list[Phase]] = {}
    for phase in result:
        by_barrier.setdefault(phase.barrier, []).append(phase)
    return {p for group in by_barrier.values() for p in group if not any(o.decisions < p.decisions for o in group)}
