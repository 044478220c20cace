"""What would be known of a loop if what nobody has seen were harmless.

An unseen function may change the bound of a loop, its index, every pointer: little is left to say. So a function with
such calls is looked at a second time as if somebody had vouched for them (`supposing`), and what comes out is kept as
assumptions that name them. Verdicts under ordinary assumptions are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from analyzers.dependence import filling, supposing
from analyzers.dependence.facts import Effects, FunctionFacts, Later, LoopFacts
from analyzers.dependence.filling import Filling
from analyzers.dependence.supposing import Unseen, is_unseen
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Constant, Name
from analyzers.ir.statements import Assign, Evaluate, Function, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Verdict

Again = Callable[[Function, Mapping[str, Effects]], FunctionFacts]


def supplemented(facts: FunctionFacts, again: Again) -> FunctionFacts:
    """The facts with, for each loop that does something through unseen code and is undecided, what holds if that is
    harmless. `again` analyses a function with other effects."""

    @cache
    def fillings() -> tuple[Filling, ...]:
        return filling.find(
            facts.function, lambda call: supposing.callee_of(call) if is_unseen(call, facts.effects) else None
        )

    @cache
    def wanted(at: int) -> Unseen | None:
        loop = facts.loops[at]
        return _in_the_way(loop, facts.effects, fillings()) if _is_open(loop) else None

    @cache
    def second() -> Sequence[LoopFacts]:
        every = filter(None, map(wanted, range(len(facts.loops))))
        function, vouched = supposing.suppose(facts.function, every, facts.effects)
        return again(function, {**facts.effects, **vouched}).loops

    def one(at: int) -> LoopFacts:
        unseen = wanted(at)
        return facts.loops[at] if unseen is None else _assuming(facts.loops[at], second()[at], unseen)

    return replace(facts, loops=Later(len(facts.loops), one))


def _is_open(facts: LoopFacts) -> bool:
    """Undecided, and no directive says how the loop runs?"""
    return facts.verdict.status == "unknown" and facts.governed_by is None and not facts.inside_parallel


def _in_the_way(facts: LoopFacts, effects: Mapping[str, Effects], fillings: tuple[Filling, ...]) -> Unseen | None:
    """What the loop does through unseen code; None where neither that nor a bound in memory is in the way, or where
    something is known already, other than that functions have to be independent which fill what the loop reads, or to
    return which end the program if something is wrong."""
    verdict = facts.verdict
    found = supposing.unseen(facts.loop, effects, fillings)
    if verdict.assumptions:
        return found if found.fillings or found.failures else None
    varies = any(reason.code == "bound-varies" for reason in verdict.reasons)
    return found if found.calls or found.exits or found.failures or varies else None


def _assuming(strict: LoopFacts, second: LoopFacts, unseen: Unseen) -> LoopFacts:
    verdict = second.verdict
    if verdict.status == "dependent" or (verdict.status == "unknown" and not verdict.assumptions):
        # What holds if the calls do not get in each other's way is of no use where they fill what all iterations share.
        return replace(strict, verdict=replace(strict.verdict, assumptions=()))
    filled = tuple(_filled(second, unseen))
    named = (*unseen.assumptions, *(assumption for _, assumption in filled))
    reasons = tuple(reason for reason in strict.verdict.reasons if reason.code == "unknown-call")
    assumptions = (*named, *(a for a in verdict.assumptions if a not in named))
    return replace(
        second,
        loop=strict.loop,
        parent=strict.parent,
        accesses=strict.accesses,
        alternatives=strict.alternatives,
        private=(*second.private, *(symbol for symbol, _ in filled)),
        verdict=Verdict("unknown", reasons or strict.verdict.reasons, assumptions),
    )


def _filled(facts: LoopFacts, unseen: Unseen) -> Iterator[tuple[Symbol, Assumption]]:
    """The undeclared arrays that the loop reads at fixed places after it gave them to an unseen function, of which it
    takes no result: what else is such a call for than to fill them?"""
    statements = {id(stmt): position for position, stmt in enumerate(walk_statements(facts.loop.body))}
    used: dict[Symbol, list[Access]] = {}
    for access in facts.accesses:
        if access.symbol is not None and access.symbol.storage == "undeclared" and access.symbol.is_array:
            used.setdefault(access.symbol, []).append(access)
    for stmt in walk_statements(facts.loop.body):
        if not isinstance(stmt, Evaluate) or not isinstance(stmt.value, Call) or stmt.value.name not in unseen.calls:
            continue
        for argument in stmt.value.arguments:
            if not isinstance(argument, Name):
                continue
            mine, symbol = used.pop(argument.symbol, []), argument.symbol
            here = statements[id(stmt)]
            if mine and all(_is_fixed(a, facts) and statements.get(id(a.statement), 0) > here for a in mine):
                text = f"`{stmt.value.name}` fills `{symbol.name}`, an array that is not used after the loop"
                yield symbol, Assumption("condition", text, "strong", (symbol.name,))


def _is_fixed(access: Access, facts: LoopFacts) -> bool:
    """Is it a read of elements that are the same in each iteration of the loop: constants, indices of loops inside?"""
    inside = {
        s.target.symbol
        for loop in access.loops[access.loops.index(facts.loop) + 1 :]
        for s in loop.step
        if isinstance(s, Assign) and isinstance(s.target, Name)
    }
    return access.kind == "read" and all(
        isinstance(e, Constant) or (isinstance(e, Name) and e.symbol in inside)
        for step in access.path
        if isinstance(step, Subscripts)
        for e in step.indices
    )
