"""Putting pragmas into a text: which ones, the edited text proved again, and the difference as a patch."""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analyzers.api import FileReport, LoopReport, SourceText
from analyzers.ir.verdicts import Compound, Edit, Fix
from analyzers.text import Span
from lsp_server.outcomes import findings_of, loops_in, pragma_of
from lsp_server.settings_values import CONFIDENCES

Analyse = Callable[[SourceText], FileReport]


@dataclass(frozen=True, slots=True)
class Patch:
    """The text with the pragmas in it, and what became of each suggestion."""

    text: SourceText
    applied: tuple[LoopReport, ...] = ()
    refused: tuple[tuple[LoopReport, str], ...] = ()  # with the reason
    title: str = ""  # of a rewrite: what was done instead of inserting pragmas


def offered(loop: LoopReport, minimum: str) -> bool:
    """Whether a loop without a pragma should get one: it has a place for it, it pays, and it is at least as sure as
    `minimum`.

    What a loop costs whose verdict rests on strong assumptions is not known: who asks for `possible` gets it.
    """
    confidence = loop.compound.confidence if loop.compound is not None else loop.verdict.confidence
    return (
        _insertion(loop) is not None
        and (loop.compound is not None or loop.profitable or loop.pragma is None)
        and loop.existing is None
        and CONFIDENCES.index(confidence) <= CONFIDENCES.index(minimum)
    )


def chosen(loops: Sequence[LoopReport], minimum: str) -> list[LoopReport]:
    """The loops to give a pragma: never a team of threads inside another one. Where one team is offered for several
    loops, the first of them stands for all."""
    taken: list[LoopReport] = []
    sure = (loop if _is_sure(loop.compound, minimum) else alone(loop) for loop in loops)
    for loop in sorted(sure, key=lambda other: (other.span.start, -other.span.end)):
        if not offered(loop, minimum):
            continue
        starts_team = "parallel" in (inserted(loop) or "")
        around = (
            other
            for other in (*taken, *(o for o in loops if o.existing is not None))
            if other is not loop and covered(other).contains(loop.span)
        )
        if starts_team and any(_starts_team(other) for other in around):
            continue
        taken.append(loop)
    return taken


def alone(loop: LoopReport) -> LoopReport:
    """The loop with what one line can do for it."""
    return replace(loop, compound=None)


def _is_sure(compound: Compound | None, minimum: str) -> bool:
    return compound is not None and CONFIDENCES.index(compound.confidence) <= CONFIDENCES.index(minimum)


def covered(loop: LoopReport) -> Span:
    """What the pragma of a loop is for."""
    return loop.compound.span if loop.compound is not None else loop.span


def inserted(loop: LoopReport) -> str | None:
    """The pragma that comes above a loop where it gets one."""
    return loop.compound.pragma if loop.compound is not None else pragma_of(loop)


def _starts_team(loop: LoopReport) -> bool:
    return loop.existing is not None or "parallel" in (inserted(loop) or "")


def _insertion(loop: LoopReport) -> Fix | None:
    """The repair that puts the pragma above the loop; there is none where it has no place, in a macro say."""
    if loop.compound is not None:
        return loop.compound.fix
    pragma = pragma_of(loop)
    return next((fix for fix in loop.fixes if any(edit.text.strip() == pragma for edit in fix.edits)), None)


def _edits(source: SourceText, loops: Iterable[LoopReport]) -> list[Edit]:
    """The edits that insert the pragmas of `loops`, with the line break of the whole text."""
    fixes = (fix for loop in loops if (fix := _insertion(loop)) is not None)
    return _with_line_break((edit for fix in fixes for edit in fix.edits), source)


def _with_line_break(edits: Iterable[Edit], source: SourceText) -> list[Edit]:
    return [replace(edit, text=re.sub(r"\r\n|\n|\r", source.line_break, edit.text)) for edit in edits]


def edited(source: SourceText, edits: Iterable[Edit]) -> SourceText:
    """The text with non-overlapping edits made."""
    data = source.data
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end), reverse=True):
        data = data[: edit.span.start] + edit.text.encode("utf-8", "surrogatepass") + data[edit.span.end :]
    return SourceText.of(data)


def patch(source: SourceText, report: FileReport, loops: Sequence[LoopReport], analyse: Analyse) -> Patch:
    """Insert the pragmas of `loops` and analyse the result; what would bring a new finding is left out.

    Tried all together first; one after the other when that finds something new.
    """
    if not loops:
        return Patch(source)
    before = _kinds(report)
    together = edited(source, _edits(source, loops))
    if _objection(before, report, analyse(together), _governed(loops)) is None:
        return Patch(together, tuple(loops))
    taken: list[LoopReport] = []
    refused: list[tuple[LoopReport, str]] = []
    text = source
    for loop in loops:
        trial = edited(source, _edits(source, (*taken, loop)))
        objection = _objection(before, report, analyse(trial), _governed((*taken, loop)))
        if objection is None:
            taken.append(loop)
            text = trial
        else:
            refused.append((loop, objection))
    return Patch(text, tuple(taken), tuple(refused))


def rewritten(source: SourceText, report: FileReport, loop: LoopReport, analyse: Analyse) -> Patch:
    """The text with the first rewrite of the loop that brings no new finding."""
    refused: list[tuple[LoopReport, str]] = []
    for fix in loop.fixes:
        if not fix.restructures:
            continue
        made = edited(source, _with_line_break(fix.edits, source))
        objection = _objection(_kinds(report), report, analyse(made), 1)
        if objection is None:
            return Patch(made, (loop,), tuple(refused), fix.title)
        refused.append((loop, objection))
    return Patch(source, (), tuple(refused) or ((loop, "there is no rewrite that makes it parallel"),))


def _governed(loops: Iterable[LoopReport]) -> int:
    """How many loops have a directive once these have theirs."""
    return sum(1 if loop.compound is None else loop.compound.governed for loop in loops)


def _kinds(report: FileReport) -> Counter[tuple[str, str]]:
    return Counter(
        (located.finding.rule, re.sub(r"\blines? \d+", "line", located.finding.message))
        for located in findings_of(report)
        if located.finding.category in ("race", "omp", "syntax") and located.finding.confidence != "possible"
    )


def _objection(before: Counter[tuple[str, str]], first: FileReport, second: FileReport, inserted: int) -> str | None:
    """Why the text with the pragmas must not be written; None when all is well."""
    if second.error is not None:
        return second.error
    new = _kinds(second) - before
    if new:
        rule, message = next(iter(new))
        return f"with it the analysis finds {rule}: {message}"
    governed = [sum(loop.existing is not None for loop in loops_in(report)) for report in (first, second)]
    if governed[1] < governed[0] + inserted:
        return "the pragma would not stand directly before the loop"
    return None


# --- patches --------------------------------------------------------------------------------------------------------


def unified(path: Path, before: bytes, after: bytes) -> bytes:
    """A unified diff that `git apply` and `patch -p1` take in the current folder; empty when nothing changed."""
    if before == after:
        return b""
    name = os.path.relpath(path)
    if name.startswith(os.pardir + os.sep):
        name = str(path.absolute()).lstrip(os.sep)
    label = _quoted(Path(name).as_posix())
    # Only LF parts lines in a patch: a CR belongs to the line, as does a form feed.
    old, new = (data.decode("latin-1").split("\n") for data in (before, after))
    diff = difflib.unified_diff(_kept(old), _kept(new), lineterm="\n", n=3)
    lines = [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in list(diff)[2:]]
    head = f"--- {label('a/')}\n+++ {label('b/')}\n".encode("utf-8", "surrogateescape")
    return head + "".join(lines).encode("latin-1")


def _kept(parts: list[str]) -> list[str]:
    """The lines with their LF, the last one without when the file ends without."""
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _quoted(name: str) -> Callable[[str], str]:
    special = any(char in '"\\' or ord(char) < 32 for char in name)

    def label(prefix: str) -> str:
        if special:
            escaped = "".join(
                f"\\{char}" if char in '"\\' else f"\\{ord(char):03o}" if ord(char) < 32 else char for char in name
            )
            return f'"{prefix}{escaped}"'
        # A tab ends a name with blanks in it.
        return f"{prefix}{name}\t" if " " in name else f"{prefix}{name}"

    return label
