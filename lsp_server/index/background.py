"""The server's side of the index: when to ask the indexing process, and what to do with its answers. asyncio only."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

from lsp_server.index.messages import Document, Indexed, Indexing, Refresh, Told
from processes.parent import WorkerProcess

log = logging.getLogger(__name__)

COMMAND: tuple[str, ...] = (sys.executable, "-I", "-m", "lsp_server.index.process")
AT_FIRST = 0.5  # seconds after a document was opened: its own analysis goes first
QUIET = 1.0  # seconds without an edit
AGAIN = 2.0  # seconds after a process died at work
LOST = 3  # processes that may end at work, one after the other, until a person asks for a restart


class Owner(Protocol):
    """Whom the index serves. All calls come on the event loop."""

    def indexable(self) -> tuple[Document, ...]:
        """The open documents that want to know of other files."""

    def editor_settings(self) -> Mapping[str, object]:
        """What the editor said of the settings."""

    def told(self, uri: str, outside: bytes) -> None:
        """What a document has to know of functions of other files."""

    def indexing(self, done: int, total: int) -> None:
        """How far it is."""

    def indexed(self, files: int, functions: int) -> None:
        """What the index holds."""


class Index:
    """Asks for a refresh some time after something changed, with everything that is open then."""

    def __init__(self, owner: Owner, command: Sequence[str] = COMMAND) -> None:
        self._owner = owner
        self._command = tuple(command)
        self._process: WorkerProcess | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._rescan = True
        self._ids = itertools.count(1)
        self._asked = self._answered = 0
        self._lost = 0
        self._stopped = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The process, if there is one now."""
        pid = self._process.pid if self._process else None
        return () if pid is None else (pid,)

    @property
    def given_up(self) -> bool:
        """It died at work too often; a restart is needed."""
        return self._lost >= LOST

    def touch(self, delay: float, *, rescan: bool = False) -> None:
        """Something changed: ask in `delay` seconds. What was edited waits for a pause, so later calls put it off."""
        if self._stopped or self.given_up:
            return
        self._rescan = self._rescan or rescan
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._ask)

    def restart(self) -> None:
        """Begin anew with another process."""
        self._end()
        self._lost = 0
        self.touch(0.0, rescan=True)

    def kill(self) -> None:
        """End it now, for good."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        self._end()

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        process = self._process
        self.kill()
        if process is not None:
            await process.ended()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None
        self._asked = self._answered

    def _ask(self) -> None:
        self._timer = None
        documents = self._owner.indexable()
        if self._stopped or not documents:
            return
        if self._process is None:
            self._process = WorkerProcess(self._command, self._received, self._gone)
            self._rescan = True
        self._asked = next(self._ids)
        self._process.send(Refresh(self._asked, documents, self._owner.editor_settings(), self._rescan))
        self._rescan = False

    def _received(self, process: WorkerProcess, message: object) -> None:
        if process is not self._process:
            return
        try:
            match message:
                case Told(uri=uri, outside=outside):
                    self._owner.told(uri, outside)
                case Indexing(done=done, total=total):
                    self._owner.indexing(done, total)
                case Indexed(id=identifier, files=files, functions=functions):
                    self._answered = identifier
                    self._lost = 0
                    self._owner.indexed(files, functions)
        except Exception:  # a bug of ours must cost this message only
            log.exception("a message of the index could not be used")

    def _gone(self, process: WorkerProcess) -> None:
        """It had nothing to do, or it died at work."""
        if process is not self._process:
            return
        self._process = None
        if self._asked == self._answered:
            return
        self._lost += 1
        last_words = "\n".join(process.stderr)
        log.warning("the indexing process ended%s", f":\n{last_words}" if last_words else "")
        if self.given_up:
            log.warning("functions of other files stay unknown until the analysis is restarted")
        else:
            self.touch(AGAIN, rescan=True)
