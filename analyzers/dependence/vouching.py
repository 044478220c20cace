"""What would be known of a loop if the functions that nobody has seen were independent.

An unseen function may change the bound of a loop, its index, every pointer: little is left to say. So a function with
such calls is looked at a second time as if the user had vouched for them (`independent-functions`), and what comes out
is kept as an assumption with the names of the functions. Verdicts under ordinary assumptions are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from analyzers.dependence.effects import vouched_for
from analyzers.dependence.facts import Effects, FunctionFacts, LoopFacts
from analyzers.dependence.surroundings import calls
from analyzers.ir.statements import Loop
from analyzers.ir.verdicts import Assumption, Verdict

Again = Callable[[Mapping[str, Effects]], FunctionFacts]


def supplemented(facts: FunctionFacts, again: Again) -> FunctionFacts:
    """The facts with, for each loop that calls unseen functions and is undecided, what holds if these are independent.
    `again` analyses the function with other effects."""
    wanted = {id(loop.loop): names for loop in facts.loops if (names := _in_the_way(loop, facts.effects))}
    if not wanted:
        return facts
    vouched = {name: vouched_for(facts.effects.get(name)) for names in wanted.values() for name in names}
    second = {id(loop.loop): loop for loop in again({**facts.effects, **vouched}).loops}
    loops = tuple(
        _assuming(loop, second[id(loop.loop)], wanted[id(loop.loop)]) if id(loop.loop) in wanted else loop
        for loop in facts.loops
    )
    return replace(facts, loops=loops)


def _in_the_way(facts: LoopFacts, effects: Mapping[str, Effects]) -> tuple[str, ...]:
    """The unseen functions that the loop calls, in textual order; none where they are not all that is in the way, or
    where a directive decides already how the loop runs."""
    verdict = facts.verdict
    if verdict.status != "unknown" or verdict.assumptions or facts.governed_by is not None or facts.inside_parallel:
        return ()
    return _unseen(facts.loop, effects)


def _unseen(loop: Loop, effects: Mapping[str, Effects]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for call in calls(loop):
        effect = effects.get(call.name) if call.name is not None else None
        if effect is not None and effect.unknown is None:
            continue
        if call.name is None:
            return ()  # through a pointer: there is no name to vouch for
        found[call.name] = None
    return tuple(found)


def _assuming(strict: LoopFacts, second: LoopFacts, names: tuple[str, ...]) -> LoopFacts:
    verdict = second.verdict
    if verdict.status == "dependent" or (verdict.status == "unknown" and not verdict.assumptions):
        return strict
    independent = tuple(Assumption("independent-call", f"`{name}` is independent", "strong", (name,)) for name in names)
    reasons = tuple(reason for reason in strict.verdict.reasons if reason.code == "unknown-call")
    assumptions = (*independent, *(a for a in verdict.assumptions if a not in independent))
    return replace(second, verdict=Verdict("unknown", reasons or strict.verdict.reasons, assumptions))
