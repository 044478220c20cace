"""The smallest text for which something still holds: delta debugging over the pieces of a program.

Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 28(2), 2002, on the levels of Misherghi &
Su, "HDD: Hierarchical Delta Debugging", ICSE 2006. What a piece is, is known behind `analyzers.api`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from analyzers.api import Change, Pieces, Span

Cut = Callable[[bytes, int], Pieces]  # the pieces of a text; the offset is the place that must stay
Holds = Callable[[bytes, int], bool]  # whether the smaller text, with the place in it, is still what is wanted

_TOKEN = re.compile(rb"\w[\w.]*|[^\w\s]")
_HEAD = re.compile(rb"(?:for|while|if|else if|switch)\b.*\)\s*\Z|(?:else|do)\s*\Z")
_GOVERNS = re.compile(rb"(?:for|while|if|switch)\s*\(")
_PRAGMA = re.compile(rb"#\s*pragma\b")
_INDENT = b"    "


@dataclass(frozen=True, slots=True)
class Minimized:
    """What is left. Not `complete`: time ran out before every piece was tried."""

    text: bytes
    place: int
    complete: bool
    tried: int


class _ExpiredError(Exception):
    pass


def minimize(
    text: bytes, place: int, cut: Cut, holds: Holds, expired: Callable[[], bool], tick: Callable[[int], None]
) -> Minimized:
    """The text without any piece that it can do without, found from coarse to fine until nothing more can go.

    `holds` has to be true of the text itself. `tick` hears how many bytes are left.
    """
    search = _Search(text, place, cut, holds, expired, tick)
    try:
        search.run()
    except _ExpiredError:
        return Minimized(search.text, search.place, False, len(search.refused))
    return Minimized(search.text, search.place, True, len(search.refused))


@dataclass(slots=True)
class _Search:
    text: bytes
    place: int
    cut: Cut
    holds: Holds
    expired: Callable[[], bool]
    tick: Callable[[int], None]
    refused: set[bytes]

    def __init__(
        self, text: bytes, place: int, cut: Cut, holds: Holds, expired: Callable[[], bool], tick: Callable[[int], None]
    ) -> None:
        self.text, self.place = text, place
        self.cut, self.holds, self.expired, self.tick = cut, holds, expired, tick
        self.refused = set()

    def run(self) -> None:
        # After the first of them the places of the second are others.
        for _ in range(2):
            any(self.take(change) for change in self.cut(self.text, self.place).first)
        self.isolate()
        while self.shorten_lists() | self.simplify():
            pass

    def take(self, change: Change) -> bool:
        """Go on with the text after a step if it is smaller and still what is wanted."""
        made = applied(self.text, self.place, change)
        if made is None or size(made[0]) >= size(self.text):
            return False
        key = hashlib.sha256(b"%d:%b" % (made[1], made[0])).digest()
        if key in self.refused:
            return False
        if self.expired():
            raise _ExpiredError
        if not self.holds(*made):
            self.refused.add(key)
            return False
        self.text, self.place = made
        self.tick(len(self.text))
        return True

    def isolate(self) -> None:
        """Of each list around the place all that follows, then as much as can go of what comes before: in a long
        function each question takes its time, and this asks few. What is declared there stands first."""
        index = 0
        while index < len(self._lists()):
            behind = [span for span in self._lists()[index] if span.start > self.place]
            if any(span.covers(self.place) for span in self._lists()[index]):
                if behind:
                    self.take(_without(behind))
                kept = 0
                while (before := [s for s in self._lists()[index] if s.end <= self.place])[kept:]:
                    if self.take(_without(before[kept:])):
                        break
                    kept = 2 * kept or 1
            index += 1

    def _lists(self) -> tuple[tuple[Span, ...], ...]:
        return self.cut(self.text, self.place).lists

    def shorten_lists(self) -> bool:
        """Take runs out of each list, long ones first, from its end: what is used stands before its use."""
        any_gone = False
        index = 0
        while index < len(lists := self._lists()):
            length = len(lists[index])
            while length:
                stop = len(lists[index]) if index < len(lists) else 0
                while stop > 0 and index < len(lists):
                    run = [span for span in lists[index][max(0, stop - length) : stop] if not span.covers(self.place)]
                    if run and self.take(_without(run)):
                        any_gone = True
                        lists = self._lists()
                    stop -= length
                length //= 2
            index += 1
        return any_gone

    def simplify(self) -> bool:
        """Take every other step, those that gain most first."""
        any_taken = False
        last: tuple[int, ...] | None = None
        while True:
            changes = sorted(self.cut(self.text, self.place).changes, key=_order)
            for change in changes:
                order = _order(change)
                if last is not None and order[0] < last[0]:
                    continue
                if self.take(change):
                    any_taken, last = True, order
                    break
            else:
                return any_taken


def _without(spans: Iterable[Span]) -> Change:
    return Change(tuple((span, ()) for span in spans))


def _order(change: Change) -> tuple[int, int, int]:
    # Later places first, as in the lists.
    return -change.gain, -change.edits[0][0].start, change.edits[0][0].end


def applied(text: bytes, place: int, change: Change) -> tuple[bytes, int] | None:
    """The text after a step and where the place is in it; None where the step takes the place itself."""
    out: list[bytes] = []
    length = at = 0
    moved = -1

    def keep(span: Span) -> None:
        nonlocal moved, length
        if span.start <= place < span.end:
            moved = length + place - span.start
        out.append(text[span.start : span.end])
        length += span.end - span.start

    for span, parts in change.edits:
        if span.start < at:
            return None
        keep(Span(at, span.start))
        for part in parts:
            if isinstance(part, bytes):
                out.append(part)
                length += len(part)
            else:
                keep(part)
        at = span.end
    keep(Span(at, len(text)))
    return (b"".join(out), moved) if moved >= 0 else None


def size(text: bytes) -> tuple[int, int, int]:
    """What grows smaller with every step: words, then letters, then those that are no digits."""
    tokens = _TOKEN.findall(text)
    return len(tokens), sum(map(len, tokens)), sum(not token[:1].isdigit() for token in tokens)


def tidied(text: bytes, place: int) -> tuple[bytes, int]:
    """The same words without empty lines, one statement under the other, indented by their braces."""
    out: list[bytes] = []
    length = depth = hanging = moved = 0
    for start, line in _rows(text):
        directive = line.startswith(b"#")
        margin = b""
        if not directive or _PRAGMA.match(line):
            level = max(0, depth - line.startswith(b"}"))
            margin = _INDENT * (level + (0 if line.startswith(b"{") else hanging))
        if start <= place < start + len(line):
            moved = length + len(margin) + place - start
        out.append(margin + line + b"\n")
        length += len(out[-1])
        if not directive:
            depth = max(0, depth + line.count(b"{") - line.count(b"}"))
            hanging = hanging + 1 if _HEAD.match(line) else 0
    return b"".join(out), moved


def _rows(text: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their offsets; what a `for` or an `if` governs has a line of its own."""
    at = 0
    for line in text.splitlines(keepends=True):
        start, end = at + len(line) - len(line.lstrip()), at + len(line.rstrip())
        while start < end:
            stop = _head_end(text, start, end)
            if text[stop:end].strip() in (b"", b"{", b";"):
                stop = end
            yield start, text[start:stop]
            start = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
        at += len(line)


def _head_end(text: bytes, start: int, end: int) -> int:
    """Where the head of the statement ends that begins at `start`; `end` if there is none."""
    head = _GOVERNS.match(text, start, end)
    if head is None:
        return end
    depth = 0
    for at in range(head.end() - 1, end):
        depth += (text[at] == 0x28) - (text[at] == 0x29)
        if depth == 0:
            return at + 1
    return end
