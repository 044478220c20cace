"""The chain of reasons behind the verdict on a loop, for people at a terminal: each with its place in the code."""

from __future__ import annotations

from rich.text import Text

from analyzers.api import LoopReport
from lsp_server.outcomes import Outcome
from lsp_server.reporters.frames import Mark, frame
from lsp_server.reporters.loops import loop_rows
from lsp_server.reporters.text import paragraph

_STRENGTH = {"ordinary": "if", "strong": "only if"}


def reason_rows(outcome: Outcome, loop: LoopReport, width: int) -> list[Text]:
    """What `explain` says of the loop, then every reason, dependence and assumption that the verdict stands on."""
    rows = loop_rows(outcome, loop, width, offered=False)
    verdict = loop.verdict
    source = outcome.source
    for number, reason in enumerate(verdict.reasons):
        rows += [Text(), *paragraph(f"{number + 1}.", f"{reason.text}  [{reason.code}]", width)]
        if reason.span is not None:
            line = source.line_of(loop.header_span.start)
            rows += frame(source, [Mark(reason.span, reason.code, "bold yellow")], {line}, width=width)
    for dependence in verdict.dependences:
        distance = f", distance {dependence.distance}" if dependence.distance is not None else ""
        told = f"{dependence.kind} dependence on {dependence.variable}{distance}"
        rows += [Text(), *paragraph("dep", told, width)]
        marks = [Mark(dependence.source, f"first: {dependence.source_text}", "bold yellow")]
        if dependence.sink != dependence.source:
            marks.append(Mark(dependence.sink, f"then: {dependence.sink_text}", "bold blue", "-"))
        rows += frame(source, marks, set(), width=width)
    for assumption in verdict.assumptions:
        rows += paragraph(_STRENGTH[assumption.strength], f"{assumption.text}  [{assumption.kind}]", width)
    return rows
