"""Ordinary completion inside OpenMP directives. Silent where ghost text is meant: an open list would hide it."""

from __future__ import annotations

import re

from lsprotocol import types

from analyzers.api import Proposal
from analyzers.text import Span
from lsp_server import assist, convert
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer

_BARE = re.compile(r"\s*#\s*pragma\s+omp\s+\Z")
_MAYBE = re.compile(r"\bomp\b|\$omp", re.IGNORECASE)


def register(server: HpcLanguageServer) -> None:
    options = types.CompletionOptions(trigger_characters=[" ", "(", ",", ":"])
    server.feature(types.TEXT_DOCUMENT_COMPLETION, options)(completion)


async def completion(ls: HpcLanguageServer, params: types.CompletionParams) -> types.CompletionList | None:
    """Directives, clauses, keywords, operators, variables in scope."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None:
        return None
    where = convert.place(snapshot, ls.session.encoding)
    cursor = where.offset(params.position)
    number = snapshot.source.line_of(cursor)
    if not any(_MAYBE.search(snapshot.source.line_text(n)) for n in range(max(0, number - 8), number + 1)):
        return None
    asked = params.context is None or params.context.trigger_kind == types.CompletionTriggerKind.Invoked
    line = snapshot.source.line_span(number)
    if not asked and _BARE.match(snapshot.source.slice(Span(line.start, cursor))):
        ghost = await assist.above_loop(ls, snapshot, number, on_request=False)
        if ghost is not None:
            return types.CompletionList(is_incomplete=True, items=[])
    options = ls.configuration.of(snapshot).settings.to_options()
    try:
        found = await ls.scheduler.ask("complete", snapshot, options, cursor, snapshot.source.data)
    except WorkerLostError:
        return None
    if not isinstance(found, tuple):
        return None
    proposals = [proposal for proposal in found if isinstance(proposal, Proposal)]
    items = [convert.completion_item(p, where, ls.client.snippets, order) for order, p in enumerate(proposals)]
    return types.CompletionList(is_incomplete=False, items=items)
