"""From facts to what the user sees: loop reports, and hints about implicit data sharing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from analyzers.costs import DEFAULTS, Costs
from analyzers.dependence.facts import Alternatives, FunctionFacts, LoopFacts
from analyzers.explain import prose
from analyzers.ir.statements import Loop
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Compound, Fix, Governed, LoopReport, SharingHint
from analyzers.openmp import cost, edits, lists, offload, rewrites, synthesis, teams
from analyzers.openmp.edits import Place
from analyzers.openmp.facts import OpenMPFacts, Region
from analyzers.openmp.nests import Nests, runs_once
from analyzers.openmp.offload import Offload
from analyzers.openmp.pipelines import Pipeline
from analyzers.openmp.rewrites import Subject
from analyzers.openmp.synthesis import Proposal
from analyzers.openmp.teams import Team
from analyzers.text import Span
from analyzers.words import counted

_HINTED = ("shared", "private", "firstprivate")


def loop_reports(
    facts: FunctionFacts, text: bytes, costs: Costs = DEFAULTS, *, devices: bool = False
) -> tuple[LoopReport, ...]:
    """One report for each loop of a function, in textual order; `text` is the function's own. `devices`: what a device
    can do is proposed too, and in place of threads where it pays."""
    proposals = synthesis.propose(facts, costs)
    offers = offload.offloads(facts, proposals, costs) if devices else (None,) * len(proposals)
    nests = Nests.of(facts.loops)
    works = cost.works(facts, costs) if any(loop.alternatives != Alternatives() for loop in facts.loops) else {}
    shared = {id(team.loops[0]): team for team in (() if devices else teams.propose(facts, proposals))}
    reports = [
        _report(
            Subject(facts, loop, nests, works, _place(facts, loop, text), text),
            proposal,
            offer,
            shared.get(id(loop.loop)),
        )
        for loop, proposal, offer in zip(facts.loops, proposals, offers, strict=True)
        if not runs_once(loop.loop)
    ]
    return tuple(sorted(_each_once(reports), key=lambda report: (report.span.start, -report.span.end)))


def _each_once(reports: Iterable[LoopReport]) -> Iterable[LoopReport]:
    """The arms of a `switch` repeat what they fall through to, and with it its loops: of several reports about one loop
    the least hopeful counts. Loops that a macro writes share a place too, but they are not one: their depth differs."""
    found: dict[tuple[Span, Span, int], LoopReport] = {}
    for report in reports:
        key = (report.span, report.header_span, report.depth)
        if key not in found or _hope(report) < _hope(found[key]):
            found[key] = report
    return found.values()


def _hope(report: LoopReport) -> tuple[int, int, bool]:
    status = ("dependent", "unknown", "parallel").index(report.verdict.status)
    return status, ("possible", "likely", "proved").index(report.verdict.confidence), report.profitable


def governed(facts: FunctionFacts) -> tuple[Governed, ...]:
    """The loops of a function that directives govern."""
    return tuple(
        Governed(shape.loop.span, shape.loop.header_span, shape.governed_by.directive.span)
        for shape in facts.shapes
        if shape.governed_by is not None
    )


def sharing_hints(openmp: OpenMPFacts) -> tuple[SharingHint, ...]:
    """The implicit data-sharing attributes at the end of each directive that has some (OpenMP 5.2 §5.1.1)."""
    return tuple(hint for region in openmp.regions for hint in _region_hints(region))


def _region_hints(region: Region) -> list[SharingHint]:
    by_attribute: dict[str, list[str]] = {}
    for symbol, sharing in region.sharing.items():
        if sharing.origin == "implicit" and symbol.storage not in ("function", "constant"):
            by_attribute.setdefault(sharing.attribute, []).append(symbol.name)
    span = region.construct.directive.span
    return [
        SharingHint(span, attribute, tuple(dict.fromkeys(by_attribute[attribute])))
        for attribute in _HINTED
        if attribute in by_attribute
    ]


def _place(facts: FunctionFacts, loop: LoopFacts, text: bytes) -> Place:
    return edits.place(text, loop.loop.span, loop.loop.header_span, facts.function.notation)


def _report(subject: Subject, proposal: Proposal, offer: Offload | None, team: Team | None) -> LoopReport:
    facts, loop, place, text = subject.function, subject.loop, subject.place, subject.text
    compound = _pipeline(facts, loop.loop.span, proposal.pipeline, place, text) if proposal.pipeline else None
    compound = _team(facts, team, place, text) if team is not None else compound
    own = _fixes(facts, loop, proposal, place, text)
    if place.problem is not None and proposal.profitable:
        proposal = synthesis.withdrawn(proposal, place.problem)
    promising = [p.name for p in facts.function.params if p.is_pointer and not p.type.restrict]
    device = offer if offer is not None and offer.pays and proposal.profitable else None
    existing = loop.governed_by.directive.span if loop.governed_by is not None else None
    return LoopReport(
        span=loop.loop.span,
        header_span=loop.loop.header_span,
        function=facts.function.name,
        verdict=loop.verdict,
        depth=sum(not runs_once(outer.loop) for outer in subject.nests.above(loop)),
        roles=loop.roles,
        pragma=proposal.pragma if device is None else device.pragma,
        conditional_pragma=proposal.conditional,
        profitable=proposal.profitable,
        advice=proposal.advice if device is None else device.advice,
        summary=prose.summary(loop, proposal),
        explanation=prose.explanation(loop, proposal, promising, offer, team if compound is not None else None),
        insert_at=place.offset,
        indent=place.indent,
        existing=existing,
        fixes=(
            *((compound.fix,) if compound is not None and proposal.pragma is None else ()),
            *offload.fixes(text, place, offer),
            *own,
            *((compound.fix,) if compound is not None and proposal.pragma is not None else ()),
            *rewrites.of(subject),
        ),
        compound=compound,
    )


def _team(facts: FunctionFacts, team: Team, place: Place, text: bytes) -> Compound | None:
    """A region with several loops as edits; None where its directives have no place."""
    notation = facts.function.notation
    places = [
        edits.place(text, part.span, part.header_span, notation)
        if isinstance(part, Loop)
        else edits.statement_place(text, part.span, notation)
        for part, _ in team.lines
    ]
    spans = [part.span for part, _ in team.lines]
    whole = Span(team.loops[0].span.start, team.loops[-1].span.end)
    if notation.block_closes is None or edits.has_versions(text, whole):
        return None
    if any(at.problem is not None or not at.own_line for at in (place, *places)):
        return None
    if any(one.start >= two.start for one, two in pairwise(spans)):
        return None  # written by a macro
    lines = [line for _, line in team.lines]
    if team.whole:
        pairs = zip((place, *places), (team.pragma, *lines), strict=True)
        made = tuple(e for at, line in pairs for e in edits.insertion(text, at, line, safe=True).edits)
    else:
        made = edits.enclosed(text, tuple(zip(spans, lines, strict=True)), place.indent, team.pragma, notation)
    if not made:
        return None
    assumed = "; ".join(a.text for a in team.assumptions)
    note = f"{team.advice}, assuming that {assumed}" if assumed else team.advice
    governed = sum(isinstance(part, Loop) for part, _ in team.lines)
    title = f"share {counted(governed, 'loop')} among one team of threads"
    fix = Fix(title, made, not assumed, note, restructures=not team.whole)
    return Compound(team.pragma, fix, "likely" if assumed else "proved", whole, governed)


def _pipeline(facts: FunctionFacts, outer: Span, pipeline: Pipeline, place: Place, text: bytes) -> Compound | None:
    """A pipeline as edits; None where its directives have no place."""
    inner, notation = pipeline.inner, facts.function.notation
    signals = edits.bracketed(text, inner.span, inner.header_span, (pipeline.wait, pipeline.post), notation)
    if place.problem is not None or not signals:
        return None
    assumed = "; ".join(a.text for a in pipeline.assumptions)
    note = f"{pipeline.advice}, assuming that {assumed}" if assumed else pipeline.advice
    whole = edits.insertion(text, place, pipeline.pragma, safe=not assumed, note=note)
    fix = Fix(f"run it as a pipeline: `{pipeline.pragma}`", (*whole.edits, *signals), not assumed, note)
    return Compound(pipeline.pragma, fix, "likely" if assumed else "proved", outer)


def _fixes(facts: FunctionFacts, loop: LoopFacts, proposal: Proposal, place: Place, text: bytes) -> tuple[Fix, ...]:
    """The pragma first, where there is one to insert; then what makes it safer, then what one core can do."""
    fixes: list[Fix] = []
    if place.problem is None and loop.governed_by is None:
        if proposal.pragma is not None:
            safe = loop.verdict.status == "parallel"
            fixes.append(edits.insertion(text, place, proposal.pragma, safe=safe, note=proposal.advice))
        elif proposal.conditional is not None:
            assumed = "; ".join(a.text for a in loop.verdict.assumptions)
            fixes.append(
                edits.insertion(text, place, proposal.conditional, safe=False, note=f"right only if {assumed}")
            )
        if proposal.simd is not None:
            note = "one core computes several elements at a time"
            fixes.append(edits.insertion(text, place, proposal.simd, safe=False, note=note))
    fixes += lists.fixes(facts, loop, place, text)
    names = {
        name
        for a in loop.verdict.assumptions
        if a.kind == "no-alias" and a.strength == "ordinary"
        for name in a.subjects
    }
    promise = edits.distinct(text, _parameters(facts, names), facts.function.notation)
    return (*fixes, promise) if promise is not None else tuple(fixes)


def _parameters(facts: FunctionFacts, names: set[str]) -> list[Symbol]:
    """The pointer parameters among `names` that do not say `restrict` yet."""
    return [p for p in facts.function.params if p.name in names and p.is_pointer and not p.type.restrict]
