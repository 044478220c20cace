"""The only door into the analysis: what the language server, the command line and the model may call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from analyzers import repairs
from analyzers.completion import Description, Proposal, complete, describe
from analyzers.frontends import pieces as pieces_of_text
from analyzers.frontends.pieces import Change, Pieces, Reading
from analyzers.ir.verdicts import Assumption, Confidence, FileReport, Finding, Governed, LoopReport, PlacedResult
from analyzers.repairs import Trial
from analyzers.reproducer import Draft, NotReproducibleError
from analyzers.settings import Language, Options
from analyzers.text import SourceText, Span

if TYPE_CHECKING:
    from analyzers.dependence.linking import Outside
    from analyzers.dependence.units import Unit

__all__ = [
    "EXTENSIONS",
    "Analyzer",
    "Assumption",
    "Change",
    "Confidence",
    "Description",
    "Draft",
    "FileReport",
    "Finding",
    "Governed",
    "Language",
    "LoopReport",
    "NotReproducibleError",
    "Options",
    "Pieces",
    "PlacedResult",
    "Proposal",
    "Reading",
    "SourceText",
    "Span",
    "Trial",
    "Verification",
    "analyze",
    "compile_flags",
    "complete",
    "declared_names",
    "describe",
    "loops_of",
    "pieces",
    "reading",
    "verify",
    "verify_call",
    "verify_pragma",
]

EXTENSIONS: dict[str, Language] = {
    **dict.fromkeys((".c", ".h"), "c"),
    **dict.fromkeys((".cpp", ".cc", ".cxx", ".c++", ".cu"), "cpp"),
    **dict.fromkeys((".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".cuh"), "cpp"),
}

DEFAULTS = Options()
CONFIDENCES: tuple[Confidence, ...] = ("proved", "likely", "possible")


class Analyzer:
    """One open document: keeps the syntax tree and the results of its functions between versions.

    Belongs to one process and one thread (tree-sitter and isl). Never raises on any text. `path` is where the file
    stands, for its includes and compile_commands.json; without it only the text is known.
    """

    def __init__(self, language: Language, options: Options = DEFAULTS, path: str | None = None) -> None:
        # Imported on first use: the server and the command line need the types at once, the engines only in a worker.
        from analyzers.pipeline import Pipeline

        self._pipeline = Pipeline(language, options, path)

    def update(self, source: SourceText) -> None:
        """Take the next version of the text; re-parses only what changed."""
        self._pipeline.update(source)

    def results(self, first: int | None = None) -> Iterator[PlacedResult]:
        """The functions of the current version, the one around byte offset `first` before the others."""
        return self._pipeline.results(first)

    def holds(self, trials: Sequence[Trial]) -> tuple[bool, ...]:
        """Which repairs of the current version do what they promise: see `analyzers.repairs`."""
        return self._pipeline.holds(trials)

    def reproducer(self, at: int) -> Draft:
        """A program with the race whose finding begins at byte `at`. Raises NotReproducibleError."""
        return self._pipeline.reproducer(at)

    def know(self, outside: Outside | None) -> None:
        """Take over what is known of functions of other files; None: nothing."""
        self._pipeline.know(outside)

    def repaired(self, report: FileReport, least: Confidence = "likely") -> FileReport:
        """The report of the current version; findings that are at least this sure have those fixes left that hold."""
        shown = CONFIDENCES[: CONFIDENCES.index(least) + 1]
        return replace(report, functions=tuple(self._repaired(placed, shown) for placed in report.functions))

    def _repaired(self, placed: PlacedResult, shown: tuple[Confidence, ...]) -> PlacedResult:
        findings = placed.result.findings
        each = [repairs.trials(placed.start, f) if f.confidence in shown else () for f in findings]
        if not any(each):
            return placed
        held = iter(self.holds([trial for tried in each for trial in tried]))
        kept = tuple(
            repairs.chosen(f, [next(held) for _ in tried]) if tried else f
            for f, tried in zip(findings, each, strict=True)
        )
        return PlacedResult(placed.start, replace(placed.result, findings=kept))

    def unit(self, source: str) -> Unit:
        """The current version as other files see it; `source` is the name by which they call it."""
        return self._pipeline.unit(source)

    def headers(self) -> tuple[tuple[tuple[str, int, int], ...], tuple[str, ...]]:
        """The headers of the project that the current version includes (path, time of change, size), and the names of
        those that were not found."""
        return self._pipeline.headers()

    def file_findings(self) -> tuple[Finding, ...]:
        """The findings outside functions, with absolute spans."""
        return self._pipeline.file_findings()

    def report(self) -> FileReport:
        """All results of the current version and the findings outside functions."""
        return self._pipeline.report()


def analyze(
    source: SourceText,
    language: Language,
    options: Options = DEFAULTS,
    path: str | None = None,
    outside: Outside | None = None,
) -> FileReport:
    """Analyze one text from scratch. `outside` is what is known of functions of other files."""
    analyzer = Analyzer(language, options, path)
    if outside is not None:
        analyzer.know(outside)
    analyzer.update(source)
    return analyzer.report()


def compile_flags(path: str) -> str:
    """How the compilation database of a file says that it is compiled, for comparison."""
    from analyzers.frontends.compile_commands import flags_for

    return repr(flags_for(path))


@dataclass(frozen=True, slots=True)
class Verification:
    """What the analysis says of a pragma that somebody wrote or a model proposed for a loop."""

    status: Literal["proved", "likely", "possible", "refuted", "malformed"]
    findings: tuple[Finding, ...]  # absolute spans in the text with the pragma inserted
    assumptions: tuple[Assumption, ...] = ()  # what it rests on when it is `likely` or `possible`


class _Results(Protocol):
    """What `verify` needs of an Analyzer."""

    def update(self, source: SourceText) -> None: ...
    def results(self, first: int | None = None) -> Iterator[PlacedResult]: ...


def verify_pragma(
    source: SourceText,
    language: Language,
    loop: Span,
    pragma: str,
    options: Options = DEFAULTS,
    path: str | None = None,
    outside: Outside | None = None,
) -> Verification:
    """Judge `pragma` as if it stood on the line above the loop at `loop` (absolute span of the loop statement)."""
    analyzer = Analyzer(language, options, path)
    if outside is not None:
        analyzer.know(outside)
    return verify(analyzer, source, language, loop, pragma, options, path)


def verify(
    analyzer: _Results,
    source: SourceText,
    language: Language,
    loop: Span,
    pragma: str,
    options: Options = DEFAULTS,
    path: str | None = None,
) -> Verification:
    """The same with an analyzer that knows other versions of the text, which makes it quick; it is left with a text
    that nobody has. `options` and `path` are those that it was made with."""
    at = source.line_span(source.line_of(loop.start)).start
    line = pragma.encode("utf-8", "surrogatepass").rstrip() + b"\n"
    text = SourceText.of(source.data[:at] + line + source.data[at:])
    analyzer.update(text)
    inside = loop.shifted(len(line))
    governed = Span(at, inside.end)
    for placed in analyzer.results(first=inside.start):
        reports = [r for r in placed.result.loops if r.span.shifted(placed.start) == inside]
        if not reports:
            continue
        findings = tuple(
            finding
            for finding in (f.shifted(placed.start) for f in placed.result.findings)
            if governed.contains(finding.span) and finding.category in ("race", "omp")
        )
        status = _status(reports[0], findings)
        if status not in ("malformed", "refuted"):
            # The engines belong to a worker: see Analyzer.
            from analyzers.frontends.directives import parse
            from analyzers.openmp.judgement import judge
            from analyzers.scope import nameless

            directive = parse(pragma.strip(), lambda i: i, lambda *_: None, language)
            if directive is not None:
                roles = reports[0].roles
                status = judge(roles, directive) or status
                if nameless(directive, (r.name for r in roles), source, language, loop.start, options, path):
                    status = "malformed"
        return Verification(status, findings, _assumed(reports[0], findings))
    return Verification("malformed", ())


def verify_call(
    analyzer: _Results,
    source: SourceText,
    language: Language,
    at: int,
    call: str,
    options: Options = DEFAULTS,
    path: str | None = None,
) -> Verification:
    """Judge a call of MPI as if it stood at byte `at`. Nothing proves that it is the one which is meant: it is refuted,
    malformed, or possible."""
    from analyzers.scope import out_of_scope

    written = call.encode("utf-8", "surrogatepass") + b";"
    there = Span(at, at + len(written))
    text = SourceText.of(source.data[:at] + written + source.data[at:])
    before, after = reading(source.data, language), reading(text.data, language)
    new = {name for name in after.undeclared - before.undeclared if not name.startswith((b"MPI_", b"PMPI_"))}
    if new or after.errors > before.errors or out_of_scope(call, source, language, at, options, path):
        return Verification("malformed", ())
    analyzer.update(text)
    for placed in analyzer.results(first=at):
        if placed.result.span.shifted(placed.start).covers(at):
            found = (finding.shifted(placed.start) for finding in placed.result.findings)
            findings = tuple(f for f in found if f.category == "mpi" and there.contains(f.span))
            refuted = any(finding.confidence != "possible" for finding in findings)
            return Verification("refuted" if refuted else "possible", findings)
    return Verification("malformed", ())


def _status(
    report: LoopReport, findings: tuple[Finding, ...]
) -> Literal["proved", "likely", "possible", "refuted", "malformed"]:
    if report.existing is None or any(f.category == "omp" and f.severity == "error" for f in findings):
        return "malformed"
    races = [f for f in findings if f.category == "race"]
    values_lost = any(f.category == "omp" and f.confidence == "proved" for f in findings)
    if values_lost or any(f.confidence != "possible" for f in races):
        return "refuted"
    if races or report.verdict.status == "dependent":
        return "possible"
    return report.verdict.confidence


def _assumed(report: LoopReport, findings: tuple[Finding, ...]) -> tuple[Assumption, ...]:
    found = (*report.verdict.assumptions, *(a for f in findings if f.category == "race" for a in f.assumptions))
    return tuple(dict.fromkeys(found))


def loops_of(report: FileReport) -> Iterator[tuple[int, LoopReport]]:
    """Every loop with the offset of its function, in textual order."""
    return ((placed.start, loop) for placed in report.functions for loop in placed.result.loops)


def pieces(data: bytes, language: Language, place: int) -> Pieces:
    """The steps by which a text can be made smaller without losing what stands at byte `place`."""
    return pieces_of_text.pieces(data, language, place)


def reading(data: bytes, language: Language) -> Reading:
    """How well a text can be read: what its grammar does not know, and the names that are declared nowhere in it."""
    return pieces_of_text.reading(data, language)


def declared_names(data: bytes, language: Language) -> dict[str, str]:
    """The names that a text declares itself, in order: what each is, "variable", "function", "type" or "macro"."""
    return pieces_of_text.names(data, language)
