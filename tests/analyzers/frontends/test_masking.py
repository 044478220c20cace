"""Comments and preprocessor lines blanked in place: every offset stays true."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.frontends.masking import mask

PIECES = [
    "#", "# define A", "%:", "\\", "\\\r\n", "\n", "\r\n", "\r", "\f", "\0", "/*", "*/", "//", '"', "'", "'\"'", "x",
    "é", " ",
    "{", "}", ";", "_Pragma", '("omp for")', "#include <a/b.h>", "#pragma omp parallel", "1'000",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(texts)
@settings(max_examples=400, deadline=None)
def test_length_and_line_breaks_are_kept(text: str) -> None:
    data = text.encode()
    masked = mask(data)
    for result in (masked.code, masked.skeleton):
        assert len(result) == len(data)
        for before, after in zip(data, result, strict=True):
            assert after == before or after == 0x20
            assert (before in b"\r\n") == (after in b"\r\n")


@given(texts)
@settings(max_examples=400, deadline=None)
def test_pragma_text_maps_back_to_its_bytes(text: str) -> None:
    data = text.encode()
    for line in mask(data).lines:
        assert 0 <= line.span.start <= line.span.end <= len(data)
        if not line.text.isascii() or '"' in line.text or "'" in line.text:
            continue
        for index, char in enumerate(line.text):
            offset = line.offset_of(index)
            assert line.span.start <= offset <= line.span.end
            if char.isalnum() and not data.startswith(b"_Pragma", line.span.start):
                assert data[offset : offset + 1] == char.encode()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a /* b */ c", "a         c"),
        ("a // b\nc", "a     \nc"),
        ("a // b \\\nc\nd", "a       \n \nd"),
        ('"/* no */" b', '"/* no */" b'),
        ("'\"' b // c", "'\"' b     "),
        ("  # define A 1\nb", "              \nb"),
        ("/* c */ #define A\nb", "                 \nb"),
        ("a # b", "a # b"),
        ("#define A \\\r\n 1\r\nb", "           \r\n  \r\nb"),
        ("%:define A\nb", "          \nb"),
        ("#define A /* x\ny */ 1\nb", "              \n      \nb"),
        ("#error don't\nb", "            \nb"),
        ("x = 1'000; // c", "x = 1'000;     "),
        ("/* open", "       "),
        ('"open\nb', '"open\nb'),
        ("a\0b", "a b"),
        ("case'a': \"x\" // c", "case'a': \"x\"     "),
        ("0x1'F '\"' // c", "0x1'F '\"'     "),
        ("[[omp::directive(parallel for if(a[b[0]]))]] x", "                                             x"),
        ("[[omp::directive(for x; y", "  omp::directive(for x; y"),
        ("[[nodiscard]] x", "[[nodiscard]] x"),
    ],
)
def test_what_is_blanked(text: str, code: str) -> None:
    assert mask(text.encode()).code.decode() == code


def test_the_skeleton_hides_structure_in_literals() -> None:
    masked = mask(b"char *s = \"{;\", c = '}';")
    assert masked.code == b"char *s = \"{;\", c = '}';"
    assert masked.skeleton == b"char *s = \"  \", c = ' ';"


def test_lines_are_joined() -> None:
    (line,) = mask(b"#pragma omp parallel \\\n  for // all\nx").lines
    assert (line.keyword, line.text) == ("pragma", "#pragma omp parallel   for")
    assert line.span.start == 0
    assert line.offset_of(line.text.index("for")) == 25


def test_pragma_operator_is_a_line() -> None:
    text = b'_Pragma("omp parallel for \\"x\\"") for (;;) ;'
    masked = mask(text)
    (line,) = masked.lines
    assert line.text == '#pragma omp parallel for "x"'
    assert line.offset_of(line.text.index("parallel")) == text.index(b"parallel")
    assert masked.code.strip() == b"for (;;) ;"


def test_a_very_long_line() -> None:
    data = b"#define A " + b"x" * 2_000_000 + b"\n" + b"# " * 500_000
    assert len(mask(data).code) == len(data)
