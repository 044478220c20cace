"""Inlay hints: the data-sharing attributes that a directive implies. Setting: `inlay-hints`."""

from __future__ import annotations

from lsprotocol import types

from lsp_server import convert
from lsp_server.server import HpcLanguageServer


def register(server: HpcLanguageServer) -> None:
    server.feature(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintOptions(resolve_provider=False))(inlay_hints)


async def inlay_hints(ls: HpcLanguageServer, params: types.InlayHintParams) -> list[types.InlayHint] | None:
    """The hints of the visible range."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None or not ls.configuration.of(snapshot).settings.inlay_hints:
        return None
    analysis = await ls.analysis(snapshot)
    if analysis is None:
        return None
    where = convert.place(snapshot, ls.session.encoding)
    visible = where.span(params.range)
    return [
        convert.inlay_hint(hint, placed.start, where)
        for placed in analysis.functions
        for hint in placed.result.hints
        if visible.start <= hint.span.end + placed.start <= visible.end
    ]
