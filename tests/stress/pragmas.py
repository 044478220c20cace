"""Which pragmas a program gets: those of `suggest --apply`, or all that are right, whether or not they pay."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from analyzers import api
from analyzers.costs import Costs
from analyzers.ir.verdicts import Edit, LoopReport
from analyzers.text import SourceText, Span
from lsp_server import outcomes, patches
from tests.stress import forms, kernels
from tests.stress.kernels import Kernel

Mode = Literal["apply", "outermost", "inner", "rewrite", "team"]
MODES: tuple[Mode, ...] = ("apply", "outermost", "inner", "rewrite", "team")
EVERYTHING_PAYS = api.Options(costs=Costs(pays=0.0, pays_again=0.0, pays_two=0.0))


@dataclass
class Applied:
    """The text with pragmas and what there was to choose from."""

    text: str
    pragmas: int = 0
    teams: int = 0  # for several loops
    refused: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Bare:
    """The text with bare pragmas, and the functions: those that have one, and those whose races the analysis finds."""

    text: str
    tried: frozenset[str]
    proved: frozenset[str]
    suspected: frozenset[str]  # with any confidence


def kernels_for(mode: Mode, first: int, count: int) -> list[Kernel]:
    """The kernels of the seeds `first`, `first + 1`, ...: for rewrites and teams those that need some."""
    generate = forms.generate if mode == "rewrite" else partial(kernels.generate, sweeps=mode == "team")
    return [generate(seed) for seed in range(first, first + count)]


def apply(text: str, mode: Mode, seed: int) -> Applied:
    """Insert pragmas as `suggest --apply` does at confidence "likely".

    `apply` asks the cost model; `outermost` does not; `inner` takes loops of any level of a nest, by chance. `rewrite`
    takes one rewrite of each loop that has any; it and `team` take everything as worth it.
    """
    source = SourceText.of(text)
    analyse = partial(_analyse, options=EVERYTHING_PAYS) if mode in ("team", "rewrite") else _analyse
    report = analyse(source)
    loops = outcomes.loops_in(report)
    if mode == "rewrite":
        return rewritten(source, loops, seed, analyse)
    # Archer (of LLVM 22) does not know that `ordered depend` orders anything.
    loops = [loop for loop in loops if loop.compound is None or "ordered" not in loop.compound.pragma]
    every = loops if mode in ("apply", "team") else _all(loops, mode, random.Random(seed))
    patch = patches.patch(source, report, patches.chosen(every, "likely"), analyse)
    return Applied(
        patch.text.text,
        sum(1 if loop.compound is None else loop.compound.governed for loop in patch.applied),
        sum(loop.compound is not None for loop in patch.applied),
        [f"{loop.function}: {why}" for loop, why in patch.refused],
        Counter(loop.verdict.confidence if loop.verdict.status != "dependent" else "dependent" for loop in loops),
    )


def rewritten(
    source: SourceText, loops: Sequence[LoopReport], seed: int, analyse: Callable[[SourceText], api.FileReport]
) -> Applied:
    """The text with one rewrite of each loop that has any, outer loops first; what is found in it then is refused."""
    rng = random.Random(seed)
    edits: list[Edit] = []
    count = 0
    reached = 0
    for loop in sorted(loops, key=lambda loop: loop.span.start):
        fixes = [fix for fix in loop.fixes if fix.restructures]
        if fixes and loop.span.start >= reached:
            edits += rng.choice(fixes).edits
            reached, count = max(loop.span.end, *(edit.span.end for edit in edits)), count + 1
    made = patches.edited(source, edits)
    found = [f"{f.function}: {f.finding.message}" for f in outcomes.findings_of(analyse(made))]
    verdicts = Counter(fix.title.partition(" `")[0] for loop in loops for fix in loop.fixes if fix.restructures)
    return Applied(made.text, count, 0, found, verdicts)


def _analyse(source: SourceText, options: api.Options = api.DEFAULTS) -> api.FileReport:
    return api.analyze(source, "c", options)


def _all(loops: Sequence[LoopReport], mode: Mode, rng: random.Random) -> list[LoopReport]:
    paying = [replace(loop, profitable=True, compound=None) for loop in loops]
    return paying if mode == "outermost" else [loop for loop in paying if rng.random() < 0.5]


def bare(text: str) -> Bare:
    """The other way round: `#pragma omp parallel for` and nothing more on the outermost loops of each kernel.

    Functions with a loop that has no form that the construct allows are left alone: no compiler takes the pragma there.
    """
    source = SourceText.of(text)
    loops = [loop for loop in outcomes.loops_in(_analyse(source)) if loop.depth == 0 and loop.function.startswith("k")]
    trial = _analyse(patches.edited(source, map(_bare, loops)))
    malformed = {
        found.function
        for found in outcomes.findings_of(trial)
        if found.finding.category in ("omp", "syntax") and found.finding.severity == "error"
    }
    edited = patches.edited(source, [_bare(loop) for loop in loops if loop.function not in malformed])
    races: dict[str, set[str]] = {}
    for found in outcomes.findings_of(_analyse(edited)):
        if found.finding.category == "race":
            races.setdefault(found.function, set()).add(found.finding.confidence)
    proved = frozenset(name for name, sure in races.items() if "proved" in sure)
    tried = frozenset(loop.function for loop in loops) - malformed
    return Bare(edited.text, tried, proved, frozenset(races))


def _bare(loop: LoopReport) -> Edit:
    return Edit(Span(loop.span.start, loop.span.start), "\n#pragma omp parallel for\n")
