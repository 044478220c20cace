"""The language server: life cycle, documents, settings, and what it says about itself. Features are in `features/`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from lsp_server import convert, logs, trust
from lsp_server.analysis import Analysis
from lsp_server.configuration import CONFIG_NAMES, Configuration
from lsp_server.index.background import Index
from lsp_server.pages import Pages
from lsp_server.pool import COMMAND
from lsp_server.proposals import Proposals
from lsp_server.protocol import Protocol
from lsp_server.scheduler import Scheduler
from lsp_server.session import Session, Snapshot, path_of
from lsp_server.sources import is_header
from lsp_server.transport import BadFrameError, Writer, read_forever

log = logging.getLogger(__name__)

CONTENT_MODIFIED = -32801
BUSY_SECONDS = 0.5  # work shorter than this is not announced


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do, as far as we ask."""

    pulls: bool = False  # pulls diagnostics
    refreshes_diagnostics: bool = False
    refreshes_lenses: bool = False
    refreshes_hints: bool = False
    versioned_edits: bool = False
    applies_edits: bool = False
    markdown_hover: bool = True
    configuration: bool = False  # answers workspace/configuration
    watches: bool = False  # takes file watchers at run time
    progress: bool = False
    shows_documents: bool = False
    shows_answers: bool = False  # shows the text that a command returns
    snippets: bool = False
    literal_actions: bool = True  # takes code actions, not only commands


class HpcLanguageServer(LanguageServer):
    """One client, its documents and the analysis behind them."""

    protocol: Protocol

    def __init__(self, command: Sequence[str] = COMMAND, slots: int | None = None) -> None:
        super().__init__(
            convert.SOURCE,
            own_version(),
            protocol_cls=Protocol,
            converter_factory=default_converter,
            max_workers=1,
        )
        self.session = Session()
        self.configuration = Configuration()
        self.trust = trust.Trust()
        self.client = Client()
        self.scheduler = Scheduler(self._analysed, self._trouble, self._restarted, command=command, slots=slots)
        self.on_analysis: list[Callable[[Analysis], None]] = []
        self.on_submit: list[Callable[[Snapshot], None]] = []
        self.on_close: list[Callable[[str], None]] = []
        self.on_save: list[Callable[[Snapshot], None]] = []
        self.on_trouble: list[Callable[[str], None]] = []
        self.on_restart: list[Callable[[], None]] = []
        self.proposals = Proposals(self.scheduler, lambda message: self._trouble(message, None))
        self.index: Index | None = None  # set by the feature
        self.indexed = ""  # what the index holds, in words
        self.pages = Pages()
        self.revisions: dict[str, int] = {}  # complete analyses of each document
        self.saved: dict[str, int] = {}  # the version of each document that was saved last
        self.owes_refresh: set[str] = set()  # documents whose pulled diagnostics were not the last word
        self.greeted = False  # `initialize` is being answered
        self._left: asyncio.Future[int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()

    # --- documents ----------------------------------------------------------------------------------------------

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        self._submit(self.session.open(item.uri, item.version, item.language_id, item.text))

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        identifier = params.text_document
        changed = self.session.change(identifier.uri, identifier.version, convert.changes(params))
        if changed is None:
            log.warning("a change of %s is ignored: it is not open", identifier.uri)
            return
        snapshot, problems = changed
        for problem in problems:
            log.warning("an edit of %s (version %s): %s", snapshot.name, snapshot.version, problem)
        self._submit(snapshot)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if self.session.close(uri) is None:
            return
        self.scheduler.close(uri)
        self.revisions.pop(uri, None)
        self.saved.pop(uri, None)
        self.owes_refresh.discard(uri)
        for listener in self.on_close:
            listener(uri)

    def did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None and path.name in CONFIG_NAMES:
            self.settings_changed()
        self.scheduler.retry(params.text_document.uri)
        snapshot = self.session.get(params.text_document.uri)
        if path is not None and is_header(path):
            self.look_again()
        elif snapshot is not None:
            self._submit(snapshot)  # a header that was missing may be there now
        if snapshot is not None:
            for listener in self.on_save:
                listener(snapshot)

    def _submit(self, snapshot: Snapshot) -> None:
        if snapshot.language is None:
            self._refuse_language(snapshot)
            return
        if self.configuration.excluded(snapshot):
            self.scheduler.close(snapshot.uri)
            self._analysed(Analysis(snapshot, complete=True))
            return
        self.scheduler.submit(snapshot, self.configuration.of(snapshot).settings.to_options())
        self._complain()
        for listener in self.on_submit:
            listener(snapshot)

    def _refuse_language(self, snapshot: Snapshot) -> None:
        suffix = snapshot.path.suffix if snapshot.path else ""
        if suffix not in self._refused:
            self._refused.add(suffix)
            log.info("%s is not analysed: hpc-ls reads C and C++ so far, Fortran comes next", snapshot.name)

    def document(self, uri: str) -> Snapshot | None:
        """The current snapshot of an open document that is analysed."""
        snapshot = self.session.get(uri)
        return snapshot if snapshot is not None and snapshot.language is not None else None

    async def analysis(self, snapshot: Snapshot, around: int | None = None) -> Analysis | None:
        """The analysis of exactly this snapshot. Raises "content modified" when the document changed meanwhile."""
        analysis = await self.scheduler.fresh(snapshot.uri, around)
        if analysis is not None and analysis.snapshot is not snapshot:
            raise JsonRpcException("the document changed meanwhile", CONTENT_MODIFIED)
        if analysis is not None and around is None and not analysis.complete:
            self.owes_refresh.add(snapshot.uri)
        return analysis

    # --- results ------------------------------------------------------------------------------------------------

    def _analysed(self, analysis: Analysis) -> None:
        uri = analysis.snapshot.uri
        if self.session.get(uri) is not analysis.snapshot:
            return
        if analysis.complete:
            self.revisions[uri] = self.revisions.get(uri, 0) + 1
        for listener in self.on_analysis:
            listener(analysis)
        if analysis.complete and uri in self.owes_refresh:
            self.owes_refresh.discard(uri)
            self.refresh()

    def _trouble(self, message: str, uri: str | None) -> None:
        log.error("%s", message)
        for listener in self.on_trouble:
            listener(message)
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"hpc-ls: {message}"))

    def _restarted(self) -> None:
        for listener in self.on_restart:
            listener()

    def refresh(self) -> None:
        """Ask the client to ask again."""
        if self.client.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if self.client.refreshes_lenses:
            self.workspace_code_lens_refresh(None)
        if self.client.refreshes_hints:
            self.workspace_inlay_hint_refresh(None)

    # --- settings -----------------------------------------------------------------------------------------------

    def settings_changed(self) -> None:
        """Settings or files that hold them changed: read them again and look at every document anew."""
        self.configuration.invalidate()
        self.look_again()

    def look_again(self) -> None:
        """Headers or the compilation database changed: the same texts may mean something else."""
        for snapshot in self.session:
            self._submit(snapshot)
        self.refresh()

    def _complain(self) -> None:
        for problem in self.configuration.complaints():
            log.warning("%s", problem)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"hpc-ls: {problem}"))

    async def pull_settings(self) -> None:
        """Ask the client for the section `hpc-ls`."""
        if not self.client.configuration:
            return
        params = types.ConfigurationParams([types.ConfigurationItem(section=convert.SOURCE)])
        try:
            answers = await asyncio.wait_for(self.workspace_configuration_async(params), 10)
        except (asyncio.TimeoutError, JsonRpcException) as error:
            log.warning("the editor does not say its settings: %s", error)
            return
        settings = answers[0] if answers else None
        if settings is not None and settings != self.configuration.editor:
            self.configuration.set_editor(settings)
            self.settings_changed()

    # --- life ---------------------------------------------------------------------------------------------------

    def begin(self, params: types.InitializeParams) -> None:
        """What `initialize` tells. Anything malformed in the options means their default."""
        options = params.initialization_options
        self.client = client_of(params)
        self.trust = trust.from_options(options)
        folders = [path_of(folder.uri) for folder in params.workspace_folders or ()]
        if not folders and params.root_uri:
            folders = [path_of(params.root_uri)]
        self.configuration.folders = [folder for folder in folders if folder is not None]
        if isinstance(options, dict) and isinstance(options.get("settings"), dict):
            self.configuration.set_editor(options["settings"])
        if params.process_id:
            self.background(self._outlive(params.process_id))

    def negotiated(self) -> None:
        """`initialize` is about to be answered: the position encoding is known."""
        self.greeted = True
        self.session.encoding = convert.encoding_of(self.server_capabilities.position_encoding)

    async def _outlive(self, process: int) -> None:
        """Leave when the client that named itself is gone. A process we cannot see (another container) is no client."""
        if os.name != "posix" or not alive(process):
            return
        while alive(process):
            await asyncio.sleep(3)
        log.warning("the client is gone")
        self.leave(1)

    def background(self, work: Coroutine[object, object, None]) -> None:
        """Run a coroutine to its end; its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work failed", exc_info=task.exception())

    def prepare_to_leave(self) -> None:
        """`shutdown`: no analysis any more, and no process."""
        self.scheduler.kill()
        self.proposals.kill()
        if self.index is not None:
            self.index.kill()

    def leave(self, status: int) -> None:
        """End the server."""
        if self._left is not None and not self._left.done():
            self._left.set_result(status)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Errors inside go to the log; a person can do nothing about them."""
        log.error("a message could not be handled: %s", error)

    async def serve(self, stdin: int, stdout: int) -> int:
        """Talk to the client until it leaves; the exit status."""
        loop = asyncio.get_running_loop()
        self._left = loop.create_future()
        inbox: asyncio.Queue[bytes | BadFrameError | None] = asyncio.Queue()
        writer = Writer(stdout, lambda: self._call(loop, self.leave, 1))
        self.protocol.set_writer(writer)
        read_forever(stdin, lambda body: self._call(loop, inbox.put_nowait, body))
        reading = loop.create_task(self._receive(inbox))
        try:
            return await self._left
        finally:
            reading.cancel()
            for task in tuple(self._tasks):
                task.cancel()
            await self.scheduler.stop()
            await self.proposals.stop()
            if self.index is not None:
                await self.index.stop()
            self.pages.clear()
            await asyncio.to_thread(writer.close)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(function, *arguments)

    async def _receive(self, inbox: asyncio.Queue[bytes | BadFrameError | None]) -> None:
        while True:
            body = await inbox.get()
            if body is None:
                self.leave(0 if self.protocol._shutdown else 1)
                return
            if isinstance(body, BadFrameError):
                log.warning("the client sent something else than messages: %s", body)
                self.protocol.refuse(None, -32700, str(body))
                continue
            try:
                self.protocol.receive(body)
            except Exception:  # a bug of ours must cost this message only, not the server
                log.exception("a message could not be handled")
            # A handler starts on the next turn of the loop: it must see the documents as they are now, not after
            # the changes that may wait behind its request.
            await asyncio.sleep(0)


def own_version() -> str:
    """The version of the installed package."""
    try:
        return version("hpc-ls")
    except PackageNotFoundError:
        return "0"


def alive(process: int) -> bool:
    """Whether a process of this id exists (POSIX)."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def client_of(params: types.InitializeParams) -> Client:
    """The capabilities that matter to us."""
    options = params.initialization_options
    capabilities = params.capabilities
    workspace = capabilities.workspace or types.WorkspaceClientCapabilities()
    text = capabilities.text_document or types.TextDocumentClientCapabilities()
    window = capabilities.window or types.WindowClientCapabilities()
    formats = text.hover.content_format if text.hover else None
    watching = workspace.did_change_watched_files
    return Client(
        pulls=text.diagnostic is not None,
        refreshes_diagnostics=bool(workspace.diagnostics and workspace.diagnostics.refresh_support),
        refreshes_lenses=bool(workspace.code_lens and workspace.code_lens.refresh_support),
        refreshes_hints=bool(workspace.inlay_hint and workspace.inlay_hint.refresh_support),
        versioned_edits=bool(workspace.workspace_edit and workspace.workspace_edit.document_changes),
        applies_edits=bool(workspace.apply_edit),
        markdown_hover=formats is None or types.MarkupKind.Markdown in formats,
        configuration=bool(workspace.configuration),
        watches=bool(watching and watching.dynamic_registration),
        progress=bool(window.work_done_progress),
        shows_documents=bool(window.show_document and window.show_document.support),
        shows_answers=isinstance(options, dict) and options.get("showsAnswers") is True,
        snippets=bool(
            text.completion and text.completion.completion_item and text.completion.completion_item.snippet_support
        ),
        literal_actions=bool(text.code_action and text.code_action.code_action_literal_support),
    )


async def run(stdin: int, stdout: int, command: Sequence[str] = COMMAND) -> int:
    """Serve one client on two descriptors. The analysis loads while the client says hello."""
    from lsp_server.features import register_all

    server = HpcLanguageServer(command)
    logs.attach(server)
    server.scheduler.start()
    register_all(server)
    return await server.serve(stdin, stdout)


def main(command: Sequence[str] = COMMAND) -> int:
    """Speak LSP on stdin and stdout; the exit status."""
    stdin, stdout = os.dup(0), os.dup(1)
    # Whatever a library prints must not reach the client.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    # Editors start servers inside the workspace: nothing in it may be found by a relative name.
    with contextlib.suppress(OSError):
        os.chdir(tempfile.gettempdir())
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).is_absolute()]
    logs.configure()
    try:
        return asyncio.run(run(stdin, stdout, command))
    except KeyboardInterrupt:
        return 130
