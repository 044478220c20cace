"""Hover: the verdict on a loop, or what a word of a directive means."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from analyzers.api import Description, LoopReport
from lsp_server import assist, convert
from lsp_server.analysis import loop_at
from lsp_server.names import INSERT_PRAGMA, SHOW_ANALYSIS, TREAT_INDEPENDENT
from lsp_server.proposals import Place
from lsp_server.proposing import Proposal, undecided
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot


def register(server: HpcLanguageServer) -> None:
    server.feature(types.TEXT_DOCUMENT_HOVER)(hover)


async def hover(ls: HpcLanguageServer, params: types.HoverParams) -> types.Hover | None:
    """On a directive's word its meaning, and the verdict on its loop; on a loop's header the verdict."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None:
        return None
    where = convert.place(snapshot, ls.session.encoding)
    at = where.offset(params.position)
    description = await _described(ls, snapshot, at)
    analysis = await ls.analysis(snapshot, at)
    found = loop_at(analysis, at) if analysis else None
    if found is None and description is None:
        return None
    markdown = ls.client.markdown_hover
    if found is None:
        assert description is not None
        text = convert.description_markup(description, markdown)
        return types.Hover(text, where.range(description.span))
    start, loop = found
    span = loop.header_span.shifted(start)
    if loop.existing is not None and not span.covers(at):
        span = loop.existing.shifted(start)
    content = convert.markup(convert.with_refactorings(loop), markdown)
    proposal = await _proposal(ls, snapshot, start, loop)
    if proposal is not None:
        pragma = f"`{proposal.pragma}`" if markdown else proposal.pragma
        content.value += f"\n\nThe local model proposes {pragma} ({proposal.label})."
    if markdown and ls.client.shows_answers:
        content.value += f"\n\n{' · '.join(_links(loop, start, where, proposal is not None))}"
    if description is not None:
        lead = convert.description_markup(description, markdown)
        content = types.MarkupContent(
            content.kind, lead.value + ("\n\n---\n\n" if markdown else "\n\n") + content.value
        )
        span = description.span
    return types.Hover(content, where.range(span))


async def _proposal(ls: HpcLanguageServer, snapshot: Snapshot, start: int, loop: LoopReport) -> Proposal | None:
    """What the model has proposed for a loop that the analysis cannot decide. It is asked for the next hover: this one
    does not wait."""
    if not undecided(loop):
        return None
    place = Place(snapshot, snapshot.source, ls.configuration.of(snapshot).settings.to_options(), start, loop)
    return next(iter(await ls.proposals.of(place, 0.0)), None)


def _links(loop: LoopReport, start: int, where: convert.Place, proposed: bool) -> Iterator[str]:
    """What can be done about the loop, as links that the editor's extension allows."""
    at = where.position(loop.header_span.start + start)
    position = {"line": at.line, "character": at.character}
    if proposed or assist.choose(loop, start, on_request=True) is not None:
        yield convert.command_link("insert the pragma", INSERT_PRAGMA, where.uri, position)
    for name in assist.vouchable(loop):
        yield convert.command_link(f"treat `{name}` as independent", TREAT_INDEPENDENT, where.uri, name)
    yield convert.command_link("show the analysis", SHOW_ANALYSIS, where.uri, position)


async def _described(ls: HpcLanguageServer, snapshot: Snapshot, at: int) -> Description | None:
    number = snapshot.source.line_of(at)
    nearby = (snapshot.source.line_text(n).lower() for n in range(max(0, number - 8), number + 1))
    if not any("omp" in line for line in nearby):
        return None
    options = ls.configuration.of(snapshot).settings.to_options()
    try:
        answer = await ls.scheduler.ask("describe", snapshot, options, at, snapshot.source.data)
    except WorkerLostError:
        return None
    return answer if isinstance(answer, Description) else None
