"""The index of the workspace in the background: kept up to date with files and open documents, with progress."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping

from lsprotocol import types

from analyzers.words import counted
from lsp_server.analysis import Analysis
from lsp_server.index.background import AT_FIRST, QUIET, Index
from lsp_server.index.messages import Document
from lsp_server.server import BUSY_SECONDS, HpcLanguageServer
from lsp_server.session import Snapshot
from lsp_server.settings import is_too_wide, workspace_of


def register(server: HpcLanguageServer) -> None:
    indexing = Indexing(server)
    server.index = indexing.index
    server.on_submit.append(indexing.submitted)
    server.on_analysis.append(indexing.analysed)
    server.on_close.append(indexing.closed)
    server.on_save.append(indexing.saved)


class Indexing:
    """Brings together documents, index, scheduler and what is said about progress."""

    def __init__(self, ls: HpcLanguageServer) -> None:
        self._ls = ls
        self.index = Index(self)
        self._known: set[str] = set()  # the documents that were submitted
        self._fresh: set[str] = set()  # those of them whose first analysis is not complete
        self._since: float | None = None  # when the files began to be read
        self._token: str | None = None
        self._tokens = itertools.count(1)

    # What happens to documents

    def submitted(self, snapshot: Snapshot) -> None:
        """A new document waits for its own analysis, an edit for a pause."""
        if snapshot.uri not in self._known:
            self._known.add(snapshot.uri)
            self._fresh.add(snapshot.uri)
        self.index.touch(AT_FIRST if snapshot.uri in self._fresh else QUIET, rescan=snapshot.uri in self._fresh)

    def analysed(self, analysis: Analysis) -> None:
        if analysis.complete:
            self._fresh.discard(analysis.snapshot.uri)

    def saved(self, snapshot: Snapshot) -> None:
        self.index.touch(0.0, rescan=not self._ls.client.watches)

    def closed(self, uri: str) -> None:
        self._known.discard(uri)
        self._fresh.discard(uri)
        self.index.touch(QUIET)

    # What the index asks and tells

    def indexable(self) -> tuple[Document, ...]:
        return tuple(document for snapshot in self._ls.session if (document := self._document(snapshot)) is not None)

    def _document(self, snapshot: Snapshot) -> Document | None:
        path, language = snapshot.path, snapshot.language
        if path is None or language is None or self._ls.configuration.excluded(snapshot):
            return None
        loaded = self._ls.configuration.of(snapshot)
        root = workspace_of(path, loaded) or self._ls.configuration.workspace(path)
        if root is None or is_too_wide(root) or not loaded.settings.workspace_index:
            self.told(snapshot.uri, b"")
            return None
        return Document(snapshot.uri, str(path), language, str(root), snapshot.source.data)

    def editor_settings(self) -> Mapping[str, object]:
        return self._ls.configuration.editor

    def told(self, uri: str, outside: bytes) -> None:
        if self._ls.scheduler.know(uri, outside):
            self._ls.owes_refresh.add(uri)

    def indexing(self, done: int, total: int) -> None:
        now = asyncio.get_running_loop().time()
        self._since = self._since or now
        if self._token is None and now - self._since > BUSY_SECONDS and self._ls.client.progress:
            self._token = f"hpc-ls-index-{next(self._tokens)}"
            self._ls.background(self._begin(self._token))
        elif self._token in self._ls.work_done_progress.tokens:
            assert self._token is not None
            report = types.WorkDoneProgressReport(
                message=f"{done} of {counted(total, 'file')}", percentage=100 * done // total
            )
            self._ls.work_done_progress.report(self._token, report)

    async def _begin(self, token: str) -> None:
        with contextlib.suppress(Exception):  # the client refuses, or is gone
            await asyncio.wait_for(self._ls.work_done_progress.create_async(token), 5)
            if self._token == token:
                begin = types.WorkDoneProgressBegin(title="hpc-ls: index", percentage=0, cancellable=False)
                self._ls.work_done_progress.begin(token, begin)

    def indexed(self, files: int, functions: int) -> None:
        self._since = None
        token, self._token = self._token, None
        if token is not None and token in self._ls.work_done_progress.tokens:
            self._ls.work_done_progress.tokens.pop(token)
            self._ls.work_done_progress.end(token, types.WorkDoneProgressEnd())
        self._ls.indexed = f"the index holds {counted(files, 'file')} with {counted(functions, 'function')}"
