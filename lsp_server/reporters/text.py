"""Results for people at a terminal: what, where, how sure; the code; why; what to do."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, TextIO

from rich.console import Console
from rich.text import Text

from analyzers.words import counted, listed
from lsp_server.outcomes import Located, Outcome, lines_of, place
from lsp_server.reporters.frames import Mark, frame
from lsp_server.terminal import visible

Color = Literal["auto", "always", "never"]
STYLES = {"error": "bold red", "warning": "bold yellow", "information": "bold cyan", "hint": "bold blue"}
SURE = {"proved": "bold", "likely": "yellow", "possible": "dim"}
MAX_WIDTH = 110


def console_for(out: TextIO, color: Color = "auto") -> Console:
    """A console that follows NO_COLOR and FORCE_COLOR unless told otherwise, and wraps at a readable width."""
    columns = shutil.get_terminal_size((100, 24)).columns
    return Console(
        file=out,
        force_terminal={"always": True, "never": False, "auto": None}[color],
        no_color=True if color == "never" else False if color == "always" else None,
        color_system=None if color == "never" else "auto",
        width=max(40, min(columns, MAX_WIDTH)),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )


class TextReporter:
    """Prints each file as it comes and a line that sums up at the end."""

    def __init__(self, out: TextIO, errors: TextIO, color: Color = "auto") -> None:
        self._console = console_for(out, color)
        self._errors = errors
        self._files = 0
        self._failed = 0
        self._with_findings = 0
        self._sure: Counter[str] = Counter()

    def __enter__(self) -> TextReporter:
        return self

    def add(self, outcome: Outcome) -> None:
        self._files += 1
        if outcome.error is not None:
            self._failed += 1
            self._console.file.flush()
            self._errors.write(f"hpc-ls: {visible(outcome.name)}: {outcome.error}\n")
            return
        self._with_findings += bool(outcome.findings)
        for located in outcome.findings:
            self._sure[located.finding.confidence] += 1
            write(self._console, finding_rows(outcome, located, self._console.width))
            self._console.print()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or self._files == self._failed:
            return
        total = sum(self._sure.values())
        done = counted(self._files - self._failed, "file")
        if total == 0:
            self._console.print(Text(f"Nothing found in {done}.", "green"))
            return
        sure = ", ".join(f"{self._sure[word]} {word}" for word in SURE if self._sure[word])
        self._console.print(Text(f"{counted(total, 'finding')} ({sure}) in {self._with_findings} of {done}.", "bold"))


def write(console: Console, rows: Iterable[Text]) -> None:
    """Print rows that are laid out already."""
    for row in rows:
        console.print(row, soft_wrap=True)


def finding_rows(outcome: Outcome, located: Located, width: int) -> list[Text]:
    """A finding as a block of text."""
    finding = located.finding
    style = STYLES[finding.severity]
    head = Text().append(finding.rule, style)
    head.append("  ").append(place(outcome, finding.span.start), "bold")
    head.append("  ").append(finding.confidence, SURE[finding.confidence])
    rows = [head]
    label = finding.label or finding.message
    marks = [Mark(finding.span, label, style)]
    marks += [
        Mark(related.span, related.message, "bold blue", "-")
        for related in finding.related
        if related.span != finding.span
    ]
    rows += frame(outcome.source, marks, _context(outcome, located), width=width)
    if finding.why:
        rows += paragraph("why", finding.why, width)
    # An ordinary assumption is what the finding rests on, a strong one is what would make the code right.
    for word, strength in (("if", "ordinary"), ("safe", "strong")):
        texts = [a.text for a in finding.assumptions if a.strength == strength and a.text not in finding.why]
        if texts:
            rows += paragraph(word, ("if " if word == "safe" else "") + listed(texts), width)
    for number, fix in enumerate(finding.fixes):
        text = f"{fix.title}    {fix.note}" if fix.note else fix.title
        rows += paragraph("fix" if number == 0 else "or", text, width, title=len(fix.title))
    if finding.help:
        rows += paragraph("or" if finding.fixes else "fix", finding.help, width)
    return rows


def _context(outcome: Outcome, located: Located) -> set[int]:
    """The lines of the directive and of the loop that a finding is about."""
    source, span = outcome.source, located.finding.span
    lines: set[int] = set()
    inside = [loop for loop in outcome.governed if loop.span.contains(span)]
    on = [loop for loop in outcome.governed if loop.directive.contains(span)]
    for loop in inside[-1:] or on[-1:]:
        lines.update(lines_of(source, loop.directive))
        lines.add(source.line_of(loop.header_span.start))
    return lines


def paragraph(word: str, text: str, width: int, title: int = 0) -> list[Text]:
    """`word` in the margin, `text` wrapped beside it; its first `title` characters stand out."""
    lines = [part for line in visible_lines(text) for part in wrapped(line, width - 8)] or [""]
    rows = []
    left = title
    for number, line in enumerate(lines):
        row = Text().append(f"  {word:<6}" if number == 0 else " " * 8, "bold")
        bright = min(left, len(line))
        row.append(line[:bright], "green").append(line[bright:])
        left -= bright
        rows.append(row)
    return rows


def visible_lines(text: str) -> list[str]:
    return [visible(line) for line in text.rstrip().split("\n")]


def wrapped(line: str, width: int) -> list[str]:
    """One line of prose in lines of at most `width`; what follows a name in the margin stays in its column."""
    if len(line) <= width:
        return [line]
    margin = re.match(r"\s*(?:\S+\s{2,})?", line)
    indent = min(margin.end() if margin else 0, width // 2)
    out: list[str] = []
    rest = line
    while len(rest) > width:
        cut = rest.rfind(" ", indent + 1, width + 1)
        if cut <= indent:
            cut = rest.find(" ", width)
            if cut < 0:
                break
        out.append(rest[:cut].rstrip())
        rest = " " * indent + rest[cut:].lstrip()
    return [*out, rest]
