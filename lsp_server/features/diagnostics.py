"""Diagnostics, pushed to clients that cannot pull and pulled by those that can, never both."""

from __future__ import annotations

from lsprotocol import types

from lsp_server import convert
from lsp_server.analysis import Analysis
from lsp_server.server import HpcLanguageServer
from lsp_server.session import Snapshot

PATIENCE = 1.5  # seconds a pull waits for the whole answer before it takes what is there


def register(server: HpcLanguageServer) -> None:
    options = types.DiagnosticOptions(
        inter_file_dependencies=False, workspace_diagnostics=False, identifier=convert.SOURCE
    )
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(pull)
    server.on_analysis.append(lambda analysis: push(server, analysis))
    server.on_close.append(lambda uri: clear(server, uri))
    server.on_save.append(lambda snapshot: saved(server, snapshot))


def of(ls: HpcLanguageServer, analysis: Analysis) -> list[types.Diagnostic]:
    """The diagnostics of a version as the user wants them."""
    if analysis.error:
        return [convert.failure(analysis)]
    snapshot = analysis.snapshot
    settings = ls.configuration.of(snapshot).settings
    # Whoever saves has finished the line.
    typed_at = None if ls.saved.get(snapshot.uri) == snapshot.version else snapshot.typed_at
    return convert.diagnostics(analysis, settings, ls.session.encoding, ls.scheduler.pool.links, typed_at)


def push(ls: HpcLanguageServer, analysis: Analysis) -> None:
    """Publish, with the version they belong to."""
    if ls.client.pulls:
        return
    ls.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(analysis.snapshot.uri, of(ls, analysis), analysis.snapshot.version)
    )


def saved(ls: HpcLanguageServer, snapshot: Snapshot) -> None:
    """What was not said of the line that was typed is said now."""
    analysis = ls.scheduler.latest(snapshot.uri)
    shown = of(ls, analysis) if analysis is not None else []
    ls.saved[snapshot.uri] = snapshot.version
    if analysis is None or not analysis.complete or of(ls, analysis) == shown:
        return
    push(ls, analysis)
    if ls.client.pulls:
        ls.revisions[snapshot.uri] = ls.revisions.get(snapshot.uri, 0) + 1
        ls.refresh()


def clear(ls: HpcLanguageServer, uri: str) -> None:
    """A closed document has no diagnostics: what it says on disk is not ours to judge unasked."""
    if not ls.client.pulls:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


async def pull(ls: HpcLanguageServer, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """The diagnostics of the current version, or that they are those the client has."""
    uri = params.text_document.uri
    analysis = await ls.scheduler.fresh(uri, patience=PATIENCE)
    if analysis is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    if not analysis.complete:
        ls.owes_refresh.add(uri)
        return types.RelatedFullDocumentDiagnosticReport(items=of(ls, analysis))
    mark = f"{analysis.snapshot.version}.{ls.revisions.get(uri, 0)}.{ls.configuration.generation}"
    if params.previous_result_id == mark:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=mark)
    return types.RelatedFullDocumentDiagnosticReport(items=of(ls, analysis), result_id=mark)
