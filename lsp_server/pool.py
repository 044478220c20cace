"""The analysis processes: one for each slot, and a warm spare that takes the place of one that dies or hangs."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lsp_server.messages import Finished, Ready, Working
from processes.parent import WorkerProcess

log = logging.getLogger(__name__)

COMMAND: tuple[str, ...] = (sys.executable, "-I", "-m", "lsp_server.worker")

# Each call of islpy leaves some bytes behind for good (2026.2: 32). A process that has grown by this many since its
# first minute gives way to a new one, which takes the documents over; not more often than this many seconds.
GROWTH = 500_000_000
LIFETIME = 600.0
MINUTE = 60.0
START_FAILURES = 4  # deaths in a row for which no document is to blame


class Owner(Protocol):
    """Whom the pool serves. All calls come on the event loop."""

    def received(self, message: object) -> None:
        """Results or an answer."""

    def replaced(self, slot: int, blamed: str | None) -> None:
        """The process of a slot is a new one that knows nothing; the old one died at work on document `blamed`."""

    def dead(self, slot: int, first: bool) -> None:
        """No process of the slot gets as far as working; it is tried again later. `first`: news."""

    def allowance(self, uri: str) -> float:
        """Seconds that a process may be silent while it works on a document."""


@dataclass(slots=True)
class _Slot:
    worker: WorkerProcess | None = None
    blame: str | None = None  # the document under analysis
    heard: float = 0.0  # loop time of the last message
    failures: int = 0
    pause: float = 0.0  # seconds before a slot that is dead is tried again; grows
    dead: bool = False
    memory: int = 0
    since: float = 0.0  # loop time of the first results of this process
    first: int = 0  # memory in its first minute


class Pool:
    """See the module."""

    def __init__(self, owner: Owner, command: Sequence[str], slots: int, watch_every: float) -> None:
        self._owner = owner
        self._command = tuple(command)
        self._slots = [_Slot() for _ in range(slots)]
        self._spare: WorkerProcess | None = None
        self._all: set[WorkerProcess] = set()
        self._watch_every = watch_every
        self._watch: asyncio.Task[None] | None = None
        self.stopping = False
        self.deaths = 0
        self.links: Mapping[str, str] = {}  # the page of each rule

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that run now, spare included."""
        return tuple(worker.pid for worker in self._all if worker.pid is not None)

    @property
    def memory(self) -> int:
        """Resident bytes of the working processes as they last reported."""
        return sum(slot.memory for slot in self._slots)

    def pid(self, slot: int) -> int | None:
        """The process of a slot."""
        worker = self._slots[slot].worker
        return worker.pid if worker else None

    def working_on(self, slot: int) -> str | None:
        """The document under analysis in a slot."""
        return self._slots[slot].blame

    def start(self) -> None:
        """Begin to load the analysis; returns at once."""
        self._slots[0].worker = self._launch()
        self._watch = asyncio.get_running_loop().create_task(self._watchdog())

    async def stop(self) -> None:
        """End every process and wait until they are gone."""
        workers = tuple(self._all)
        self.kill()
        if self._watch:
            self._watch.cancel()
        await asyncio.gather(*(worker.ended() for worker in workers), return_exceptions=True)

    def kill(self) -> None:
        """End every process now."""
        self.stopping = True
        for worker in self._all:
            worker.kill()

    def send(self, slot: int, message: object) -> bool:
        """A message to the process of a slot, which is started when there is none; False while the slot is dead: its
        documents are asked for when it lives again."""
        place = self._slots[slot]
        if place.dead:
            return False
        if place.worker is None:
            place.worker = self._take_spare()
        if place.blame is None:
            place.heard = self._now()
        place.worker.send(message)
        return True

    def forget(self, slot: int, uri: str, message: object) -> None:
        """Tell a running process that a document is closed."""
        place = self._slots[slot]
        if place.blame == uri:
            place.blame = None
        if place.worker is not None:
            place.worker.send(message)

    def abort(self, slot: int) -> None:
        """The process of a slot does not answer: treat it as dead."""
        worker = self._slots[slot].worker
        if worker is not None:
            worker.abort()

    def restart(self) -> None:
        """Replace the processes of all slots; nobody is to blame."""
        for number, slot in enumerate(self._slots):
            if slot.worker is None and not slot.dead:
                continue
            if slot.worker is not None:
                slot.worker.kill()
                self._all.discard(slot.worker)
            slot.failures, slot.blame, slot.dead = 0, None, False
            self._replace(number)

    def _launch(self) -> WorkerProcess:
        worker = WorkerProcess(self._command, self._receive, self._lost)
        self._all.add(worker)
        return worker

    def _take_spare(self) -> WorkerProcess:
        worker, self._spare = self._spare or self._launch(), None
        if worker.ready:
            self._spare = self._launch()  # otherwise it follows when this one is ready: one at a time
        return worker

    def _receive(self, worker: WorkerProcess, message: object) -> None:
        try:
            self._handle(worker, message)
        except Exception:  # a bug of ours must cost this message only, not every document's analysis
            log.exception("a message of the analysis could not be used")

    def _handle(self, worker: WorkerProcess, message: object) -> None:
        if isinstance(message, Ready):
            worker.ready = True
            self.links = message.links
        slot = next((s for s in self._slots if s.worker is worker), None)
        if slot is None:
            return
        slot.heard = self._now()
        match message:
            case Ready():
                if self._spare is None and not self.stopping:
                    self._spare = self._launch()
                return
            case Working(uri=uri):
                slot.blame = uri
                return
            case Finished(uri=uri, memory=memory):
                slot.blame = None if slot.blame == uri else slot.blame
                slot.memory = memory or slot.memory
                slot.failures, slot.pause = 0, 0.0
        self._owner.received(message)
        if isinstance(message, Finished) and slot.worker is worker:
            self._renew_if_worn(slot)

    def _renew_if_worn(self, slot: _Slot) -> None:
        slot.since = slot.since or slot.heard
        age = slot.heard - slot.since
        if age < MINUTE:
            slot.first = slot.memory
        elif slot.blame is None and age > LIFETIME and slot.memory > slot.first + GROWTH and slot.worker is not None:
            log.info("the analysis process %s has grown to %d MB and is replaced", slot.worker.pid, slot.memory >> 20)
            slot.worker.kill()
            self._all.discard(slot.worker)
            self._replace(self._slots.index(slot))

    def _lost(self, worker: WorkerProcess) -> None:
        """A process died on its own or was aborted."""
        self._all.discard(worker)
        if self.stopping:
            return
        if worker is self._spare:
            self._spare = None  # the next process that is ready brings a new one
            return
        number = next((n for n, slot in enumerate(self._slots) if slot.worker is worker), None)
        if number is None:
            return
        self.deaths += 1
        last_words = "\n".join(worker.stderr)
        log.warning("analysis process %s ended%s", worker.pid, f":\n{last_words}" if last_words else "")
        slot = self._slots[number]
        if slot.blame is None:
            slot.failures += 1
        if slot.failures < START_FAILURES:
            self._replace(number)
            return
        slot.worker, slot.failures, slot.dead = None, 0, True
        first, slot.pause = slot.pause == 0, min(max(2.0, 2 * slot.pause), 60.0)
        asyncio.get_running_loop().call_later(slot.pause, self._revive, number)
        self._owner.dead(number, first)

    def _revive(self, number: int) -> None:
        if self._slots[number].dead and not self.stopping:
            self._slots[number].dead = False
            self._replace(number)

    def _replace(self, number: int) -> None:
        slot = self._slots[number]
        blamed, slot.blame = slot.blame, None
        slot.since, slot.first = 0.0, 0
        slot.worker = self._take_spare()
        self._owner.replaced(number, blamed)

    async def _watchdog(self) -> None:
        while True:
            await asyncio.sleep(self._watch_every)
            for slot in self._slots:
                if slot.blame is None or slot.worker is None:
                    continue
                allowed = self._owner.allowance(slot.blame)
                if self._now() - slot.heard > allowed:
                    log.warning(
                        "no sign from the analysis of %s for %.0f s; its process is replaced", slot.blame, allowed
                    )
                    slot.worker.abort()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
