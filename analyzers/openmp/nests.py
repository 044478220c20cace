"""The loops of a function as the trees they form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.dependence.facts import LoopFacts
from analyzers.ir.statements import Loop


@dataclass(frozen=True, slots=True)
class Nests:
    """Who stands in whom. Loops are told apart by identity."""

    loops: Sequence[LoopFacts]
    by_loop: Mapping[int, LoopFacts]

    @classmethod
    def of(cls, loops: Sequence[LoopFacts]) -> Nests:
        return cls(loops, {id(facts.loop): facts for facts in loops})

    def facts(self, loop: Loop | None) -> LoopFacts | None:
        return self.by_loop.get(id(loop))

    def above(self, facts: LoopFacts) -> Iterator[LoopFacts]:
        """The loops around this one, inner ones first."""
        parent = self.facts(facts.parent)
        while parent is not None:
            yield parent
            parent = self.facts(parent.parent)

    def below(self, facts: LoopFacts) -> tuple[LoopFacts, ...]:
        """The loops inside this one, outer ones first."""
        inside = {id(facts.loop)}
        found = []
        for other in self.loops:
            if other.parent is not None and id(other.parent) in inside:
                inside.add(id(other.loop))
                found.append(other)
        return tuple(found)

    def children(self, facts: LoopFacts) -> tuple[LoopFacts, ...]:
        """The loops directly inside this one."""
        return tuple(other for other in self.loops if other.parent is facts.loop)
