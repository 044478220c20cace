"""Results carried over edits, and the small pieces between results and LSP types."""

from __future__ import annotations

import pytest

from analyzers.api import Proposal
from analyzers.ir.verdicts import Finding, FunctionResult, PlacedResult
from analyzers.text import SourceText, Span
from lsp_server import convert, trust
from lsp_server.analysis import carry, carry_findings, merged
from lsp_server.assist import remainder
from lsp_server.convert import Place
from lsp_server.features.code_actions import suppression
from lsp_server.session import Edit
from lsp_server.transport import BadFrameError, Frames
from tests.edits import applied


def placed(start: int, length: int, name: str = "f") -> PlacedResult:
    return PlacedResult(start, FunctionResult(name, name, Span(0, length)))


def finding(start: int, end: int, rule: str = "race-test") -> Finding:
    return Finding(rule, "race", "error", "proved", Span(start, end), "message")


def test_functions_move_with_the_text_and_an_edited_one_is_left_out():
    functions = (placed(0, 10, "a"), placed(20, 10, "b"), placed(40, 10, "c"))
    after = carry(functions, [Edit(25, 26, 30)])
    assert [(p.start, p.result.name) for p in after] == [(0, "a"), (44, "c")]
    after = carry(functions, [Edit(12, 12, 15), Edit(0, 0, 1)])
    assert [p.start for p in after] == [1, 24, 44]
    assert carry(functions, [Edit(0, 50, 0)]) == ()


def test_findings_outside_functions_move_too():
    kept = carry_findings((finding(0, 5), finding(10, 15), finding(20, 25)), [Edit(12, 13, 20)])
    assert [f.span for f in kept] == [Span(0, 5), Span(27, 32)]


def test_a_fresh_result_replaces_what_it_overlaps():
    fresh = FunctionResult("new", "new", Span(0, 15))
    together = merged((placed(0, 10, "a"), placed(20, 10, "b"), placed(40, 10, "c")), {18: fresh})
    assert [p.result.name for p in together] == ["a", "new", "c"]


@pytest.mark.parametrize(
    ("begun", "blank", "rest"),
    [
        ("#pragma omp", True, "parallel for"),
        ("#pragma omp", False, " parallel for"),
        ("# pragma  omp  par", False, "allel for"),
        ("#pragma omp parallel for", False, ""),
        ("#pragma omp for", False, None),
        ("#pragma once", False, None),
    ],
)
def test_the_rest_of_a_begun_pragma(begun, blank, rest):
    assert remainder(begun, "#pragma omp parallel for", blank) == rest


def ignored(text: str, word: str) -> str:
    source = SourceText.of(text)
    at = source.data.index(word.encode())
    return applied(source.data, suppression(finding(at, at + 1), 0, source).edits).decode()


def test_ignoring_a_finding_puts_a_comment_above_it():
    assert ignored("{\n\ts += 1;\n}\n", "s +=") == "{\n\t// hpc-ls: ignore[race-test]\n\ts += 1;\n}\n"
    assert ignored("a;\r\nb;\r\n", "b") == "a;\r\n// hpc-ls: ignore[race-test]\r\nb;\r\n"


def test_a_comment_never_splits_a_continued_line():
    text = "#pragma omp parallel \\\n    for\n"
    assert ignored(text, "for") == "// hpc-ls: ignore[race-test]\n" + text


def test_a_second_rule_joins_the_comment_that_is_there():
    text = "// hpc-ls: ignore[omp-x] reason\ns += 1;\n"
    assert ignored(text, "s +=") == "// hpc-ls: ignore[omp-x, race-test] reason\ns += 1;\n"


def test_explanations_keep_their_columns_in_markdown():
    text = "Iteration i=2 reads `u[1]` of *p.\n  u   conflict\n  v   `x` <y>"
    assert convert.explanation_markdown(text) == (
        "Iteration i=2 reads `u[1]` of \\*p.\n\n```text\n  u   conflict\n  v   `x` <y>\n```"
    )


def test_paragraphs_items_and_pragmas_of_an_explanation_are_markdown():
    text = """\
Cannot decide: `f` is unseen.
  x   only read: shared
          and long
Also in the way:
  - one
    thing.
  - two.
Then this is right:
  #pragma omp parallel for
  OpenMP 5.2: parallel for §17.3
  Sums may
  differ.
"""
    assert convert.explanation_markdown(text).split("\n\n") == [
        "Cannot decide: `f` is unseen.",
        "```text\n  x   only read: shared\n          and long\n```",
        "Also in the way:",
        "- one thing.",
        "- two.",
        "Then this is right:",
        "```c\n#pragma omp parallel for\n```",
        "OpenMP 5.2: parallel for §17.3",
        "Sums may differ.",
    ]


@pytest.mark.parametrize(
    ("insert", "snippet", "plain"),
    [
        ("private()", "private($0)", "private("),
        ("reduction(+: )", "reduction(+: $0)", "reduction(+: "),
        ("linear(: 1)", "linear($0: 1)", "linear("),
        ("nowait", "nowait", "nowait"),
    ],
)
def test_the_cursor_goes_where_the_list_belongs(insert, snippet, plain):
    proposal = Proposal("x", insert, "clause", "doc", "1.1", Span(0, 0))
    where = Place("", SourceText.of(""), "utf-8")
    texts = [convert.completion_item(proposal, where, snippets, 0).text_edit.new_text for snippets in (True, False)]
    assert texts == [snippet, plain]


def test_columns_are_counted_in_the_agreed_units():
    source = SourceText.of("\u00e4\U0001d11e b\n")
    at = source.data.index(b"b")
    columns = [Place("", source, e).position(at).character for e in ("utf-8", "utf-16", "utf-32")]
    assert columns == [7, 4, 3]


def test_trust_must_be_said():
    assert not trust.from_options(None).trusted
    assert not trust.from_options({"trusted": "yes"}).trusted
    assert trust.from_options({"trusted": True}).refusal("compile") is None
    assert "Trust it in the editor" in (trust.from_options({"trusted": False}).refusal("compile this file") or "")


def test_frames_are_cut_wherever_the_bytes_are_split():
    stream = b"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\nX: y\r\n\r\nabcrubbish\r\nContent-Length: 1\r\n\r\nz"
    for size in (1, 2, 7, len(stream)):
        frames = Frames()
        got = [part for at in range(0, len(stream), size) for part in frames.feed(stream[at : at + size])]
        assert [part for part in got if isinstance(part, bytes)] == [b"{}", b"abc", b"z"]
        assert sum(isinstance(part, BadFrameError) for part in got) == 1
