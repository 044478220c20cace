"""Which pragma to offer for a loop, wherever one is offered: ghost text, completion, code lens, command.

Today every candidate comes from the analysis. Candidates of another source go through `choose` as well, with their own
`source`, so that one place decides what reaches the user and how it is labelled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from analyzers.ir.verdicts import Confidence, Fix, LoopReport
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pragma for a loop: the whole line without indentation."""

    pragma: str
    insertion: Fix  # the edit that puts it there
    indent: str
    confidence: Confidence
    loop: LoopReport
    start: int  # of the function that the loop's spans are relative to
    source: Literal["analysis", "model"] = "analysis"


def choose(loop: LoopReport, start: int, on_request: bool) -> Candidate | None:
    """The pragma to offer for a loop; None when there is nothing to offer unasked.

    Unasked: proved, or under an ordinary assumption, and worth it. On request also what is right only under a strong
    assumption, and what is parallel but does not pay.
    """
    if loop.existing is not None:
        return None
    pragma, confidence = loop.pragma, loop.verdict.confidence
    if on_request and pragma is None:
        pragma, confidence = loop.conditional_pragma, "possible"
    if pragma is None or not (loop.profitable or on_request):
        return None
    # Without a repair that inserts it there is no place for it: the loop is written by a macro, say.
    insertion = next((fix for fix in loop.fixes if any(pragma in edit.text for edit in fix.edits)), None)
    return Candidate(pragma, insertion, loop.indent, confidence, loop, start) if insertion else None


def vouchable(loop: LoopReport) -> tuple[str, ...]:
    """The functions that would have to be independent for the loop to be parallel, as far as they have names."""
    names = (n for a in loop.verdict.assumptions if a.kind == "independent-call" for n in a.subjects)
    return tuple(dict.fromkeys(name for name in names if name.isidentifier()))


async def above_loop(ls: HpcLanguageServer, snapshot: Snapshot, line: int, on_request: bool) -> Candidate | None:
    """The pragma for the loop that follows a line which holds an unfinished directive or nothing.

    The question is put about the text without that line: what stands in it is half a directive, which would govern the
    loop and hide what the loop is without it.
    """
    span = snapshot.source.line_span(line)
    data = snapshot.source.data
    blanked = data[: span.start] + b" " * (span.end - span.start) + data[span.end :]
    settings = ls.configuration.of(snapshot).settings
    try:
        answer = await ls.scheduler.ask("loop", snapshot, settings.to_options(), span.end, blanked)
    except WorkerLostError:
        return None
    if not isinstance(answer, tuple):
        return None
    start, loop = answer
    return choose(loop, start, on_request)


def remainder(begun: str, pragma: str, blank_after: bool) -> str | None:
    """What is missing of `pragma` after `begun`, blanks counted as one; None when `begun` begins something else."""
    normal = _BLANKS.sub(" ", re.sub(r"^#\s+", "#", begun)) + (" " if blank_after else "")
    if not pragma.startswith(normal):
        return None
    return pragma[len(normal) :]
