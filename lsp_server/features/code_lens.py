"""A line above each loop nest: can it run in parallel, and one click to make it so. Setting: `code-lens`."""

from __future__ import annotations

from lsprotocol import types

from analyzers.ir.verdicts import Finding, LoopReport
from lsp_server import assist, convert
from lsp_server.names import INSERT_PRAGMA, SHOW_ANALYSIS
from lsp_server.server import HpcLanguageServer


def register(server: HpcLanguageServer) -> None:
    server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))(code_lens)


async def code_lens(ls: HpcLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """One lens for each outermost loop, and for an inner one where the pragma belongs (below a time loop, say)."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None or not ls.configuration.of(snapshot).settings.code_lens:
        return None
    analysis = await ls.analysis(snapshot)
    if analysis is None:
        return None
    where = convert.place(snapshot, ls.session.encoding)
    settings = ls.configuration.of(snapshot).settings
    races = [
        (finding.span.shifted(base), finding)
        for base, finding in analysis.all_findings()
        if finding.category == "race" and settings.adjusted(finding) is not None
    ]
    lenses = []
    for start, loop in analysis.loops():
        if _shown(loop):
            race = next((f for span, f in races if loop.span.shifted(start).contains(span)), None)
            lenses.append(convert.code_lens(loop, start, where, *_action(loop, start, race)))
    return lenses


def _shown(loop: LoopReport) -> bool:
    return loop.depth == 0 or (loop.profitable and loop.pragma is not None and loop.existing is None)


def _action(loop: LoopReport, start: int, race: Finding | None) -> tuple[str, str]:
    """Title and command. Above a loop with a directive that races, the race is the news, not what could be."""
    if loop.existing is not None and race is not None:
        return f"race: {race.message}", SHOW_ANALYSIS
    if assist.choose(loop, start, on_request=False) is not None:
        return f"{loop.summary} · insert", INSERT_PRAGMA
    return loop.summary, SHOW_ANALYSIS
