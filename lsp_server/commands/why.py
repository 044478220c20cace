"""`hpc-ls why`: the reasons of one verdict, the smallest program that still has it, or a program with a race."""

from __future__ import annotations

import logging
import re
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping

from analyzers import api
from analyzers.api import Analyzer, LoopReport, NotReproducibleError, SourceText
from analyzers.words import listed
from lsp_server.commands import output
from lsp_server.commands.explain import Line, line_named, nothing
from lsp_server.criteria import Reader, Wanted, wanted_finding, wanted_loop
from lsp_server.minimize import minimize, tidied
from lsp_server.outcomes import place, verdict_word
from lsp_server.reproducer import reproducer
from lsp_server.terminal import Progress, visible

_WORD = re.compile(rb'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|<[\w./]+>|[A-Za-z_]\w*')
_SHORT = {"variable": "x", "function": "f", "type": "t", "macro": "M"}


def run(arguments: Namespace, command_line: Mapping[str, object]) -> int:
    """0 when there was something to say, 2 when the file or the line does not exist."""
    if arguments.anonymize and not arguments.minimize:
        return output.failed("--anonymize gives the program of --minimize other names; add --minimize")
    if arguments.reproducer and arguments.minimize:
        return output.failed("--reproducer and --minimize make two different programs; name one of them")
    line = line_named(arguments, command_line)
    if line is None:
        return output.FAILED
    if arguments.reproducer:
        return _reproducer(line)
    if arguments.minimize:
        return _minimize(arguments, line)
    _reasons(arguments, line)
    return 0


# The reasons


def _reasons(arguments: Namespace, line: Line) -> None:
    from lsp_server.reporters import text

    console = text.console_for(sys.stdout, arguments.color)
    for located in line.findings:
        text.write(console, text.finding_rows(line.outcome, located, console.width))
        console.print()
    if line.loop is not None:
        from lsp_server.reporters.reasons import reason_rows

        text.write(console, reason_rows(line.outcome, line.loop, console.width))
    elif not line.findings:
        console.print(nothing(line))


# The program with a race


def _reproducer(line: Line) -> int:
    task = line.request.task
    races = [located.finding for located in line.findings if located.finding.category == "race"]
    begins = (f for f in races if line.outcome.source.line_of(f.span.start) == line.number)
    race = next(begins, races[0] if races else None)
    if race is None:
        return output.failed(f"no race was found on line {line.number + 1}; {nothing_to_reproduce(line)}")
    analyzer = Analyzer(task.language, task.options, str(task.path.absolute()) if task.path else None)
    if task.outside is not None:
        analyzer.know(task.outside)
    analyzer.update(line.outcome.source)
    try:
        sys.stdout.write(reproducer(analyzer, race.span.start))
    except NotReproducibleError as reason:
        return output.failed(f"{place(line.outcome, race.span.start)}: no program was made: {reason}")
    return 0


def nothing_to_reproduce(line: Line) -> str:
    """Where there are races in the file."""
    races = (f.finding for f in line.outcome.findings if f.finding.category == "race")
    lines = sorted({line.outcome.source.line_of(f.span.start) + 1 for f in races})
    if not lines:
        return "nor on any other"
    return f"there are some on {'line' if len(lines) == 1 else 'lines'} {listed([str(n) for n in lines])}"


# The smallest program


def _minimize(arguments: Namespace, line: Line) -> int:
    outcome, task = line.outcome, line.request.task
    found = _wanted(line)
    if found is None:
        return output.failed(nothing(line))
    wanted, start, what = found
    data = outcome.source.data
    reader = Reader(task.language, task.options, task.path, task.outside)
    deadline = time.monotonic() + arguments.seconds
    progress = Progress(sys.stderr, len(data), what="bytes are left")
    # What the analysis says of its own defects is the subject here, not news.
    logging.disable(logging.CRITICAL)
    try:
        holds = reader.holds(wanted, data, reader.compiler(data))
        if not holds(data, start):
            return output.failed(f"{place(outcome, start)}: the verdict is another one when it is asked for again")
        least = minimize(data, start, reader.cut(), holds, lambda: time.monotonic() > deadline, progress.tick)
        program, at = least.text, least.place
        for form in (tidied, *([_anonymous(reader)] if arguments.anonymize else [])):
            made = form(program, at)
            if holds(*made):
                program, at = made
            elif form is not tidied:
                progress.clear()
                sys.stderr.write("hpc-ls: with other names the verdict is another one; the names are as they were\n")
    finally:
        progress.clear()
        logging.disable(logging.NOTSET)
    if not least.complete:
        sys.stderr.write(f"hpc-ls: stopped after {arguments.seconds:g} s; with more --seconds it may get smaller\n")
    said = what if not wanted.is_loop else _said(reader, program, at) or what
    text = SourceText.of(program)
    others = "".join(f"// {each.replace('`', '')}.\n" for each in _others(line.loop) if wanted.is_loop)
    number = text.line_of(at) + 2 + others.count("\n")
    comment = f"// Line {number}: {visible(said).rstrip(chr(92))}\n{others}"
    sys.stdout.write(comment + text.text)
    return 0


def _wanted(line: Line) -> tuple[Wanted, int, str] | None:
    """The loop that starts on the line, else the first finding there, else the loop around: what it is, and where."""
    source, loop = line.outcome.source, line.loop
    all_findings = [located.finding for located in line.outcome.findings]
    starts = loop is not None and source.line_of(loop.span.start) == line.number
    if loop is not None and (starts or not line.findings):
        return wanted_loop(loop, all_findings), loop.span.start, _verdict(loop)
    if not line.findings:
        return None
    shown = line.findings[0]
    # As the analysis has it, before settings changed the severity.
    located = next(f for f in line.outcome.findings if _same(f.finding, shown.finding))
    finding = located.finding
    wanted = wanted_finding(finding, all_findings, bool(located.function))
    return wanted, finding.span.start, f"{finding.rule} ({finding.confidence}): {finding.message}"


def _same(one: api.Finding, other: api.Finding) -> bool:
    return (one.rule, one.span, one.message) == (other.rule, other.span, other.message)


def _verdict(loop: LoopReport) -> str:
    word = verdict_word(loop)
    told = {"serial": "not parallel"}.get(word, word)
    summary = loop.summary.removeprefix(f"{told}: ").removeprefix(told).removeprefix(" · ").strip()
    return f"{told} ({loop.verdict.confidence})" + (f": {summary}" if summary else "")


def _said(reader: Reader, program: bytes, at: int) -> str | None:
    """The verdict in the words that fit the smaller program."""
    report = api.analyze(
        SourceText.of(program),
        reader.language,
        reader.options,
        str(reader.path.absolute()) if reader.path else None,
        reader.outside,
    )
    return next((_verdict(loop) for start, loop in api.loops_of(report) if start + loop.span.start == at), None)


def _others(loop: LoopReport | None) -> list[str]:
    """What the verdict takes from other files, which the program needs beside it."""
    if loop is None:
        return []
    found = [reason.text for reason in loop.verdict.reasons if reason.code == "defined-elsewhere"]
    return [*found, *(each.text for each in loop.verdict.assumptions if each.kind == "definition")]


def _anonymous(reader: Reader) -> Callable[[bytes, int], tuple[bytes, int]]:
    """The same program with names that say nothing, for everything that it declares itself."""

    def renamed(program: bytes, at: int) -> tuple[bytes, int]:
        declared = api.declared_names(program, reader.language)
        words = {match[0] for match in _WORD.finditer(program)}
        fresh: dict[bytes, bytes] = {}
        counts: dict[str, int] = {}
        for name, kind in declared.items():
            if name == "main":
                continue
            short = b""
            while not short or (short in words and short not in fresh):
                counts[kind] = counts.get(kind, 0) + 1
                short = f"{_SHORT[kind]}{counts[kind]}".encode()
            fresh[name.encode()] = short

        def put(text: bytes) -> bytes:
            return _WORD.sub(lambda match: fresh.get(match[0], match[0]), text)

        return put(program), len(put(program[:at]))

    return renamed
