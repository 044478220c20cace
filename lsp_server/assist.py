"""Which pragma to offer for a loop, wherever one is offered: ghost text, completion, code lens, command.

What the analysis offers is there at once (`choose`). Where it offers nothing, the local model may propose something
(`proposed`), which the analysis has judged (`lsp_server/proposals.py`): unasked only what that found proved or likely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.ir.verdicts import Confidence, Edit, Fix, LoopReport
from analyzers.text import SourceText, Span, line_break
from lsp_server.proposals import Hole, Place
from lsp_server.proposing import Proposal, undecided
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot

_BLANKS = re.compile(r"\s+")
_TYPED = re.compile(r"#\s*pragma\s+omp\s(?P<typed>.*)", re.DOTALL)
_CALL = re.compile(r"(?P<before>(?:|.*?[^\w.\s]|.*?\s))(?P<call>MPI_(?:[A-Z][a-z]\w*|[A-Z]?)\s*(?:\([^;{}]*)?)")
AROUND = 4_000  # bytes around a call outside the functions that are known
_COMMENT = re.compile(r"\s*(?://+|/\*+)(?P<text>.*?)(?:\*+/)?\s*")
_ABOUT = re.compile(r"\b(?:parallel|openmp|omp|threads?|simd|vectori[sz]e|reduction|schedule|collapse)", re.IGNORECASE)
LINES, WIDE = 4, 200  # lines of a comment that are read, and characters of a line
QUICK = 0.15  # seconds that ghost text waits for the model when nobody asked for it
PATIENT = 2.5  # and when somebody did


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
    label: str = ""  # of a proposal of the model: how sure it is


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


def candidate_of(place: Place, proposal: Proposal) -> Candidate | None:
    """The proposal with the edit that inserts it; None where a directive has no place."""
    loop = place.loop
    at = place.start + loop.insert_at
    if place.source.slice(Span(at, place.start + loop.span.start)).strip():
        return None
    line = f"{loop.indent}{proposal.pragma}{line_break(place.source.data)}"
    insertion = Fix(f"insert `{proposal.pragma}`", (Edit(Span(loop.insert_at, loop.insert_at), line),), safe=False)
    return Candidate(
        proposal.pragma, insertion, loop.indent, proposal.status, loop, place.start, "model", proposal.label
    )


async def proposed(ls: HpcLanguageServer, place: Place, on_request: bool) -> Iterator[Candidate]:
    """What the model would write, the likeliest first: for a directive that is begun, for what a comment asks for, and
    where the analysis has no answer."""
    loop = place.loop
    worth_it = loop.profitable or on_request
    if loop.existing is not None:
        return iter(())
    if place.typed is None and not (worth_it and (place.wish is not None or undecided(loop))):
        return iter(())
    proposals = await ls.proposals.of(place, PATIENT if on_request else QUICK)
    fitting = (proposal for proposal in proposals if on_request or proposal.status != "possible")
    return (candidate for proposal in fitting if (candidate := candidate_of(place, proposal)) is not None)


async def below(ls: HpcLanguageServer, snapshot: Snapshot, line: int) -> Place | None:
    """The loop that follows a line which holds an unfinished directive or nothing.

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
    match = _TYPED.match(snapshot.source.line_text(line).lstrip().rstrip("\r\n"))
    typed = match["typed"] if match else None
    return Place(snapshot, SourceText.of(blanked), settings.to_options(), start, loop, typed, wish(snapshot, line))


async def called(ls: HpcLanguageServer, snapshot: Snapshot, line: int, typed: str) -> str | None:
    """The line that ends with a call of MPI which is begun, with what the model would write; None: it ends otherwise,
    or the model knows none that holds."""
    match = _CALL.fullmatch(typed)
    if match is None or match["call"].count("(") > match["call"].count(")") + 1:
        return None
    source, span = snapshot.source, snapshot.source.line_span(line)
    at = span.start + len(match["before"].encode("utf-8", "surrogatepass"))
    without = SourceText.of(source.data[:at] + source.data[span.end :])
    analysis = ls.scheduler.latest(snapshot.uri)
    functions = [p.result.span.shifted(p.start) for p in analysis.functions] if analysis else []
    around = next((f for f in functions if f.start <= at <= f.end), Span(max(0, at - AROUND), at + AROUND))
    shown = Span(around.start, max(at, min(around.end - (span.end - at), len(without.data))))
    options = ls.configuration.of(snapshot).settings.to_options()
    proposals = await ls.proposals.of(Hole(snapshot, without, options, at, match["call"], shown), PATIENT)
    for proposal in proposals:
        rest = rest_of_call(match["call"], proposal.pragma)
        if rest is not None:
            closed = match["before"].count("(") <= match["before"].count(")")
            return f"{typed}{rest}{';' if closed else ''}"
    return None


def rest_of_call(begun: str, call: str) -> str | None:
    """What is missing of `call` after `begun`, whatever blanks the two have."""
    at = 0
    for character in begun:
        if character.isspace():
            continue
        while at < len(call) and call[at].isspace():
            at += 1
        if call[at : at + 1] != character:
            return None
        at += 1
    rest = call[at:]
    return rest.lstrip() if begun[-1:].isspace() else rest


def wish(snapshot: Snapshot, line: int) -> str | None:
    """What the comment directly above a line asks for, where it is about running in parallel."""
    lines: list[str] = []
    while line > 0 and len(lines) < LINES and (match := _COMMENT.fullmatch(snapshot.source.line_text(line - 1)[:WIDE])):
        lines.insert(0, match["text"])
        line -= 1
    text = " ".join(lines)
    return text if _ABOUT.search(text) else None


async def above_loop(ls: HpcLanguageServer, snapshot: Snapshot, line: int, on_request: bool) -> Candidate | None:
    """What the analysis offers for that loop."""
    place = await below(ls, snapshot, line)
    return choose(place.loop, place.start, on_request) if place is not None else None


def remainder(begun: str, pragma: str, blank_after: bool) -> str | None:
    """What is missing of `pragma` after `begun`, blanks counted as one; None when `begun` begins something else."""
    normal = _BLANKS.sub(" ", re.sub(r"^#\s+", "#", begun)) + (" " if blank_after else "")
    if not pragma.startswith(normal):
        return None
    return pragma[len(normal) :]
