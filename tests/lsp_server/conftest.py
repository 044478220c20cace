"""Real client sessions with real server processes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from tests.lsp_server.standin import SERVER as STANDIN

SERVER = (sys.executable, "-I", "-m", "lsp_server")
PATIENCE = 20.0


def push_capabilities() -> types.ClientCapabilities:
    """An old-fashioned client: it is told."""
    return types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        ),
        text_document=types.TextDocumentClientCapabilities(
            code_action=types.CodeActionClientCapabilities(
                code_action_literal_support=types.ClientCodeActionLiteralOptions(
                    code_action_kind=types.ClientCodeActionKindOptions(value_set=[])
                )
            )
        ),
    )


def pull_capabilities() -> types.ClientCapabilities:
    """A modern client: it asks."""
    capabilities = push_capabilities()
    assert capabilities.text_document and capabilities.workspace
    capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities()
    capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


class Editor:
    """A client with the few verbs the tests need. Texts are edited through real notifications."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.capabilities = types.ServerCapabilities()
        self.killed = False  # by the test: there is nobody to say goodbye to
        self.versions: dict[str, int] = {}
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.statuses: list[Any] = []
        self.applied: list[types.ApplyWorkspaceEditParams] = []

    def open(self, uri: str, text: str, language: str = "c") -> None:
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(
        self, uri: str, text: str, start: tuple[int, int] | None = None, end: tuple[int, int] | None = None
    ) -> int:
        """Replace a range, or everything; the new version."""
        self.versions[uri] += 1
        change: types.TextDocumentContentChangeEvent = types.TextDocumentContentChangeWholeDocument(text)
        if start is not None:
            where = types.Range(types.Position(*start), types.Position(*(end or start)))
            change = types.TextDocumentContentChangePartial(where, text)
        identifier = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return self.versions[uri]

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until the condition holds; what it said."""
        for _ in range(int(PATIENCE / 0.01)):
            if value := condition():
                return value
            await asyncio.sleep(0.01)
        pytest.fail(f"it never came; published {self.published}, logged {self.log}, said {self.messages}")

    async def diagnostics(
        self, uri: str, accept: Callable[[list[types.Diagnostic]], bool] = lambda found: True
    ) -> list[types.Diagnostic]:
        """The first published diagnostics of the current version that are accepted."""

        def fitting() -> list[list[types.Diagnostic]]:
            return [
                list(p.diagnostics)
                for p in self.published.get(uri, [])
                if p.version == self.versions[uri] and accept(list(p.diagnostics))
            ]

        found: list[list[types.Diagnostic]] = await self.until(fitting)
        return found[0]

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        return await asyncio.wait_for(self.client.text_document_diagnostic_async(params), PATIENCE)

    @property
    def log(self) -> list[str]:
        return [m.message for m in self.client.log_messages]

    @property
    def messages(self) -> list[str]:
        return [m.message for m in self.client.messages]


@asynccontextmanager
async def editor_session(
    command: tuple[str, ...] = SERVER,
    root: Path | None = None,
    capabilities: types.ClientCapabilities | None = None,
    options: Any = None,
    cwd: Path | None = None,
) -> AsyncIterator[Editor]:
    """A client connected to a fresh server; at the end the server must leave properly."""
    client = LanguageClient(converter_factory=default_converter)
    editor = Editor(client)

    def published(params: types.PublishDiagnosticsParams) -> None:
        editor.published.setdefault(params.uri, []).append(params)

    def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        editor.applied.append(params)
        return types.ApplyWorkspaceEditResult(applied=True)

    ours = {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: published,
        types.WORKSPACE_APPLY_EDIT: apply,
        "hpc-ls/status": lambda params: editor.statuses.append(params),
    }
    register_lsp_features(client, {**DEFAULT_CLIENT_FEATURES, **ours})
    await client.start_io(*command, **({"cwd": str(cwd)} if cwd else {}))
    folders = [types.WorkspaceFolder(root.as_uri(), root.name)] if root else None
    answer = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities or push_capabilities(),
            root_uri=root.as_uri() if root else None,
            workspace_folders=folders,
            initialization_options=options,
        )
    )
    editor.capabilities = answer.capabilities
    try:
        yield editor
    finally:
        if not editor.killed:
            await asyncio.wait_for(client.shutdown_session(), PATIENCE)
            assert client._server is not None and client._server.returncode == 0
        await client.stop()


@pytest.fixture
async def standin() -> AsyncIterator[Editor]:
    """A session with the scripted analysis."""
    async with editor_session(STANDIN) as editor:
        yield editor


@pytest.fixture(scope="session")
def session() -> Callable[..., Any]:
    """Opens a session with the real server; takes the arguments of `editor_session`."""
    return editor_session


@pytest.fixture
def standin_session() -> Callable[..., Any]:
    """The same with the scripted analysis."""
    return partial(editor_session, STANDIN)


@pytest.fixture
def pull() -> types.ClientCapabilities:
    return pull_capabilities()
