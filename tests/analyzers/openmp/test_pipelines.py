"""Pipelines as they are offered: three directives in their places, where they pay."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.ir.verdicts import LoopReport
from lsp_server.assist import choose
from tests.compiled import applied, needs_compiler, printed
from tests.reports import loop_reports

HEAD = "void f(int m, int n, double a[3000][3000], double *p, double *q)\n"
SWEEP = "a[i][j] = a[i - 1][j] + a[i + 1][j] + a[i][j - 1];"


def outermost(text: str) -> LoopReport:
    return loop_reports(text)[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "{\n  int i, j;\n  for (int t = 0; t < m; t++)\n    for (i = 1; i < n - 1; i++)\n"
            f"      for (j = 1; j < n - 1; j++)\n        {SWEEP}\n}}",
            "{\n  int i, j;\n  #pragma omp parallel for private(i, j) ordered(2) schedule(static, 1)\n"
            "  for (int t = 0; t < m; t++)\n    for (i = 1; i < n - 1; i++) {\n"
            "      #pragma omp ordered depend(sink: t - 1, i + 1)\n"
            f"      for (j = 1; j < n - 1; j++)\n        {SWEEP}\n"
            "      #pragma omp ordered depend(source)\n    }\n}",
        ),
        (
            "{\r\n  for (int t = m; t > 0; t--) {\r\n    for (int i = n; i > 1; i -= 2)\r\n    {\r\n"
            "      for (int j = 1; j < n; j++)\r\n        a[i][j] = a[i - 4][j] + a[i - 2][j] + a[i][j - 1];\r\n"
            "    }\r\n  }\r\n}",
            "{\r\n  #pragma omp parallel for ordered(2) schedule(static, 1)\r\n"
            "  for (int t = m; t > 0; t--) {\r\n    for (int i = n; i > 1; i -= 2)\r\n    {\r\n"
            "      #pragma omp ordered depend(sink: t + 1, i - 4)\r\n"
            "      for (int j = 1; j < n; j++)\r\n        a[i][j] = a[i - 4][j] + a[i - 2][j] + a[i][j - 1];\r\n"
            "      #pragma omp ordered depend(source)\r\n    }\r\n  }\r\n}",
        ),
        (
            "{\n  for (int t = 0; t < m; t++)\n    for (int i = 1; i < n; i++) { p[i] = i;\n"
            f"      for (int j = 1; j < n - 1; j++) {SWEEP} }}\n}}",
            "{\n  #pragma omp parallel for ordered(2) schedule(static, 1)\n"
            "  for (int t = 0; t < m; t++)\n    for (int i = 1; i < n; i++) {\n"
            "      #pragma omp ordered depend(sink: t - 1, i + 1)\n       p[i] = i;\n"
            f"      for (int j = 1; j < n - 1; j++) {SWEEP} \n"
            "      #pragma omp ordered depend(source)\n    }\n}",
        ),
    ],
    ids=["without braces", "with braces, downwards", "braces beside statements"],
)
def test_three_directives(before: str, after: str) -> None:
    head = HEAD.replace("\n", "\r\n") if "\r" in before else HEAD
    assert applied(head + before) == head + after
    assert applied(head + after) == head + after


def test_an_assumption_is_named_and_bars_who_wants_proof() -> None:
    text = HEAD + (
        "{\n  for (int t = 0; t < m; t++)\n    for (int i = 0; i < n; i++)\n"
        "      for (int j = 0; j < n; j++)\n        p[i] += p[i + 1] * q[j] * q[j + 1] + q[j - 1];\n}"
    )
    offer = outermost(text).compound
    assert offer is not None and offer.confidence == "likely" and not offer.fix.safe
    assert "assuming that `p` and `q` do not overlap" in offer.fix.note
    assert applied(text, "proved") == text != applied(text)


@pytest.mark.parametrize(
    "body",
    [
        "for (int t = 0; t < 5; t++) for (int i = 1; i < n - 1; i++) for (int j = 1; j < n - 1; j++) " + SWEEP,
        "for (int t = 0; t < m; t++) for (int i = 1; i < n - 1; i++) for (int j = 1; j < 900; j++) " + SWEEP,
        "for (int t = 0; t < m; t++) for (int i = 1; i < 6; i++) for (int j = 1; j < n - 1; j++) " + SWEEP,
    ],
    ids=["few rows", "little to do between two signals", "few steps"],
)
def test_not_where_it_does_not_pay(body: str) -> None:
    assert outermost(f"{HEAD}{{\n  {body}\n}}").compound is None


def test_a_loop_inside_that_is_parallel_is_the_better_place() -> None:
    text = (
        f"{HEAD}{{\n  for (int t = 0; t < m; t++)\n    for (int i = 1; i < n - 1; i++)\n"
        "      for (int j = 1; j < n - 1; j++)\n        for (int k = 0; k < n; k++)\n"
        "          a[i][j] += a[i + 1][j] * p[k];\n}"
    )
    loops = loop_reports(text)
    assert loops[0].compound is None or "ordered" not in loops[0].compound.pragma
    assert [loop.profitable for loop in loops] == [False, False, True, False]


def test_not_in_a_parallel_region() -> None:
    nest = f"for (int t = 0; t < m; t++)\n    for (int i = 1; i < n - 1; i++)\n for (int j = 1; j < n - 1; j++) {SWEEP}"
    assert outermost(f"{HEAD}{{\n  {nest}\n}}").compound is not None
    assert outermost(f"{HEAD}{{\n#pragma omp parallel\n  {nest}\n}}").compound is None


def test_editors_show_it_among_the_repairs_only() -> None:
    """Ghost text and the action of the lens write one line: not enough here."""
    loop = outermost(f"{HEAD}{{\n  for (int t = 0; t < m; t++)\n    for (int i = 1; i < n - 1; i++)\n"
                     f"      for (int j = 1; j < n - 1; j++) {SWEEP}\n}}")  # fmt: skip
    assert loop.pragma is None and not loop.profitable
    assert choose(loop, 0, on_request=True) is None
    assert loop.compound is not None and loop.fixes[0] is loop.compound.fix
    assert "#pragma omp ordered depend(source)" in loop.explanation


PROGRAM = """#include <stdio.h>
static double a[60][2500], b[60][2500];
static void relax(int m, int n)
{
  for (int t = 0; t < m; t++)
    for (int i = 2; i < n - 2; i++)
      for (int j = 1; j < 2499; j++)
        a[i][j] = 0.2 * (a[i - 1][j] + a[i + 2][j] + a[i][j - 1] + a[i][j + 1] + b[i][j]);
}
static void back(int m, int n)
{
  for (int t = 0; t < m; t++)
    for (int i = n - 2; i >= 1; i--)
      for (int j = 1; j < 2499; j++)
        b[i][j] = 0.2 * (b[i - 1][j] + b[i + 1][j] + b[i][j - 1] + b[i][j + 1] + a[i][j]);
}
int main(void)
{
  for (int i = 0; i < 60; i++)
    for (int j = 0; j < 2500; j++) { a[i][j] = i * j % 17; b[i][j] = i + 2 * j; }
  relax(30, 60);
  back(30, 60);
  long sum = 0;
  for (int i = 0; i < 60; i++)
    for (int j = 0; j < 2500; j++) sum += (long)(1e6 * (i + 1) * a[i][j] - 1e6 * j * b[i][j]);
  printf("%ld\\n", sum);
}
"""


@needs_compiler
def test_it_computes_the_same(tmp_path: Path) -> None:
    after = applied(PROGRAM)
    assert after.count("depend(sink: t - 1, i + 2)") == after.count("depend(sink: t - 1, i - 1)") == 1
    assert printed(tmp_path, after, (1, 3, 4, 4)) == printed(tmp_path, PROGRAM, (1,))
