"""What would be known of a loop if what nobody has seen were harmless.

An unseen function may change the bound of a loop, its index, every pointer: little is left to say. So a function with
such calls is looked at a second time as if somebody had vouched for them (`supposing`), and what comes out is kept as
assumptions that name them. Verdicts under ordinary assumptions are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from analyzers.dependence import supposing
from analyzers.dependence.facts import Effects, FunctionFacts, LoopFacts
from analyzers.dependence.supposing import Unseen
from analyzers.ir.statements import Function
from analyzers.ir.verdicts import Verdict

Again = Callable[[Function, Mapping[str, Effects]], FunctionFacts]


def supplemented(facts: FunctionFacts, again: Again) -> FunctionFacts:
    """The facts with, for each loop that does something through unseen code and is undecided, what holds if that is
    harmless. `again` analyses a function with other effects."""
    wanted = [_in_the_way(loop, facts.effects) for loop in facts.loops]
    if not any(wanted):
        return facts
    function, vouched = supposing.suppose(facts.function, filter(None, wanted), facts.effects)
    second = again(function, {**facts.effects, **vouched}).loops
    return replace(
        facts,
        loops=tuple(
            loop if unseen is None else _assuming(loop, other, unseen)
            for loop, other, unseen in zip(facts.loops, second, wanted, strict=True)
        ),
    )


def _in_the_way(facts: LoopFacts, effects: Mapping[str, Effects]) -> Unseen | None:
    """What the loop does through unseen code; None where neither that nor a bound in memory is in the way, where
    something is known already, or where a directive decides how the loop runs."""
    verdict = facts.verdict
    if verdict.status != "unknown" or verdict.assumptions or facts.governed_by is not None or facts.inside_parallel:
        return None
    found = supposing.unseen(facts.loop, effects)
    varies = any(reason.code == "bound-varies" for reason in verdict.reasons)
    return found if found.calls or found.exits or varies else None


def _assuming(strict: LoopFacts, second: LoopFacts, unseen: Unseen) -> LoopFacts:
    verdict = second.verdict
    if verdict.status == "dependent" or (verdict.status == "unknown" and not verdict.assumptions):
        return strict
    named = unseen.assumptions
    reasons = tuple(reason for reason in strict.verdict.reasons if reason.code == "unknown-call")
    assumptions = (*named, *(a for a in verdict.assumptions if a not in named))
    return replace(
        second,
        loop=strict.loop,
        parent=strict.parent,
        accesses=strict.accesses,
        verdict=Verdict("unknown", reasons or strict.verdict.reasons, assumptions),
    )
