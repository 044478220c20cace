"""A worker with a scripted analyzer, to test processes, scheduling and the protocol without the real analysis.

A function starts in column 0 with its name before `(` and ends with `}` in column 0. Words inside script what happens:
RACE is a finding; LOOP a loop; HANG, DIE, RAISE what they say; SLOW takes 0.2 s. Run as
`standin.py worker` or `standin.py server`.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator

from analyzers.ir.verdicts import Edit, FileReport, Finding, Fix, FunctionResult, PlacedResult, Related
from analyzers.text import SourceText, Span

WORKER = (sys.executable, "-I", __file__, "worker")
SERVER = (sys.executable, "-I", __file__, "server")

FUNCTION = re.compile(rb"^[a-z]\w* (\w+)\(.*?^\}", re.DOTALL | re.MULTILINE)


class StandIn:
    def __init__(self, language: str, options: object, path: str | None = None) -> None:
        self.known: dict[bytes, FunctionResult] = {}
        self.source = SourceText.of("")

    def update(self, source: SourceText) -> None:
        self.source = source

    def know(self, outside: object) -> None:
        pass

    def holds(self, trials: tuple[object, ...]) -> tuple[bool, ...]:
        return (True,) * len(trials)

    def results(self, first: int | None = None) -> Iterator[PlacedResult]:
        matches = list(FUNCTION.finditer(self.source.data))
        matches.sort(key=lambda m: not (first is not None and m.start() <= first <= m.end()))
        for match in matches:
            text = match[0]
            if text not in self.known:
                self.known[text] = self.analyse(match[1].decode(), text)
            yield PlacedResult(match.start(), self.known[text])

    def analyse(self, name: str, text: bytes) -> FunctionResult:
        if b"HANG" in text:
            time.sleep(3600)
        if b"DIE" in text:
            os.write(2, b"dying as told\n")
            os._exit(7)
        if b"RAISE" in text:
            raise ValueError("as told")
        if b"SLOW" in text:
            time.sleep(0.2)
        findings = tuple(
            Finding(
                "race-test",
                "race",
                "warning",
                "proved",
                Span(m.start(), m.end()),
                f"race in {name}",
                related=(Related(Span(0, 4), "here"),),
                fixes=(Fix("remove it", (Edit(Span(m.start(), m.end()), "calm"),)),),
            )
            for m in re.finditer(rb"RACE", text)
        )
        return FunctionResult(name, str(hash(text)), Span(0, len(text)), findings=findings)

    def report(self) -> FileReport:
        placed = tuple(sorted(self.results(), key=lambda p: p.start))
        outside = tuple(
            Finding("omp-test", "omp", "error", "proved", Span(m.start(), m.end()), "outside")
            for m in re.finditer(rb"OUTSIDE", self.source.data)
        )
        return FileReport("c", placed, outside)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        from lsp_server.worker import main

        main(StandIn)
    else:
        from lsp_server.server import main as serve

        sys.exit(serve(WORKER))
