"""Blanking of comments and preprocessor lines in place, so that the parser sees plain C and every offset stays true.

A `#pragma` between `if (n)` and its statement, or an `#ifdef` that splits a brace, breaks the grammar of tree-sitter;
spaces do not. Line breaks survive, every other byte of what is blanked becomes a space.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from analyzers.text import Span, decode

# A string ends with its line at the latest, so that a lost quote costs one line and not the file.
_TOKEN = re.compile(
    rb"/\*[\s\S]*?(?:\*/|\Z)"
    rb"|//[^\r\n\\]*(?:\\(?:\r\n|[\s\S]|\Z)[^\r\n\\]*)*"
    rb'|"[^"\\\r\n]*(?:\\(?:\r\n|[\s\S]|\Z)[^"\\\r\n]*)*"?'
    rb"|'[^'\\\r\n]*(?:\\(?:\r\n|[\s\S]|\Z)[^'\\\r\n]*)*'?"
    rb"|\#|%:|_Pragma\b|\[\[(?=\s*omp\s*::)"
)
_LINE_PART = re.compile(
    rb"/\*[\s\S]*?(?:\*/|\Z)"
    rb"|//[^\r\n\\]*(?:\\(?:\r\n|[\s\S]|\Z)[^\r\n\\]*)*"
    rb'|"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"'
    rb"|'[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'"
    rb"|\\[ \t]*(?:\r\n|\n|\r)|\r\n|\n|\r"
)
_END_OF_LINE = re.compile(rb"[\r\n]")
_KEYWORD = re.compile(rb"(?:#|%:)[ \t\f\v]*([A-Za-z_]*)")
_PRAGMA_OPERATOR = re.compile(rb'_Pragma\s*\(\s*(L?")((?:[^"\\\r\n]|\\.)*)"\s*\)')
_ATTRIBUTE_DIRECTIVE = re.compile(rb"\b(?:directive|decl)\s*\(")
_PARENTHESIS_OR_END = re.compile(rb"[()]|\]\]")
_NUMBER_BEFORE = re.compile(rb"(?<![A-Za-z0-9_])[0-9][0-9A-Fa-fxX']*\Z")
_NOT_BREAK = re.compile(rb"[^\r\n]+")
_STRUCTURE = re.compile(rb"[{}();#=,\[\]]")
_MAX_ATTRIBUTE = 8_000  # bytes: a longer one is not closed
_PRAGMA_OMP = b"#pragma omp "
_BLANKS = b" \t\f\v\0"


@dataclass(frozen=True, slots=True)
class PreprocessorLine:
    """A logical preprocessor line: continuations joined, comments replaced by one space.

    `text` starts at the `#` (of a `_Pragma` operator: the pragma it stands for). `pieces` maps back: (index in `text`,
    offset in the file) of each stretch that was copied unchanged.
    """

    keyword: str  # "define", "if", "pragma", ...; "" for a lone `#`
    span: Span
    text: str
    pieces: tuple[tuple[int, int], ...]

    def offset_of(self, index: int) -> int:
        """The byte offset in the file of character `index` of `text`."""
        text = self.text
        if not text.isascii():
            index = len(text[:index].encode("utf-8", "surrogatepass"))
        if len(self.pieces) == 1:
            return min(self.pieces[0][1] + index, self.span.end)
        at, offset = self.pieces[max(0, bisect_right(self.pieces, (index, 1 << 62)) - 1)]
        return min(offset + index - at, self.span.end)


@dataclass(frozen=True, slots=True)
class Masked:
    """`code`: the text without comments and preprocessor lines; `skeleton`: also without the contents of literals.
    Both have the length and the line breaks of the original."""

    code: bytes
    skeleton: bytes
    lines: tuple[PreprocessorLine, ...]


def blank(data: bytes) -> bytes:
    """Spaces for everything but line breaks."""
    if b"\n" not in data and b"\r" not in data:
        return b" " * len(data)
    return _NOT_BREAK.sub(lambda m: b" " * len(m[0]), data)


def blank_ranges(data: bytes, ranges: list[tuple[int, int]]) -> bytes:
    """Blank the half-open ranges, which are in order and do not overlap."""
    if not ranges:
        return data
    parts: list[bytes] = []
    at = 0
    for start, end in ranges:
        parts += (data[at:start], blank(data[start:end]))
        at = end
    parts.append(data[at:])
    return b"".join(parts)


def mask(data: bytes) -> Masked:
    """Blank comments and preprocessor lines. Never fails, whatever the bytes."""
    hidden: list[tuple[int, int]] = []
    literals: list[tuple[int, int]] = []
    lines: list[PreprocessorLine] = []
    at = 0
    while match := _TOKEN.search(data, at):
        start, end = match.span()
        first = data[start]
        if first == 0x2F:  # /
            hidden.append((start, end))
        elif first in b"\"'":
            if first == 0x27 and _NUMBER_BEFORE.search(data, max(0, start - 40), start):
                end = start + 1  # separates digits (C23)
            elif _STRUCTURE.search(data, start, end):
                literals.append((start + 1, end - 1 if end - start > 1 else end))
        elif first in b"#%":
            if _starts_line(data, start, hidden):
                line = _preprocessor_line(data, start)
                end = line.span.end
                lines.append(line)
                hidden.append((start, end))
        elif first == 0x5B:
            attributes, end = _attribute(data, start)
            lines += attributes
            hidden.append((start, end))
        elif operator := _PRAGMA_OPERATOR.match(data, start):
            end = operator.end()
            lines.append(_pragma_operator(operator))
            hidden.append((start, end))
        at = max(end, start + 1)
    code = blank_ranges(data, hidden)
    if b"\0" in code:
        code = code.replace(b"\0", b" ")
    return Masked(code, blank_ranges(code, literals), tuple(lines))


def _starts_line(data: bytes, start: int, hidden: list[tuple[int, int]]) -> bool:
    """Only blanks and comments stand before `start` on its line."""
    at = start
    comment = len(hidden) - 1
    while at and data[at - 1] not in b"\r\n":
        if data[at - 1] in _BLANKS:
            at -= 1
        elif comment >= 0 and hidden[comment][1] == at and data[hidden[comment][0]] == 0x2F:
            at = hidden[comment][0]
            comment -= 1
        else:
            return False
    return True


def _preprocessor_line(data: bytes, start: int) -> PreprocessorLine:
    keyword_match = _KEYWORD.match(data, start)
    keyword = keyword_match[1].decode("ascii") if keyword_match else ""
    stop = _END_OF_LINE.search(data, start)
    end = stop.start() if stop else len(data)
    if keyword == "include" or (data.find(b"/", start, end) < 0 and not _is_continued(data, start, end)):
        return PreprocessorLine(keyword, Span(start, end), _text(data[start:end]), ((0, start),))
    parts: list[bytes] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    at = start
    while True:
        match = _LINE_PART.search(data, at)
        until = match.start() if match else len(data)
        if match and data[until] in b"\"'":
            until = match.end()
            match = None
        if until > at or not pieces:
            pieces.append((length, at))
            parts.append(data[at:until])
            length += until - at
        if match is None:
            at = until
            if at >= len(data):
                break
            continue
        first = data[match.start()]
        if first == 0x2F:
            pieces.append((length, match.start()))
            parts.append(b" ")
            length += 1
        elif first != 0x5C:  # the end of the line, not a continuation
            at = match.start()
            break
        at = match.end()
    return PreprocessorLine(keyword, Span(start, at), _text(b"".join(parts)), tuple(pieces))


def _text(line: bytes) -> str:
    """Decoded, the digraph `%:` as `#`."""
    if line[:1] == b"%":
        line = b"# " + line[2:]
    return decode(line.rstrip(_BLANKS))


def _is_continued(data: bytes, start: int, end: int) -> bool:
    """The line ends in a backslash, blanks after it tolerated as compilers do."""
    return data[start:end].rstrip(_BLANKS).endswith(b"\\")


def _attribute(data: bytes, start: int) -> tuple[list[PreprocessorLine], int]:
    """`[[omp::directive(for)]]` and `[[omp::sequence(directive(...), ...)]]` as lines, and where the attribute ends."""
    lines: list[PreprocessorLine] = []
    depth = 0
    inside = -1
    end = -1
    for match in _PARENTHESIS_OR_END.finditer(data, start, start + _MAX_ATTRIBUTE):
        mark = match[0]
        if mark == b"(":
            depth += 1
            if inside < 0 and _ATTRIBUTE_DIRECTIVE.search(data, max(start, match.start() - 12), match.end()):
                inside, level = match.end(), depth
        elif mark == b")":
            if inside >= 0 and depth == level:
                text = data[inside : match.start()]
                pieces = ((0, start), (len(_PRAGMA_OMP), inside))
                lines.append(PreprocessorLine("pragma", Span(start, match.end()), _text(_PRAGMA_OMP + text), pieces))
                inside = -1
            depth -= 1
        elif depth <= 0:
            end = match.end()
            break
        if depth < 0:
            break
    if end < 0:
        return [], start + 2
    for k, line in enumerate(lines):  # each begins where the one before ends, so that their order is that of the text
        if k:
            span = Span(lines[k - 1].span.end, line.span.end)
            lines[k] = PreprocessorLine("pragma", span, line.text, ((0, span.start), *line.pieces[1:]))
    return lines, end


def blank_pragma_operators(code: bytes) -> tuple[bytes, list[tuple[int, PreprocessorLine]]]:
    """Expanded text without its `_Pragma`s, and these with their places in it."""
    found = [(match.start(), _pragma_operator(match)) for match in _PRAGMA_OPERATOR.finditer(code)]
    if not found:
        return code, []
    return blank_ranges(code, [(line.span.start, line.span.end) for _, line in found]), found


def _pragma_operator(match: re.Match[bytes]) -> PreprocessorLine:
    """`_Pragma("omp for")` as the line `#pragma omp for`."""
    content = match[2]
    first = match.start(2)
    prefix = b"#pragma "
    if b"\\" not in content:
        pieces = ((0, match.start()), (len(prefix), first))
        return PreprocessorLine("pragma", Span(*match.span()), decode(prefix + content), pieces)
    parts = [prefix]
    mapped = [(0, match.start())]
    length = len(prefix)
    for part in re.finditer(rb"[^\\]+|\\.?", content):
        text = part[0]
        skip = 1 if text[:1] == b"\\" and len(text) > 1 else 0
        mapped.append((length, first + part.start() + skip))
        parts.append(text[skip:])
        length += len(text) - skip
    return PreprocessorLine("pragma", Span(*match.span()), decode(b"".join(parts)), tuple(mapped))
