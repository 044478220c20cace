"""Ghost text: the whole verified pragma on an empty line above a loop, the rest of a half-typed one.

The answer of the analysis comes at once. Where it has none, or a comment above asks for something, the local model is
waited for: a moment unasked, longer on request.
"""

from __future__ import annotations

import re

from lsprotocol import types

from analyzers.api import CONFIDENCES
from analyzers.text import Span
from lsp_server import assist, convert
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot

# What may become a pragma: `#p` on; a lone `#` is more often another directive.
_BEGUN = re.compile(r"#\s*p(r(a(g(m(a(\s.*)?)?)?)?)?)?\Z", re.DOTALL)


def register(server: HpcLanguageServer) -> None:
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(inline_completion)


async def inline_completion(
    ls: HpcLanguageServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList | None:
    """At most one item; nothing where nothing was proved or where it does not pay."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None:
        return None
    where = convert.place(snapshot, ls.session.encoding)
    cursor = where.offset(params.position)
    number = snapshot.source.line_of(cursor)
    line = snapshot.source.line_span(number)
    if snapshot.source.slice(Span(cursor, line.end)).strip():
        return None
    replaced = Span(line.start, cursor)
    typed = snapshot.source.slice(replaced)
    selected = params.context.selected_completion_info
    if selected is not None:
        # The suggest widget is open: the answer must extend what it has selected.
        chosen = where.span(selected.range)
        if chosen.start < line.start or chosen.end > cursor:
            return None
        typed = snapshot.source.slice(Span(line.start, chosen.start)) + selected.text
    on_request = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    text = await _line_for(ls, snapshot, number, typed, on_request)
    if text is None or text == typed:
        return None
    if selected is not None:
        before = snapshot.source.slice(Span(line.start, where.span(selected.range).start))
        item = types.InlineCompletionItem(insert_text=text[len(before) :], range=selected.range)
    else:
        item = types.InlineCompletionItem(insert_text=text, range=where.range(replaced))
    return types.InlineCompletionList([item])


async def _line_for(ls: HpcLanguageServer, snapshot: Snapshot, number: int, typed: str, on_request: bool) -> str | None:
    """The whole line that `typed` begins, or None."""
    begun = typed.strip()
    if begun and not _BEGUN.match(begun):
        # Nothing proves that a call is the one which is meant: only somebody who asks gets one.
        return await assist.called(ls, snapshot, number, typed) if on_request else None
    if not begun and not on_request and not _loop_may_follow(snapshot, number):
        return None
    place = await assist.below(ls, snapshot, number)
    if place is None:
        return None
    offered = assist.choose(place.loop, place.start, on_request)
    line = _completed(typed, offered) if offered is not None else None
    if line is not None and place.wish is None:
        return line  # the analysis knows: nobody waits for the model
    proposed = await assist.proposed(ls, place, on_request)
    sure = offered.confidence if line is not None and offered is not None else "possible"
    wanted = (candidate for candidate in proposed if CONFIDENCES.index(candidate.confidence) <= CONFIDENCES.index(sure))
    return next((other for candidate in wanted if (other := _completed(typed, candidate)) is not None), line)


def _completed(typed: str, candidate: assist.Candidate) -> str | None:
    """The line with the candidate; None when what is typed begins something else."""
    begun = typed.strip()
    if not begun:
        indent = candidate.indent if candidate.indent.startswith(typed) else typed
        return indent + candidate.pragma
    rest = assist.remainder(begun, candidate.pragma, typed[-1].isspace())
    return None if rest is None else typed + rest


def _loop_may_follow(snapshot: Snapshot, number: int) -> bool:
    """An empty line gets ghost text only directly above a loop: the words are enough to rule most lines out at once."""
    following = snapshot.source.line_text(number + 1).lstrip()
    return following.startswith(("for", "while", "do", "DO", "Do"))
