"""The loops of a function as the trees they form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from analyzers.dependence.facts import LoopShape
from analyzers.ir.expressions import ZERO
from analyzers.ir.statements import Loop

Facts = TypeVar("Facts", bound=LoopShape, covariant=True)


def runs_once(loop: Loop) -> bool:
    """`do { ... } while (0)`: the way macros are wrapped, and no loop to anybody who reads it."""
    return loop.kind == "do-while" and loop.condition == ZERO


@dataclass(frozen=True, slots=True)
class Nests(Generic[Facts]):
    """Who stands in whom. Loops are told apart by identity."""

    by_loop: Mapping[int, Facts]
    inside: Mapping[int, Sequence[Facts]]  # directly, in textual order

    @classmethod
    def of(cls, loops: Sequence[Facts]) -> Nests[Facts]:
        inside: dict[int, list[Facts]] = {}
        for facts in loops:
            if facts.parent is not None:
                inside.setdefault(id(facts.parent), []).append(facts)
        return cls({id(facts.loop): facts for facts in loops}, inside)

    def facts(self, loop: Loop | None) -> Facts | None:
        return self.by_loop.get(id(loop))

    def above(self, facts: LoopShape) -> Iterator[Facts]:
        """The loops around this one, inner ones first."""
        parent = self.facts(facts.parent)
        while parent is not None:
            yield parent
            parent = self.facts(parent.parent)

    def children(self, facts: LoopShape) -> Sequence[Facts]:
        """The loops directly inside this one."""
        return self.inside.get(id(facts.loop), ())

    def below(self, facts: LoopShape) -> tuple[Facts, ...]:
        """The loops inside this one, outer ones first."""
        found: list[Facts] = []
        stack = [*reversed(self.children(facts))]
        while stack:
            top = stack.pop()
            found.append(top)
            stack.extend(reversed(self.children(top)))
        return tuple(found)
