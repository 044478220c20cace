"""Code frames for a terminal: source lines with their numbers, marks below them, aligned whatever the line holds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, get_character_cell_size
from rich.text import Text

from analyzers.api import SourceText, Span
from analyzers.text import decode
from lsp_server.terminal import visible

TAB = 4
_FAR = 2000  # bytes of a line looked at on either side of a mark: lines of megabytes exist


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text with what is to be said of it."""

    span: Span
    label: str
    style: str
    sign: str = "^"


@dataclass(frozen=True, slots=True)
class _Line:
    """A source line as shown: its text and the terminal column of each byte that is shown."""

    text: str
    columns: Mapping[int, int]  # byte offset in the file: column
    end: int


def _line(source: SourceText, number: int, focus: int | None, width: int) -> _Line:
    """Line `number` cut to `width` columns so that the byte `focus` is in it; tabs and wide characters laid out."""
    whole = source.line_span(number)
    focus = whole.start if focus is None else min(max(focus, whole.start), whole.end)
    start, end = max(whole.start, focus - _FAR), min(whole.end, focus + _FAR)
    while start > whole.start and source.data[start] & 0xC0 == 0x80:
        start -= 1
    cells: list[tuple[int, str, int]] = []  # byte offset, what is shown, its columns
    at, column = start, 0
    for char in decode(source.data[start:end]):
        shown = " " * (TAB - column % TAB) if char == "\t" else visible(char)
        size = len(shown) if char == "\t" else get_character_cell_size(shown) if len(shown) == 1 else cell_len(shown)
        cells.append((at, shown, size))
        column += size
        at += len(char.encode("utf-8", "surrogatepass"))
    return _cut(cells, focus, at, width, start > whole.start, end < whole.end)


def _cut(
    cells: Sequence[tuple[int, str, int]], focus: int, end: int, width: int, more_before: bool, more_behind: bool
) -> _Line:
    total = sum(size for _, _, size in cells)
    first = 0
    if total > width or more_before:
        before = sum(size for at, _, size in cells if at < focus)
        surplus = max(0, before - width // 3) if before > width * 2 // 3 else 0
        while surplus > 0 and first < len(cells):
            surplus -= cells[first][2]
            first += 1
    text = "…" if first > 0 or more_before else ""
    columns: dict[int, int] = {}
    column = len(text)
    for index in range(first, len(cells)):
        at, shown, size = cells[index]
        last = index == len(cells) - 1 and not more_behind
        if column + size > width - (0 if last else 1):
            return _Line(text + "…", columns, at)
        columns[at] = column
        text += shown
        column += size
    columns[end] = column
    return _Line(text + ("…" if more_behind else ""), columns, end)


def frame(
    source: SourceText,
    marks: Sequence[Mark],
    context: Iterable[int] = (),
    inserted: Mapping[int, str] | None = None,
    width: int = 100,
) -> list[Text]:
    """The lines of `marks` and `context` (zero-based) in order, gaps shown as `...`.

    `inserted` maps a line to what would be new above it, shown with a plus sign. At most `width` columns wide.
    """
    inserted = inserted or {}
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        by_line.setdefault(source.line_of(mark.span.start), []).append(mark)
    numbers = sorted({*by_line, *context, *inserted})
    gutter = max(5, len(str(numbers[-1] + 1)) if numbers else 0)
    room = max(20, width - gutter - 3)
    rows: list[Text] = []
    previous = numbers[0] - 1 if numbers else 0
    for number in numbers:
        if number == previous + 2:
            rows.append(_numbered(number - 1, _line(source, number - 1, None, room).text, gutter))
        elif number > previous + 2:
            rows.append(Text(" " * (gutter - 3) + "...", "dim"))
        previous = number
        here = sorted(by_line.get(number, ()), key=lambda mark: mark.span)
        line = _line(source, number, here[0].span.start if here else None, room)
        if number in inserted:
            for added in inserted[number].split("\n"):
                new = visible(added.expandtabs(TAB))[:room]
                rows.append(Text(" " * gutter).append(" + ", "bold green").append(new, "green"))
        rows.append(_numbered(number, line.text, gutter))
        for mark in here:
            rows.extend(_underline(line, mark, gutter, room))
    return rows


def _numbered(number: int, text: str, gutter: int) -> Text:
    return Text().append(f"{number + 1:>{gutter}} | ", "dim").append(text.rstrip())


def _underline(line: _Line, mark: Mark, gutter: int, room: int) -> list[Text]:
    start = line.columns.get(mark.span.start, 0)
    end_at = min(mark.span.end, line.end)
    end = line.columns.get(end_at, max(line.columns.values(), default=0))
    length = max(1, min(end - start, cell_len(line.text.rstrip()) - start))
    label = visible(mark.label)
    blank = f"{'':>{gutter}} | "
    row = Text().append(blank, "dim")
    row.append(" " * start).append(mark.sign * length, mark.style)
    if not label:
        return [row]
    if start + length + 1 + cell_len(label) <= room:
        return [row.append(f" {label}", mark.style)]
    indent = min(start, max(0, room - 40))
    below = (
        Text().append(blank, "dim").append(" " * indent).append(part, mark.style)
        for part in textwrap.wrap(label, max(20, room - indent))
    )
    return [row, *below]
