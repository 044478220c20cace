"""What has to stay the same while a program is made smaller: a verdict on a loop, or a finding."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzers import api
from analyzers.api import Analyzer, Finding, Language, LoopReport, Options, PlacedResult, SourceText
from lsp_server.minimize import Cut, Holds

if TYPE_CHECKING:
    from analyzers.dependence.linking import Outside

Seen = tuple[object, ...]
_COMPILERS = {"c": ("cc", "gcc", "clang"), "cpp": ("c++", "g++", "clang++")}
# What a compiler of old lets pass, from the strictest on: a report should not need it if the program did not.
_STRICT = (
    "-Werror=implicit-function-declaration",
    "-Werror=implicit-int",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-Werror=return-type",
)
_CLAUSES = frozenset(("reduction", "private", "firstprivate", "lastprivate", "linear", "shared-distinct"))


def of_loop(loop: LoopReport) -> Seen:
    """What is seen of a loop: the status, how sure, the first reason; of a parallel one what makes it so."""
    verdict = loop.verdict
    reason = verdict.reasons[0].code if verdict.reasons else None
    assumed = sorted({assumption.kind for assumption in verdict.assumptions})
    roles = sorted({(r.kind, r.op or "") for r in loop.roles if r.kind in _CLAUSES and verdict.counts_as_parallel})
    return verdict.status, verdict.confidence, reason, *assumed, *roles


def of_finding(finding: Finding) -> Seen:
    """What is seen of a finding."""
    return finding.rule, finding.confidence


def _misuses(findings: Iterable[Finding]) -> frozenset[str]:
    return frozenset(f.rule for f in findings if f.category in ("omp", "syntax") and f.severity != "hint")


def wanted_loop(loop: LoopReport, findings: Iterable[Finding]) -> Wanted:
    """The verdict of a loop; `findings` are all of its file."""
    return Wanted(of_loop(loop), is_loop=True, beside=_misuses(findings))


def wanted_finding(finding: Finding, findings: Iterable[Finding], in_function: bool) -> Wanted:
    """A finding; `findings` are all of its file, `in_function` is whether it is about something inside one."""
    return Wanted(of_finding(finding), is_loop=False, in_function=in_function, beside=_misuses(findings))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A verdict on the loop that starts at a place, or a finding that does. `beside`: what else may be found there."""

    seen: Seen
    is_loop: bool
    in_function: bool = True
    beside: frozenset[str] = frozenset()

    def in_results(self, placed: PlacedResult, place: int) -> bool:
        at = place - placed.start
        # A directive that was right must not become wrong: the program would show something else.
        if not _misuses(placed.result.findings) <= self.beside:
            return False
        if self.is_loop:
            return any(loop.span.start == at and of_loop(loop) == self.seen for loop in placed.result.loops)
        return any(f.span.start == at and of_finding(f) == self.seen for f in placed.result.findings)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a text is read: as the file it comes from."""

    language: Language
    options: Options
    path: Path | None
    outside: Outside | None = None  # what is known of functions of other files

    def cut(self) -> Cut:
        return lambda text, place: api.pieces(text, self.language, place)

    def holds(self, wanted: Wanted, text: bytes, compiles: Callable[[bytes], bool] | None) -> Holds:
        """Whether a text has what is wanted, is read as well as `text` is, and compiles."""
        analyzer = Analyzer(self.language, self.options, str(self.path.absolute()) if self.path else None)
        if self.outside is not None:
            analyzer.know(self.outside)
        before = api.reading(text, self.language)

        def holds(candidate: bytes, place: int) -> bool:
            if not api.reading(candidate, self.language).as_good_as(before):
                return False
            try:
                analyzer.update(SourceText.of(candidate))
                if wanted.in_function:
                    placed = next(analyzer.results(first=place), None)
                    found = placed is not None and wanted.in_results(placed, place)
                else:
                    found = any(
                        f.span.start == place and of_finding(f) == wanted.seen for f in analyzer.file_findings()
                    )
            except RecursionError:
                return False
            return found and (compiles is None or compiles(candidate))

        return holds

    def compiler(self, text: bytes) -> Callable[[bytes], bool] | None:
        """Whether a compiler takes a text; None where there is none, or where it does not take `text` either."""
        program = next((found for name in _COMPILERS.get(self.language, ()) if (found := shutil.which(name))), None)
        if program is None:
            return None
        folders = [str(self.path.absolute().parent)] if self.path else []
        paths = [f"-I{folder}" for folder in (*folders, *self.options.include_paths)]
        defines = [f"-D{name}={value}" for name, value in self.options.defines]
        kind = "c++" if self.language == "cpp" else "c"
        for strict in (_STRICT, ()):
            command = [program, "-fsyntax-only", "-fopenmp", *strict, *paths, *defines, "-x", kind, "-"]
            if _accepts(command, text):
                return lambda candidate, command=command: _accepts(command, candidate)  # type: ignore[misc]
        return None


def _accepts(command: Sequence[str], text: bytes) -> bool:
    try:
        done = subprocess.run(command, input=text, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
