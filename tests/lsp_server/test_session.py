"""The text of a document after edits, in every position encoding, against a reference that counts code units."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.text import Position, SourceText
from lsp_server.session import Change, Edit, Session, apply_change, difference, language_of, path_of

ENCODINGS = ("utf-8", "utf-16", "utf-32")
texts = st.text(st.sampled_from("ab\n\r\f\tä€𝄞\u2028\x00 "), max_size=30)


def reference_offset(text: str, position: tuple[int, int], encoding: str) -> int:
    """The index in `text` of a position, by the definition of LSP 3.17."""
    index = 0
    for _ in range(position[0]):
        while index < len(text) and text[index] not in "\r\n":
            index += 1
        if index == len(text):
            return index
        index += 2 if text.startswith("\r\n", index) else 1
    left = position[1]
    while index < len(text) and text[index] not in "\r\n":
        units = {"utf-8": len(text[index].encode()), "utf-16": 1 + (text[index] > "\uffff"), "utf-32": 1}[encoding]
        if units > left:
            break
        left -= units
        index += 1
    return index


positions = st.tuples(st.integers(0, 8), st.integers(0, 12))


@given(texts, positions, positions, texts, st.sampled_from(ENCODINGS))
def test_an_edit_replaces_exactly_its_range(text, first, second, inserted, encoding):
    begin, end = sorted((first, second))
    start, stop = (reference_offset(text, p, encoding) for p in (begin, end))
    expected = text[:start] + inserted + text[max(start, stop) :]
    change = Change(inserted, Position(*begin), Position(*end))
    source, edit, _ = apply_change(SourceText.of(text), change, encoding)
    assert source.text == expected
    assert source.line_starts == SourceText.of(expected).line_starts
    old, new = text.encode(), expected.encode()
    assert old[: edit.start] + new[edit.start : edit.new_end] + old[edit.old_end :] == new


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_the_difference_of_two_texts_turns_one_into_the_other(old, new):
    edit = difference(old, new)
    assert old[: edit.start] + new[edit.start : edit.new_end] + old[edit.old_end :] == new
    if old == new:
        assert edit.start == edit.old_end == edit.new_end


def test_a_whole_text_keeps_what_it_shares_with_the_old_one():
    source, edit, problem = apply_change(SourceText.of("one two three"), Change("one 2 three"), "utf-16")
    assert (source.text, edit, problem) == ("one 2 three", Edit(4, 7, 5), None)


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [
        (Position(5, 0), Position(9, 1), "line 10 does not exist"),
        (Position(0, 3), Position(0, 1), "ends before it begins"),
        (Position(-1, 0), Position(0, 1), "negative"),
    ],
)
def test_a_range_outside_the_text_is_clamped_and_named(begin, end, says):
    source, _, problem = apply_change(SourceText.of("abcd\nef\n"), Change("X", begin, end), "utf-16")
    assert "X" in source.text
    assert says in problem


def test_the_line_after_the_last_one_is_the_end_of_the_text():
    source, _, problem = apply_change(SourceText.of("a\nb"), Change("c", Position(2, 0), Position(2, 0)), "utf-16")
    assert (source.text, problem) == ("a\nbc", None)


def test_snapshots_are_immutable_and_versions_are_watched():
    session = Session()
    first = session.open("file:///a.c", 1, "c", "a\n")
    second, problems = session.change("file:///a.c", 2, [Change("x", Position(0, 0), Position(0, 0)), Change("b")])
    assert (first.source.text, second.source.text, problems) == ("a\n", "b", [])
    assert [e.start for e in second.edits] == [0, 0]
    _, problems = session.change("file:///a.c", 2, [Change("c")])
    assert problems == ["version 2 follows version 2"]
    assert session.change("file:///b.c", 1, [Change("c")]) is None
    assert session.close("file:///a.c") is not None
    assert session.get("file:///a.c") is None


@pytest.mark.parametrize(
    ("uri", "identifier", "language"),
    [
        ("file:///a.c", "c", "c"),
        ("file:///a.h", "plaintext", "c"),
        ("file:///A.C", "", "c"),
        ("untitled:1", "c", "c"),
        ("file:///a.txt", "plaintext", None),
        ("file:///a.f90", "fortran", None),
    ],
)
def test_the_language_of_a_document(uri, identifier, language):
    assert language_of(uri, identifier) == language


def test_paths_of_uris():
    assert path_of("file:///a%20b/c.c") == Path("/a b/c.c")
    assert path_of("untitled:1") is None
    assert path_of("file:///a%00b.c") is None
    assert path_of("http://[bad") is None
