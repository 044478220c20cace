"""Spans, line tables and the column units of the Language Server Protocol.

Offsets are bytes of the UTF-8 text everywhere in `analyzers`: it is what tree-sitter speaks. Only the
edge (reporters and `lsp_server/convert.py`) turns them into lines and columns. Line breaks are LF, CRLF and CR
(LSP 3.17 §textDocuments) and nothing else: form feeds and Unicode separators stay inside a line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_BREAK = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of byte offsets, `start <= end`, relative to whatever anchors it."""

    start: int
    end: int

    def shifted(self, offset: int) -> Span:
        """The same range as seen from an anchor `offset` bytes earlier."""
        return Span(self.start + offset, self.end + offset)

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def covers(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def joined(self, other: Span) -> Span:
        """The smallest range that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Position:
    """Zero-based line and column, the column counted in units of the encoding that made it."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SourceText:
    """An immutable text with its line table. `data` is UTF-8; lone surrogates are carried by surrogatepass."""

    data: bytes
    line_starts: tuple[int, ...] = field(compare=False, repr=False)

    @classmethod
    def of(cls, text: str | bytes) -> SourceText:
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return cls(data, (0, *(m.end() for m in _LINE_BREAK.finditer(data))))

    def __len__(self) -> int:
        return len(self.data)

    @property
    def text(self) -> str:
        return decode(self.data)

    def slice(self, span: Span) -> str:
        return decode(self.data[span.start : span.end])

    def line_of(self, offset: int) -> int:
        """The zero-based line that holds byte `offset`."""
        return bisect_right(self.line_starts, offset) - 1

    def line_span(self, line: int) -> Span:
        """The bytes of a line without its line break; a line past the end is empty at the end of the text."""
        if line >= len(self.line_starts):
            return Span(len(self.data), len(self.data))
        start = self.line_starts[line]
        end = self.line_starts[line + 1] if line + 1 < len(self.line_starts) else len(self.data)
        while end > start and self.data[end - 1] in b"\r\n":
            end -= 1
        return Span(start, end)

    @property
    def line_break(self) -> str:
        """See `line_break`."""
        return line_break(self.data)

    def line_text(self, line: int) -> str:
        return self.slice(self.line_span(line))

    def position(self, offset: int, encoding: Encoding = "utf-16") -> Position:
        """Byte offset to line and column; an offset past the end is the end."""
        offset = max(0, min(offset, len(self.data)))
        line = self.line_of(offset)
        prefix = self.data[self.line_starts[line] : offset]
        return Position(line, units(prefix, encoding))

    def offset(self, position: Position, encoding: Encoding = "utf-16") -> int:
        """Line and column to byte offset; a column past the end of the line is the end of the line (LSP 3.17)."""
        if position.line < 0:
            return 0
        span = self.line_span(position.line)
        line = self.data[span.start : span.end]
        if encoding == "utf-8" or line.isascii():
            return span.start + max(0, min(position.column, len(line)))
        left = position.column
        at = 0
        for char in decode(line):
            left -= 2 if encoding == "utf-16" and ord(char) > 0xFFFF else 1
            if left < 0:
                break
            at += len(char.encode("utf-8", "surrogatepass"))
        return span.start + at


def line_break(data: bytes) -> str:
    """The line break that a text uses: that of its first line, LF without any."""
    found = _LINE_BREAK.search(data)
    return found[0].decode("ascii") if found else "\n"


def line_start(data: bytes, offset: int) -> int:
    """Where the line begins that holds byte `offset`, for a text without a line table."""
    return max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1


def decode(data: bytes) -> str:
    """UTF-8 with lone surrogates; bytes that are neither become U+FFFD one for one."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def units(data: bytes, encoding: Encoding) -> int:
    """The length of UTF-8 bytes in code units of `encoding`."""
    if encoding == "utf-8" or data.isascii():
        return len(data)
    text = decode(data)
    return len(text) if encoding == "utf-32" else len(text) + sum(char > "\uffff" for char in text)
