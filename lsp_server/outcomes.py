"""What the command line knows of one file after its analysis, with every span absolute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzers.api import FileReport, Finding, Governed, LoopReport, SourceText, Span, loops_of
from lsp_server.settings import Settings
from lsp_server.sources import Codec
from lsp_server.terminal import visible

if TYPE_CHECKING:
    from lsp_server.proposing import Proposal


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with absolute spans and the function it is in ("" outside functions)."""

    finding: Finding
    function: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file. With `error` set nothing else is known of it."""

    name: str  # as the user named it
    path: Path | None  # None: standard input
    language: str = "c"
    source: SourceText = field(default_factory=lambda: SourceText.of(""))
    codec: Codec = field(default_factory=Codec)
    findings: tuple[Located, ...] = ()
    loops: tuple[LoopReport, ...] = ()
    governed: tuple[Governed, ...] = ()
    error: str | None = None
    proposals: Mapping[int, Proposal] = field(default_factory=dict)  # of the model, by the start of the loop


def placed_loop(loop: LoopReport, start: int) -> LoopReport:
    """The loop of a function that starts at byte `start`, with absolute spans, those inside its verdict too."""
    verdict = replace(
        loop.verdict,
        reasons=tuple(replace(r, span=r.span.shifted(start) if r.span else None) for r in loop.verdict.reasons),
        dependences=tuple(
            replace(d, source=d.source.shifted(start), sink=d.sink.shifted(start)) for d in loop.verdict.dependences
        ),
    )
    return replace(
        loop,
        span=loop.span.shifted(start),
        header_span=loop.header_span.shifted(start),
        insert_at=loop.insert_at + start,
        existing=loop.existing.shifted(start) if loop.existing else None,
        verdict=verdict,
        fixes=tuple(fix.shifted(start) for fix in loop.fixes),
        compound=loop.compound.shifted(start) if loop.compound else None,
    )


def findings_of(report: FileReport) -> tuple[Located, ...]:
    """Every finding of a report in textual order."""
    found = [Located(finding, "") for finding in report.findings]
    for placed in report.functions:
        found += [Located(f.shifted(placed.start), placed.result.name) for f in placed.result.findings]
    return tuple(sorted(found, key=lambda f: (f.finding.span, f.finding.rule, f.finding.message)))


def loops_in(report: FileReport) -> tuple[LoopReport, ...]:
    """Every loop of a report in textual order."""
    found = [placed_loop(loop, start) for start, loop in loops_of(report)]
    return tuple(sorted(found, key=lambda loop: (loop.span.start, -loop.span.end)))


def presented(findings: Iterable[Located], settings: Settings) -> tuple[Located, ...]:
    """The findings as the user's settings want them: severities changed, unwanted ones left out."""
    shown = []
    for located in findings:
        finding = settings.adjusted(located.finding)
        if finding is not None:
            shown.append(located if finding is located.finding else replace(located, finding=finding))
    return tuple(shown)


def governed_in(report: FileReport) -> tuple[Governed, ...]:
    """Every loop of a report that a directive governs, in textual order, outer ones first."""
    found = [each.shifted(placed.start) for placed in report.functions for each in placed.result.governed]
    return tuple(sorted(found, key=lambda each: (each.span.start, -each.span.end)))


def verdict_word(loop: LoopReport) -> str:
    """`parallel`, `serial` or `unknown` by the table of confidences (ARCHITECTURE.md, "The words")."""
    if loop.verdict.counts_as_parallel:
        return "parallel"
    return "serial" if loop.verdict.status == "dependent" else "unknown"


def pragma_of(loop: LoopReport) -> str | None:
    """The pragma, for a loop that only strong assumptions make parallel the one that is right if they hold."""
    return loop.pragma or loop.conditional_pragma


def lines_of(source: SourceText, span: Span) -> range:
    """The zero-based lines a span touches."""
    return range(source.line_of(span.start), source.line_of(max(span.start, span.end - 1)) + 1)


def covers(source: SourceText, loop: LoopReport, line: int) -> bool:
    """Whether a zero-based line belongs to a loop, its pragma included."""
    first = source.line_of(min(loop.span.start, loop.existing.start if loop.existing else loop.span.start))
    return first <= line <= lines_of(source, loop.span)[-1]


def innermost(source: SourceText, loops: Sequence[LoopReport], line: int) -> LoopReport | None:
    """The loop that a person means by a line: the one that starts there, else the smallest around it."""
    around = [loop for loop in loops if covers(source, loop, line)]
    starts = [loop for loop in around if line in _head(source, loop)]
    return starts[0] if starts else around[-1] if around else None


def _head(source: SourceText, loop: LoopReport) -> set[int]:
    lines = set(lines_of(source, loop.header_span))
    if loop.existing is not None:
        lines.update(lines_of(source, loop.existing))
    return lines


def place(outcome: Outcome, offset: int) -> str:
    """`file:line:column`, one-based, the column in characters."""
    position = outcome.source.position(offset, "utf-32")
    return f"{visible(outcome.name)}:{position.line + 1}:{position.column + 1}"
