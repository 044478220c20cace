"""The caller's side of a model: a process that is started on first use, and ended when nobody asks for a while.

asyncio only. A question that cannot be answered raises ModelError; nothing here fails in another way, and nothing waits
longer than it was told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from models import prompts
from models.messages import Cancel, Complete, Completed, Failed, Load, Loaded, Prompt, Rank, Ranked, Trouble
from processes.parent import WorkerProcess

log = logging.getLogger(__name__)

COMMAND: tuple[str, ...] = (sys.executable, "-I", "-m", "models.engine")
IDLE = 300.0  # seconds without a question until the memory is given back
LOADING = 60.0  # seconds that a model may take to load
GRACE = 1.0  # seconds beyond its limit after which a process counts as hanging
PAUSES = (0.0, 0.5, 2.0, 8.0, 30.0, 60.0)  # seconds until the next try, by deaths in a row


class ModelError(Exception):
    """No answer. The text says why and what can be done, in one line, for people."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model, and what it may use; see `models.messages.Load`."""

    path: Path
    context: int = 2048
    threads: int = 0
    memory: int = 0

    def stamp(self) -> tuple[int, int] | None:
        """Changes when the file does."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


_Answer = TypeVar("_Answer", Ranked, Completed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question without an answer so far."""

    future: asyncio.Future[Ranked | Completed]
    seconds: float  # that the process may take for it


class Model:
    """One model. `on_trouble` is told once what keeps it from working, and again when that has changed."""

    def __init__(
        self,
        choice: Choice,
        on_trouble: Callable[[ModelError], None] = lambda _: None,
        *,
        command: Sequence[str] = COMMAND,
        idle: float = IDLE,
    ) -> None:
        self.choice = choice
        self.loaded: Loaded | None = None
        self.memory = 0  # resident bytes of the process as it last said; 0 while there is none
        self.deaths = 0
        self._command = tuple(command)
        self._on_trouble = on_trouble
        self._idle = idle
        self._process: WorkerProcess | None = None
        self._ending: set[WorkerProcess] = set()  # killed, and not known to be gone
        self._ready: asyncio.Future[Loaded] | None = None
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Asked] = {}
        self._refused: tuple[tuple[int, int] | None, ModelError] | None = None  # the file as it was, and what was wrong
        self._deaths = 0  # in a row, without an answer between
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._told = ""

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return self._process.pid if self._process else None

    async def load(self) -> Loaded:
        """Be ready for the first question. Raises ModelError."""
        return await self._started()

    async def rank(self, prompt: Prompt, candidates: tuple[Prompt, ...], seconds: float = 2.0) -> Ranked:
        """How likely each candidate is after the prompt. Raises ModelError."""
        return await self._ask(Rank(next(self._ids), prompt, candidates, seconds), Ranked)

    async def complete(
        self,
        prompt: Prompt,
        limit: int,
        *,
        seconds: float = 2.0,
        width: int = 1,
        asked: prompts.Prompt | None = None,
        begun: str = "",
        choices: tuple[Prompt, ...] = (),
    ) -> Completed:
        """The likeliest continuations; see `models.messages.Complete`. Raises ModelError."""
        question = Complete(next(self._ids), prompt, limit, seconds, width, asked, begun, choices)
        return await self._ask(question, Completed)

    def kill(self) -> None:
        """End the process now; the next question starts another one."""
        self._drop()
        self._gone(ModelError("lost", "the model was stopped"))

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        self.kill()
        for process in tuple(self._ending):
            await process.ended()
        self._ending.clear()

    # --- questions ----------------------------------------------------------------------------------------------

    async def _ask(self, question: Rank | Complete, answer: type[_Answer]) -> _Answer:
        await self._started()
        process = self._process
        if process is None:
            raise ModelError("lost", "the model was stopped")
        future: asyncio.Future[Ranked | Completed] = asyncio.get_running_loop().create_future()
        self._waiting[question.id] = _Asked(future, question.seconds)
        self._rest(False)
        process.send(question)
        # The questions before it are answered first.
        patience = sum(each.seconds for each in self._waiting.values()) + GRACE
        try:
            # Not wait_for: before Python 3.12 it may swallow a cancellation.
            await asyncio.wait((future,), timeout=patience)
        except asyncio.CancelledError:
            if self._process is process:
                process.send(Cancel(question.id))
            raise
        finally:
            self._waiting.pop(question.id, None)
            self._rest(not self._waiting)
        if not future.done():
            process.abort()
            raise ModelError("time", f"the model did not answer within {patience:.1f} s and is started anew")
        found = future.result()
        assert isinstance(found, answer)
        return found

    def _rest(self, nothing_to_do: bool) -> None:
        """Begin or stop to count the time after which the process ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if nothing_to_do and self._process is not None:
            self._timer = asyncio.get_running_loop().call_later(self._idle, self.kill)

    # --- the process --------------------------------------------------------------------------------------------

    async def _started(self) -> Loaded:
        if self._process is None:
            self._start()
        ready = self._ready
        assert ready is not None
        if not ready.done():
            await asyncio.wait((ready,), timeout=LOADING)
        if ready.done():
            return ready.result()
        if self._process is not None:
            self._process.abort()
        raise ModelError("time", f"{self.choice.path} was not loaded within {LOADING:.0f} s")

    def _start(self) -> None:
        stamp = self.choice.stamp()
        if self._refused is not None and self._refused[0] == stamp:
            raise self._refused[1]
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            raise ModelError("lost", "the process of the model ended; it is started again in some seconds")
        self._refused = None
        self._ready = loop.create_future()
        self._ready.add_done_callback(_looked_at)
        self._process = WorkerProcess(self._command, self._received, self._ended)
        choice = self.choice
        self._process.send(Load(str(choice.path), choice.context, choice.threads, choice.memory))

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._ending = {each for each in self._ending if not each.gone} | {process}

    def _received(self, process: WorkerProcess, message: object) -> None:
        if process is not self._process:
            return
        match message:
            case Loaded():
                self.loaded, self.memory = message, message.memory
                self._told = ""
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(message)
                self._rest(not self._waiting)
            case Failed(id=0):
                self._refuse(ModelError(message.trouble, message.text))
            case Failed():
                self.memory = message.memory or self.memory
                self._deaths = 0
                self._settle(message.id, ModelError(message.trouble, message.text))
            case Ranked() | Completed():
                self.memory = message.memory
                self._deaths = 0
                self._settle(message.id, message)

    def _settle(self, identifier: int, answer: Ranked | Completed | ModelError) -> None:
        asked = self._waiting.get(identifier)
        if asked is None or asked.future.done():
            return
        if isinstance(answer, ModelError):
            asked.future.set_exception(answer)
        else:
            asked.future.set_result(answer)

    def _refuse(self, error: ModelError) -> None:
        """It will not work as it is: another try has to wait until the file has changed."""
        # What is free now may be more in a minute.
        if error.trouble == "no-memory":
            self._not_before = asyncio.get_running_loop().time() + PAUSES[-1]
        else:
            self._refused = (self.choice.stamp(), error)
        self._drop()
        self._gone(error)
        self._tell(error)

    def _ended(self, process: WorkerProcess) -> None:
        """It died."""
        if process is not self._process:
            return
        self._process = None
        pause = PAUSES[min(self._deaths, len(PAUSES) - 1)]
        self._deaths += 1
        self.deaths += 1
        self._not_before = asyncio.get_running_loop().time() + pause
        last_words = "\n".join(process.stderr)
        log.warning("the process of the model ended%s", f":\n{last_words}" if last_words else "")
        error = ModelError("lost", "the process of the model ended while it worked; the next question starts another")
        self._gone(error)
        if self._deaths == len(PAUSES):
            self._tell(
                ModelError("lost", f"the process of the model ends again and again; the log says why{_words(process)}")
            )

    def _gone(self, error: ModelError) -> None:
        """Nobody will answer what was asked."""
        self._rest(False)
        self.loaded, self.memory = None, 0
        for identifier in tuple(self._waiting):
            self._settle(identifier, error)
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)

    def _tell(self, error: ModelError) -> None:
        if str(error) != self._told:
            self._told = str(error)
            self._on_trouble(error)


def _looked_at(future: asyncio.Future[Loaded]) -> None:
    """Its failure is told in other ways too: nobody has to have waited for it."""
    with contextlib.suppress(asyncio.CancelledError):
        future.exception()


def _words(process: WorkerProcess) -> str:
    last = next((line for line in reversed(process.stderr) if line.strip()), "")
    return f" ({last.strip()})" if last else ""
