"""Fixes are tried before anybody sees them: the analysis process makes them in the text and looks again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzers import repairs
from analyzers.api import Trial
from analyzers.ir.verdicts import Finding
from analyzers.text import Span
from lsp_server.analysis import Analysis
from lsp_server.scheduler import WorkerLostError
from lsp_server.server import HpcLanguageServer


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding as the settings show it, with the offset its spans are relative to."""

    finding: Finding
    base: int

    @property
    def span(self) -> Span:
        return self.finding.span.shifted(self.base)


async def repaired(ls: HpcLanguageServer, analysis: Analysis, found: Sequence[Placed]) -> list[Placed]:
    """The findings with those of their fixes that hold, which is found out now."""
    each = [repairs.trials(placed.base, placed.finding) for placed in found]
    held = iter(await tried(ls, analysis, [trial for trials in each for trial in trials]))
    return [
        Placed(repairs.chosen(placed.finding, [next(held) for _ in trials]), placed.base)
        for placed, trials in zip(found, each, strict=True)
    ]


async def tried(ls: HpcLanguageServer, analysis: Analysis, trials: list[Trial]) -> list[bool]:
    """Which of the trials hold in a version; none where the analysis was lost. One question each: what is typed
    meanwhile goes first."""
    snapshot = analysis.snapshot
    options = ls.configuration.of(snapshot).settings.to_options()
    held: list[bool] = []
    for trial in trials:
        try:
            answer = await ls.scheduler.ask("repairs", snapshot, options, trial.start, snapshot.source.data, (trial,))
        except WorkerLostError:
            answer = None
        held.append(isinstance(answer, tuple) and answer == (True,))
    return held
