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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.api import Options
from lsp_server.analysis import Analysis
from lsp_server.messages import Analyse, Answer, Ask, Finished, Forget, Functions, QuestionKind, Ready, Working
from lsp_server.session import Snapshot
from lsp_server.tracking import Tracked
from lsp_server.workers import COMMAND, WorkerProcess

log = logging.getLogger(__name__)

QUIET = 0.040  # seconds without an edit before a further edit is analysed
PATIENCE = 0.250  # but a user who never pauses sees something this often
PARTIAL = 0.015  # a whole answer that comes within this makes a partial one superfluous
PARTIAL_AGAIN = 0.300
STRIKES = 3  # deaths on one document before it is given up
START_FAILURES = 4


class WorkerLostError(Exception):
    """The process that was asked is gone."""


@dataclass(slots=True)
class _Entry:
    """One document."""

    tracked: Tracked
    options: Options
    slot: int
    focus: int | None = None
    sent: int | None = None  # the version the worker has
    edited: float = -1.0  # loop time of the last edit
    waiting_since: float | None = None  # of the first edit not sent yet
    timer: asyncio.TimerHandle | None = None
    began: float = 0.0
    partial: asyncio.TimerHandle | None = None
    waiters: list[tuple[asyncio.Future[Analysis], int | None]] = field(default_factory=list)
    strikes: int = 0
    given_up: bool = False

    @property
    def snapshot(self) -> Snapshot:
        return self.tracked.snapshot


@dataclass(slots=True)
class _Slot:
    worker: WorkerProcess | None = None
    blame: str | None = None  # the document under analysis
    heard: float = 0.0  # loop time of the last message
    failures: int = 0  # deaths in a row for which no document is to blame
    told: bool = False  # the user knows that there is no analysis
    memory: int = 0


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
        self._command = tuple(command)
        self._budget = budget
        count = slots or (2 if (os.cpu_count() or 1) > 4 else 1)
        self._slots = [_Slot() for _ in range(count)]
        self._spare: WorkerProcess | None = None
        self._entries: dict[str, _Entry] = {}
        self._questions: dict[int, _Question] = {}
        self._ids = itertools.count(1)
        self._all: set[WorkerProcess] = set()
        self._stopping = False
        self._watch: asyncio.Task[None] | None = None
        self.restarts = 0
        self.links: Mapping[str, str] = {}  # the page of each rule

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to load the analysis; returns at once."""
        self._slots[0].worker = self._launch()
        self._watch = asyncio.get_running_loop().create_task(self._watchdog())

    async def stop(self) -> None:
        """End every process and wait until they are gone."""
        self._stopping = True
        if self._watch:
            self._watch.cancel()
        for entry in self._entries.values():
            self._cancel_timers(entry)
        for question in self._questions.values():
            question.future.cancel()
        workers = tuple(self._all)
        for worker in workers:
            worker.kill()
        await asyncio.gather(*(worker.ended() for worker in workers), return_exceptions=True)

    def kill(self) -> None:
        """End every process now; for exits that cannot wait."""
        self._stopping = True
        for worker in self._all:
            worker.kill()

    def restart(self) -> None:
        """Replace all processes and analyse every document anew, given-up ones too."""
        for entry in self._entries.values():
            entry.strikes = 0
            entry.given_up = False
        for number, slot in enumerate(self._slots):
            if slot.worker is not None:
                slot.worker.kill()
                self._all.discard(slot.worker)
                slot.failures, slot.blame = 0, None
                self._replace(number)

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes of this scheduler that run now."""
        return tuple(worker.pid for worker in self._all if worker.pid is not None)

    @property
    def memory(self) -> int:
        """Resident bytes of the workers as they last reported."""
        return sum(slot.memory for slot in self._slots)

    # --- documents ----------------------------------------------------------------------------------------------

    def submit(self, snapshot: Snapshot, options: Options) -> None:
        """A new version. A snapshot without language is forgotten."""
        if snapshot.language is None or self._stopping:
            return
        now = self._now()
        entry = self._entries.get(snapshot.uri)
        if entry is None:
            entry = _Entry(Tracked(snapshot), options, zlib.crc32(snapshot.uri.encode()) % len(self._slots))
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

    def close(self, uri: str) -> None:
        """Forget a document."""
        entry = self._entries.pop(uri, None)
        if entry is None:
            return
        self._cancel_timers(entry)
        for waiter, _ in entry.waiters:
            waiter.cancel()
        slot = self._slots[entry.slot]
        if slot.worker:
            slot.worker.send(Forget(uri))
        if slot.blame == uri:
            slot.blame = None

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

    async def ask(self, kind: QuestionKind, snapshot: Snapshot, options: Options, offset: int, data: bytes) -> object:
        """Put a question about `data`, a text for this document. Raises WorkerLostError."""
        if snapshot.language is None:
            return None
        number = zlib.crc32(snapshot.uri.encode()) % len(self._slots)
        identifier = next(self._ids)
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._questions[identifier] = _Question(future, number)
        try:
            path = None if snapshot.path is None else str(snapshot.path)
            self._worker(number).send(
                Ask(identifier, kind, snapshot.uri, snapshot.language, options, data, path, offset)
            )
            return await asyncio.wait_for(future, self._budget)
        except asyncio.TimeoutError:
            worker = self._slots[number].worker
            if worker is not None:
                worker.abort()
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
        if self._entries.get(snapshot.uri) is not entry or snapshot.language is None or self._stopping:
            return
        entry.waiting_since = None
        entry.sent = snapshot.version
        entry.began = self._now()
        slot = self._slots[entry.slot]
        if slot.blame is None:
            slot.heard = entry.began
        path = None if snapshot.path is None else str(snapshot.path)
        data = snapshot.source.data
        self._worker(entry.slot).send(
            Analyse(snapshot.uri, snapshot.version, snapshot.language, entry.options, data, path, entry.focus)
        )

    def _worker(self, number: int) -> WorkerProcess:
        slot = self._slots[number]
        if slot.worker is None:
            slot.worker = self._take_spare()
        return slot.worker

    def _take_spare(self) -> WorkerProcess:
        worker, self._spare = self._spare, None
        return worker or self._launch()

    def _launch(self) -> WorkerProcess:
        worker = WorkerProcess(self._command, self._receive, self._lost)
        self._all.add(worker)
        return worker

    # --- receiving ----------------------------------------------------------------------------------------------

    def _receive(self, worker: WorkerProcess, message: object) -> None:
        try:
            self._handle(worker, message)
        except Exception:
            log.exception("a message of the analysis could not be used")

    def _handle(self, worker: WorkerProcess, message: object) -> None:
        if isinstance(message, Ready):
            worker.ready = True
        slot = next((s for s in self._slots if s.worker is worker), None)
        if slot is None:
            return
        slot.heard = self._now()
        match message:
            case Ready(links=links):
                self.links = links
                if self._spare is None and not self._stopping:
                    self._spare = self._launch()
            case Working(uri=uri):
                slot.blame = uri
            case Functions():
                self._functions(message)
            case Finished():
                slot.blame = None if slot.blame == message.uri else slot.blame
                slot.failures, slot.told = 0, False
                slot.memory = message.memory or slot.memory
                self._finished(message)
            case Answer():
                question = self._questions.get(message.id)
                if message.error:
                    log.error("a question could not be answered:\n%s", message.error)
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

    def _wake(self, entry: _Entry) -> None:
        for waiter, around in entry.waiters:
            enough = entry.tracked.complete or (around is not None and entry.tracked.covers(around))
            if enough and not waiter.done():
                waiter.set_result(entry.tracked.analysis())

    # --- death and delay ----------------------------------------------------------------------------------------

    def _lost(self, worker: WorkerProcess) -> None:
        """A process died on its own or was aborted."""
        self._all.discard(worker)
        if self._stopping:
            return
        if worker is self._spare:
            self._spare = None  # the next Ready brings a new one
            return
        number = next((n for n, slot in enumerate(self._slots) if slot.worker is worker), None)
        if number is None:
            return
        slot = self._slots[number]
        self.restarts += 1
        last_words = "\n".join(worker.stderr)
        log.warning("analysis process %s ended%s", worker.pid, f":\n{last_words}" if last_words else "")
        if slot.blame is None:
            slot.failures += 1
        if slot.failures >= START_FAILURES:
            slot.worker, slot.failures = None, 0
            self._fail_questions(number)
            if not slot.told:
                slot.told = True
                self._on_trouble("the analysis process does not start; `hpc-ls doctor` says what is missing", None)
            return
        self._on_restart()
        self._replace(number)

    def _replace(self, number: int) -> None:
        """A new process for a slot, and its documents again. The one that was worked on counts a strike and waits."""
        slot = self._slots[number]
        blamed = self._entries.get(slot.blame) if slot.blame else None
        slot.blame = None
        slot.worker = self._take_spare()
        if slot.worker.ready:
            self._spare = self._launch()
        self._fail_questions(number)
        for entry in self._entries.values():
            if entry.slot != number:
                continue
            entry.tracked.forget_tokens()
            if entry is not blamed and not entry.given_up and entry.timer is None:
                self._dispatch(entry)
        if blamed is not None and blamed.slot == number:
            self._strike(blamed)

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

    async def _watchdog(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._budget / 4))
            for slot in self._slots:
                entry = self._entries.get(slot.blame) if slot.blame else None
                if entry is None or slot.worker is None:
                    continue
                allowed = self._budget + 5.0 * len(entry.snapshot.source.data) / 1e6
                if self._now() - slot.heard > allowed:
                    log.warning(
                        "the analysis of %s took more than %.0f s; its process is replaced", slot.blame, allowed
                    )
                    slot.worker.abort()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    @staticmethod
    def _cancel_timers(entry: _Entry) -> None:
        for timer in (entry.timer, entry.partial):
            if timer:
                timer.cancel()
        entry.timer = entry.partial = None
