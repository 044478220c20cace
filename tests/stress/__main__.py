"""`python -m tests.stress`: random kernels with the pragmas of `suggest --apply` under ThreadSanitizer and Archer.

No race and no difference from the serial result is expected; what fails is printed and kept, and the exit status is 1.
`--bare` goes the other way and is for information: bare pragmas everywhere, the races that the analysis finds beside
those that ThreadSanitizer sees in one run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.stress import kernels, pragmas, programs


@dataclass(frozen=True)
class Work:
    """One program: kernels of the seeds first, first + 1, ..."""

    first: int
    count: int
    mode: pragmas.Mode
    keep: Path
    tool: programs.Tools


@dataclass(frozen=True)
class Done:
    """What became of it."""

    work: Work
    applied: pragmas.Applied
    outcome: programs.Outcome
    seconds: float


def one(work: Work) -> Done:
    """Generate, analyse, compile, run; the files of a failure stay in the folder `keep`."""
    started = time.monotonic()
    made = pragmas.kernels_for(work.mode, work.first, work.count)
    applied = pragmas.apply(programs.text_of(made), work.mode, work.first)
    with tempfile.TemporaryDirectory() as name:
        programs.write(Path(name), made, applied.text)
        outcome = programs.run(Path(name), work.tool)
    if outcome.failed:
        folder = work.keep / f"{work.mode}-{work.first}"
        folder.mkdir(parents=True, exist_ok=True)
        programs.write(folder, made, applied.text)
        for kernel, report in (*outcome.races.items(), *outcome.differences.items(), ("program", outcome.broken)):
            (folder / f"{kernel}.txt").write_text(f"{report}\n")
    return Done(work, applied, outcome, time.monotonic() - started)


def run(work: Sequence[Work], jobs: int) -> int:
    """All programs, with a line for each failure and a summary; the number of programs that failed."""
    verdicts: Counter[str] = Counter()
    inserted = teams = failures = refused = 0
    seconds = 0.0
    with ProcessPoolExecutor(jobs) as pool:
        for number, done in enumerate(pool.map(one, work), 1):
            if number % 100 == 0:
                print(f"{number} programs, {failures} failed", flush=True)
            verdicts.update(done.applied.verdicts)
            inserted += done.applied.pragmas
            teams += done.applied.teams
            refused += len(done.applied.refused)
            seconds += done.seconds
            for why in done.applied.refused:
                print(f"{done.work.mode}-{done.work.first}: left alone: {why}", flush=True)
            if not done.outcome.failed:
                continue
            failures += 1
            found = done.outcome
            told = [f"race in {', '.join(found.races)}"] if found.races else []
            told += [f"{kernel} differs: {how}" for kernel, how in found.differences.items()]
            print(f"{done.work.mode}-{done.work.first}: " + "; ".join([*told, found.broken]).strip("; "), flush=True)
    loops = max(1, sum(verdicts.values()))
    shares = ", ".join(f"{name} {count / loops:.1%}" for name, count in sorted(verdicts.items()))
    print(f"{len(work)} programs, {sum(w.count for w in work)} kernels, {sum(verdicts.values())} loops: {shares}")
    each = seconds / max(1, len(work))
    print(f"{inserted} pragmas and {teams} teams for several loops, {refused} left alone")
    print(f"{failures} programs failed; {each:.1f} s each")
    return failures


def one_bare(work: Work) -> tuple[pragmas.Bare, programs.Outcome]:
    """The same with bare pragmas."""
    made = [kernels.generate(seed) for seed in range(work.first, work.first + work.count)]
    bare = pragmas.bare(programs.text_of(made))
    with tempfile.TemporaryDirectory() as name:
        programs.write(Path(name), made, bare.text)
        return bare, programs.run(Path(name), work.tool)


def run_bare(work: Sequence[Work], jobs: int) -> None:
    """Print how the races that the analysis finds and those that the sanitizer sees agree."""
    counts: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    with ProcessPoolExecutor(jobs) as pool:
        for bare, outcome in pool.map(one_bare, work):
            if outcome.broken:
                counts["programs that did not run to their end"] += 1
                print(outcome.broken[:500])
                continue
            for name in sorted(bare.tried):
                said = "proved" if name in bare.proved else "suspected" if name in bare.suspected else "silent"
                seen = "seen" if name in outcome.races else "wrong result" if name in outcome.differences else "clean"
                counts[f"analysis {said}, run {seen}"] += 1
                names.setdefault(f"analysis {said}, run {seen}", []).append(name)
    for what, count in sorted(counts.items()):
        print(f"{count:6} {what}: {' '.join(names.get(what, [])[:8])}")


def planned(count: int, size: int, seed: int, mode: str, keep: Path, tool: programs.Tools) -> list[Work]:
    """`count` programs of `size` kernels; `mixed` takes the modes in turn."""
    return [
        Work(
            seed + number * size,
            size,
            pragmas.MODES[number % len(pragmas.MODES)] if mode == "mixed" else _mode(mode),
            keep,
            tool,
        )
        for number in range(count)
    ]


def _mode(word: str) -> pragmas.Mode:
    return next(mode for mode in pragmas.MODES if mode == word)


def main() -> int:
    """0: no failure, 1: some, 2: the tools are missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=int, default=80)
    parser.add_argument("--kernels", type=int, default=25, help="in each program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mode", choices=("mixed", *pragmas.MODES), default="mixed", help="which pragmas")
    parser.add_argument("--bare", action="store_true", help="bare pragmas, to compare races found and races seen")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("build/stress"), help="folder for what failed")
    arguments = parser.parse_args()
    tool = programs.tools()
    if tool is None:
        print(
            "needs clang with ThreadSanitizer and libomp with Archer: `make setup-system` brings them", file=sys.stderr
        )
        return 2
    work = planned(arguments.programs, arguments.kernels, arguments.seed, arguments.mode, arguments.keep, tool)
    if arguments.bare:
        run_bare(work, arguments.jobs)
        return 0
    return 1 if run(work, arguments.jobs) else 0


if __name__ == "__main__":
    sys.exit(main())
