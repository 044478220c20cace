"""The only door into the analysis: what the language server, the command line and the model may call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.ir.verdicts import FileReport, Finding, LoopReport, PlacedResult
from analyzers.text import SourceText, Span

Language = Literal["c", "cpp", "fortran"]

EXTENSIONS: dict[str, Language] = {".c": "c", ".h": "c"}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user decided. Part of every cache key, so it is hashable."""

    select: frozenset[str] = frozenset()  # rule codes or families to run; empty: all
    ignore: frozenset[str] = frozenset()
    assume_no_alias: bool = False  # pointers that may overlap by type are taken as distinct, without naming it
    independent: frozenset[str] = frozenset()  # functions the user vouches for
    defines: tuple[tuple[str, str], ...] = ()  # -D
    include_paths: tuple[str, ...] = ()
    snippet: bool = False  # a bare loop without declarations: undeclared names are distinct objects
    budget: float = 2.0  # seconds for one function, then UNKNOWN


class Analyzer:
    """One open document: keeps the syntax tree and the results of its functions between versions.

    Belongs to one process and one thread (tree-sitter and isl). Never raises on any text.
    """

    def __init__(self, language: Language, options: Options = Options()) -> None: ...

    def update(self, source: SourceText) -> None:
        """Take the next version of the text; re-parses only what changed."""

    def results(self, first: int | None = None, cancelled: Callable[[], bool] = lambda: False) -> Iterator[PlacedResult]:
        """The functions of the current version, the one around byte offset `first` before the others."""
        raise NotImplementedError

    def report(self) -> FileReport:
        """All results of the current version and the findings outside functions."""
        raise NotImplementedError


def analyze(source: SourceText, language: Language, options: Options = Options()) -> FileReport:
    """Analyze one text from scratch."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Verification:
    """What the analysis says of a pragma that somebody wrote or a model proposed for a loop."""

    status: Literal["proved", "likely", "possible", "refuted", "malformed"]
    findings: tuple[Finding, ...]  # absolute spans in the text with the pragma inserted


def verify_pragma(source: SourceText, language: Language, loop: Span, pragma: str, options: Options = Options()) -> Verification:
    """Judge `pragma` as if it stood on the line above the loop at `loop` (absolute span of the loop statement)."""
    raise NotImplementedError


def loops_of(report: FileReport) -> Iterator[tuple[int, LoopReport]]:
    """Every loop with the offset of its function, in textual order."""
    return ((placed.start, loop) for placed in report.functions for loop in placed.result.loops)
