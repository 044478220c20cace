"""The exact edits that put a pragma above a loop, or `restrict` on a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Fix
from analyzers.text import Span, line_break, line_start
from analyzers.words import listed

# A pragma of the compiler's own between an OpenMP directive and its loop is an error for most compilers.
_BOUND_PRAGMA = re.compile(rb"#\s*pragma\s+(?:GCC\s+(?:ivdep|unroll)|clang\s+loop|unroll|nounroll|ivdep|vector|simd)\b")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_LOOP_WORDS = (b"for", b"while", b"do")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directive line goes: `offset` in bytes of the function, the indentation of the loop, and whether the loop
    is the first thing on its line. `problem`: why there is no such place."""

    offset: int
    indent: str
    own_line: bool = True
    problem: str | None = None


def place(text: bytes, loop: Span, header: Span) -> Place:
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
    if word is None or (word[0].lower() not in _LOOP_WORDS and whole):
        return Place(
            start, indent, own_line, "the loop is written by a macro: a directive cannot be put before it here"
        )
    above = text[:start].rstrip().rpartition(b"\n")[2]
    if own_line and _BOUND_PRAGMA.match(above.lstrip()):
        return Place(start, indent, own_line, "the pragma above the loop must stay next to it: replace it first")
    return Place(start if own_line else loop.start, indent, own_line)


def insertion(text: bytes, at: Place, pragma: str, *, safe: bool, note: str = "") -> Fix:
    """The fix that puts `pragma` at its place, on a line of its own."""
    newline = line_break(text)
    if at.own_line:
        edit = Edit(Span(at.offset, at.offset), f"{at.indent}{pragma}{newline}")
    else:
        edit = Edit(Span(at.offset, at.offset), f"{newline}{at.indent}{pragma}{newline}{at.indent}")
    return Fix(f"insert `{pragma}`", (edit,), safe, note)


def restrict(text: bytes, parameters: Iterable[Symbol]) -> Fix | None:
    """`restrict` on pointer parameters (C11 §6.7.3.1), None where the declaration is not found as it is spelled."""
    edits, names = [], []
    for symbol in parameters:
        name = symbol.name.encode()
        span = symbol.span
        if not symbol.is_pointer or symbol.type.restrict or text[span.start : span.end] != name:
            return None
        bracket = re.compile(rb"\s*\[\s*").match(text, span.end)
        # `double x[n]` is a pointer whose qualifiers stand in the brackets (C11 §6.7.6.3).
        at = bracket.end() if bracket else span.start
        empty = bracket is not None and text[at : at + 1] == b"]"
        edits.append(Edit(Span(at, at), "restrict" if empty else "restrict "))
        names.append(f"`{symbol.name}`")
    if not edits:
        return None
    return Fix(
        f"add `restrict` to {listed(names)}",
        tuple(edits),
        safe=False,
        note="a promise of every caller: what these parameters point to never overlaps",
    )
