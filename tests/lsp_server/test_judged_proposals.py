"""Thousands of proposals of a model that knows the words and nothing else: what reaches a person has been judged.

`HPC_LS_PROPOSALS` says how many; in CI there are 5,000.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from analyzers.api import Analyzer, LoopReport, SourceText, analyze, loops_of, verify, verify_pragma
from analyzers.frontends.directives import parse
from lsp_server.proposing import Question, judged
from models import prompts
from models.client import Choice, Model
from tests.models import tiny
from tests.property import nests
from tests.samples import PLAIN, RACY, SERIAL, UNSEEN

PROPOSALS = int(os.environ.get("HPC_LS_PROPOSALS", "5000" if os.environ.get("CI") else "300"))
CLAUSES = ("private", "firstprivate", "lastprivate", "reduction", "schedule", "collapse", "linear", "num_threads")
NAMES = (*(f"v{n}" for n in range(6)), "a0", "a1")
HABITS: dict[str, dict[str, float]] = {
    "<ask>": {"parallel": 20.0, "simd": 18.0, "for": 17.0},
    "parallel": {"for": 20.0, "private": 16.0},
    "for": {"<end>": 20.0, "simd": 18.0, **dict.fromkeys(CLAUSES, 19.0)},
    "simd": {"<end>": 20.0, **dict.fromkeys(CLAUSES, 19.0)},
    **{clause: {"(": 20.0} for clause in CLAUSES},
    "(": {**dict.fromkeys(NAMES, 19.0), "+": 20.0, "*": 18.0, "max": 18.0, "static": 20.0, "dynamic": 20.0, "2": 20.0},
    **{op: {":": 20.0} for op in ("+", "*", "max")},
    ":": dict.fromkeys(NAMES, 19.0),
    **{name: {")": 20.0, ",": 18.5} for name in NAMES},
    **{word: {")": 20.0} for word in ("static", "dynamic", "2")},
    ",": dict.fromkeys(NAMES, 19.0),
    ")": {"<end>": 20.0, **dict.fromkeys(CLAUSES, 19.0)},
}


def texts() -> Iterator[SourceText]:
    for text in (PLAIN, RACY, SERIAL, UNSEEN):
        yield SourceText.of(text)
    for seed in range(1, 10**6):
        yield SourceText.of(nests.PREAMBLE + nests.generate(seed, "f").c)


async def proposals(path: Path) -> Iterator[tuple[SourceText, LoopReport, int, tuple[str, ...]]]:
    """Loops with what the model says about them."""
    model = Model(Choice(path))
    found = []
    count = 0
    for source in texts():
        for start, loop in loops_of(analyze(source, "c")):
            question = Question.of(source, "c", loop, start)
            answer = await model.complete(
                tuple(question.prompt.ids), prompts.ANSWER, seconds=60, width=12, asked=question.prompt
            )
            said = [prompts.spelled(question.prompt, each.words) for each in answer.continuations]
            pragmas = tuple(dict.fromkeys(pragma for pragma in said if pragma is not None))
            found.append((source, loop, start, pragmas))
            count += len(pragmas)
        if count >= PROPOSALS:
            break
    await model.stop()
    return iter(found)


def test_what_is_kept_parses_and_holds(tmp_path: Path) -> None:
    statuses: Counter[str] = Counter()
    analyzer = Analyzer("c")
    for source, loop, start, pragmas in asyncio.run(proposals(tiny.write_parrot(tmp_path / "parrot.gguf", HABITS))):
        for pragma in pragmas:
            verdict = verify(analyzer, source, "c", loop.span.shifted(start), pragma)
            kept = judged(loop, pragma, verdict)
            statuses[kept.status if kept else "dropped"] += 1
            if kept is None:
                continue
            directive = parse(pragma, lambda at: at, lambda *_: None, "c")
            assert directive is not None
            assert (directive.unknown, directive.problem) == ((), None), pragma
            again = verify_pragma(source, "c", loop.span.shifted(start), pragma)
            assert (again.status, again.findings) == (verdict.status, verdict.findings), "an analyzer that knew more"
            assert again.status in ("proved", "likely", "possible")
            assert not any(f.category == "omp" and f.severity == "error" for f in again.findings)
            assert not any(f.category == "race" and f.confidence != "possible" for f in again.findings)
            if loop.existing is None and kept.status == "proved":
                assert loop.verdict.status == "parallel", f"{pragma}\n{source.slice(loop.span.shifted(start))}"
            assert kept.label == "proved" or kept.status != "proved"
    assert sum(statuses.values()) >= PROPOSALS
    assert min(statuses["proved"], statuses["possible"], statuses["dropped"]) > PROPOSALS // 200, statuses
