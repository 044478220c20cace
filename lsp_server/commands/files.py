"""From the paths of a command line to analysed files: shared by `check`, `suggest` and `explain`."""

from __future__ import annotations

import logging
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from analyzers import api
from analyzers.api import Analyzer, Confidence, FileReport, Language, Options, SourceText
from lsp_server import batch, changes, sources
from lsp_server.changes import Changes
from lsp_server.commands import neighbours
from lsp_server.outcomes import Outcome, findings_of, governed_in, innermost, lines_of, loops_in
from lsp_server.patches import Patch, alone, chosen, patch, rewritten
from lsp_server.settings import Loaded, SettingProblem, load
from lsp_server.sources import Codec, SourceError
from lsp_server.terminal import Progress, visible

if TYPE_CHECKING:
    from analyzers.dependence.linking import Outside

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Task:
    """One file to analyse. Crosses to another process, so it holds data only."""

    name: str
    path: Path | None
    language: Language
    options: Options
    data: bytes | None = None  # standard input
    minimum: str | None = None  # put pragmas into it that are at least this sure
    lines: range | None = None  # only into loops that touch these (zero-based)
    rewrite: bool = False  # not pragmas: write the one loop that the first of these lines means in another way
    outside: Outside | None = None  # what is known of functions of other files
    tried: Confidence | None = None  # the fixes of findings that are at least this sure are tried before they are shown


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a task."""

    outcome: Outcome
    patch: Patch | None = None
    problems: tuple[str, ...] = ()  # what went wrong inside without costing the file


@dataclass(frozen=True, slots=True)
class Request:
    """A file that was named or found: what to do with it, or why nothing can be done."""

    task: Task
    loaded: Loaded
    error: str | None = None


class Settings:
    """The settings of each folder, read once, their problems told once."""

    def __init__(self, command_line: Mapping[str, object]) -> None:
        self._command_line = command_line
        self.problems: dict[SettingProblem, None] = {}

        @cache
        def of_folder(folder: Path | None) -> Loaded:
            loaded = load(folder, command_line=command_line)
            self.problems.update(dict.fromkeys(loaded.problems))
            return loaded

        self._of_folder = of_folder

    def of(self, path: Path | None) -> Loaded:
        if path is None:
            return self._of_folder(Path.cwd())
        return self._of_folder(path if path.is_dir() else path.parent)


def requests(arguments: Namespace, settings: Settings) -> tuple[list[Request], Changes | None]:
    """Every file the command line means, once, in its order; with `--since`, what changed, and only such files.

    Raises changes.GitError for a bad `--since`.
    """
    unique: dict[Path | str, Request] = {}
    for request in _found(arguments.paths, arguments.language, settings):
        path = request.task.path
        unique.setdefault(path.absolute() if path is not None else STDIN, request)
    found = [_wanted(request, arguments.command) for request in unique.values()]
    if not getattr(arguments, "since", None):
        return found, None
    folders = dict.fromkeys(_folder(r.task.path) for r in found if r.task.path is not None)
    changed = changes.since(arguments.since, list(folders))
    return [r for r in found if r.task.path is None or r.error or changed.has(r.task.path)], changed


def _wanted(request: Request, command: str) -> Request:
    """The fixes that the command shows are tried before; what it does not show is not looked for."""
    task = request.task
    if command == "suggest":
        return request
    if command == "check":
        least = request.loaded.settings.min_confidence
        return replace(request, task=replace(task, tried=least, options=replace(task.options, loops=False)))
    return replace(request, task=replace(task, tried="possible"))


def _found(paths: Sequence[str], language: Language | None, settings: Settings) -> Iterator[Request]:
    for name in paths:
        if name == STDIN:
            loaded = settings.of(None)
            options = loaded.settings.to_options()
            yield Request(Task("<stdin>", None, language or "c", options, sys.stdin.buffer.read()), loaded)
            continue
        path = Path(name)
        loaded = settings.of(path)
        if not path.is_dir():
            yield _named(name, path, language, loaded)
            continue
        count = 0
        for file, error in sources.walk(path, api.EXTENSIONS, loaded):
            own = settings.of(file) if error is None else loaded
            if own.excludes(file):
                continue
            count += 1
            request = _named(str(file), file, language, own)
            yield request if error is None else replace(request, error=error)
        if count == 0:
            known = ", ".join(sorted(api.EXTENSIONS))
            sys.stderr.write(f"hpc-ls: {name} holds no sources ({known}) that are not excluded\n")


def _named(name: str, path: Path, language: Language | None, loaded: Loaded) -> Request:
    error = None
    if language is None:
        try:
            sources.language_of(path, api.EXTENSIONS)
        except SourceError as problem:
            # That it is not there matters more than what it is called.
            error = str(problem) if path.exists() else None
    known = language or api.EXTENSIONS.get(path.suffix) or api.EXTENSIONS.get(path.suffix.lower()) or "c"
    return Request(Task(name, path, known, loaded.settings.to_options()), loaded, error)


def _folder(path: Path) -> Path:
    folder = path.absolute().parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def changed_only(outcome: Outcome, changed: Changes) -> Outcome:
    """The findings and loops of a file that touch a changed line."""
    if outcome.path is None or outcome.error is not None:
        return outcome
    path, source = outcome.path, outcome.source
    return replace(
        outcome,
        findings=tuple(
            located
            for located in outcome.findings
            if any(
                changed.touches(path, lines_of(source, span))
                for span in (located.finding.span, *(related.span for related in located.finding.related))
            )
        ),
        loops=tuple(loop for loop in outcome.loops if changed.touches(path, lines_of(source, loop.span))),
    )


def jobs(arguments: Namespace, settings: Settings) -> int:
    """How many processes: the command line, else what is set where one stands."""
    return int(arguments.jobs if arguments.jobs is not None else settings.of(None).settings.jobs)


def answers(tasks: Sequence[Request], settings: Settings, processes: int) -> Iterator[tuple[Request, Answer]]:
    """Analyse the files, results in their order."""
    tasks = _informed(tasks, settings, processes)
    good = [request.task for request in tasks if request.error is None]
    done = batch.run(perform, good, processes, crashed)
    progress = Progress(sys.stderr, len(tasks))
    for number, request in enumerate(tasks):
        if request.error is not None:
            task = request.task
            yield request, Answer(Outcome(task.name, task.path, task.language, error=request.error))
            continue
        progress.tick(number)
        try:
            answer = next(done)
        finally:
            progress.clear()
        for problem in answer.problems:
            sys.stderr.write(f"hpc-ls: {visible(answer.outcome.name)}: {problem}\n")
        yield request, answer


def _informed(tasks: Sequence[Request], settings: Settings, processes: int) -> list[Request]:
    """The tasks with what is known of functions of other files."""
    named = [
        (r.task.path, r.task.language)
        for r in tasks
        if r.error is None and r.task.path is not None and not r.task.options.snippet
    ]
    found = neighbours.outsides(named, settings.of, processes)
    if not found:
        return list(tasks)
    return [replace(r, task=replace(r.task, outside=found.get(r.task.path))) if r.task.path else r for r in tasks]


def crashed(task: Task, how: str) -> Answer:
    """The result of a task whose process died."""
    return Answer(Outcome(task.name, task.path, task.language, error=f"{how}; please report this file"))


def perform(task: Task) -> Answer:
    """Read and analyse one file; with `minimum`, put pragmas into its text."""
    try:
        if task.data is not None:
            source, codec = sources.decoded(task.data)
        else:
            assert task.path is not None
            source, codec = sources.read(task.path)
    except SourceError as error:
        return Answer(Outcome(task.name, task.path, task.language, error=str(error)))
    return _analysed(task, source, codec)


def _analysed(task: Task, source: SourceText, codec: Codec) -> Answer:
    with _Trouble() as trouble:
        answer = _judged(task, source, codec)
    return replace(answer, problems=trouble.told())


class _Trouble(logging.Handler):
    """Collects what the analysis logs about itself, for one line each instead of a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        detail = f" ({type(error).__name__}: {error})" if error is not None else ""
        self._told[f"{record.getMessage()}{detail}; please report this file"] = None
        if os.environ.get("HPC_LS_DEBUG"):
            sys.stderr.write(self.format(record) + "\n")

    def told(self) -> tuple[str, ...]:
        return tuple(self._told)

    def __enter__(self) -> _Trouble:
        log = logging.getLogger("analyzers")
        log.propagate = False
        log.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("analyzers").removeHandler(self)


def _read(task: Task, source: SourceText, place: str | None) -> FileReport:
    """The report of a text, with those fixes that hold."""
    analyzer = Analyzer(task.language, task.options, place)
    if task.outside is not None:
        analyzer.know(task.outside)
    analyzer.update(source)
    report = analyzer.report()
    return report if task.tried is None else analyzer.repaired(report, task.tried)


def _judged(task: Task, source: SourceText, codec: Codec) -> Answer:
    place = str(task.path.absolute()) if task.path is not None else None

    def analyse(text: SourceText) -> FileReport:
        return api.analyze(text, task.language, task.options, place, task.outside)

    try:
        report = _read(task, source, place)
    except RecursionError:
        return Answer(Outcome(task.name, task.path, task.language, error="is nested too deeply to be analysed"))
    except Exception as error:  # a bug of ours must cost this file only
        text = f"the analysis failed ({type(error).__name__}: {error}); please report this file"
        return Answer(Outcome(task.name, task.path, task.language, source, codec, error=text))
    outcome = Outcome(
        task.name,
        task.path,
        report.language,
        source,
        codec,
        findings_of(report),
        loops_in(report),
        governed_in(report),
        report.error,
    )
    if task.minimum is None or report.error is not None:
        return Answer(outcome)
    if task.rewrite and task.lines is not None:
        loop = innermost(source, outcome.loops, task.lines.start)
        if loop is None:
            return Answer(outcome)
        return Answer(outcome, rewritten(source, report, loop, analyse))
    if task.lines is None:
        return Answer(outcome, patch(source, report, chosen(outcome.loops, task.minimum), analyse))
    meant = innermost(source, outcome.loops, task.lines.start)
    loops = [alone(loop) if loop is not meant or loop.pragma is not None else loop for loop in outcome.loops]
    loops = [loop for loop in chosen(loops, task.minimum) if set(task.lines) & set(lines_of(source, loop.span))]
    return Answer(outcome, patch(source, report, loops, analyse))
