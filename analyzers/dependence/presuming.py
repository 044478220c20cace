"""What would be known of a loop if functions were the ones of other files that have their names.

That a call means the definition that another file of the workspace holds is not always certain (`linking`). A function
with such calls is looked at a second time as if it were; what is only known then is kept as an assumption that names
every such function that the code around the loop calls too, because what they do there may matter as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from analyzers.dependence.effects import UNSEEN
from analyzers.dependence.facts import Basis, Effects, FunctionFacts, Later, LoopFacts
from analyzers.dependence.surroundings import taken_for
from analyzers.ir.statements import Function
from analyzers.ir.verdicts import Assumption, Verdict
from analyzers.standards.library import words

# Reasons that stay, whatever is known of functions.
_HOPELESS = frozenset(
    words("budget contains-directive early-exit exit io messages tainted thread-unsafe-call unknown-statement")
)
Again = Callable[[Function, Mapping[str, Effects]], FunctionFacts]


def certain(outside: Mapping[str, Effects]) -> Mapping[str, Effects]:
    """The effects with those unknown that rest on a definition of which it is not certain that it is meant."""
    doubtful = {name: UNSEEN for name, effect in outside.items() if any(map(_is_doubtful, effect.basis))}
    return {**outside, **doubtful} if doubtful else outside


def _is_doubtful(basis: Basis) -> bool:
    return bool(basis.source) and not basis.certain


def supplemented(facts: FunctionFacts, presumed: Mapping[str, Effects], again: Again) -> FunctionFacts:
    """The facts with, for each undecided loop, what holds with the effects `presumed`. `again` analyses a function."""
    doubtful = {each for name in facts.function.callees for each in presumed[name].basis if _is_doubtful(each)}
    if not doubtful:
        return facts
    assumptions = tuple(map(taken_for, sorted(doubtful)))

    @cache
    def second() -> Sequence[LoopFacts] | None:
        if not any(_is_open(loop) and _may_be_settled(loop, presumed) for loop in facts.loops):
            return None
        return again(facts.function, presumed).loops

    def one(at: int) -> LoopFacts:
        strict = facts.loops[at]
        other = second() if _is_open(strict) else None
        return strict if other is None else _presuming(strict, other[at], assumptions)

    return replace(facts, loops=Later(len(facts.loops), one))


def _is_open(facts: LoopFacts) -> bool:
    return facts.verdict.status == "unknown" and facts.verdict.confidence == "possible"


def _may_be_settled(facts: LoopFacts, presumed: Mapping[str, Effects]) -> bool:
    """Could knowing more functions help? A second look costs as much as the first."""
    return not any(
        reason.code in _HOPELESS
        or (reason.code == "not-canonical" and reason.subject is None)
        or (reason.code == "unknown-call" and _stays_unknown(reason.subject, presumed))
        for reason in facts.verdict.reasons
    )


def _stays_unknown(name: str | None, presumed: Mapping[str, Effects]) -> bool:
    effect = presumed.get(name) if name is not None else None
    return effect is None or effect.unknown is not None


def _presuming(strict: LoopFacts, second: LoopFacts, assumptions: tuple[Assumption, ...]) -> LoopFacts:
    verdict = second.verdict
    if not verdict.counts_as_parallel:
        return strict
    named = (*verdict.assumptions, *(a for a in assumptions if a not in verdict.assumptions))
    return replace(second, verdict=Verdict("unknown", verdict.reasons, named))
