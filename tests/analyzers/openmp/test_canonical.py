"""Which loops may take a directive by their form (OpenMP 5.2 §4.4.1); the others are told what to change."""

from __future__ import annotations

import pytest

from analyzers.api import Options, analyze, loops_of
from analyzers.text import SourceText
from tests.reports import loop_reports

TAKEN = (
    "for (i = 0; i < n; i++) a[i] = 0;",
    "for (i = n; i > 0; i = i - 1) a[i] = 0;",
    "for (i = 0; n > i; i = 2 + i) a[i] = 0;",
    "for (i = 0; i != n; i++) a[i] = 0;",
    "for (double *p = a; p < a + n; p++) *p = 0;",
)
REFUSED = {
    "while (i < n) { a[i] = 0; i++; }": "write it as one that counts `i`",
    "for (; i < n; i++) a[i] = 0;": "the first part of the loop to set `i` and nothing else",
    "for (i = 0, j = 1; i < n; i++) a[i] = j;": "the first part of the loop to set `i` and nothing else",
    "for (i = 0; i + 1 < n; i++) a[i] = 0;": "the condition to compare `i` with a bound and nothing else",
    "for (i = 0; i < n; i++, j++) a[i] = 0;": "the last part of the loop to step `i` and nothing else",
}


@pytest.mark.parametrize("text", TAKEN)
def test_the_canonical_form_takes_a_directive(text: str) -> None:
    (loop,) = loop_reports(f"void f(int n, double *a) {{ int i = 0, j = 0; {text} }}")
    assert loop.pragma is not None


@pytest.mark.parametrize("text", REFUSED)
def test_any_other_form_is_told_what_to_change(text: str) -> None:
    (loop,) = loop_reports(f"void f(int n, double *a) {{ int i = 0, j = 0; {text} }}")
    assert loop.verdict.status == "parallel"
    assert loop.pragma is None
    assert REFUSED[text] in loop.advice


@pytest.mark.parametrize(
    ("container", "taken"),
    [("vector<int>", True), ("deque<int>", True), ("list<int>", False), ("set<int>", False), ("map<int, int>", False)],
)
@pytest.mark.parametrize("index", ["std::{}::iterator", "auto", "there"])
def test_iterators_must_reach_any_element_at_once(container: str, taken: bool, index: str) -> None:
    element = "it->second" if container.startswith("map") else "*it"
    code = (
        f"typedef std::{container}::iterator there; int f(std::{container} &c) {{ int s = 0;"
        f" for ({index.format(container)} it = c.begin(); it != c.end(); ++it) s += {element}; return s; }}"
    )
    (report,) = [report for _, report in loops_of(analyze(SourceText.of(code), "cpp", Options()))]
    assert (report.pragma is not None) == taken
    if not taken:
        assert "step by step" in report.advice


def test_the_type_of_what_nobody_declared_is_a_guess() -> None:
    loop = "for (i = 0; i < length; i++) a[i] = length * 0.5;"
    assert loop_reports(loop, Options(snippet=True))[0].pragma is not None
