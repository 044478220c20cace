"""Lists, counts and the word that was meant."""

from __future__ import annotations

import pytest

from analyzers.words import counted, did_you_mean, listed, nearest, plain, quoted


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["a", "b", "a"], "a and b")],
)
def test_listed(words: list[str], text: str) -> None:
    assert listed(words) == text
    assert listed(words, "or") == text.replace(" and ", " or ")


def test_quotes_come_and_go() -> None:
    assert quoted(("a", "b")) == ["`a`", "`b`"]
    assert plain("`a` and `b`") == "a and b"


def test_counted() -> None:
    assert [counted(number, "loop") for number in (0, 1, 2)] == ["0 loops", "1 loop", "2 loops"]


def test_the_word_that_was_meant() -> None:
    known = ("private", "shared")
    assert nearest("privat", known) == "private"
    assert nearest("privat", known, alike=0.95) is None
    assert did_you_mean("privat", known) == "; did you mean `private`?"
    assert did_you_mean("privat", known, '"') == '; did you mean "private"?'
    assert did_you_mean("xyz", known) == ""
