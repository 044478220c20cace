"""The JSON of the command line contract, version 1: zero-based lines, UTF-16 columns, keys in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

from analyzers.api import LoopReport, SourceText, Span
from analyzers.ir.verdicts import Assumption, Fix
from lsp_server.outcomes import Located, Outcome, pragma_of, verdict_word

VERSION = 1
Json = dict[str, object]


class JsonReporter:
    """Writes one document; one line for each file, as it is added."""

    def __init__(self, out: TextIO, loops: bool) -> None:
        self._out = out
        self._loops = loops  # `suggest` fills `loops`, `check` fills `diagnostics`
        self._first = True

    def __enter__(self) -> JsonReporter:
        self._out.write(f'{{"version": {VERSION}, "files": [')
        return self

    def add(self, outcome: Outcome) -> None:
        text = json.dumps(file_entry(outcome, self._loops), ensure_ascii=False)
        # Lone surrogates, which a file may hold, are no UTF-8.
        self._out.write(("\n" if self._first else ",\n") + text.encode("utf-8", "replace").decode("utf-8"))
        self._first = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._out.write("]}\n" if self._first else "\n]}\n")


def file_entry(outcome: Outcome, loops: bool) -> Json:
    """One element of `files`."""
    entry: Json = {
        "path": outcome.name,
        "language": outcome.language,
        "status": "ok" if outcome.error is None else "error",
    }
    if outcome.error is not None:
        entry["error"] = outcome.error
    found = () if loops else outcome.findings
    entry["diagnostics"] = [diagnostic(outcome.source, located) for located in found]
    entry["loops"] = _loops(outcome) if loops else []
    return entry


def range_of(source: SourceText, span: Span) -> Json:
    """A range as in LSP."""
    start, end = source.position(span.start), source.position(span.end)
    return {
        "start": {"line": start.line, "character": start.column},
        "end": {"line": end.line, "character": end.column},
    }


def diagnostic(source: SourceText, located: Located) -> Json:
    """One element of `diagnostics`. `why`, `help`, `function`, `assumptions` and `tags` go beyond the contract."""
    finding = located.finding
    return {
        "code": finding.rule,
        "category": finding.category,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "range": range_of(source, finding.span),
        "message": finding.message,
        "related": [{"range": range_of(source, r.span), "message": r.message} for r in finding.related],
        "fixes": [fix_entry(source, fix) for fix in finding.fixes],
        "why": finding.why,
        "help": finding.help,
        "function": located.function,
        "assumptions": _assumptions(finding.assumptions),
        "tags": list(finding.tags),
    }


def fix_entry(source: SourceText, fix: Fix) -> Json:
    """One element of `fixes`. `note` goes beyond the contract."""
    return {
        "title": fix.title,
        "note": fix.note,
        "edits": [{"range": range_of(source, edit.span), "newText": edit.text} for edit in fix.edits],
    }


def _loops(outcome: Outcome) -> list[Json]:
    entries = [loop_entry(outcome.source, loop) for loop in outcome.loops]
    for loop, entry in zip(outcome.loops, entries, strict=True):
        proposal = outcome.proposals.get(loop.span.start)
        if proposal is not None:
            entry |= {
                "verdict": "unknown" if proposal.status == "possible" else "parallel",
                "pragma": proposal.pragma,
                "confidence": proposal.status,
                "assumptions": list(proposal.assumptions),
                "source": "model",
            }
    return entries


def loop_entry(source: SourceText, loop: LoopReport) -> Json:
    """One element of `loops`. From `profitable` on it goes beyond the contract."""
    return {
        "range": range_of(source, loop.span),
        "function": loop.function,
        "verdict": verdict_word(loop),
        "pragma": pragma_of(loop),
        "confidence": loop.verdict.confidence,
        "reasons": [reason.text for reason in loop.verdict.reasons],
        "assumptions": _assumptions(loop.verdict.assumptions),
        "source": "analysis",
        "profitable": loop.profitable,
        "advice": loop.advice,
        "summary": loop.summary,
        "existing": range_of(source, loop.existing) if loop.existing is not None else None,
        "fixes": [fix_entry(source, fix) for fix in loop.fixes],
    }


def _assumptions(assumptions: Iterable[Assumption]) -> list[str]:
    return [assumption.text for assumption in assumptions]
