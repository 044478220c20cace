"""The analysis process: `python -I -m lsp_server.worker`, pickles on stdin and stdout.

tree-sitter and isl hold the interpreter lock, so the analysis lives here and the server stays free to answer. A
document belongs to one worker, which keeps its tree and its results between versions. Never imports pygls or lsprotocol
(half a second), never reads the workspace. Ends when its parent does.
"""

from __future__ import annotations

import gc
import itertools
import os
import pickle
import queue
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from analyzers.api import (
    Analyzer,
    Draft,
    Language,
    NotReproducibleError,
    Options,
    Trial,
    Verification,
    verify,
    verify_call,
)
from analyzers.ir.verdicts import FileReport, FunctionResult, LoopReport, PlacedResult
from analyzers.text import SourceText
from lsp_server.messages import (
    Analyse,
    Answer,
    Ask,
    Finished,
    Forget,
    Functions,
    Ready,
    Working,
)
from processes.child import pipe, resident_bytes

if TYPE_CHECKING:
    from analyzers.dependence.linking import Outside

BATCH_SECONDS = 0.05  # results after the first one travel together for this long


class AnalyzerLike(Protocol):
    """What the worker needs of `analyzers.api.Analyzer`."""

    def update(self, source: SourceText) -> None: ...
    def results(self, first: int | None = None) -> Iterator[PlacedResult]: ...
    def report(self) -> FileReport: ...
    def know(self, outside: Outside | None) -> None: ...
    def holds(self, trials: Sequence[Trial]) -> tuple[bool, ...]: ...
    def reproducer(self, at: int) -> Draft: ...


MakeAnalyzer = Callable[[Language, Options, "str | None"], AnalyzerLike]


@dataclass(slots=True)
class _Document:
    analyzer: AnalyzerLike
    language: Language
    options: Options
    sent: dict[int, tuple[int, FunctionResult]] = field(
        default_factory=dict
    )  # by identity: the results the server holds
    outside: Outside | None = None  # what is known of functions of other files

    def know(self, outside: Outside | None) -> None:
        self.outside = outside
        self.analyzer.know(outside)


@dataclass(slots=True)
class _Job:
    """A version under analysis, suspended between two functions."""

    order: Analyse
    results: Iterator[PlacedResult] | None = None  # None: the text has not been taken over yet
    batch: list[tuple[int, int, FunctionResult | None]] = field(default_factory=list)
    flushed: float = 0.0
    seconds: float = 0.0


class Worker:
    """Owns the analyzers of its documents; `send` writes one message to the server."""

    def __init__(self, inbox: queue.SimpleQueue[object], send: Callable[[object], None], make: MakeAnalyzer) -> None:
        self._inbox = inbox
        self._send = send
        self._make = make
        self._documents: dict[str, _Document] = {}
        self._jobs: dict[str, _Job] = {}  # the newest last
        self._working: tuple[str, int] | None = None
        self._tokens = itertools.count()
        self._scratch: tuple[tuple[str, Language, Options], AnalyzerLike] | None = None
        self._tried: tuple[tuple[str, bytes], dict[tuple[object, ...], bool]] = (("", b""), {})

    def run(self) -> None:
        """Serve until the inbox says None. New messages are looked at between two functions."""
        while True:
            try:
                message = self._inbox.get(block=not self._jobs)
            except queue.Empty:
                self._step()
                continue
            if message is None:
                return
            self._take(message)

    def _take(self, message: object) -> None:
        match message:
            case Analyse():
                superseded = self._jobs.pop(message.uri, None)
                if superseded is not None:
                    self._flush(superseded)  # later versions name these results by their tokens alone
                self._jobs[message.uri] = _Job(message)
            case Forget(uri=uri):
                self._jobs.pop(uri, None)
                self._documents.pop(uri, None)
                if self._scratch and self._scratch[0][0] == uri:
                    self._scratch = None
            case Ask():
                self._answer(message)

    def _document(self, order: Analyse) -> _Document:
        document = self._documents.get(order.uri)
        if document is None or document.language != order.language or document.options != order.options:
            outside = document.outside if document is not None else None
            document = _Document(self._make(order.language, order.options, order.path), order.language, order.options)
            document.know(outside)
            self._documents[order.uri] = document
        return document

    def _step(self) -> None:
        """One function of the newest job, or its beginning or end."""
        uri, job = next(reversed(self._jobs.items()))
        self._announce(uri, job.order.version)
        began = time.monotonic()
        try:
            done = self._advance(job)
            job.seconds += time.monotonic() - began
            if done:
                self._finish(job)
        except Exception:
            # By contract the analysis never raises. If it does, the document is told so and the others live on.
            self._jobs.pop(uri, None)
            self._documents.pop(uri, None)
            self._working = None
            trouble = sys.exc_info()[1]
            self._send(
                Finished(
                    uri,
                    job.order.version,
                    error=f"the analysis failed inside ({type(trouble).__name__}: {trouble})",
                    crash=traceback.format_exc(),
                )
            )
            return
        if done:
            self._jobs.pop(uri, None)

    def _announce(self, uri: str, version: int) -> None:
        if self._working != (uri, version):
            self._working = (uri, version)
            self._send(Working(uri, version))

    def _advance(self, job: _Job) -> bool:
        document = self._document(job.order)
        if job.results is None:
            if job.order.outside is not None:
                document.know(pickle.loads(job.order.outside) if job.order.outside else None)  # noqa: S301  (from our own process)
            document.analyzer.update(SourceText.of(job.order.data))
            job.results = document.analyzer.results(job.order.focus)
        placed = next(job.results, None)
        if placed is None:
            return True
        self._note(document, job, placed)
        now = time.monotonic()
        if now - job.flushed > BATCH_SECONDS:  # at once for the first function
            job.flushed = now
            self._flush(job)
        return False

    def _note(self, document: _Document, job: _Job, placed: PlacedResult) -> None:
        known = document.sent.get(id(placed.result))
        if known is None:
            token = next(self._tokens)
            document.sent[id(placed.result)] = (token, placed.result)
            job.batch.append((placed.start, token, placed.result))
        else:
            job.batch.append((placed.start, known[0], None))

    def _flush(self, job: _Job) -> None:
        if job.batch:
            self._send(Functions(job.order.uri, job.order.version, tuple(job.batch)))
            job.batch.clear()

    def _finish(self, job: _Job) -> None:
        document = self._document(job.order)
        report = document.analyzer.report()
        sent = document.sent
        for placed in report.functions:
            if id(placed.result) not in sent:
                self._note(document, job, placed)
        self._flush(job)
        order = tuple((placed.start, sent[id(placed.result)][0]) for placed in report.functions)
        document.sent = {id(placed.result): sent[id(placed.result)] for placed in report.functions}
        self._working = None
        self._send(
            Finished(
                job.order.uri,
                job.order.version,
                order,
                report.findings,
                report.error,
                seconds=job.seconds,
                memory=resident_bytes(),
            )
        )

    def _answer(self, question: Ask) -> None:
        try:
            self._send(Answer(question.id, self._value(question)))
        except Exception:
            self._scratch = None
            self._send(Answer(question.id, None, traceback.format_exc()))

    def _value(self, question: Ask) -> object:
        source = SourceText.of(question.data)
        match question.kind:
            case "loop":
                return self._loop_after(question, source)
            case "repairs":
                return self._repairs(question, source)
            case "verify":
                return self._verified(question, source)
            case "verify-call":
                analyzer, settings = self._beside(question, source), (question.options, question.path)
                return tuple(
                    verify_call(analyzer, source, question.language, question.offset, call, *settings)
                    for call in question.pragmas
                )
            case "reproducer":
                return self._reproducer(question, source)
            case "complete":
                from analyzers.api import complete

                return complete(source, question.language, question.offset, question.options, question.path)
            case "describe":
                from analyzers.api import describe

                return describe(source, question.language, question.offset)

    def _beside(self, question: Ask, source: SourceText) -> AnalyzerLike:
        """An analyzer of its own, so that the text asked about does not disturb the document's."""
        key = (question.uri, question.language, question.options)
        if self._scratch is None or self._scratch[0] != key:
            self._scratch = (key, self._make(question.language, question.options, question.path))
        analyzer = self._scratch[1]
        document = self._documents.get(question.uri)
        analyzer.know(document.outside if document is not None else None)
        analyzer.update(source)
        return analyzer

    def _loop_after(self, question: Ask, source: SourceText) -> tuple[int, LoopReport] | None:
        """The loop that is the first thing after the offset, with the start of its function."""
        at = question.offset
        while at < len(source.data) and source.data[at] in b" \t\r\n\f\v":
            at += 1
        placed = next(iter(self._beside(question, source).results(at)), None)
        if placed is None:
            return None
        return next(
            ((placed.start, loop) for loop in placed.result.loops if placed.start + loop.span.start == at), None
        )

    def _verified(self, question: Ask, source: SourceText) -> tuple[Verification, ...]:
        """What each pragma does to the loop after the offset."""
        found = self._loop_after(question, source)
        if found is None:
            return tuple(Verification("malformed", ()) for _ in question.pragmas)
        loop = found[1].span.shifted(found[0])
        analyzer = self._beside(question, source)
        settings = (question.options, question.path)
        return tuple(verify(analyzer, source, question.language, loop, p, *settings) for p in question.pragmas)

    def _reproducer(self, question: Ask, source: SourceText) -> str | tuple[str]:
        from lsp_server.reproducer import reproducer

        try:
            return reproducer(self._beside(question, source), question.offset)
        except NotReproducibleError as reason:
            return (str(reason),)

    def _repairs(self, question: Ask, source: SourceText) -> tuple[bool, ...]:
        """Which trials hold. Editors ask again whenever the cursor moves: what was tried in a text is remembered."""
        if self._tried[0] != (question.uri, question.data):
            self._tried = ((question.uri, question.data), {})
        known = self._tried[1]
        fresh = tuple(t for t in question.trials if (t.start, t.edits, t.strict) not in known)
        if fresh:
            held = self._beside(question, source).holds(fresh)
            known.update(((t.start, t.edits, t.strict), h) for t, h in zip(fresh, held, strict=True))
        return tuple(known[(t.start, t.edits, t.strict)] for t in question.trials)


def main(make: MakeAnalyzer = Analyzer) -> None:
    """Serve on stdin and stdout."""
    inbox, send = pipe()
    gc.disable()  # loading makes no garbage
    _warm_up(make)
    gc.freeze()  # what is loaded now stays; the collector need not look at it again
    gc.enable()
    send(Ready(os.getpid(), _links()))
    Worker(inbox, send, make).run()


def _warm_up(make: MakeAnalyzer) -> None:
    """Load everything that the first document would wait for."""
    try:
        analyzer = make("c", Options(), None)
        analyzer.update(SourceText.of("void warm(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 0; }\n"))
        for _ in analyzer.results():
            pass
        analyzer.report()
    except Exception:  # a document will show the same trouble, with its name
        traceback.print_exc()


def _links() -> dict[str, str]:
    """The page of every rule."""
    try:
        from analyzers.rules import documentation, registry

        return {code: link for code in registry.rules() if (link := documentation.link(code))}
    except Exception:  # findings are worth more than links to their pages
        traceback.print_exc()
        return {}


if __name__ == "__main__":
    main()
