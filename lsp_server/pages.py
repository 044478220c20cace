"""Pages of Markdown for people: what is known of a loop, and the folder they are shown from."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from analyzers.ir.verdicts import Dependence, Finding, LoopReport
from analyzers.text import SourceText
from lsp_server import convert
from lsp_server.analysis import Analysis, loop_on_line


class Pages:
    """A private folder for pages that an editor opens as documents; gone at exit."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def write(self, title: str, text: str, suffix: str = ".md") -> str:
        """Keep a page; its URI. A page of the same title is replaced."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="hpc-ls-"))
            atexit.register(self.clear)
        page = self._folder / f"{title}{suffix}"
        page.write_text(text, encoding="utf-8", errors="replace")
        return page.as_uri()

    def clear(self) -> None:
        """Remove every page."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def explanation(analysis: Analysis, at: int, findings: Iterable[Finding]) -> str | None:
    """What is found on the line of a byte offset and the verdict on its loop; None when there is neither."""
    parts = [_finding(finding) for finding in findings]
    found = loop_on_line(analysis, at)
    if found is not None:
        parts.append(convert.explanation_markdown(convert.with_refactorings(found[1])))
    return "\n\n".join(parts) or None


def _finding(finding: Finding) -> str:
    lines = [f"**{finding.rule}** · {finding.confidence}", "", convert.escaped(finding.message)]
    if finding.why:
        lines += ["", convert.escaped(finding.why)]
    lines += [
        f"- fix: {convert.escaped(fix.title)}" + (f" ({convert.escaped(fix.note)})" if fix.note else "")
        for fix in finding.fixes
    ]
    if finding.help:
        lines.append(f"- fix: {convert.escaped(finding.help)}")
    return "\n".join(lines)


def of_loop(analysis: Analysis, at: int) -> str | None:
    """Everything known of the loop at a byte offset: verdict, variables, dependences, assumptions, the pragma."""
    found = loop_on_line(analysis, at)
    if found is None:
        return None
    start, loop = found
    source = analysis.snapshot.source
    line = source.line_of(start + loop.header_span.start) + 1
    header = source.slice(loop.header_span.shifted(start)).strip().splitlines()[0]
    parts = [
        f"# {analysis.snapshot.name}:{line} in {loop.function}",
        f"```{analysis.snapshot.language}\n{header}\n```",
        f"**{convert.escaped(loop.summary)}** ({loop.verdict.confidence})",
        convert.explanation_markdown(convert.with_refactorings(loop)),
        *_tables(loop, source, start),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tables(loop: LoopReport, source: SourceText, start: int) -> list[str]:
    parts: list[str] = []
    if loop.roles:
        rows = [
            f"| `{_cell(r.name)}` | {r.kind}{f' ({_cell(r.op)})' if r.op else ''} | {_cell(r.why)} |"
            for r in loop.roles
        ]
        parts.append("\n".join(["## Variables", "", "| name | role | why |", "| --- | --- | --- |", *rows]))
    if loop.verdict.dependences:
        rows = list(dict.fromkeys(_dependence(d, source, start) for d in loop.verdict.dependences))
        head = ["## Dependences", "", "| kind | from | to | distance |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([*head, *rows]))
    if loop.verdict.assumptions:
        rows = [f"- {a.text} ({a.strength})" for a in loop.verdict.assumptions]
        parts.append("\n".join(["## Assumed, not proved", "", *rows]))
    if loop.verdict.reasons:
        rows = [f"- {convert.escaped(r.text)}" for r in loop.verdict.reasons]
        parts.append("\n".join(["## Reasons", "", *rows]))
    return parts


def _dependence(dependence: Dependence, source: SourceText, start: int) -> str:
    ends = (
        f"`{_cell(text)}` (line {source.line_of(start + span.start) + 1})"
        for text, span in (
            (dependence.source_text, dependence.source),
            (dependence.sink_text, dependence.sink),
        )
    )
    distance = "" if dependence.distance is None else str(dependence.distance)
    return f"| {dependence.kind} | {' | '.join(ends)} | {distance} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
