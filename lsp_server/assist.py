"""Which pragma to offer for a loop, wherever one is offered: ghost text, completion, code lens, command.

Today every candidate comes from the analysis. Candidates of another source go through `choose` as well, with their own
`source`, so that one place decides what reaches the user and how it is labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzers.ir.verdicts import Confidence, LoopReport
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pragma for a loop: the whole line without indentation."""

    pragma: str
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
    if loop.pragma is not None and (loop.profitable or on_request):
        return Candidate(loop.pragma, loop.indent, loop.verdict.confidence, loop, start)
    if on_request and loop.conditional_pragma is not None:
        return Candidate(loop.conditional_pragma, loop.indent, "possible", loop, start)
    return None


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
