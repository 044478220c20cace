"""The local model for the command line: what it proposes for the loops of a file that the analysis cannot decide."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import TracebackType

from analyzers.api import Analyzer, LoopReport, verify
from lsp_server.commands.files import Task
from lsp_server.outcomes import Outcome
from lsp_server.proposing import Proposal, Question, judged, undecided
from models import store
from models.client import Choice, Model, ModelError

SECONDS = 10.0  # nobody types meanwhile


class Asking:
    """One model for all files of a run. Raises ModelError when it is entered and there is none that answers."""

    def __init__(self) -> None:
        used = store.in_use()
        if used.path is None:
            raise ModelError("no-model", f"no model is in use: {used.why}")
        self._path = used.path
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Asking:
        try:
            self._model = self._loop.run_until_complete(self._begun())
        except ModelError:
            self._loop.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._model.stop())
        self._loop.close()

    async def _begun(self) -> Model:
        model = Model(Choice(self._path))
        try:
            await model.load()
        except ModelError:
            await model.stop()
            raise
        return model

    def answered(self, outcome: Outcome, task: Task) -> Outcome:
        """The outcome with a proposal for each loop that has one. Raises ModelError."""
        wanted = [loop for loop in outcome.loops if undecided(loop) and loop.conditional_pragma is None]
        if outcome.error is not None or not wanted:
            return outcome
        path = None if task.path is None else str(task.path)
        analyzer = Analyzer(task.language, task.options, path)
        if task.outside is not None:
            analyzer.know(task.outside)
        found = {loop.span.start: self._proposal(outcome, task, loop, analyzer) for loop in wanted}
        return replace(outcome, proposals={at: proposal for at, proposal in found.items() if proposal is not None})

    def _proposal(self, outcome: Outcome, task: Task, loop: LoopReport, analyzer: Analyzer) -> Proposal | None:
        """The likeliest one that the analysis does not refute."""
        question = Question.of(outcome.source, task.language, loop, 0)
        pragmas = self._loop.run_until_complete(question.asked(self._model, SECONDS))
        settings = (task.options, None if task.path is None else str(task.path))
        verdicts = (verify(analyzer, outcome.source, task.language, loop.span, p, *settings) for p in pragmas)
        proposals = (judged(loop, *pair) for pair in zip(pragmas, verdicts, strict=True))
        return next((proposal for proposal in proposals if proposal is not None), None)
