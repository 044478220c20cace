"""`python -m tests.repairs`: reproducers race, and no more after each repair that is offered, says ThreadSanitizer.

Every race of the annotated sources becomes a program (`why --reproducer`), which has to race; each fix that the
analysis offers for it is made in the program, which then has to be clean. What the two instruments cannot see stands in
`BLIND` with the reason. The exit status is 1 if a program does otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from analyzers.api import Analyzer, NotReproducibleError, SourceText
from lsp_server.reproducer import reproducer
from tests.edits import applied
from tests.fixtures_check import FIXTURES
from tests.mutation import sanitizer
from tests.stress import programs

THREADS = (4, 4, 8, 2, 3, 8)  # of one run each
FLAGS = ("-g", "-w", "-fopenmp", "-fsanitize=thread")  # as a reproducer says; optimized, unread stores would be gone
BLIND = {
    "unordered_tasks_bad.c:38": "Archer ends with a fault where a task outlives the one that made it",
    "unordered_tasks_bad.c:41": "Archer ends with a fault where a task outlives the one that made it",
}
UNSEEN = ("race-thread-unsafe-call", "race-simd-dependence")  # calls are no accesses, and lanes no threads


@dataclass(frozen=True)
class Case:
    """A program and what it has to do."""

    name: str
    text: str
    races: bool


def cases(path: Path) -> Iterator[Case]:
    """The reproducers of a source, and each of them after each repair."""
    source = SourceText.of(path.read_bytes())
    analyzer = Analyzer("c")
    analyzer.update(source)
    for placed in analyzer.report().functions:
        for finding in placed.result.findings:
            if finding.category != "race" or finding.confidence == "possible" or finding.rule in UNSEEN:
                continue
            at = placed.start + finding.span.start
            name = f"{path.name}:{source.line_of(at) + 1}"
            try:
                text = reproducer(analyzer, at)
            except NotReproducibleError as reason:
                print(f"{name} no program: {reason}", flush=True)
                continue
            yield Case(name, text, True)
            yield from repaired(name, text)


def repaired(name: str, text: str) -> Iterator[Case]:
    """A program with one race after each repair that is offered for it."""
    analyzer = Analyzer("c")
    analyzer.update(SourceText.of(text))
    races = [
        (placed.start, finding)
        for placed in analyzer.repaired(analyzer.report()).functions
        for finding in placed.result.findings
        if finding.category == "race" and finding.confidence != "possible"
    ]
    if len(races) != 1:
        return  # what the others leave is no fault of the repair
    ((start, finding),) = races
    for fix in finding.fixes:
        yield Case(f"{name} {fix.title}", applied(text.encode(), fix.edits, start).decode(), False)


def _look(work: tuple[Case, programs.Tools]) -> tuple[Case, sanitizer.Seen]:
    case, tool = work
    return case, sanitizer.look(case.text, "c", tool, THREADS, 1, FLAGS)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: as expected, 1: not, 2: the tools are missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.repairs", description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", type=Path, help="C files; without any: the annotated ones")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    tool = programs.tools()
    if tool is None:
        print(
            "needs clang with ThreadSanitizer and libomp with Archer: `make setup-system` brings them", file=sys.stderr
        )
        return 2
    paths = given.sources or sorted(FIXTURES.glob("c/race/*_bad.c"))
    made = [case for path in paths for case in cases(path) if case.name not in BLIND]
    wrong = 0
    with ProcessPoolExecutor(given.jobs) as pool:
        for case, seen in pool.map(_look, [(case, tool) for case in made]):
            if seen.broken or seen.races != case.races:
                wrong += 1
                told = seen.broken or ("races" if seen.races else "does not race")
                print(f"{case.name}: {told}\n{case.text}", flush=True)
    racing = sum(case.races for case in made)
    print(f"{racing} programs with a race, {len(made) - racing} repairs of them, {wrong} not as expected", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
