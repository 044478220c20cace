"""What the server holds about one version of a document: the newest results, carried over edits until new ones come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzers.ir.verdicts import Finding, FunctionResult, LoopReport, PlacedResult, Related
from analyzers.text import SourceText, Span
from lsp_server.session import Edit, Snapshot


@dataclass(frozen=True, slots=True)
class Analysis:
    """Results placed in `snapshot`. Until `complete`, functions not looked at yet stand with their earlier results."""

    snapshot: Snapshot
    functions: tuple[PlacedResult, ...] = ()
    findings: tuple[Finding, ...] = ()  # outside functions, absolute
    error: str | None = None
    complete: bool = False
    seconds: float = 0.0

    def loops(self) -> Iterator[tuple[int, LoopReport]]:
        """Every loop with the start of its function, in textual order."""
        return ((placed.start, loop) for placed in self.functions for loop in placed.result.loops)

    def all_findings(self) -> Iterator[tuple[int, Finding]]:
        """Every finding with the offset that its spans are relative to."""
        for finding in self.findings:
            yield 0, finding
        for placed in self.functions:
            for finding in placed.result.findings:
                yield placed.start, finding


# What is said of a directive that is not complete, and of a word that may go on.
_INCOMPLETE = frozenset({"omp-directive-syntax", "omp-loop-directive-without-loop"})
_UNKNOWN_WORD = frozenset({"omp-unknown-clause", "omp-unknown-directive"})


def is_being_typed(source: SourceText, finding: Finding, base: int, at: int) -> bool:
    """Whether a finding only says that a directive is not complete which is typed right now, at byte `at`."""
    span = finding.span.shifted(base)
    if finding.rule in _UNKNOWN_WORD:
        return span.start <= at <= span.end
    return finding.rule in _INCOMPLETE and source.line_of(span.start) <= source.line_of(at) <= source.line_of(span.end)


def carry(functions: Iterable[PlacedResult], edits: Iterable[Edit]) -> tuple[PlacedResult, ...]:
    """Earlier results in the text after the edits; a function that was edited is left out."""
    kept = tuple(functions)
    for edit in edits:
        kept = tuple(moved for placed in kept if (moved := _carried(placed, edit)) is not None)
    return kept


def _carried(placed: PlacedResult, edit: Edit) -> PlacedResult | None:
    end = placed.start + placed.result.span.end
    if edit.start >= end:
        return placed
    if edit.old_end <= placed.start:
        return replace(placed, start=placed.start + edit.delta) if edit.delta else placed
    return None


def carry_findings(findings: Iterable[Finding], edits: Iterable[Edit]) -> tuple[Finding, ...]:
    """Findings outside functions after the edits; one whose text was edited is left out."""
    kept = tuple(findings)
    for edit in edits:
        kept = tuple(moved for finding in kept if (moved := _carried_finding(finding, edit)) is not None)
    return kept


def _carried_finding(finding: Finding, edit: Edit) -> Finding | None:
    if finding.span.start < edit.old_end and edit.start < finding.span.end:
        return None

    def moved(span: Span) -> Span:
        return span.shifted(edit.delta) if span.start >= edit.old_end else span

    if finding.span.end <= edit.start and not finding.related and not finding.fixes:
        return finding
    return replace(
        finding,
        span=moved(finding.span),
        related=tuple(Related(moved(r.span), r.message) for r in finding.related),
        fixes=(),  # their edits may cross the one just made; the new result brings them back
    )


def merged(carried: tuple[PlacedResult, ...], fresh: Mapping[int, FunctionResult]) -> tuple[PlacedResult, ...]:
    """Fresh results (by start) over carried ones, in textual order; what overlaps a fresh one is gone."""
    starts = sorted(fresh)
    kept = []
    for placed in carried:
        # Functions do not overlap each other: only the last one that starts before this one's end can overlap it.
        before = bisect_left(starts, placed.start + placed.result.span.end)
        start = starts[before - 1] if before else None
        if start is None or start + fresh[start].span.end <= placed.start:
            kept.append(placed)
    together = [*kept, *(PlacedResult(start, fresh[start]) for start in starts)]
    return tuple(sorted(together, key=lambda p: p.start))


def loop_at(analysis: Analysis, at: int) -> tuple[int, LoopReport] | None:
    """The loop whose header or governing directive holds a byte offset (the innermost), with its function's start."""
    found = [
        (start, loop)
        for start, loop in analysis.loops()
        if loop.header_span.shifted(start).start <= at <= loop.header_span.shifted(start).end
        or (loop.existing is not None and loop.existing.shifted(start).start <= at <= loop.existing.shifted(start).end)
    ]
    return max(found, key=lambda pair: pair[1].depth, default=None)


def loop_on_line(analysis: Analysis, at: int) -> tuple[int, LoopReport] | None:
    """The same, or else the outermost loop that begins on the line of the offset, or else the innermost around it."""
    exact = loop_at(analysis, at)
    if exact is not None:
        return exact
    source = analysis.snapshot.source
    line = source.line_of(at)
    loops = list(analysis.loops())
    on_line = [pair for pair in loops if source.line_of(pair[0] + pair[1].header_span.start) == line]
    if on_line:
        return min(on_line, key=lambda pair: pair[1].depth)
    around = [pair for pair in loops if pair[1].span.shifted(pair[0]).covers(at)]
    return max(around, key=lambda pair: pair[1].depth, default=None)
