"""The indexing process: `python -I -m lsp_server.index.process`, at low priority beside the analysis.

It keeps nothing that it could not make again, looks for news between two files, and ends when its parent does or when
nobody asked for a while: the next one reads from disk what this one learnt.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from lsp_server.index import records
from lsp_server.index.messages import Document, Indexed, Indexing, Refresh, Told
from lsp_server.index.project import Project
from lsp_server.settings import Loaded, load
from processes.child import pipe

IDLE = 60.0  # seconds without a question until it ends
NICE = 10


class SupersededError(Exception):
    """A newer question waits."""


class Indexer:
    """Answers refreshes; `send` writes one message to the server."""

    def __init__(self, inbox: queue.SimpleQueue[object], send: Callable[[object], None], idle: float = IDLE) -> None:
        self._inbox = inbox
        self._send = send
        self._idle = idle
        self._next: Refresh | None = None
        self._rescan = True
        self._projects: dict[str, Project] = {}

    def run(self) -> None:
        """Serve until nobody asks any more."""
        while True:
            if self._next is None:
                try:
                    self._take(self._inbox.get(timeout=self._idle))
                except queue.Empty:
                    return
            asked, self._next = self._next, None
            if asked is None:
                continue
            with contextlib.suppress(SupersededError):
                self._refresh(asked)

    def _take(self, message: object) -> None:
        if isinstance(message, Refresh):
            self._next = message
            self._rescan = self._rescan or message.rescan

    def _look(self, done: int, total: int) -> None:
        """Between two files: is there something newer to do?"""
        with contextlib.suppress(queue.Empty):
            while True:
                self._take(self._inbox.get_nowait())
        if self._next is not None:
            raise SupersededError
        self._send(Indexing(done, total))

    def _refresh(self, asked: Refresh) -> None:
        roots: dict[str, list[Document]] = {}
        for document in asked.documents:
            roots.setdefault(document.root, []).append(document)
        self._projects = {root: project for root, project in self._projects.items() if root in roots}
        told: list[Told] = []
        files = functions = 0
        for root, documents in roots.items():
            project = self._project(root, asked)
            try:
                project.read_all([self._wanted(project, document) for document in documents], rescan=self._rescan)
            except SupersededError:
                project.close()
                raise
            project.close()
            files += len(project.records)
            functions += sum(len(record.unit.definitions) for record in project.records.values())
            told += self._told(project, documents)
        self._rescan = False
        self._send(Indexed(asked.id, files, functions))
        for each in told:
            self._send(each)

    def _project(self, root: str, asked: Refresh) -> Project:
        folder = Path(root)

        @cache
        def of_folder(path: Path) -> Loaded:
            return load(path, workspace=folder, editor=asked.editor)

        project = self._projects.get(root)
        if project is None:
            project = self._projects[root] = Project(folder, of_folder)
            project.open()
        project.settings = lambda path: of_folder(path if path.is_dir() else path.parent)
        project.told = self._look
        return project

    @staticmethod
    def _wanted(project: Project, document: Document) -> records.Wanted:
        return project.wanted(Path(document.path), document.data, document.language)

    @staticmethod
    def _told(project: Project, documents: list[Document]) -> Iterator[Told]:
        program = project.program()
        for document in documents:
            outside = project.outside(program, project.name_of(Path(document.path)))
            yield Told(document.uri, b"" if outside is None else pickle.dumps(outside, protocol=5))


def main() -> None:
    """Serve on stdin and stdout."""
    if hasattr(os, "nice"):
        os.nice(NICE)
    inbox, send = pipe()
    try:
        Indexer(inbox, send).run()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
