"""Annotations on a pull request: workflow commands of GitHub Actions, one line for each finding.

Source: GitHub Docs, "Workflow commands for GitHub Actions", error, warning and notice messages.
"""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

from lsp_server.outcomes import Located, Outcome

LEVELS = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}


class GithubReporter:
    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> GithubReporter:
        return self

    def add(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._out.write(f"::error file={_property(outcome.name)},title=hpc-ls::{_data(outcome.error)}\n")
        for located in outcome.findings:
            self._out.write(annotation(outcome, located) + "\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def annotation(outcome: Outcome, located: Located) -> str:
    """One workflow command. Columns are given for findings within one line only, as GitHub wants it."""
    finding = located.finding
    start = outcome.source.position(finding.span.start, "utf-32")
    end = outcome.source.position(finding.span.end, "utf-32")
    properties = {"file": outcome.name, "line": str(start.line + 1), "endLine": str(end.line + 1)}
    if start.line == end.line:
        properties |= {"col": str(start.column + 1), "endColumn": str(end.column + 1)}
    properties["title"] = f"{finding.rule} ({finding.confidence})"
    parts = [finding.message, finding.why]
    parts += [f"{_line(outcome, related.span.start)}: {related.message}" for related in finding.related]
    parts += [f"fix: {fix.title}" for fix in finding.fixes[:1]]
    parts += [f"fix: {finding.help}"] if finding.help else []
    head = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{LEVELS[finding.severity]} {head}::{_data(chr(10).join(filter(None, parts)))}"


def _line(outcome: Outcome, offset: int) -> str:
    return f"line {outcome.source.line_of(offset) + 1}"


def _data(text: str) -> str:
    text = "".join(char if char >= " " or char in "\r\n" else chr(0x2400 + ord(char)) for char in text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
