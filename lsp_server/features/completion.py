"""Ordinary completion inside OpenMP directives. Silent where ghost text is meant: an open list would hide it."""

from __future__ import annotations

import re

from lsprotocol import types

from analyzers.api import Proposal
from analyzers.text import Span
from lsp_server import assist, convert
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot

_PRAGMA = re.compile(r"\s*#\s*pragma\s+omp\s")
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
    typed = snapshot.source.slice(Span(line.start, cursor))
    ghost = None
    if _PRAGMA.match(typed) and not snapshot.source.slice(Span(cursor, line.end)).strip():
        ghost = await assist.above_loop(ls, snapshot, number, on_request=False)
    if ghost is not None and not asked and _rest(typed, ghost.pragma):
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
    if ghost is not None and proposals:
        _agree(items, _rest(typed[: len(typed) - _typed_of_word(proposals[0], snapshot, cursor)], ghost.pragma))
    return types.CompletionList(is_incomplete=False, items=items)


def _rest(typed: str, pragma: str) -> str:
    """What the ghost text adds to a line; empty when it says something else."""
    return assist.remainder(typed.strip(), pragma, typed[-1:].isspace()) or ""


def _typed_of_word(proposal: Proposal, snapshot: Snapshot, cursor: int) -> int:
    return len(snapshot.source.slice(Span(proposal.span.start, cursor)))


def _agree(items: list[types.CompletionItem], rest: str) -> None:
    """Select what the ghost text goes on with: an open list shows the ghost text only if the two agree."""
    best = max((item for item in items if rest.startswith(item.label)), key=lambda item: len(item.label), default=None)
    if best is not None:
        best.preselect = True
        best.sort_text = "!"
