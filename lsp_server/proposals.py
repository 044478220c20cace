"""What the local model proposes for loops that the analysis cannot decide, each judged by the analysis.

The model proposes, the analysis decides: what it refutes is dropped and counted, the rest carries its label. Nothing
here is waited for by those who have an answer without it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from analyzers.api import Language, LoopReport, Options, SourceText, Span
from lsp_server.messages import QuestionKind
from lsp_server.proposing import Proposal, Question, judged, judged_call
from lsp_server.scheduler import Scheduler, WorkerLostError
from lsp_server.session import Snapshot
from models import store
from models.client import Choice, Model, ModelError

log = logging.getLogger(__name__)

SECONDS = 2.0
REMEMBERED = 250  # answers of the model
LONGEST = 20_000  # bytes of a loop or a function: of a longer one the model would see only the two ends
NO_MODEL_YET = 10.0  # seconds until it is looked again whether there is a model


@dataclass(frozen=True, slots=True)
class Place:
    """A loop in a text that may not be the document's: `source` lacks the directive that is being typed above it."""

    snapshot: Snapshot
    source: SourceText
    options: Options
    start: int  # of the loop's function
    loop: LoopReport
    typed: str | None = None  # the directive so far, without `#pragma omp`
    wish: str | None = None  # what a comment above asks for
    kind: ClassVar[QuestionKind] = "verify"

    @property
    def at(self) -> int:
        return self.start + self.loop.span.start

    @property
    def key(self) -> tuple[object, ...]:
        """The same question in the same text."""
        return (self.snapshot.uri, self.snapshot.version, self.at, self.typed, self.wish)

    @property
    def shown(self) -> Span:
        """What the model sees of the text."""
        return self.loop.span.shifted(self.start)

    def question(self, language: Language) -> Question:
        return Question.of(self.source, language, self.loop, self.start, self.typed, self.wish)

    def judged(self, pragma: str, verdict: object) -> Proposal | None:
        return judged(self.loop, pragma, verdict)


@dataclass(frozen=True, slots=True)
class Hole:
    """A call of MPI that is being typed: `source` lacks what stands there so far, at byte `at`."""

    snapshot: Snapshot
    source: SourceText
    options: Options
    at: int
    typed: str
    shown: Span  # the function around it
    kind: ClassVar[QuestionKind] = "verify-call"

    @property
    def key(self) -> tuple[object, ...]:
        return (self.snapshot.uri, self.snapshot.version, self.at, self.typed)

    def question(self, language: Language) -> Question:
        return Question.of_call(self.source, language, self.at, self.typed, self.shown)

    def judged(self, call: str, verdict: object) -> Proposal | None:
        return judged_call(call, verdict)


class Proposals:
    """Asks the model that is in use. Without one it is as if no loop had a proposal, and `state` says why."""

    def __init__(self, scheduler: Scheduler, on_trouble: Callable[[str], None]) -> None:
        self._scheduler = scheduler
        self._on_trouble = on_trouble
        self._model: Model | None = None
        self._looked = float("-inf")
        self._why = ""
        self._trouble = ""
        self._answers: OrderedDict[tuple[object, ...], tuple[str, ...]] = OrderedDict()
        self._judged: OrderedDict[tuple[object, ...], asyncio.Task[tuple[Proposal, ...]]] = OrderedDict()
        self._counted: set[tuple[str, str, str]] = set()
        self.kept = self.refuted = 0

    @property
    def memory(self) -> int:
        """Resident bytes of the model's process; 0 while there is none."""
        return self._model.memory if self._model is not None else 0

    @property
    def state(self) -> str:
        """What there is to say of the model in one line."""
        model = self._current()
        if model is None:
            return f"no model: {self._why}"
        if self._trouble:
            return f"no model: {self._trouble}"
        if model.loaded is None:
            return "the model sleeps"
        counts = f", {self.kept} proposed and {self.refuted} refuted" if self.kept or self.refuted else ""
        return f"the model {model.loaded.name} uses {model.memory / 1e6:.0f} MB{counts}"

    async def of(self, place: Place | Hole, wait: float) -> tuple[Proposal, ...]:
        """The proposals for a loop, the likeliest first. After `wait` seconds, none: they are there when somebody asks
        again."""
        if self._current() is None or place.shown.end - place.shown.start > LONGEST:
            return ()
        task = self._judged.get(place.key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.get_running_loop().create_task(self._proposed(place))
            task.add_done_callback(_looked_at)
            self._judged[place.key] = task
            while len(self._judged) > REMEMBERED:
                self._judged.popitem(last=False)
        await asyncio.wait((task,), timeout=wait)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return ()
        return task.result()

    def kill(self) -> None:
        """End the model's process now."""
        if self._model is not None:
            self._model.kill()

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        for task in self._judged.values():
            task.cancel()
        if self._model is not None:
            await self._model.stop()

    # --- the model ----------------------------------------------------------------------------------------------

    def _current(self) -> Model | None:
        """The model that is in use now: `hpc-ls model use` may have chosen another one meanwhile."""
        now = asyncio.get_running_loop().time()
        if now - self._looked < NO_MODEL_YET:
            return self._model
        self._looked = now
        used = store.in_use()
        if used.path is None:
            self._why = used.why
            self.kill()
            self._model = None
        elif self._model is None or self._model.choice.path != used.path:
            self.kill()
            self._trouble = ""
            self._answers.clear()
            self._model = Model(Choice(used.path), self._told)
        return self._model

    def _told(self, error: ModelError) -> None:
        log.warning("%s", error)
        self._trouble = str(error)
        # Who has not installed the run-time has not asked for a model: the status item says what would bring it.
        if error.trouble != "not-installed":
            self._on_trouble(str(error))

    # --- proposals ----------------------------------------------------------------------------------------------

    async def _proposed(self, place: Place | Hole) -> tuple[Proposal, ...]:
        pragmas = await self._asked(place)
        if not pragmas:
            return ()
        found = await self._scheduler.ask(
            place.kind, place.snapshot, place.options, place.at, place.source.data, pragmas=pragmas
        )
        verdicts = found if isinstance(found, tuple) else ()
        proposals = [place.judged(*pair) for pair in zip(pragmas, verdicts, strict=False)]
        kept = tuple(proposal for proposal in proposals if proposal is not None)
        self._count(place, pragmas, kept)
        return kept

    def _count(self, place: Place | Hole, pragmas: Sequence[str], kept: Sequence[Proposal]) -> None:
        """Each proposal for a place once, however often its document is edited elsewhere."""
        shown = place.source.slice(place.shown)
        allowed = {proposal.pragma for proposal in kept}
        if len(self._counted) > 100 * REMEMBERED:
            self._counted.clear()
        for pragma in pragmas:
            key = (place.snapshot.uri, shown, pragma)
            if key not in self._counted:
                self._counted.add(key)
                self.kept += pragma in allowed
                self.refuted += pragma not in allowed

    async def _asked(self, place: Place | Hole) -> tuple[str, ...]:
        """What the model would write, as whole pragmas, the likeliest first. Raises ModelError."""
        model, language = self._model, place.snapshot.language
        if model is None or language is None:
            return ()
        question = place.question(language)
        if question.key not in self._answers:
            self._answers[question.key] = await question.asked(model, SECONDS)
            self._trouble = ""
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        return self._answers[question.key]


def _looked_at(task: asyncio.Task[tuple[Proposal, ...]]) -> None:
    """Nobody may be waiting for it any more: its failure is said here."""
    if task.cancelled():
        return
    error = task.exception()
    if error is not None and not isinstance(error, ModelError | WorkerLostError):
        log.error("a question to the model failed", exc_info=error)
