"""Work arrays whose contents may be read after the loop: each thread has a copy, that of the last iteration stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiled import applied, needs_compiler, printed
from tests.reports import loop_reports

CLAUSES = "firstprivate(w) lastprivate(w)"
FILL = "for (int j = 0; j < 50; j++) w[j] = a[i][j];"
USE = "for (int j = 1; j < 49; j++) a[i][j] = w[j - 1] + w[j + 1];"


def pragma(body: str, declaration: str = "static double w[50];", inside: str = "", after: str = "") -> str | None:
    text = (
        f"{declaration}\ndouble take(int i) {{ return w[i]; }}\nvoid put(int i) {{ w[i] = i; }}\n"
        f"double f(int n, int m, double a[900][50], int *x) {{\n  {inside}\n"
        f"  for (int i = 0; i < n; i++) {{ {body} }}\n  {after} return a[0][0];\n}}"
    )
    return next(loop.pragma for loop in loop_reports(text) if loop.function == "f" and loop.depth == 0)


def test_at_file_scope_or_needed_after_the_loop() -> None:
    assert pragma(FILL + USE) == f"#pragma omp parallel for {CLAUSES}"
    assert pragma(FILL + USE, inside="static double w[50];") == f"#pragma omp parallel for {CLAUSES}"
    assert pragma(FILL + USE, inside="double w[50];", after="a[1][1] = w[3];") == f"#pragma omp parallel for {CLAUSES}"
    assert pragma(FILL + USE, inside="double w[50];") == "#pragma omp parallel for private(w)"


def test_what_is_not_written_keeps_its_value() -> None:
    part = FILL.replace("j < 50", "j < m") + USE.replace("j = 1; j < 49", "j = 1; j < m - 1")
    assert pragma(part) == f"#pragma omp parallel for {CLAUSES}"


@pytest.mark.parametrize(
    "body",
    [
        FILL.replace("j < 50", "j < 20") + USE,  # reads what an earlier iteration, or nobody, wrote
        FILL.replace("j < 50", "j <= i") + "a[i][0] = w[0];",  # the last iteration does not write all that is left
        FILL.replace("w[j]", "w[j + i]") + "a[i][0] = w[i];",
        "if (a[i][0] > 0) { " + FILL + USE + " }",  # the last iteration may write nothing
        "if (i < m) { " + FILL + USE + " }",
        FILL.replace("w[j] = a[i][j];", "{ if (a[i][j] < 0) break; w[j] = a[i][j]; }") + "a[i][0] = w[0];",
        "w[x[i]] = i; a[i][0] = w[x[i]];",
        FILL + USE + "a[i][1] += take(i);",  # the callee knows the array itself, not the copy
        FILL + USE + "put(i);",
        FILL,  # nothing is computed with it: this loop overwrites its results
    ],
)
def test_no_copies(body: str) -> None:
    found = pragma(body)
    assert found is None or "w" not in found.partition("for")[2]


@pytest.mark.parametrize(
    "declaration",
    [
        "static double *w;",
        "extern double w[];",
        "struct { double x; } w[50];",
        "static double w[50];\n#pragma omp threadprivate(w)",
        "static volatile double w[50];",
        "static _Thread_local double w[50];",
    ],
)
def test_not_of_every_array(declaration: str) -> None:
    body = (FILL + USE).replace("w[j]", "w[j].x").replace("1]", "1].x", 2) if "struct" in declaration else FILL + USE
    assert "lastprivate" not in (pragma(body, declaration) or "")


def test_a_pointer_to_the_array_is_in_the_way() -> None:
    assert pragma(FILL + USE + "p[0] += 1;", inside="double *p = w;") is None
    assert pragma(FILL + USE + "p[0] += 1;", inside="double *p = w + 1;") is None
    assert pragma(FILL + USE, inside="double *p = &w[3];", after="p[0] = 1;") is None


def test_what_outlives_a_large_array_is_not_offered() -> None:
    text = (
        "static double w[90000];\nvoid f(int n, double a[900][90000]) {\n  for (int i = 0; i < n; i++) {\n"
        "    for (int j = 0; j < 90000; j++) w[j] = a[i][j];\n"
        "    for (int j = 1; j < 89999; j++) a[i][j] = w[j - 1] + w[j + 1];\n  }\n}"
    )
    outer = loop_reports(text)[0]
    assert outer.pragma is not None and not outer.profitable and "its own copy of `w`" in outer.advice


PROGRAM = """#include <stdio.h>
static long w[500];
static void f(int n, int m, long a[600][500])
{
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < m; j++)
      w[j] = a[i][j] * 3 + j;
    for (int j = 1; j < m - 1; j++)
      a[i][j] = w[j - 1] + w[j + 1];
  }
}
static long a[600][500];
int main(void)
{
  long sum = 0;
  for (int j = 0; j < 500; j++)
    w[j] = 7 * j;
  for (int i = 0; i < 600; i++)
    for (int j = 0; j < 500; j++)
      a[i][j] = (i * 31 + j * 17) % 1000;
  f(600, 480, a);
  for (int j = 0; j < 500; j++)
    sum = sum * 5 + w[j] + a[j][j];
  printf("%ld\\n", sum % 1000003);
}
"""


@needs_compiler
def test_it_computes_the_same(tmp_path: Path) -> None:
    after = applied(PROGRAM)
    assert CLAUSES in after
    assert printed(tmp_path, after, (1, 2, 3, 4, 4)) == printed(tmp_path, PROGRAM, (1,))
