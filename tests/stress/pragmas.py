"""Which pragmas a program gets: those of `suggest --apply`, or all that are right, whether or not they pay."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText
from lsp_server import outcomes, patches

Mode = Literal["apply", "outermost", "inner"]
MODES: tuple[Mode, ...] = ("apply", "outermost", "inner")


@dataclass
class Applied:
    """The text with pragmas and what there was to choose from."""

    text: str
    pragmas: int = 0
    refused: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


def apply(text: str, mode: Mode, seed: int) -> Applied:
    """Insert pragmas as `suggest --apply` does at confidence "likely".

    `apply` asks the cost model; `outermost` does not; `inner` takes loops of any level of a nest, by chance.
    """
    source = SourceText.of(text)
    report = api.analyze(source, "c")
    loops = outcomes.loops_in(report)
    chosen = patches.chosen(loops if mode == "apply" else _all(loops, mode, random.Random(seed)), "likely")
    patch = patches.patch(source, report, chosen, _analyse)
    return Applied(
        patch.text.text,
        len(patch.applied),
        [f"{loop.function}: {why}" for loop, why in patch.refused],
        Counter(loop.verdict.confidence if loop.verdict.status != "dependent" else "dependent" for loop in loops),
    )


_analyse: Callable[[SourceText], api.FileReport] = lambda source: api.analyze(source, "c")  # noqa: E731


def _all(loops: Sequence[LoopReport], mode: Mode, rng: random.Random) -> list[LoopReport]:
    paying = [replace(loop, profitable=True) for loop in loops]
    return paying if mode == "outermost" else [loop for loop in paying if rng.random() < 0.5]
