"""One question to the local model about a loop, and what becomes of its answers once the analysis has judged them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzers.api import Language, LoopReport, SourceText, Span, Verification
from analyzers.words import listed
from models import prompts
from models.client import Model
from models.messages import Continuation

WIDTH = 4  # answers to one question
WIDER = 8  # about a call: nobody types meanwhile, and the rules refute many
UNLIKELY = 4.6  # an answer that the model finds a hundred times less likely than its best one is none
UNVERIFIED = "model, unverified"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pragma of the model that the analysis did not refute."""

    pragma: str
    status: Literal["proved", "likely", "possible"]
    assumptions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How sure it is, for people."""
        if self.status == "proved":
            return "proved"
        if self.assumptions:
            return f"assuming {listed(self.assumptions)}"
        return UNVERIFIED


def undecided(loop: LoopReport) -> bool:
    """Is it a loop without a directive for which the analysis has nothing to offer, and which it has not refuted?"""
    return loop.existing is None and loop.pragma is None and loop.verdict.status == "unknown"


@dataclass(frozen=True, slots=True)
class Question:
    """What the model is asked about a loop. `begun`: the beginning of the next word of a directive that is typed."""

    prompt: prompts.Prompt
    begun: str = ""
    width: int = WIDTH

    @staticmethod
    def of(
        source: SourceText,
        language: Language,
        loop: LoopReport,
        start: int,
        typed: str | None = None,
        wish: str | None = None,
    ) -> Question:
        """`start`: of the loop's function; `typed`: the directive so far, without `#pragma omp`; `wish`: what a comment
        asks for."""
        whole, begun = _split(typed)
        return Question(prompts.for_loop(source, language, loop, start, typed=whole, comment=wish), begun)

    @staticmethod
    def of_call(source: SourceText, language: Language, at: int, typed: str, within: Span) -> Question:
        """About a call of MPI at byte `at` of a text that lacks what was typed of it so far."""
        whole, begun = _split(typed)
        return Question(prompts.for_call(source, language, Span(at, at), whole or "", within=within), begun, WIDER)

    @property
    def key(self) -> tuple[object, ...]:
        """Equal questions have equal answers."""
        return (self.prompt.words, tuple(self.prompt.names.items()), self.begun, self.width)

    async def asked(self, model: Model, seconds: float) -> tuple[str, ...]:
        """What the model would write, as whole pragmas, the likeliest first. Raises ModelError."""
        if not (await model.load()).anonymized:
            return ()  # a general model has not learnt the form of these questions
        answer = await model.complete(
            tuple(self.prompt.ids),
            prompts.ANSWER,
            seconds=seconds,
            width=self.width,
            asked=self.prompt,
            begun=self.begun,
        )
        return _pragmas(self.prompt, answer.continuations)


def _pragmas(prompt: prompts.Prompt, continuations: Sequence[Continuation]) -> tuple[str, ...]:
    """What the answers say, up to the one that says: leave this loop as it is."""
    found: dict[str, None] = {}
    least = max((each.log_probability for each in continuations), default=0.0) - UNLIKELY
    for each in continuations:
        if each.log_probability < least:
            break
        words = [*prompt.typed, *each.words]
        if words == ["<none>"]:
            break
        pragma = prompts.spelled(prompt, words) if each.ended else None
        if pragma is not None:
            found[pragma] = None
    return tuple(found)


def _split(typed: str | None) -> tuple[str | None, str]:
    """The whole words of a directive that is being typed, and the beginning of the next one."""
    if typed is None:
        return None, ""
    cut = len(typed)
    while cut and (typed[cut - 1].isalnum() or typed[cut - 1] == "_"):
        cut -= 1
    return typed[:cut], typed[cut:]


def judged(loop: LoopReport, pragma: str, verdict: object) -> Proposal | None:
    """The pragma with what the analysis says of it; None where it is not for people."""
    if not isinstance(verdict, Verification) or verdict.status == "refuted" or verdict.status == "malformed":
        return None
    if loop.verdict.status == "dependent" and verdict.status == "possible":
        return None  # the iterations are known to depend on each other: a pragma must be proved to respect that
    assumptions = tuple(assumption.text for assumption in verdict.assumptions)
    return Proposal(pragma, verdict.status, () if verdict.status == "proved" else assumptions)


def judged_call(call: str, verdict: object) -> Proposal | None:
    """The same for a call of MPI: that it breaks no rule does not prove that it is meant."""
    if not isinstance(verdict, Verification) or verdict.status in ("refuted", "malformed"):
        return None
    return Proposal(call, "possible")
