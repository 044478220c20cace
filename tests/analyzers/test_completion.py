"""What may be typed in a directive, at the place marked by `|`."""

from __future__ import annotations

import pytest

from analyzers.api import SourceText, complete, describe
from analyzers.standards import openmp


def proposals(text: str, language="c"):
    at = len(text[: text.index("|")].encode())
    return complete(SourceText.of(text.replace("|", "", 1)), language, at)


def labels(text: str) -> list[str]:
    return [p.label for p in proposals(text)]


def test_every_directive_is_proposed_with_its_meaning_and_section():
    found = {p.label: p for p in proposals("#pragma omp |")}
    assert set(openmp.DIRECTIVES) <= set(found)
    assert found["barrier"].section == openmp.DIRECTIVES["barrier"].section
    assert all(p.doc and p.section for p in found.values())


def test_a_begun_name_is_replaced_as_a_whole():
    text = "  #pragma omp para|llel\n"
    (parallel,) = (p for p in proposals(text) if p.label == "parallel")
    assert (parallel.span.start, parallel.span.end) == (14, 22)


def test_the_rest_of_a_combined_name_and_the_clauses():
    found = labels("#pragma omp parallel |")
    assert found[0] == "for"
    assert {"sections", "private", "num_threads"} <= set(found)
    assert "schedule" not in found
    assert "schedule" in labels("#pragma omp parallel for |")


def test_clauses_that_stand_there_once_are_not_proposed_again():
    found = labels("#pragma omp for schedule(static) private(a) | nowait")
    assert "schedule" not in found and "nowait" not in found
    assert found.index("private") > found.index("reduction")


def test_continued_lines_are_one_line():
    assert "schedule" not in labels("#pragma omp for \\\n  schedule(static) \\\n  |\n")
    assert "collapse" in labels("#pragma omp for \\\r\n  schedule(static) |\r\n")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("#pragma omp for schedule(|", "auto"),
        ("#pragma omp parallel default(|)", "firstprivate"),
        ("#pragma omp parallel reduction(|", "+"),
    ],
)
def test_keywords_and_operators(text, first):
    assert labels(text)[0] == first


@pytest.mark.parametrize(
    "text", ["int x; |", "#include <a|", "#pragma omp|", "#pragma| omp for", "|", "// #pragma omp |"]
)
def test_silence_elsewhere(text):
    assert proposals(text) == ()


VARIABLES = """
static double global;
enum { SIZE = 8 };
void f(int n, const double *restrict a) {
    double s = 0, t[SIZE];
    { int hidden = 1; }
    #pragma omp parallel for private(|)
    for (int i = 0; i < n; i++) { double later = a[i]; s += later; }
    int after = 0;
}
void g(int other) {}
"""


def test_the_variables_in_scope():
    found = {p.label: p for p in proposals(VARIABLES)}
    assert {"global", "n", "a", "s", "t"} == set(found)
    assert "double" in found["s"].doc and "local" in found["s"].doc
    assert "parameter" in found["n"].doc
    assert [p.label for p in proposals(VARIABLES)][:3] == ["a", "n", "s"], "those of the loop come first"


def test_a_variable_is_listed_once():
    assert "s" not in labels(VARIABLES.replace("private(|)", "private(s, |)"))
    assert {"s", "n"} <= set(labels(VARIABLES.replace("private(|)", "num_threads(|)")))
    assert "s" in labels(VARIABLES.replace("private(|)", "reduction(+: |)"))


@pytest.mark.parametrize(
    ("text", "title", "section"),
    [
        ("#pragma omp para|llel for", "parallel for", "17.3"),
        ("#pragma omp parallel for redu|ction(+:s)", "reduction", "5.5.8"),
        ("#pragma omp for schedule(dyn|amic, 4)", "schedule(dynamic)", "11.5.3"),
    ],
)
def test_what_a_word_means(text, title, section):
    at = text.index("|")
    description = describe(SourceText.of(text.replace("|", "")), "c", at)
    assert (description.title, description.section) == (title, section)


@pytest.mark.parametrize("text", ["#pragma omp parallel private(sta|tic)", "int paral|lel;", "#prag|ma omp for"])
def test_words_that_mean_nothing(text):
    assert describe(SourceText.of(text.replace("|", "")), "c", text.index("|")) is None


def test_broken_text_is_no_trouble():
    for text in (
        "#pragma omp for ((((|",
        "#pragma omp )))|",
        "#pragma omp parallel \\|",
        "#pragma omp \u00e4|",
        "\0#pragma omp |",
    ):
        proposals(text)
