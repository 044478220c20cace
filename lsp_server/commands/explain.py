"""`hpc-ls explain`: everything known about one line, or the page of a rule."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.api import LoopReport
from analyzers.words import counted, did_you_mean, listed
from lsp_server import settings_values as configuration
from lsp_server.commands import files, output
from lsp_server.commands.files import Request
from lsp_server.outcomes import Located, Outcome, innermost, lines_of, presented
from lsp_server.reporters import loops, text
from lsp_server.terminal import visible

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::\d+)?\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the line that a person named (zero-based)."""

    request: Request
    outcome: Outcome
    number: int
    findings: list[Located]
    loop: LoopReport | None


def run(arguments: Namespace, command_line: Mapping[str, object]) -> int:
    """0 when there was something to say, 2 when the rule, the file or the line does not exist."""
    if _PLACE.match(arguments.what) is None:
        return _rule(arguments.what)
    line = line_named(arguments, command_line)
    if line is None:
        return output.FAILED
    _print(arguments, line)
    return 0


def line_named(arguments: Namespace, command_line: Mapping[str, object]) -> Line | None:
    """The line of `FILE:LINE` in `arguments.what`, analysed; None, and the reason is said, where there is none."""
    place = _PLACE.match(arguments.what)
    if place is None:
        output.failed(f"`{arguments.what}` is no line; name a file and a line: FILE:LINE")
        return None
    arguments.paths = [place["path"]]
    settings = files.Settings(command_line)
    found, _ = files.requests(arguments, settings)
    if not output.told(settings.problems):
        return None
    if len(found) != 1 or (found[0].task.path is not None and found[0].task.path.is_dir()):
        output.failed(f"{place['path']} is a folder; name one file and a line: FILE:LINE")
        return None
    request, answer = next(files.answers(found, settings, 1))
    outcome = answer.outcome
    if outcome.error is not None:
        output.failed(f"{visible(outcome.name)}: {outcome.error}")
        return None
    line = int(place["line"]) - 1
    if not 0 <= line < len(outcome.source.line_starts):
        count = counted(len(outcome.source.line_starts), "line")
        output.failed(f"{visible(outcome.name)} has no line {line + 1}, only {count}")
        return None
    findings = [f for f in outcome.findings if _on(outcome, f, line)]
    shown = presented(findings, request.loaded.settings)
    hidden = [f for f in findings if f not in shown and f.finding.confidence == "possible"]
    return Line(request, outcome, line, [*shown, *hidden], innermost(outcome.source, outcome.loops, line))


def _on(outcome: Outcome, located: Located, line: int) -> bool:
    spans = (located.finding.span, *(related.span for related in located.finding.related))
    return any(line in lines_of(outcome.source, span) for span in spans)


def _print(arguments: Namespace, line: Line) -> None:
    console = text.console_for(sys.stdout, arguments.color)
    outcome, findings, loop = line.outcome, line.findings, line.loop
    for located in findings:
        text.write(console, text.finding_rows(outcome, located, console.width))
        facts = [f"{key}: {value}" for key, value in sorted(located.finding.facts.items()) if value]
        if facts:
            text.write(console, text.paragraph("facts", "; ".join(facts), console.width))
        console.print()
    if loop is not None:
        text.write(
            console, loops.loop_rows(outcome, loop, console.width, offered=loop.profitable and loop.existing is None)
        )
        around = [other for other in outcome.loops if other is not loop and other.span.contains(loop.span)]
        if around:
            console.print()
        text.write(console, loops.loop_lines(outcome, around))
    elif not findings:
        console.print(nothing(line))


def nothing(line: Line) -> str:
    """What is said of a line of which nothing is known."""
    outcome = line.outcome
    starts = [str(outcome.source.line_of(other.span.start) + 1) for other in outcome.loops]
    lines = f"{'line' if len(set(starts)) == 1 else 'lines'} {listed(starts)}"
    where = f" Loops start on {lines}." if starts else " The file has no loop that was understood."
    return f"Line {line.number + 1} is in no loop and nothing was found there.{where}"


def _rule(name: str) -> int:
    from analyzers.rules import documentation

    page = documentation.find(name)
    if page is not None:
        sys.stdout.write(documentation.plain(page))
        return 0
    meant = did_you_mean(name, configuration.rule_codes())
    sys.stderr.write(f"hpc-ls: no rule is called `{name}`{meant}\n")
    if not meant:
        sys.stderr.write("hpc-ls: `explain FILE:LINE` explains a line; rules are " + _list() + "\n")
    return output.FAILED


def _list() -> str:
    return ", ".join(configuration.rule_codes()) or "not installed"
