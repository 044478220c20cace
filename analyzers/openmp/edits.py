"""The exact edits that put a pragma above a loop, or the promise of no overlap on a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from analyzers.ir.notation import Notation
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Fix
from analyzers.text import Span, line_break, line_start
from analyzers.words import listed

_WORD = re.compile(rb"[A-Za-z_]\w*")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_CODE = re.compile(rb"//[^\r\n]*|/\*.*?\*/", re.DOTALL)  # what is none
_CONDITIONAL = re.compile(rb"^[ \t]*#[ \t]*(?:if|el|endif)", re.MULTILINE)
_TOUCHY = re.compile(rb'^[ \t]*#|\\\r?\n|R"', re.MULTILINE)  # lines that must stay where they are
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directive line goes: `offset` in bytes of the function, the indentation of the loop, and whether the loop
    is the first thing on its line. `problem`: why there is no such place."""

    offset: int
    indent: str
    own_line: bool = True
    problem: str | None = None


def place(text: bytes, loop: Span, header: Span, notation: Notation) -> Place:
    """The place for a directive before the loop at `loop` whose `for (...)` is at `header`; `text` is the function's.

    A macro that writes the header only, `FORALL(i, n) { ... }`, is as good as a loop; one that writes all of it is not.
    """
    start = line_start(text, loop.start)
    prefix = text[start : loop.start]
    blank = prefix[: len(prefix) - len(prefix.lstrip(b" \t"))]
    indent = blank.decode("utf-8", "replace")
    own_line = blank == prefix and (start > 0 or loop.start == 0)
    word = _WORD.match(text, loop.start)
    whole = header.end >= loop.end or loop.start > header.start or not text[header.end : loop.end].strip(b" \t\r\n;")
    if word is None or (word[0].lower() not in notation.loop_words and whole):
        return Place(
            start, indent, own_line, "the loop is written by a macro: a directive cannot be put before it here"
        )
    above = text[:start].rstrip().rpartition(b"\n")[2]
    bound = notation.bound_to_loop
    if own_line and bound is not None and bound.match(above.lstrip()):
        return Place(start, indent, own_line, "the pragma above the loop must stay next to it: replace it first")
    return Place(start if own_line else loop.start, indent, own_line)


def has_versions(text: bytes, span: Span) -> bool:
    """Are there lines that some builds leave out?"""
    return _CONDITIONAL.search(text, span.start, span.end) is not None


def statement_place(text: bytes, statement: Span, notation: Notation) -> Place:
    """The place for a directive that governs one statement, which has to stand on a line of its own."""
    start = line_start(text, statement.start)
    indent = text[start : statement.start]
    whole = notation.ends is not None and notation.ends.match(text, statement.end) is not None
    return Place(start, indent.decode("utf-8", "replace"), whole and not indent.strip())


def insertion(text: bytes, at: Place, pragma: str, *, safe: bool, note: str = "") -> Fix:
    """The fix that puts `pragma` at its place, on a line of its own."""
    newline = line_break(text)
    if at.own_line:
        edit = Edit(Span(at.offset, at.offset), f"{at.indent}{pragma}{newline}")
    else:
        edit = Edit(Span(at.offset, at.offset), f"{newline}{at.indent}{pragma}{newline}{at.indent}")
    return Fix(f"insert `{pragma}`", (edit,), safe, note)


def bracketed(text: bytes, loop: Span, header: Span, lines: tuple[str, str], notation: Notation) -> tuple[Edit, ...]:
    """The edits that put a line at the beginning and one at the end of each iteration of a loop; none where the loop is
    not written out or the language does not say how."""
    at = place(text, loop, header, notation)
    if at.problem is not None or not at.own_line or notation.around is None:
        return ()
    return notation.around(text, loop, header, at.indent, lines)


def enclosed(
    text: bytes, loops: Sequence[tuple[Span, str]], indent: str, head: str, notation: Notation
) -> tuple[Edit, ...]:
    """The edits that put a block under the line `head` around loops that follow each other, and above each of them its
    own line; none where they are not written as lines of their own, or lines between them mean something by
    themselves. What stands in the block moves to the right by as much as the body of the first loop does."""
    start, last = line_start(text, loops[0][0].start), loops[-1][0].end
    end = min((at for at in (text.find(b"\n", last), text.find(b"\r", last)) if at >= 0), default=len(text))
    within = text[start:end]
    if notation.block_closes is None or _TOUCHY.search(within) or _CODE.sub(b"", text[last:end]).strip():
        return ()
    if any(_CODE.sub(b"", text[one.end : two.start]).strip() for (one, _), (two, _) in pairwise(loops)):
        return ()
    newline, opens = line_break(text), notation.block_opens.decode()
    lines = _LINE.findall(within)
    step = next((s for s in (_step(line, indent) for line in lines[1:]) if s), INDENT)
    above = {line_start(text, span.start): f"{indent}{step}{line}{newline}" for span, line in loops}
    if len(above) < len(loops) or any(
        text[at : span.start].strip() for at, (span, _) in zip(above, loops, strict=True)
    ):
        return ()
    edits, at = [], start
    for line in lines:
        new = f"{indent}{head}{newline}{indent}{opens}{newline}" if at == start else ""
        new += above.get(at, "")
        if new:
            edits.append(Edit(Span(at, at), new))
        if line.strip():
            begins = at + len(line) - len(line.lstrip(b" \t"))  # behind tabs it counts
            edits.append(Edit(Span(begins, begins), step))
        at += len(line)
    return (*edits, Edit(Span(end, end), f"{newline}{indent}{notation.block_closes.decode()}"))


def _step(line: bytes, indent: str) -> str:
    """By how much a line stands further to the right."""
    blank = line[: len(line) - len(line.lstrip())].decode("utf-8", "replace") if line.strip() else ""
    return blank[len(indent) :] if blank.startswith(indent) else ""


def distinct(text: bytes, parameters: Iterable[Symbol], notation: Notation) -> Fix | None:
    """The promise that parameters do not overlap, None where a declaration is not found as it is spelled or the
    language has no word for it."""
    promise = notation.distinct
    edits, names = [], []
    for symbol in parameters:
        edit = promise.edit(text, symbol) if promise is not None else None
        if edit is None:
            return None
        edits.append(edit)
        names.append(f"`{symbol.name}`")
    if promise is None or not edits:
        return None
    return Fix(
        f"add `{promise.word}` to {listed(names)}",
        tuple(edits),
        safe=False,
        note="a promise of every caller: what these parameters point to never overlaps",
    )
