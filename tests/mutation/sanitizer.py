"""Does a program race? Asked of ThreadSanitizer and Archer, in several runs with different numbers of threads."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stress.programs import Tools

_FLAGS = ("-g", "-w", "-O1", "-mllvm", "-disable-licm-promotion", "-fopenmp", "-fsanitize=thread")
_OPTIONS = "ignore_noninstrumented_modules=1 history_size=4 report_thread_leaks=0 atexit_sleep_ms=0"
_LIMIT = 20  # seconds for one run: a mutant may wait for ever
_ACCESS = re.compile(r"^  (?:Previous |Atomic |atomic )*(?:[Rr]ead|[Ww]rite|atomic \w+) of size", re.MULTILINE)
_FRAME = re.compile(r"^    #\d+ (.*?) (\S+?|<null>)(?::(\d+))?(?::\d+| <null>)? \(", re.MULTILINE)
_OF_RUNTIME = re.compile(r"^    #1 .*\(libomp\b", re.MULTILINE)
_SOURCES = ("kernel.c", "kernel.cpp")


@dataclass(frozen=True)
class Seen:
    """What the runs of a program showed: `lines` of its text that take part in a race, or why it was not run."""

    lines: frozenset[int] = frozenset()
    runs: int = 0
    racing: int = 0  # runs
    broken: str = ""

    @property
    def races(self) -> bool:
        return self.racing > 0


def look(
    text: str, language: str, tool: Tools, threads: Iterable[int], enough: int = 1, flags: Sequence[str] = _FLAGS
) -> Seen:
    """Compiles a program and runs it once for each number of threads, until `enough` runs have shown a race."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / f"kernel.{language}"
        source.write_text(text)
        compiler = tool.compiler if language == "c" else tool.compiler.replace("clang", "clang++")
        built = _run([compiler, *flags, source.name, "-lm", "-o", "program"], folder)
        if built is None or built.returncode:
            return Seen(broken="does not compile")
        return _runs(folder, text.split("\n"), tool, threads, enough)


def _runs(folder: Path, source: Sequence[str], tool: Tools, threads: Iterable[int], enough: int) -> Seen:
    lines: set[int] = set()
    runs = racing = 0
    broken = ""
    for number in threads:
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": str(number),
            "OMP_DYNAMIC": "false",
            "OMP_WAIT_POLICY": "passive",
            "KMP_BLOCKTIME": "0",
            "KMP_TEAMS_THREAD_LIMIT": "16",
            "OMP_TOOL_LIBRARIES": str(tool.archer),
            "TSAN_OPTIONS": _OPTIONS,
        }
        ran = _run(["./program"], folder, environment)
        if ran is None:
            broken = f"did not end within {_LIMIT} s"
            break
        runs += 1
        found = raced(ran.stdout, source)
        racing += bool(found)
        lines |= found
        if racing >= enough:
            break
    return Seen(frozenset(lines), runs, racing, broken)


def raced(output: str, source: Sequence[str]) -> frozenset[int]:
    """The lines of the two accesses of each race in the output, those of the calls that led to them included.

    What lies in memory that the OpenMP runtime has allocated is left out: it uses the descriptions of finished tasks
    again, and Archer does not tell ThreadSanitizer.
    """
    lines: set[int] = set()
    for report in output.split("WARNING: ThreadSanitizer: data race")[1:]:
        accesses, _, rest = report.partition("  Location is ")
        if _OF_RUNTIME.search(rest.split("\n\n")[0]):
            continue
        for stack in _ACCESS.split(accesses)[1:3]:
            lines |= _lines_of(stack.split("\n\n")[0], source)
    return frozenset(lines)


def _lines_of(stack: str, source: Sequence[str]) -> set[int]:
    lines: set[int] = set()
    for function, file, line in _FRAME.findall(stack):
        if function == "<null>" or function.startswith("__kmp"):
            break  # the runtime, which called the outlined function
        if line and file.endswith(_SOURCES) and not (lines and source[int(line) - 1].lstrip().startswith("#")):
            lines.add(int(line))
    return lines


def _run(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return None
