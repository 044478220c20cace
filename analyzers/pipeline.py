"""From text to results, function by function, with everything known remembered by fingerprint.

One `Pipeline` belongs to one document. A function is analyzed again only when its own fingerprint, the effects of what
it calls, or the options changed (ARCHITECTURE.md, "From a keystroke to a squiggle").
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping

from analyzers import suppressions
from analyzers.dependence import effects as effect_tables
from analyzers.dependence import loops
from analyzers.dependence.facts import Effects
from analyzers.explain.facts import loop_reports, sharing_hints
from analyzers.frontends.c import CFrontend, Chunk
from analyzers.ir.statements import Function, SourceFile
from analyzers.ir.verdicts import FileReport, Finding, FunctionResult, PlacedResult
from analyzers.openmp import races
from analyzers.rules import registry
from analyzers.settings import Language, Options
from analyzers.text import SourceText

Key = tuple[object, ...]
EMPTY = SourceText.of("")
log = logging.getLogger(__name__)


class Pipeline:
    """The state of one document between versions."""

    def __init__(self, language: Language, options: Options, path: str | None) -> None:
        self._language = language
        self._options = options
        self._frontend = CFrontend(options.defines, options.include_paths, path, options.snippet)
        self._ran = suppressions.ran(options)
        self._source = EMPTY
        self._functions: dict[str, Function] = {}  # by fingerprint
        self._results: dict[Key, FunctionResult] = {}
        self._summaries: effect_tables.Memo = {}

    def update(self, source: SourceText) -> None:
        self._source = source
        self._frontend.update(source)

    def results(self, first: int | None, cancelled: Callable[[], bool]) -> Iterator[PlacedResult]:
        bodies = (chunk.span for chunk in self._frontend.chunks())
        accepted = suppressions.outside(self._source, self._language, bodies)
        for placed in self._placed(first, cancelled):
            yield suppressions.keep(self._source, accepted, placed)

    def _placed(self, first: int | None, cancelled: Callable[[], bool]) -> Iterator[PlacedResult]:
        chunks = self._frontend.chunks()
        functions = self._lowered(chunks)
        effects = effect_tables.table(
            functions.values(), self._options.independent, self._summaries, self._frontend.system_headers()
        )
        order = sorted(chunks, key=lambda chunk: first is None or not chunk.span.covers(first))
        known: dict[Key, FunctionResult] = {}
        for chunk in order:
            if cancelled():
                return
            function = functions[chunk.fingerprint]
            names = (function.name, *function.callees)
            key = (chunk.fingerprint, *(effects.get(name) for name in names))
            result = self._results.get(key)
            if result is None:
                result = self._guarded(function, chunk, effects)
                self._results[key] = result
            known[key] = result
            yield PlacedResult(chunk.start, result)
        self._results = known

    def file_findings(self) -> tuple[Finding, ...]:
        level = self._frontend.file()
        file = SourceFile(self._language, (), level.globals, level.directives, level.problems, level.prototypes)
        return registry.file_findings(file, self._options)

    def report(self) -> FileReport:
        placed = sorted(self._placed(None, lambda: False), key=lambda p: p.start)
        report = FileReport(self._language, tuple(placed), self.file_findings())
        return suppressions.apply_file(self._source, report, self._ran)

    def _lowered(self, chunks: tuple[Chunk, ...]) -> Mapping[str, Function]:
        """The functions of this version by fingerprint, lowering only what is new."""
        self._functions = {c.fingerprint: self._functions.get(c.fingerprint) or self._frontend.lower(c) for c in chunks}
        return self._functions

    def _guarded(self, function: Function, chunk: Chunk, effects: Mapping[str, Effects]) -> FunctionResult:
        """A defect of ours costs one function its results, never the user the file (invariant 2)."""
        try:
            return self._analyze(function, chunk, effects)
        except Exception:
            log.exception("the analysis of %s failed", function.name)
            return FunctionResult(function.name, function.fingerprint, function.span, (), (_failed(function),))

    def _analyze(self, function: Function, chunk: Chunk, effects: Mapping[str, Effects]) -> FunctionResult:
        started = time.perf_counter()
        text = self._source.data[chunk.start : chunk.start + function.span.end]
        facts = loops.analyse(function, effects, self._options)
        openmp = races.find(facts, self._options)
        findings = registry.run(registry.Context(facts, openmp, text), self._options)
        return FunctionResult(
            function.name,
            function.fingerprint,
            function.span,
            loop_reports(facts, text),
            suppressions.apply(text, findings, self._language, self._ran),
            sharing_hints(openmp),
            time.perf_counter() - started,
        )


def _failed(function: Function) -> Finding:
    return Finding(
        rule="internal-error",
        category="syntax",
        severity="information",
        confidence="proved",
        span=function.name_span,
        message=f"`{function.name}` could not be analyzed: a defect of hpc-ls, not of this code",
        why="The log says where it happened; `hpc-ls doctor` shows what to put into a report.",
    )
