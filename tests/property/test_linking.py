"""Random programs cut in two: of a loop whose functions stand in another file nothing more is said than in one file.

HPC_LS_PROPERTY_CASES sets the number of programs (1,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
import re
from collections import Counter

from analyzers.api import Analyzer, LoopReport, Options, SourceText, loops_of
from analyzers.dependence.linking import Program
from tests.property import programs

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "1000")) // 10 or 1
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "20261122"))
ORDER = ("possible", "likely", "proved")

# The functions that the programs call, as another file sees them.
DEFINITIONS = programs.PRELUDE.replace("static ", "")
FUNCTION = re.compile(r"^(?!struct)(.*?\))\s*\{.*\}$", re.MULTILINE)
DECLARED = re.sub(r"^int (g|h, z);$", r"extern int \1;", FUNCTION.sub(r"\1;", DEFINITIONS), flags=re.MULTILINE)


def analysed(text: str, beside: str | None) -> list[LoopReport]:
    """The loops of a text, with another file beside it."""
    analyzer = Analyzer("c", Options())
    analyzer.update(SourceText.of(text))
    if beside is not None:
        other = Analyzer("c", Options())
        other.update(SourceText.of(beside))
        mine = analyzer.unit("a.c")
        analyzer.know(Program([mine, other.unit("b.c")]).outside("a.c", mine.declared))
    return [loop for _, loop in loops_of(analyzer.report())]


def hopeful(loop: LoopReport) -> int:
    """How much is said for the loop."""
    if loop.verdict.status == "dependent" or not loop.verdict.counts_as_parallel:
        return 0
    return ORDER.index(loop.verdict.confidence)


def test_two_files_say_no_more_than_one() -> None:
    assert DECLARED.count(";") >= 10
    assert "{" not in DECLARED.replace("struct pair {", "")
    seen: Counter[str] = Counter()
    for seed in range(SEED, SEED + CASES):
        text = programs.Writer(seed).program().removeprefix(programs.PRELUDE)
        whole = analysed(DEFINITIONS + text, None)
        split = analysed(DECLARED + text, DEFINITIONS)
        lonely = analysed(DECLARED + text, None)
        assert len(whole) == len(split)
        for one, two, alone in zip(whole, split, lonely, strict=True):
            assert hopeful(two) <= hopeful(one), (seed, two.verdict, one.verdict, DECLARED + text)
            seen["more than alone"] += hopeful(two) > hopeful(alone)
            seen["as much as together"] += hopeful(two) > 0
    assert seen["as much as together"] > CASES // 10, seen
    assert CASES < 100 or seen["more than alone"] > 0, seen
