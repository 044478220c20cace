"""`python -m tests.mutation`: confirm anew which mutants race, with ThreadSanitizer and Archer.

Every kernel is run first: none may race as it stands. Then every mutant, with several numbers of threads; those that
the list holds already get more tries. The list is written anew, and what changed is printed. The exit status is 1 if a
kernel races, or a mutant of the list does no more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.mutation import confirmed, mutants, sanitizer
from tests.stress import programs

THREADS = (4, 2, 8, 3, 4, 8)  # of one run each
_AGAIN = 5  # times as many runs for a mutant that has raced before
_ENOUGH = 2  # racing runs: which of its races a run shows is chance


def _look(work: tuple[str, str, programs.Tools, int]) -> sanitizer.Seen:
    text, language, tool, times = work
    return sanitizer.look(text, language, tool, THREADS * times, _ENOUGH)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: confirmed, 1: not, 2: the tools are missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("kernels", nargs="*", help="names; without any: all")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    tool = programs.tools()
    if tool is None:
        print(
            "needs clang with ThreadSanitizer and libomp with Archer: `make setup-system` brings them", file=sys.stderr
        )
        return 2
    chosen = [k for k in mutants.kernels() if not given.kernels or k.name in given.kernels]
    with ProcessPoolExecutor(given.jobs) as pool:
        return _originals(pool, chosen, tool) | _mutants(pool, chosen, tool)


def _originals(pool: ProcessPoolExecutor, chosen: Sequence[mutants.Kernel], tool: programs.Tools) -> int:
    judged = [k for k in chosen if k.name not in confirmed.BEYOND]
    wrong = 0
    for kernel, seen in zip(judged, pool.map(_look, [(k.text, k.language, tool, 2) for k in judged]), strict=True):
        if seen.races or seen.broken:
            wrong += 1
            print(f"{kernel.name} {seen.broken or f'races on lines {sorted(seen.lines)}'}", flush=True)
    print(f"{len(judged)} kernels, {wrong} of them not clean", flush=True)
    return 1 if wrong else 0


def _mutants(pool: ProcessPoolExecutor, chosen: Sequence[mutants.Kernel], tool: programs.Tools) -> int:
    before = confirmed.read()
    made = [m for k in chosen if k.name not in confirmed.BEYOND for m in mutants.mutants(k)]
    work = [(m.text, m.kernel.language, tool, _AGAIN if m.name in before else 1) for m in made]
    names = {k.name for k in chosen}
    after = {name: lines for name, lines in before.items() if name.split(":")[0] not in names}
    lost = 0
    for mutant, seen in zip(made, pool.map(_look, work), strict=True):
        known = before.get(mutant.name)
        if seen.races:
            # The same race as before is told of in the same words, whatever else this time's runs have shown.
            after[mutant.name] = known if known is not None and known & seen.lines else seen.lines
            if known is None:
                print(f"new: {mutant.name} in {seen.racing} of {seen.runs} runs", flush=True)
        elif known is not None:
            lost += 1
            print(f"no more: {mutant.name}, {seen.broken or f'not in {seen.runs} runs'}", flush=True)
    gone = [n for n in before if n not in after and n not in {m.name for m in made}]
    for name in gone:
        print(f"no mutant has this name: {name}")
    order = {m.name: at for at, m in enumerate(m for k in mutants.kernels() for m in mutants.mutants(k))}
    confirmed.write({name: after[name] for name in sorted(after, key=lambda n: order.get(n, -1))})
    print(f"{len(made)} mutants, {len(after)} confirmed as racing in the list, {lost + len(gone)} no more")
    return 1 if lost or gone else 0


if __name__ == "__main__":
    sys.exit(main())
