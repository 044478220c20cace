"""A loop on a device: `target teams distribute parallel for`, with what has to be copied there and back.

Only on request (`Options.offload`). What the loop needs is named exactly (`dependence.sections`), or the loop stays on
the host and the reason is said. Scalars that are only read go along by themselves (firstprivate, OpenMP 5.2 §5.8.1); of
reductions a combined construct maps the variable as `tofrom` by itself since OpenMP 5.0 (§17.2), compilers of 4.5 do
not: it is written out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.costs import DEFAULTS, Costs
from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.dependence.sections import NoSectionError, Section, sections
from analyzers.ir.arithmetic import fold
from analyzers.ir.statements import Construct, Loop, Stmt, calls_of, substatements, walk_statements
from analyzers.ir.verdicts import Fix
from analyzers.openmp import canonical, cost, edits, synthesis
from analyzers.openmp.cost import Work
from analyzers.openmp.edits import Place
from analyzers.openmp.nests import Nests
from analyzers.openmp.synthesis import Proposal
from analyzers.standards.library import OPERATIONS
from analyzers.words import listed

NAME = "target teams distribute parallel for"
PAYS = 1_000_000.0  # operations: starting a kernel and two copies cost tens of microseconds
INTENSITY = 20.0  # operations for each number copied: a bus moves one while the cores of a host do about as many


@dataclass(frozen=True, slots=True)
class Offload:
    """A loop on a device. `pragma` None: it stays on the host, and `advice` says why; else whether it pays, and why."""

    pragma: str | None
    pays: bool
    advice: str


def offloads(
    function: FunctionFacts, proposals: Sequence[Proposal], costs: Costs = DEFAULTS
) -> tuple[Offload | None, ...]:
    """For each loop with a pragma for threads what a device could do; None for the others."""
    nests = Nests.of(function.loops)
    works = cost.works(function, costs)
    around = _constructs(function.function.body)
    return tuple(
        None
        if proposal.pragma is None or loop.governed_by is not None
        else _offload(loop, function, nests, works, around)
        for loop, proposal in zip(function.loops, proposals, strict=True)
    )


def _offload(
    facts: LoopFacts,
    function: FunctionFacts,
    nests: Nests[LoopFacts],
    works: Mapping[int, Work],
    around: Mapping[int, tuple[Construct, ...]],
) -> Offload:
    outside = around.get(id(facts.loop), ())
    obstacle = _obstacle(facts, outside)
    if obstacle is not None:
        return Offload(None, False, f"it stays on the host: {obstacle}")
    try:
        needed = sections(facts, function)
    except NoSectionError as reason:
        return Offload(None, False, f"it stays on the host: {reason}")
    levels = _collapse(facts, nests)
    clauses = (*synthesis.clauses(facts, nests, levels), *_maps(facts, needed))
    pragma = function.function.notation.directive(NAME, *clauses)
    resident = any("target" in c.directive.name.split() for c in outside)
    pays, reason_ = _profit(facts, needed, works, resident=resident)
    return Offload(pragma, pays, "; ".join((reason_, *_suppositions(needed))))


def _constructs(body: Stmt) -> dict[int, tuple[Construct, ...]]:
    """The constructs around each loop, by id(loop), outermost first."""
    found: dict[int, tuple[Construct, ...]] = {}
    stack: list[tuple[Stmt, tuple[Construct, ...]]] = [(body, ())]
    while stack:
        stmt, outside = stack.pop()
        if isinstance(stmt, Construct):
            outside = (*outside, stmt)
        elif isinstance(stmt, Loop):
            found[id(stmt)] = outside
        stack.extend((s, outside) for s in substatements(stmt))
    return found


def fixes(text: bytes, place: Place, offer: Offload | None) -> tuple[Fix, ...]:
    """The directive put before its loop, where there is one and a place for it; `text` is the function's."""
    if offer is None or offer.pragma is None or place.problem is not None:
        return ()
    return (edits.insertion(text, place, offer.pragma, safe=False, note=offer.advice),)


# Why not


def _obstacle(facts: LoopFacts, outside: Sequence[Construct]) -> str | None:
    """What keeps the loop on the host, whatever memory it uses."""
    if any(c.directive.has("target") for c in outside):
        return "it is in a target region already"
    if facts.lastprivate or facts.conditional or facts.linear:
        names = [*facts.lastprivate, *facts.conditional, *(symbol for symbol, _ in facts.linear)]
        return f"the code behind it needs the last value of `{names[0].name}`"
    for stmt in walk_statements(facts.loop):
        if isinstance(stmt, Construct):
            return "there are OpenMP directives in it"
        for call in calls_of(stmt):
            name = (call.name or "").removeprefix("std::")
            if name not in OPERATIONS or any(not a.type.is_scalar and a.type.kind != "unknown" for a in call.arguments):
                called = f"`{call.name}`" if call.name else "a function through a pointer"
                return f"it calls {called}, which a device may not have (`#pragma omp declare target` gives it one)"
            if name.endswith("l") and name[:-1] in OPERATIONS and name[:-1] not in ("", "ab", "lab"):
                return f"`{name}` computes in `long double`, which devices do not know"
    return None


# Clauses


def _collapse(facts: LoopFacts, nests: Nests[LoopFacts]) -> int:
    """A device has thousands of threads: every loop that can be divided together is."""
    levels, current = 1, facts
    while levels < facts.collapse:
        inside = nests.children(current)
        if len(inside) != 1 or not inside[0].verdict.counts_as_parallel or canonical.problem(inside[0]) is not None:
            break
        levels, current = levels + 1, inside[0]
    return levels


def _maps(facts: LoopFacts, needed: Sequence[Section]) -> Iterator[str]:
    """`to` for what is only read, `from` for what is filled whole, `tofrom` for the rest (OpenMP 5.2 §5.8.3)."""
    reduced = [r.symbol.name for r in facts.reductions if r.symbol.type.is_scalar]
    both = [s.text for s in needed if s.written and not s.filled]
    for kind, items in (
        ("to", [s.text for s in needed if not s.written]),
        ("from", [s.text for s in needed if s.filled]),
        ("tofrom", [*both, *dict.fromkeys(reduced)]),
    ):
        if items:
            yield f"map({kind}: {', '.join(items)})"


# What pays


def _profit(
    facts: LoopFacts, needed: Sequence[Section], works: Mapping[int, Work], *, resident: bool
) -> tuple[bool, str]:
    work = works[id(facts.loop)]
    if work.bounded and work.operations < PAYS:
        operations = synthesis.readable(work.operations)
        return False, f"too small for a device: about {operations} operations, starting a kernel costs more"
    if resident:
        return True, "the data are on the device already"
    copied = sum((1 if s.filled or not s.written else 2) * _elements(s, works) for s in needed)
    if work.operations >= INTENSITY * copied:
        each = synthesis.readable(work.operations / max(copied, 1.0))
        return True, f"about {each} operations for each number that is copied"
    names = listed([f"`{s.symbol.name}`" for s in needed])
    return False, (
        f"copying {names} takes longer than the loop: `#pragma omp target data` around more than this loop keeps them "
        "on the device"
    )


def _elements(section: Section, works: Mapping[int, Work]) -> float:
    known = [fold(extent.size) for extent in section.symbol.type.extents if extent.size is not None]
    if section.symbol.is_array and all(size is not None for size in known):
        return float(math.prod(size for size in known if size is not None))
    return math.prod(works[id(loop)].trips for loop in section.swept)


def _suppositions(needed: Sequence[Section]) -> Iterator[str]:
    """What the map clauses take for granted."""
    if not all(section.runs for section in needed):
        yield "the sections are right if every loop runs at least once"
    conditional = [f"`{s.symbol.name}`" for s in needed if s.conditional]
    if conditional:
        yield f"{listed(conditional)} must have an element for every iteration, used or not"
