"""From text to results, function by function, with everything known remembered by fingerprint.

One `Pipeline` belongs to one document. A function is analysed again only when its own fingerprint, the effects of what
it calls, or the options changed (ARCHITECTURE.md, "From a keystroke to a squiggle").
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b

from analyzers import repairs, suppressions
from analyzers.dependence import array_reductions, callers, linking, loops, presuming, units
from analyzers.dependence import effects as effect_tables
from analyzers.dependence.callers import Calls, Site
from analyzers.dependence.facts import Calling, Effects, FunctionFacts
from analyzers.dependence.linking import Outside
from analyzers.dependence.units import Unit
from analyzers.explain.facts import governed, loop_reports, sharing_hints
from analyzers.frontends import frontend_of
from analyzers.frontends.c import CFrontend, Chunk
from analyzers.frontends.includes import Signature
from analyzers.ir.statements import Function, SourceFile
from analyzers.ir.verdicts import FileReport, Finding, FunctionResult, LoopReport, PlacedResult
from analyzers.openmp import callees, handmade, races
from analyzers.openmp.facts import OpenMPFacts
from analyzers.repairs import Trial
from analyzers.reproducer import Draft, NotReproducibleError
from analyzers.reproducer.program import Other, draft
from analyzers.rules import documentation, registry
from analyzers.rules.race._defects import race_at
from analyzers.settings import Language, Options
from analyzers.suppressions import Suppression
from analyzers.text import SourceText, Span

Key = tuple[object, ...]
EMPTY = SourceText.of("")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Version:
    """What all functions of one version of the text share, and their results as far as they are known."""

    source: SourceText
    chunks: tuple[Chunk, ...]
    functions: Mapping[str, Function]  # by fingerprint
    effects: Mapping[str, Effects]
    presumed: Mapping[str, Effects]  # if functions are the ones of other files that have their names
    accepted: tuple[Suppression, ...]  # by comments outside functions
    calls: Calls
    bodies: Mapping[str, Function]  # by name, where the file defines one function of that name
    ordered: bool = False  # a requires directive gives atomic constructs a memory order
    called: dict[str, Calling] = field(default_factory=dict)  # functions that were looked at, and as what
    divided: dict[str, frozenset[Span]] = field(default_factory=dict)  # their loops that threads are offered for
    found: dict[Key, FunctionResult] = field(default_factory=dict)
    raw: dict[int, PlacedResult] = field(default_factory=dict)  # by start
    shown: dict[int, PlacedResult] = field(default_factory=dict)  # the same without what comments accept


class Pipeline:
    """The state of one document between versions."""

    def __init__(self, language: Language, options: Options, path: str | None) -> None:
        self._language = language
        self._options = options
        self._path = path
        self._frontend = self._read_as(language)
        self._ran = suppressions.ran(options)
        self._source = EMPTY
        self._version: _Version | None = None  # made when first asked for
        self._functions: dict[str, Function] = {}  # by fingerprint
        self._inherited: dict[str, Function] = {}  # of headers
        self._results: dict[Key, FunctionResult] = {}
        self._shown: dict[Key, FunctionResult] = {}  # where comments outside functions accept a part of the result
        self._summaries: effect_tables.Memo = {}
        self._presumed: effect_tables.Memo = {}
        self._alone: effect_tables.Memo = {}  # of the file by itself
        self._outside = Outside()
        self._sites: dict[str, tuple[Site, ...]] = {}  # by fingerprint
        self._regional: dict[str, bool] = {}  # does it hold constructs of OpenMP? by fingerprint
        self._called: Mapping[str, Calling] = {}  # in the version before this one

    def update(self, source: SourceText) -> None:
        self._source = source
        self._version = None
        self._frontend.update(source)
        if self._language == "c" and self._is_cpp(source):
            self._language = "cpp"
            self._frontend = self._read_as("cpp")
            self._frontend.update(source)

    def know(self, outside: Outside | None) -> None:
        """Take over what is known of functions of other files; None: nothing."""
        outside = outside or Outside()
        if outside != self._outside:
            self._outside = outside
            self._version = None

    def unit(self, source: str) -> Unit:
        """The current version as other files see it, by the name `source`."""
        frontend = self._frontend
        functions = self._lowered()
        of_headers = self._of_headers()
        own = [
            (functions[c.fingerprint], frontend.linkage(c, functions[c.fingerprint].name)) for c in frontend.chunks()
        ]
        known = self._table((*functions.values(), *of_headers), self._alone, effect_tables.NOTHING)
        return units.unit(
            source,
            [*own, *((function, "internal") for function in of_headers)],
            known,
            frontend.declared,
            frontend.internal_names(),
        )

    def headers(self) -> tuple[tuple[Signature, ...], tuple[str, ...]]:
        """The headers of the project that the current version includes, and those that were not found."""
        return self._frontend.project_headers()

    def _read_as(self, language: Language) -> CFrontend:
        options = self._options
        return frontend_of(language)(
            options.defines, options.include_paths, self._path, options.snippet, options.database
        )

    def _is_cpp(self, source: SourceText) -> bool:
        """What the build takes for C++ (`.h` belongs to both languages) is that, and a snippet, which has no file name
        worth the word, if only the grammar of C++ reads it."""
        if self._options.snippet:
            # The grammar of C++ is large: loaded for snippets only.
            from analyzers.frontends.snippets import is_cpp

            return is_cpp(source.data)
        return self._frontend.built_as_cpp

    def results(self, first: int | None) -> Iterator[PlacedResult]:
        """The results of the version that is current when the first one is taken. The same objects come again as long
        as nothing in them changes, and are those of `report`."""
        version = self._current()
        early = [chunk for chunk in version.chunks if first is not None and chunk.span.covers(first)]
        for chunk in early:
            yield self._placed(version, chunk)
        for chunk in self._callers_first(version):
            before = version.shown.get(chunk.start)
            placed = self._placed(version, chunk)
            if before is not placed:
                yield placed

    def holds(self, trials: Iterable[Trial]) -> tuple[bool, ...]:
        """Which trials succeed on the current version, which is the current one again afterwards."""
        source = self._source
        before: dict[int, PlacedResult | None] = {}
        held: list[bool] = []
        for trial in trials:
            if trial.start not in before:
                before[trial.start] = self._look(source, trial.start)
            known = before[trial.start]
            look = partial(self._look, start=trial.start)
            held.append(known is not None and repairs.holds(trial, source, known, look))
        if self._source is not source:
            self.update(source)
        return tuple(held)

    def _look(self, source: SourceText, start: int) -> PlacedResult | None:
        """The function that starts at a byte of a text."""
        if source is not self._source:
            self.update(source)
        return next((placed for placed in self.results(start) if placed.start == start), None)

    def reproducer(self, at: int) -> Draft:
        """A program with the race whose first access stands at byte `at` of the current version.

        Raises NotReproducibleError.
        """
        version = self._current()
        chunk = next((c for c in version.chunks if c.span.covers(at)), None)
        if chunk is None or self._language != "c":
            raise NotReproducibleError("no race of a C function is here")
        function = version.functions[chunk.fingerprint]
        text = version.source.data[chunk.start : chunk.start + function.span.end]
        facts, openmp = self._examined(function, text, version, self._calling(version, function.name))
        race = race_at(registry.Context(facts, openmp, text), at - chunk.start)
        if race is None:
            raise NotReproducibleError("no race of a C function is here")
        others = [
            Other(c.span, c.name, version.functions[c.fingerprint].callees) for c in version.chunks if c is not chunk
        ]
        return draft(version.source, chunk.start, facts, openmp, race, others)

    def report(self) -> FileReport:
        version = self._current()
        for chunk in self._callers_first(version):
            self._placed(version, chunk)
        shown = tuple(version.shown[chunk.start] for chunk in version.chunks)
        self._called = version.called
        self._results = version.found
        self._shown = {key: result for key, result in self._shown.items() if key in version.found}
        report = FileReport(self._language, shown, self.file_findings())
        if not version.accepted:
            return report
        raw = tuple(version.raw[chunk.start] for chunk in version.chunks)
        return replace(
            suppressions.apply_file(version.source, replace(report, functions=raw), self._ran), functions=shown
        )

    def file_findings(self) -> tuple[Finding, ...]:
        level = self._frontend.file()
        file = SourceFile(self._language, (), level.globals, level.directives, level.problems, level.prototypes)
        return documentation.helped(registry.file_findings(file, self._options))

    def _current(self) -> _Version:
        if self._version is None:
            chunks, functions = self._frontend.chunks(), self._lowered()
            every = (*functions.values(), *self._of_headers())
            outside = self._elsewhere(every)
            certain = presuming.certain(outside)
            effects = presumed = self._table(every, self._summaries, certain)
            if certain is not outside:
                presumed = self._table(every, self._presumed, outside)
            accepted = suppressions.outside(self._source, self._language, (chunk.span for chunk in chunks))
            calls = Calls(self._all_sites(functions), self._outside.called)
            bodies = callees.by_name(functions.values())
            ordered = handmade.orders_atomics(self._frontend.file().directives)
            self._version = _Version(
                self._source, chunks, functions, effects, presumed, accepted, calls, bodies, ordered
            )
        return self._version

    def _all_sites(self, functions: Mapping[str, Function]) -> Iterator[Site]:
        """The calls that functions of the file make of each other."""
        self._sites = {key: self._sites.get(key) or callers.sites(each) for key, each in functions.items()}
        defined = {function.name for function in functions.values()}
        return (site for each in self._sites.values() for site in each if site.callee in defined)

    def _callers_first(self, version: _Version) -> list[Chunk]:
        return sorted(version.chunks, key=lambda c: version.calls.rank(version.functions[c.fingerprint].name))

    def _calling(self, version: _Version, name: str) -> Calling:
        """How a function is called. As before where its callers have not been looked at yet: what an editor asks for
        first cannot wait for them."""
        found = version.calls.of(name, version.divided, version.called)
        return found or self._called.get(name) or version.calls.as_written(name)

    def _table(
        self, functions: Iterable[Function], memo: effect_tables.Memo, outside: Mapping[str, Effects]
    ) -> Mapping[str, Effects]:
        headers = self._frontend.system_headers()
        vague = self._frontend.vague()
        return effect_tables.table(functions, self._options.independent, memo, headers, outside, vague)

    def _lowered(self) -> dict[str, Function]:
        """The functions of the current version by fingerprint. Only what is new is lowered."""
        known, lower = self._functions, self._frontend.lower
        self._functions = {c.fingerprint: known.get(c.fingerprint) or lower(c) for c in self._frontend.chunks()}
        return self._functions

    def _of_headers(self) -> tuple[Function, ...]:
        """The functions that headers of the project define and the current version calls, also through one another."""
        before, self._inherited = self._inherited, {}
        functions = [*self._functions.values()]
        asked = {function.name for function in functions}
        found: list[Function] = []
        for function in functions:
            for name in function.callees:
                if name in asked:
                    continue
                asked.add(name)
                for chunk in self._frontend.in_headers(name):
                    known = before.get(chunk.fingerprint) or self._frontend.lower(chunk)
                    self._inherited[chunk.fingerprint] = known
                    if known.name == name:
                        found.append(known)
                        functions.append(known)
        return tuple(found)

    def _elsewhere(self, functions: Iterable[Function]) -> Mapping[str, Effects]:
        """The effects of functions of other files that the current version calls."""
        if not self._outside.functions:
            return effect_tables.NOTHING
        defined = {function.name for function in functions}
        called = {name for function in functions for name in function.callees if name not in defined}
        names = sorted(called & self._outside.functions.keys())
        if not names:
            return effect_tables.NOTHING
        frontend = self._frontend
        declared = {name: frontend.declared(name) for name in names}
        return linking.imported(self._outside, names, declared, frontend.internal_names(), digest_of(self._source))

    def _placed(self, version: _Version, chunk: Chunk) -> PlacedResult:
        known = version.shown.get(chunk.start)
        function = version.functions[chunk.fingerprint]
        called = self._calling(version, function.name)
        if known is not None and version.called[function.name] == called:
            return known
        names = (function.name, *function.callees)
        written = version.calls.as_written(function.name)
        key: Key = (chunk.fingerprint, called, written, version.ordered, *(version.effects.get(name) for name in names))
        if version.presumed is not version.effects:
            key = (*key, *(version.presumed.get(name) for name in names))
        reached = self._in_regions(version, function)
        key = (*key, *(each.fingerprint for each in reached))
        key = (*key, *(version.effects.get(name) for each in reached for name in each.callees))
        result = self._results.get(key)
        if result is None:
            result = self._results[key] = self._guarded(function, chunk, version, called)
        version.found[key] = result
        version.called[function.name] = called
        version.divided[function.name] = frozenset(loop.span for loop in result.loops if loop.profitable)
        placed = version.raw[chunk.start] = PlacedResult(chunk.start, result)
        shown = suppressions.keep(version.source, version.accepted, placed)
        if shown is not placed:
            before = self._shown.get(key)
            if before is not None and before.findings == shown.result.findings:
                shown = PlacedResult(chunk.start, before)
            else:
                self._shown[key] = shown.result
        version.shown[chunk.start] = shown
        return shown

    def _in_regions(self, version: _Version, function: Function) -> tuple[Function, ...]:
        """The functions of the file that are looked at in place where this one calls them in a region."""
        has_regions = self._regional.get(function.fingerprint)
        if has_regions is None:
            has_regions = self._regional[function.fingerprint] = callees.holds_constructs(function)
        return callees.reached(function, version.bodies) if has_regions else ()

    def _guarded(self, function: Function, chunk: Chunk, version: _Version, called: Calling) -> FunctionResult:
        """A defect of ours costs one function its results, never the user the file (invariant 2)."""
        try:
            return self._analyze(function, chunk, version, called)
        except Exception:
            log.exception("the analysis of %s failed", function.name)
            return FunctionResult(function.name, function.fingerprint, function.span, (), (_failed(function),))

    def _analyze(self, function: Function, chunk: Chunk, version: _Version, called: Calling) -> FunctionResult:
        started = time.perf_counter()
        text = version.source.data[chunk.start : chunk.start + function.span.end]
        facts, openmp = self._examined(function, text, version, called)
        findings = documentation.helped(
            registry.run(registry.Context(facts, openmp, text, self._options.costs), self._options)
        )
        return FunctionResult(
            function.name,
            function.fingerprint,
            function.span,
            self._reports(facts, text),
            suppressions.apply(text, findings, self._language, self._ran),
            sharing_hints(openmp),
            governed(facts),
            time.perf_counter() - started,
            openmp.complete,
        )

    def _reports(self, facts: FunctionFacts, text: bytes) -> tuple[LoopReport, ...]:
        options = self._options
        return loop_reports(facts, text, options.costs, devices=options.offload) if options.loops else ()

    def _examined(
        self, function: Function, text: bytes, version: _Version, called: Calling
    ) -> tuple[FunctionFacts, OpenMPFacts]:
        """What the dependence and the OpenMP rooms know of a function."""
        facts = loops.analyse(function, version.effects, self._options)
        if version.presumed is not version.effects:
            options = self._options
            facts = presuming.supplemented(facts, version.presumed, lambda f, e: loops.analyse(f, e, options))
        # What is offered for the loops of callers is not there yet: races are those of the program as it stands.
        facts = replace(array_reductions.as_written(facts, text), called=version.calls.as_written(function.name))
        found = races.find(facts, self._options, version.ordered)
        if self._in_regions(version, function):
            examine = partial(races.find, options=self._options, ordered=version.ordered)
            found = callees.supplemented(found, function, version.bodies, version.effects, self._options, examine)
        return replace(facts, called=called), found


def digest_of(source: SourceText) -> str:
    """A text in few bytes."""
    return blake2b(source.data, digest_size=16).hexdigest()


def _failed(function: Function) -> Finding:
    return Finding(
        rule="internal-error",
        category="syntax",
        severity="information",
        confidence="proved",
        span=function.name_span,
        message=f"`{function.name}` could not be analysed: a defect of hpc-ls, not of this code",
        why="Nothing is said of its loops and races; the rest of the file is analysed.",
        help="Please report it: the log says where it happened, `hpc-ls doctor` shows what belongs in a report.",
    )
