"""The reducing loop by itself, on texts whose pieces are lines."""

from __future__ import annotations

import re

import pytest

from analyzers.api import Change, Pieces, Span
from lsp_server.minimize import applied, minimize, size, tidied

TEXT = b"".join(b"line%d\n" % k for k in range(200))


def lines(text: bytes, place: int) -> Pieces:
    spans = tuple(Span(m.start(), m.end()) for m in re.finditer(rb"[^\n]*\n", text))
    return Pieces((), (spans,), tuple(Change(((span, ()),)) for span in spans))


@pytest.mark.parametrize("needed", [(), (3,), (0, 199), (17, 18, 19, 150), tuple(range(0, 200, 9))])
def test_exactly_what_is_needed_stays(needed: tuple[int, ...]) -> None:
    asked = 0
    wanted = [b"line%d\n" % k for k in needed]

    def holds(text: bytes, place: int) -> bool:
        nonlocal asked
        asked += 1
        assert text[place : place + 7] == b"line77\n"
        return all(line in text.splitlines(keepends=True) for line in wanted)

    least = minimize(TEXT, TEXT.index(b"line77\n"), lines, holds, lambda: False, lambda _: None)
    assert least.complete
    assert sorted(least.text.splitlines(keepends=True)) == sorted({*wanted, b"line77\n"})
    # As many questions as delta debugging takes, not one for each pair of lines.
    assert asked < 30 + 20 * len(needed) + 220


def test_the_time_is_over() -> None:
    asked: list[int] = []

    def holds(text: bytes, place: int) -> bool:
        asked.append(len(text))
        return b"line99\n" in text

    left: list[int] = []
    least = minimize(TEXT, 0, lines, holds, lambda: len(asked) >= 3, left.append)
    assert not least.complete
    assert len(asked) == 3
    assert left[-1] == len(least.text) < len(TEXT)
    assert b"line99\n" in least.text


def test_a_step_moves_the_place() -> None:
    change = Change(((Span(0, 4), (b"xx",)), (Span(6, 12), (Span(8, 10), b"!"))))
    assert applied(b"abcdefghijklmn", 9, change) == (b"xxefij!mn", 5)
    assert applied(b"abcdefghijklmn", 13, change) == (b"xxefij!mn", 8)
    assert applied(b"abcdefghijklmn", 4, change) == (b"xxefij!mn", 2)
    assert applied(b"abcdefghijklmn", 7, change) is None
    assert applied(b"abcdefghijklmn", 1, change) is None
    assert change.gain == 5


@pytest.mark.parametrize(
    ("larger", "smaller"), [("a + b", "a"), ("value", "0"), ("100", "1"), ("x", "0"), ("int f", "f"), ("n2", "n")]
)
def test_what_is_smaller(larger: str, smaller: str) -> None:
    assert size(smaller.encode()) < size(larger.encode())


def test_spaces_have_no_size() -> None:
    assert size(b"a [ 1 ]\n\n") == size(b"a[1]")


def test_tidy() -> None:
    text = (
        b"  int a;\n\n\nvoid f()\n{\n  #pragma omp for\n      for (int i = 0; i < g(1); i++) a[i] = 0;\n"
        b"#if X\n  h();\n#endif\n}\n"
    )
    place = text.index(b"a[i]")
    tidy, moved = tidied(text, place)
    assert tidy.decode().split("\n") == [
        "int a;",
        "void f()",
        "{",
        "    #pragma omp for",
        "    for (int i = 0; i < g(1); i++)",
        "        a[i] = 0;",
        "#if X",
        "    h();",
        "#endif",
        "}",
        "",
    ]
    assert tidy[moved : moved + 4] == b"a[i]"
    assert tidied(tidy, moved) == (tidy, moved)
