"""Hands versions of documents to analysis processes and brings their results back.

A document belongs to one slot, a slot to one process. The first edit after a pause goes out at once, the following ones
after 40 ms of quiet; a newer version supersedes an older one. A process that dies or does not answer within its budget
is replaced by the warm spare and gets its documents again. Everything runs on the event loop.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analyzers.api import Options, Trial
from lsp_server.analysis import Analysis
from lsp_server.messages import Analyse, Answer, Ask, Finished, Forget, Functions, QuestionKind
from lsp_server.pool import COMMAND, Pool
from lsp_server.session import Snapshot
from lsp_server.tracking import Tracked

log = logging.getLogger(__name__)

QUIET = 0.040  # seconds without an edit before a further edit is analysed
PATIENCE = 0.250  # but a user who never pauses sees something this often
PARTIAL = 0.015  # a whole answer that comes within this makes a partial one superfluous
PARTIAL_AGAIN = 0.300
STRIKES = 3  # deaths on one document before it is given up


class WorkerLostError(Exception):
    """The process that was asked is gone."""


@dataclass(slots=True)
class _Entry:
    """One document."""

    tracked: Tracked
    options: Options
    slot: int
    focus: int | None = None
    edited: float = -1.0  # loop time of the last edit
    waiting_since: float | None = None  # of the first edit not sent yet
    timer: asyncio.TimerHandle | None = None
    began: float = 0.0
    partial: asyncio.TimerHandle | None = None
    waiters: list[tuple[asyncio.Future[Analysis], int | None]] = field(default_factory=list)
    strikes: int = 0
    given_up: bool = False
    outside: bytes = b""  # what is known of functions of other files
    outside_sent: bool = True

    @property
    def snapshot(self) -> Snapshot:
        return self.tracked.snapshot


@dataclass(slots=True)
class _Question:
    future: asyncio.Future[object]
    slot: int


class Scheduler:
    """See the module. `on_analysis` gets partial and complete results, always of the current version."""

    def __init__(
        self,
        on_analysis: Callable[[Analysis], None],
        on_trouble: Callable[[str, str | None], None],
        on_restart: Callable[[], None] = lambda: None,
        *,
        command: Sequence[str] = COMMAND,
        slots: int | None = None,
        budget: float = 12.0,
    ) -> None:
        """`on_trouble(message, uri)` is for people: a document that cannot be analysed, a process that does not start.
        `budget`: seconds of silence of a busy process (longer for huge texts) before it is replaced."""
        self._on_analysis = on_analysis
        self._on_trouble = on_trouble
        self._on_restart = on_restart
        self._budget = budget
        count = slots or (2 if (os.cpu_count() or 1) > 4 else 1)
        self._pool = Pool(self, command, count, watch_every=min(1.0, budget / 4))
        self._entries: dict[str, _Entry] = {}
        self._questions: dict[int, _Question] = {}
        self._ids = itertools.count(1)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to load the analysis; returns at once."""
        self._pool.start()

    async def stop(self) -> None:
        """End every process and wait until they are gone."""
        for entry in self._entries.values():
            self._cancel_timers(entry)
        for question in self._questions.values():
            question.future.cancel()
        await self._pool.stop()

    def kill(self) -> None:
        """End every process now; for exits that cannot wait."""
        self._pool.kill()

    def restart(self) -> None:
        """Replace all processes and analyse every document anew, given-up ones too."""
        for entry in self._entries.values():
            entry.strikes = 0
            entry.given_up = False
        self._pool.restart()

    @property
    def pool(self) -> Pool:
        """The processes, for those who watch them."""
        return self._pool

    # --- documents ----------------------------------------------------------------------------------------------

    def submit(self, snapshot: Snapshot, options: Options) -> None:
        """A new version. A snapshot without language is forgotten."""
        if snapshot.language is None or self._pool.stopping:
            return
        now = self._now()
        entry = self._entries.get(snapshot.uri)
        if entry is None:
            entry = _Entry(Tracked(snapshot), options, zlib.crc32(snapshot.uri.encode()) % len(self._pool))
            self._entries[snapshot.uri] = entry
        else:
            self._supersede(entry, snapshot, options)
        pause = now - entry.edited
        entry.edited = now
        if entry.given_up:
            return
        if entry.waiting_since is None:
            entry.waiting_since = now
        if pause >= QUIET or now - entry.waiting_since >= PATIENCE:
            self._dispatch(entry)
        else:
            self._later(entry, QUIET)

    def retry(self, uri: str) -> None:
        """Analyse a given-up document once more (it was saved)."""
        entry = self._entries.get(uri)
        if entry and entry.given_up:
            entry.given_up = False
            entry.strikes = STRIKES - 1
            self._dispatch(entry)

    def know(self, uri: str, outside: bytes) -> bool:
        """Something else is known of functions of other files (a pickled `Outside`): analyse the document anew with it,
        after what is under way. Functions that it does not concern are answered from what is known. False: no news."""
        entry = self._entries.get(uri)
        if entry is None or entry.outside == outside:
            return False
        entry.outside, entry.outside_sent = outside, False
        if entry.tracked.complete:
            self._again(entry)
        return True

    def _again(self, entry: _Entry) -> None:
        """The same version once more, unless a newer one goes out soon."""
        if entry.timer is None and not entry.given_up:
            entry.tracked.again()
            self._dispatch(entry)

    def close(self, uri: str) -> None:
        """Forget a document."""
        entry = self._entries.pop(uri, None)
        if entry is None:
            return
        self._cancel_timers(entry)
        for waiter, _ in entry.waiters:
            waiter.cancel()
        self._pool.forget(entry.slot, uri, Forget(uri))

    def latest(self, uri: str) -> Analysis | None:
        """What is known now of the current version."""
        entry = self._entries.get(uri)
        return entry.tracked.analysis() if entry else None

    async def fresh(self, uri: str, around: int | None = None, patience: float = 5.0) -> Analysis | None:
        """The analysis of the current version once it is complete, or, with `around`, once the function around that
        byte has been looked at; after `patience` seconds what is known by then. None: no such document.

        A waiting request makes pending edits go out at once. Cancelled when the document is closed.
        """
        entry = self._entries.get(uri)
        if entry is None:
            return None
        if entry.tracked.complete or entry.given_up:
            return entry.tracked.analysis()
        if entry.timer is not None and entry.strikes == 0:
            self._dispatch(entry)
        if around is not None and entry.tracked.covers(around):
            return entry.tracked.analysis()
        waiter: asyncio.Future[Analysis] = asyncio.get_running_loop().create_future()
        entry.waiters.append((waiter, around))
        try:
            return await asyncio.wait_for(waiter, patience)
        except asyncio.TimeoutError:
            return entry.tracked.analysis()
        finally:
            entry.waiters = [pair for pair in entry.waiters if pair[0] is not waiter]

    async def ask(
        self,
        kind: QuestionKind,
        snapshot: Snapshot,
        options: Options,
        offset: int,
        data: bytes,
        trials: tuple[Trial, ...] = (),
        pragmas: tuple[str, ...] = (),
    ) -> object:
        """Put a question about `data`, a text for this document. Raises WorkerLostError."""
        if snapshot.language is None:
            return None
        number = zlib.crc32(snapshot.uri.encode()) % len(self._pool)
        identifier = next(self._ids)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._questions[identifier] = _Question(future, number)
        try:
            path = None if snapshot.path is None else str(snapshot.path)
            question = Ask(
                identifier, kind, snapshot.uri, snapshot.language, options, data, path, offset, trials, pragmas
            )
            if not self._pool.send(number, question):
                raise WorkerLostError
            return await asyncio.wait_for(future, self._budget)
        except asyncio.TimeoutError:
            self._pool.abort(number)
            raise WorkerLostError from None
        finally:
            self._questions.pop(identifier, None)

    # --- sending ------------------------------------------------------------------------------------------------

    def _supersede(self, entry: _Entry, snapshot: Snapshot, options: Options) -> None:
        if options != entry.options:
            entry.given_up = False
        entry.tracked.supersede(snapshot)
        entry.options = options
        entry.focus = snapshot.edits[-1].start if snapshot.edits else None
        if entry.partial:
            entry.partial.cancel()
            entry.partial = None

    def _later(self, entry: _Entry, delay: float) -> None:
        if entry.timer:
            entry.timer.cancel()
        entry.timer = asyncio.get_running_loop().call_later(delay, self._dispatch, entry)

    def _dispatch(self, entry: _Entry) -> None:
        if entry.timer:
            entry.timer.cancel()
            entry.timer = None
        snapshot = entry.snapshot
        if self._entries.get(snapshot.uri) is not entry or snapshot.language is None or self._pool.stopping:
            return
        entry.waiting_since = None
        entry.began = self._now()
        path = None if snapshot.path is None else str(snapshot.path)
        data = snapshot.source.data
        self._pool.send(
            entry.slot,
            Analyse(
                snapshot.uri,
                snapshot.version,
                snapshot.language,
                entry.options,
                data,
                path,
                entry.focus,
                None if entry.outside_sent else entry.outside,
            ),
        )
        entry.outside_sent = True

    # --- receiving ----------------------------------------------------------------------------------------------

    def received(self, message: object) -> None:
        """Results or an answer came."""
        match message:
            case Functions():
                self._functions(message)
            case Finished():
                self._finished(message)
            case Answer():
                self._answered(message)

    def _answered(self, message: Answer) -> None:
        if message.error:
            log.error("a question could not be answered:\n%s", message.error)
        question = self._questions.get(message.id)
        if question and not question.future.done():
            question.future.set_result(message.value)

    def _functions(self, message: Functions) -> None:
        entry = self._entries.get(message.uri)
        if entry is None:
            return
        if not entry.tracked.take(message):
            return
        self._wake(entry)
        if entry.partial is None:
            again = self._now() - entry.began > PARTIAL_AGAIN
            delay = PARTIAL_AGAIN if again else PARTIAL
            entry.partial = asyncio.get_running_loop().call_later(delay, self._publish_partial, entry)

    def _publish_partial(self, entry: _Entry) -> None:
        entry.partial = None
        if self._entries.get(entry.snapshot.uri) is entry and not entry.tracked.complete:
            self._on_analysis(entry.tracked.analysis())

    def _finished(self, message: Finished) -> None:
        entry = self._entries.get(message.uri)
        if entry is None:
            return
        if message.crash:
            log.error("the analysis of %s failed:\n%s", message.uri, message.crash)
        entry.strikes = 0
        if not entry.tracked.finish(message):
            return
        if entry.partial:
            entry.partial.cancel()
            entry.partial = None
        self._wake(entry)
        self._on_analysis(entry.tracked.analysis())
        if not entry.outside_sent:
            self._again(entry)

    def _wake(self, entry: _Entry) -> None:
        for waiter, around in entry.waiters:
            enough = entry.tracked.complete or (around is not None and entry.tracked.covers(around))
            if enough and not waiter.done():
                waiter.set_result(entry.tracked.analysis())

    # --- death and delay ----------------------------------------------------------------------------------------

    def replaced(self, slot: int, blamed: str | None) -> None:
        """The documents of a slot go to its new process. The one that was worked on counts a strike and waits."""
        self._on_restart()
        self._fail_questions(slot)
        guilty = self._entries.get(blamed) if blamed else None
        for entry in self._entries.values():
            if entry.slot != slot:
                continue
            entry.tracked.forget_tokens()
            entry.outside_sent = not entry.outside
            if entry is not guilty and not entry.given_up and entry.timer is None:
                self._dispatch(entry)
        if guilty is not None:
            self._strike(guilty)

    def dead(self, slot: int, first: bool) -> None:
        """There is no analysis for now."""
        self._fail_questions(slot)
        if first:
            self._on_trouble("the analysis process does not start; `hpc-ls doctor` says what is missing", None)

    def allowance(self, uri: str) -> float:
        """Seconds of silence, more for a huge text: parsing it gives no sign."""
        entry = self._entries.get(uri)
        size = len(entry.snapshot.source.data) if entry else 0
        return self._budget + 5.0 * size / 1e6

    def _strike(self, entry: _Entry) -> None:
        entry.strikes += 1
        if entry.strikes < STRIKES:
            self._later(entry, 0.1 * 4 ** (entry.strikes - 1))
            return
        entry.given_up = True
        if entry.timer:
            entry.timer.cancel()
            entry.timer = None
        error = f"the analysis process ended {STRIKES} times on this file; it is left alone until the file is saved"
        entry.tracked.give_up(error)
        self._wake(entry)
        self._on_trouble(f"{entry.snapshot.name} cannot be analysed: {error}", entry.snapshot.uri)
        self._on_analysis(entry.tracked.analysis())

    def _fail_questions(self, number: int) -> None:
        for question in self._questions.values():
            if question.slot == number and not question.future.done():
                question.future.set_exception(WorkerLostError())

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    @staticmethod
    def _cancel_timers(entry: _Entry) -> None:
        for timer in (entry.timer, entry.partial):
            if timer:
                timer.cancel()
        entry.timer = entry.partial = None
