"""Commands of the server. Their arguments are a document's URI and a position, as code lenses and editors send them."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from analyzers.text import Position
from lsp_server import assist, convert, pages
from lsp_server.analysis import Analysis, loop_on_line
from lsp_server.names import COPY_REPRODUCER, EXPLAIN, INSERT_PRAGMA, RESTART_ANALYSIS, SHOW_ANALYSIS, TREAT_INDEPENDENT
from lsp_server.proposals import Place
from lsp_server.repairing import Placed, repaired
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer
from lsp_server.settings import CONFIG_NAME, add_independent_function, config_for_edit

INVALID_PARAMS = -32602


def register(server: HpcLanguageServer) -> None:
    server.command(INSERT_PRAGMA)(insert_pragma)
    server.command(EXPLAIN)(explain)
    server.command(SHOW_ANALYSIS)(show_analysis)
    server.command(TREAT_INDEPENDENT)(treat_independent)
    server.command(COPY_REPRODUCER)(copy_reproducer)
    server.command(RESTART_ANALYSIS)(restart_analysis)


async def insert_pragma(ls: HpcLanguageServer, *arguments: Any) -> bool:
    """Put the pragma above the loop at a position; whether the editor did."""
    analysis, at = await _place(ls, arguments)
    found = loop_on_line(analysis, at)
    candidate = assist.choose(found[1], found[0], on_request=True) if found else None
    if candidate is None and found is not None:
        options = ls.configuration.of(analysis.snapshot).settings.to_options()
        place = Place(analysis.snapshot, analysis.snapshot.source, options, *found)
        candidate = next(await assist.proposed(ls, place, on_request=True), None)
    if candidate is None:
        _say(ls, _why_not(found[1].existing is not None, found[1].advice or found[1].summary) if found else NO_LOOP)
        return False
    where = convert.place(analysis.snapshot, ls.session.encoding)
    edits = convert.text_edits(candidate.insertion.edits, candidate.start, where)
    params = types.ApplyWorkspaceEditParams(
        convert.workspace_edit(edits, where, ls.client.versioned_edits), "insert the OpenMP pragma"
    )
    answer = await ls.workspace_apply_edit_async(params)
    if answer.applied and candidate.source == "model":
        _say(ls, f"What the local model proposed was inserted: {candidate.label}.")
    return answer.applied


NO_LOOP = "There is no loop here."


def _why_not(governed: bool, advice: str) -> str:
    return "The loop has a directive already." if governed else f"There is no pragma to insert: {advice}."


async def explain(ls: HpcLanguageServer, *arguments: Any) -> str | None:
    """The explanation of the loop at a position, and of the findings on its line, in Markdown."""
    analysis, at = await _place(ls, arguments)
    found = await repaired(ls, analysis, _on_line(ls, analysis, at))
    return await _shown(ls, pages.explanation(analysis, at, [each.finding for each in found]), "explanation")


def _on_line(ls: HpcLanguageServer, analysis: Analysis, at: int) -> list[Placed]:
    """The findings that begin on the line of a byte offset, as the settings show them."""
    settings = ls.configuration.of(analysis.snapshot).settings
    source = analysis.snapshot.source
    return [
        Placed(adjusted, base)
        for base, finding in analysis.all_findings()
        if source.line_of(base + finding.span.start) == source.line_of(at)
        and (adjusted := settings.adjusted(finding)) is not None
    ]


async def show_analysis(ls: HpcLanguageServer, *arguments: Any) -> str | None:
    """Everything known of the loop at a position, in Markdown."""
    analysis, at = await _place(ls, arguments)
    return await _shown(ls, pages.of_loop(analysis, at), "analysis")


async def copy_reproducer(ls: HpcLanguageServer, *arguments: Any) -> str | None:
    """A small program with the race found on the line of a position. Editors that show answers copy it, others open
    it."""
    analysis, at = await _place(ls, arguments)
    found = next((p for p in _on_line(ls, analysis, at) if p.finding.category == "race"), None)
    if found is None:
        _say(ls, "No race was found on this line.")
        return None
    snapshot = analysis.snapshot
    options = ls.configuration.of(snapshot).settings.to_options()
    try:
        answer = await ls.scheduler.ask("reproducer", snapshot, options, found.span.start, snapshot.source.data)
    except WorkerLostError:
        answer = None
    if not isinstance(answer, str):
        reason = answer[0] if isinstance(answer, tuple) else "the analysis was interrupted"
        _say(ls, f"No program was made: {reason}.")
        return None
    if not ls.client.shows_answers and ls.client.shows_documents:
        page = ls.pages.write("reproducer", answer, ".c")
        await ls.window_show_document_async(types.ShowDocumentParams(page))
    return answer


async def treat_independent(ls: HpcLanguageServer, *arguments: Any) -> str | None:
    """Note in the project file that calls of a function are independent: `(uri, name)`. The file's path."""
    if len(arguments) != 2 or not all(isinstance(argument, str) for argument in arguments):
        raise JsonRpcException("the arguments are a document and the name of a function", INVALID_PARAMS)
    uri, name = arguments
    snapshot = ls.session.get(uri)
    path = snapshot.path if snapshot else None
    workspace = ls.configuration.workspace(path)
    target = config_for_edit(path, workspace) if path else (workspace / CONFIG_NAME if workspace else None)
    if target is None:
        raise JsonRpcException("save the file first: a buffer without a folder has no project file", INVALID_PARAMS)
    try:
        written = add_independent_function(target, name)
    except (ValueError, OSError) as error:
        raise JsonRpcException(f"{target}: {error}", INVALID_PARAMS) from None
    ls.settings_changed()
    _say(ls, f"Calls of `{name}` are now treated as independent ({written.name}).")
    return str(written)


def restart_analysis(ls: HpcLanguageServer, *arguments: Any) -> None:
    """Start the analysis processes anew."""
    ls.scheduler.restart()
    if ls.index is not None:
        ls.index.restart()


async def _place(ls: HpcLanguageServer, arguments: tuple[Any, ...]) -> tuple[Analysis, int]:
    """The analysis of the document named by the arguments, and the byte offset of the position."""
    uri = arguments[0] if arguments else None
    position = arguments[1] if len(arguments) > 1 else {"line": 0, "character": 0}
    if not isinstance(uri, str):
        raise JsonRpcException("the first argument is the URI of a document", INVALID_PARAMS)
    line, column = _number(position, "line"), _number(position, "character")
    snapshot = ls.document(uri)
    at = snapshot.source.offset(Position(line, column), ls.session.encoding) if snapshot else 0
    analysis = await ls.analysis(snapshot, at) if snapshot else None
    if analysis is None:
        raise JsonRpcException("the document is not open, or of no language that hpc-ls reads", INVALID_PARAMS)
    return analysis, at


def _number(position: Any, key: str) -> int:
    value = position.get(key) if isinstance(position, dict) else getattr(position, key, None)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise JsonRpcException("the second argument is a position: {line, character}", INVALID_PARAMS)
    return value


def _say(ls: HpcLanguageServer, text: str) -> None:
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))


async def _shown(ls: HpcLanguageServer, markdown: str | None, title: str) -> str | None:
    """Show a page in editors that do not show answers themselves; always answer with it."""
    if markdown is None:
        if not ls.client.shows_answers:
            _say(ls, NO_LOOP)
        return None
    if not ls.client.shows_answers:
        if ls.client.shows_documents:
            await ls.window_show_document_async(types.ShowDocumentParams(ls.pages.write(title, markdown)))
        else:
            _say(ls, markdown)
    return markdown
