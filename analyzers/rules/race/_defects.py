"""Races sorted by the defect behind them: one defect for each variable of a region, whatever the number of accesses.

Which repair is right decides the name: a sum wants a reduction, a temporary wants to be private, a recurrence wants the
loop to stay serial, a conflict between two phases of work wants a barrier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.dependence.facts import Basis, FunctionFacts, LoopFacts, Reduction
from analyzers.ir.accesses import Subscripts
from analyzers.ir.expressions import Name, walk
from analyzers.ir.statements import Construct, Loop, calls_of, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Confidence, Finding, Fix
from analyzers.openmp.facts import PlacedAccess, Race, Region
from analyzers.openmp.sharing import associated_loops, index_of
from analyzers.rules.race import _words as words
from analyzers.rules.registry import Context, Rule
from analyzers.words import listed

Kind = Literal[
    "missing-reduction",
    "shared-scalar",
    "shared-loop-index",
    "loop-carried-dependence",
    "array-element",
    "missing-barrier",
    "unprotected-update",
    "shared-write-in-parallel",
    "simd-dependence",
    "unordered-tasks",
    "between-sections",
]
_RANK: dict[Confidence, int] = {"proved": 0, "likely": 1, "possible": 2}
_REDUCIBLE = ("+", "-", "*", "&", "|", "^", "&&", "||", "min", "max")


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with the accesses to one variable in one region. `race` is the pair that shows it best."""

    kind: Kind
    symbol: Symbol
    region: Region
    race: Race
    races: tuple[Race, ...]
    reduction: Reduction | None = None
    op: str | None = None  # of updates that a reduction would combine
    loop: LoopFacts | None = None  # the facts of the loop whose iterations race
    elsewhere: tuple[Basis, ...] = ()  # functions of other files that make the accesses
    named_in_calls: bool = False  # functions that the region calls use the variable, which is a static one, by its name

    @property
    def name(self) -> str:
        return self.symbol.name

    @property
    def construct(self) -> Construct:
        """The construct that hands out the work that races: the worksharing construct, or the region itself."""
        executor = self.race.first.executor
        if self.race.between == "iterations" and executor.construct is not None:
            return executor.construct
        return self.region.construct


def of(context: Context, kind: Kind) -> Iterator[Defect]:
    """The defects of one kind, in textual order."""
    return (d for d in defects(context) if d.kind == kind)


def defects(context: Context) -> list[Defect]:
    """Every defect of a function, each variable once for each region."""
    groups: dict[tuple[int, Symbol], list[Race]] = {}
    for race in context.openmp.races:
        symbol = race.first.access.symbol
        if symbol is not None:
            groups.setdefault((id(race.region.construct), symbol), []).append(race)
    places: dict[tuple[Symbol, int], Defect] = {}
    for (_, symbol), races in groups.items():
        defect = _classified(context.facts, symbol, races)
        key = (symbol, defect.race.first.access.span.start)
        # An access inside two regions (nested ones, or SIMD within a team) is told of once, where it is worst.
        known = places.get(key)
        if known is not None and _RANK[known.race.confidence] <= _RANK[defect.race.confidence]:
            continue
        places[key] = defect
    return sorted(places.values(), key=lambda d: d.race.first.access.span.start)


def race_at(context: Context, offset: int) -> Race | None:
    """The pair that the finding at an offset shows."""
    return next((d.race for d in defects(context) if d.race.first.access.span.start == offset), None)


def _classified(facts: FunctionFacts, symbol: Symbol, races: list[Race]) -> Defect:
    best = min(_RANK[r.confidence] for r in races)
    strongest = [r for r in races if _RANK[r.confidence] == best]
    race = strongest[0]
    region = race.region
    loop = _loop_facts(facts, race)

    def made(kind: Kind, reduction: Reduction | None = None, op: str | None = None, at: Race | None = None) -> Defect:
        shown = at or race
        callees = (facts.effects.get(placed.access.call or "") for placed in (shown.first, shown.second))
        basis = {each for effects in callees if effects is not None for each in effects.basis if each.source}
        named = _is_named_in_calls(facts, symbol, region)
        return Defect(kind, symbol, region, shown, tuple(strongest), reduction, op, loop, tuple(sorted(basis)), named)

    if race.between == "lanes":
        return made("simd-dependence")
    if race.between == "tasks":
        return made("unordered-tasks")
    if not race.element and _is_index(symbol, region):
        return made("shared-loop-index")
    unprotected = next((r for r in strongest if _protection(r.first) != _protection(r.second)), None)
    if unprotected is not None:
        return made("unprotected-update", at=unprotected)
    if race.first.executor.kind == race.second.executor.kind == "section":
        return made("between-sections")
    if race.between == "threads" and _different_work(race):
        return made("missing-barrier")
    reduction = next((r for r in loop.reductions if r.symbol == symbol), None) if loop is not None else None
    if reduction is not None:
        return made("missing-reduction", reduction, reduction.op, _update_first(strongest))
    op = _common_update(region, symbol)
    if op is not None and not race.element:
        return made("missing-reduction", None, op, _update_first(strongest))
    if race.between == "threads":
        return made("shared-write-in-parallel")
    if not race.element:
        return made("shared-scalar")
    if _same_for_all(race):
        return made("array-element")
    return made("loop-carried-dependence")


def _is_named_in_calls(facts: FunctionFacts, symbol: Symbol, region: Region) -> bool:
    body = region.construct.body
    if not symbol.is_static or body is None:
        return False
    called = (facts.effects.get(call.name or "") for stmt in walk_statements(body) for call in calls_of(stmt))
    return any(e is not None and symbol.name in e.reads | e.writes for e in called)


def _protection(placed: PlacedAccess) -> frozenset[str]:
    """The mutual exclusion that the program states; the combination of a reduction is the standard's own."""
    return frozenset(lock for lock in placed.locks if not lock.startswith("combination:"))


def _loop_facts(facts: FunctionFacts, race: Race) -> LoopFacts | None:
    loop = race.first.executor.loop
    symbol = race.first.access.symbol
    if race.element and not any(p.access.reads for p in race.region.accesses if p.access.symbol == symbol):
        return None  # what is only written is no reduction, and that is what is asked
    return facts.about(loop) if loop is not None else None


def _is_index(symbol: Symbol, region: Region) -> bool:
    body = region.construct.body
    return body is not None and any(isinstance(s, Loop) and index_of(s) == symbol for s in walk_statements(body))


def _different_work(race: Race) -> bool:
    """Do the two accesses belong to different pieces of work, between which a barrier could stand?"""
    a, b = race.first, race.second
    if a.access is b.access:
        return False
    one, other = a.executor, b.executor
    return (one.kind, one.construct and id(one.construct)) != (other.kind, other.construct and id(other.construct))


def _update_first(races: list[Race]) -> Race:
    return next((r for r in races if r.first.access.kind == "update"), races[0])


def _common_update(region: Region, symbol: Symbol) -> str | None:
    """The operator when all that the region does to a scalar is to update it by one."""
    ops: set[str] = set()
    for placed in region.accesses:
        access = placed.access
        if access.symbol != symbol:
            continue
        if access.kind != "update" or access.op is None or access.path or access.call is not None:
            return None
        ops.add("+" if access.op == "-" else access.op)
    op = ops.pop() if len(ops) == 1 else None
    return op if op in _REDUCIBLE else None


def _same_for_all(race: Race) -> bool:
    """Do the iterations that race name the element without their own index?"""
    construct = race.first.executor.construct
    if construct is None:
        return True
    indices = {index_of(loop) for loop in associated_loops(construct)}
    return not any(
        isinstance(e, Name) and e.symbol in indices
        for placed in (race.first, race.second)
        for step in placed.access.path
        if isinstance(step, Subscripts)
        for i in step.indices
        for e in walk(i)
    )


# --- words ----------------------------------------------------------------------------------------------------------


def assumed(defect: Defect) -> str:
    texts = [a.text for a in defect.race.assumptions]
    return f" This happens if {listed(texts)}." if texts and defect.race.confidence == "likely" else ""


def _why(defect: Defect, consequence: str) -> str:
    """The interleaving, the attribute of the variable, what follows, and on what it rests."""
    race = defect.race
    text = f"{words.interleaving(race)}. {words.sharing(race)} {consequence}".rstrip()
    elsewhere = "".join(f" `{each.name}` is defined in {each.source}." for each in defect.elsewhere)
    overlap = f" {race.overlap}." if race.overlap else ""
    return text + overlap + assumed(defect) + elsewhere


def finding(
    rule: Rule,
    defect: Defect,
    message: str,
    label: str,
    why: str,
    fixes: tuple[Fix, ...] = (),
    **facts: str,
) -> Finding:
    """The finding of a rule about a defect: at the first access, with the other one related. `why` is what the rule
    adds to the interleaving and the attribute, which every finding has."""
    race = defect.race
    attribute = race.first.attribute
    return Finding(
        rule.code,
        rule.category,
        rule.severity,
        race.confidence,
        race.first.access.span,
        message,
        label,
        _why(defect, why),
        words.related(race),
        fixes if race.callee is None else (),  # what a repair would change does not stand where it seems to
        {
            "variable": defect.name,
            "attribute": attribute.attribute if attribute is not None else "shared",
            "origin": attribute.origin if attribute is not None else "implicit",
            "section": rule.section,
            "kind": race.between,
            **facts,
        },
        (),
        race.assumptions,
    )
