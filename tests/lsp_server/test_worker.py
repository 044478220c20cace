"""The analysis process by itself, spoken to over its pipe."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Iterator

import pytest

from analyzers.api import Options
from analyzers.ir.verdicts import FileReport, FunctionResult, PlacedResult
from analyzers.text import SourceText, Span
from lsp_server.messages import Analyse, Answer, Ask, Finished, Forget, Functions, Ready
from lsp_server.worker import Worker
from processes.frames import Frames, encode
from tests.lsp_server.standin import WORKER

URI = "file:///a.c"
OPTIONS = Options()
ONE, TWO = b"void one(int n)\n{\n    RACE;\n}\n", b"void two(int n)\n{\n    RACE;\n}\n"


class Pipe:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.frames = Frames()
        self.waiting: list[object] = []

    def send(self, *messages: object) -> None:
        self.process.stdin.write(b"".join(map(encode, messages)))
        self.process.stdin.flush()

    def read(self) -> object:
        while not self.waiting:
            data = self.process.stdout.read1(65536)
            assert data, "the worker is gone"
            self.waiting += self.frames.feed(data)
        return self.waiting.pop(0)

    def until(self, kind: type) -> list[object]:
        seen = [self.read()]
        while not isinstance(seen[-1], kind):
            seen.append(self.read())
        return seen


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    with subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        pipe = Pipe(process)
        pipe.until(Ready)
        yield pipe
        process.kill()


def analyse(version: int, data: bytes, focus: int | None = None, uri: str = URI) -> Analyse:
    return Analyse(uri, version, "c", OPTIONS, data, None, focus)


def names(messages: list[object]) -> list[str | None]:
    """The functions whose results were sent, None for one that the server has."""
    return [r and r.name for m in messages if isinstance(m, Functions) for _, _, r in m.placed]


def test_only_new_results_travel_and_the_focus_comes_first(pipe):
    pipe.send(analyse(1, ONE + TWO, focus=len(ONE) + 5))
    seen = pipe.until(Finished)
    assert names(seen) == ["two", "one"]
    first = seen[-1]
    pipe.send(analyse(2, b"\n" + ONE + TWO))
    seen = pipe.until(Finished)
    assert names(seen) == [None, None]
    assert [token for _, token in seen[-1].order] == [token for _, token in first.order]
    assert [start for start, _ in seen[-1].order] == [1, 1 + len(ONE)]


def test_a_newer_version_supersedes_between_two_functions(pipe):
    slow = b"".join(b"void s%d(int n)\n{\n    SLOW;\n}\n" % n for n in range(30))
    pipe.send(analyse(1, slow))
    pipe.until(Functions)
    pipe.send(analyse(2, ONE))
    seen = pipe.until(Finished)
    assert seen[-1].version == 2
    assert sum(name is not None for name in names(seen)) < 30


def test_results_in_hand_are_sent_before_a_newer_version_is_begun():
    """Later versions name a known result by its token alone, so the server must have got it."""
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    sent: list[object] = []
    placed = [PlacedResult(n, FunctionResult(f"f{n}", str(n), Span(0, 1))) for n in range(4)]

    class Analyzer:
        versions = 0

        def know(self, outside: object) -> None:
            pass

        def update(self, source: SourceText) -> None:
            self.versions += 1

        def results(self, first: int | None = None) -> Iterator[PlacedResult]:
            for n, each in enumerate(placed):
                if self.versions == 1 and n == 2:
                    inbox.put(analyse(2, TWO))
                yield each

        def report(self) -> FileReport:
            inbox.put(None)
            return FileReport("c", tuple(placed))

    inbox.put(analyse(1, ONE))
    Worker(inbox, sent.append, lambda *_: Analyzer()).run()
    known = {token for m in sent if isinstance(m, Functions) for _, token, r in m.placed if r is not None}
    (finished,) = [m for m in sent if isinstance(m, Finished)]
    assert finished.version == 2
    assert {token for _, token in finished.order} == known


def test_another_document_is_served_between_two_functions(pipe):
    slow = b"".join(b"void s%d(int n)\n{\n    SLOW;\n}\n" % n for n in range(12))
    pipe.send(analyse(1, slow))
    pipe.until(Functions)
    pipe.send(analyse(1, ONE, uri="file:///b.c"))
    assert pipe.until(Finished)[-1].uri == "file:///b.c"
    assert pipe.until(Finished)[-1].uri == URI


def test_a_forgotten_document_is_not_finished(pipe):
    slow = b"".join(b"void s%d(int n)\n{\n    SLOW;\n}\n" % n for n in range(12))
    pipe.send(analyse(1, slow))
    pipe.until(Functions)
    pipe.send(Forget(URI), analyse(1, ONE, uri="file:///b.c"))
    assert pipe.until(Finished)[-1].uri == "file:///b.c"
    pipe.send(Ask(1, "describe", URI, "c", OPTIONS, b"#pragma omp parallel", None, 15))
    seen = pipe.until(Answer)
    assert not any(isinstance(m, Finished) for m in seen)
    assert seen[-1].value.title == "parallel"


def test_it_ends_when_its_parent_is_gone_even_in_the_middle_of_work():
    with subprocess.Popen(WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        pipe = Pipe(process)
        pipe.send(analyse(1, b"void h(int n)\n{\n    HANG;\n}\n"))
        pipe.until(Ready)
        process.stdin.close()
        assert process.wait(20) == 0


def test_what_is_printed_does_not_reach_the_pipe():
    script = (
        "import sys, lsp_server.worker as w\n"
        "class A:\n"
        "    def __init__(self, *a): print('noise', flush=True)\n"
        "    def know(self, o): pass\n"
        "    def update(self, s): import os; os.write(1, b'more noise')\n"
        "    def results(self, first=None): return iter(())\n"
        "    def report(self):\n"
        "        from analyzers.api import FileReport\n"
        "        return FileReport('c')\n"
        "w.main(A)\n"
    )
    command = (sys.executable, "-I", "-c", script)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pipe = Pipe(process)
        pipe.send(analyse(1, ONE))
        assert pipe.until(Finished)[-1].order == ()
        process.kill()


def test_an_analysis_that_cannot_even_begin_is_an_error_of_the_document():
    script = "import lsp_server.worker as w\ndef make(*a): raise ImportError('no isl')\nw.main(make)\n"
    command = (sys.executable, "-I", "-c", script)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        pipe = Pipe(process)
        for version in (1, 2):
            pipe.send(analyse(version, ONE))
            assert "ImportError: no isl" in pipe.until(Finished)[-1].error
        process.kill()


def test_it_loads_nothing_of_the_language_server():
    """pygls and lsprotocol cost half a second and forty megabytes."""
    script = (
        "import sys\n"
        "from lsp_server.worker import Analyzer, _links, _warm_up\n"
        "_warm_up(Analyzer); _links()\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = subprocess.run((sys.executable, "-I", "-c", script), capture_output=True, text=True, check=True).stdout
    assert "'tree_sitter'" in loaded
    for name in ("pygls", "lsprotocol", "attrs", "cattrs", "asyncio", "rich"):
        assert f"'{name}'" not in loaded
