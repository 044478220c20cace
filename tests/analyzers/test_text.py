"""Line breaks without a line table."""

from __future__ import annotations

import pytest

from analyzers.text import SourceText, line_break, line_start


@pytest.mark.parametrize(
    ("text", "expected"),
    [(b"", "\n"), (b"a", "\n"), (b"a\nb\r\n", "\n"), (b"a\r\nb\n", "\r\n"), (b"a\rb\n", "\r"), (b"a\r", "\r")],
)
def test_the_line_break_of_a_text_is_that_of_its_first_line(text: bytes, expected: str) -> None:
    assert line_break(text) == SourceText.of(text).line_break == expected


@pytest.mark.parametrize("text", [b"ab\ncd", b"ab\r\ncd\r\n", b"ab\rcd\r", b"", b"\n\n"])
def test_the_start_of_a_line_is_that_of_the_line_table(text: bytes) -> None:
    source = SourceText.of(text)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != b"\r\n":  # between the two is no line of its own
            assert line_start(text, offset) == source.line_starts[source.line_of(offset)]
