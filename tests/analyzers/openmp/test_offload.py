"""What is proposed for a device: which clauses, what stays on the host and why, and that the result is right."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers.api import Options, SourceText, analyze, loops_of
from analyzers.ir.verdicts import LoopReport
from tests.conftest import find_tool
from tests.edits import applied

DEVICE = "#pragma omp target teams distribute parallel for"
PRELUDE = """#include <math.h>
#include <stdio.h>
#define N 300
double A[N][N], B[N][N], C[N][N];
struct point { double x, y; };
struct field { double *data; int n; };
double other(double x) { return x > 0 ? x / 2 : x; }
"""


def first_loop(code: str, *, cpp: bool = False, offload: bool = True) -> LoopReport:
    report = analyze(SourceText.of(PRELUDE + code), "cpp" if cpp else "c", Options(offload=offload))
    return next(loop for _, loop in loops_of(report))


def line(loop: LoopReport) -> str | None:
    """The directive for a device that is offered, without its name."""
    found = (edit.text.strip() for fix in loop.fixes for edit in fix.edits)
    return next((text.removeprefix(DEVICE).strip() for text in found if text.startswith(DEVICE)), None)


SECTIONS = {
    "arrays by name": (
        "void f(void) { for (int i = 0; i < N; i++) for (int j = 0; j < N; j++)"
        " for (int k = 0; k < N; k++) C[i][j] += A[i][k] * B[k][j]; }",
        "collapse(2) map(to: A, B) map(tofrom: C)",
    ),
    "filled whole": (
        "void f(void) { for (int i = 0; i < N; i++) for (int j = 0; j < N; j++) A[i][j] = sin(i * j); }",
        "collapse(2) map(from: A)",
    ),
    "not filled whole": (
        "void f(void) { for (int i = 0; i < N; i++) for (int j = 1; j < N; j++) A[i][j] = sin(i * j); }",
        "collapse(2) map(tofrom: A)",
    ),
    "filled under a condition": (
        "void f(int n, double *restrict a, const double *restrict b) {"
        " for (int i = 0; i < n; i++) if (b[i] > 0) a[i] = sqrt(b[i]); }",
        "map(to: b[0:n]) map(tofrom: a[0:n])",
    ),
    "stencil": (
        "void f(int n, double *restrict a, const double *restrict b) {"
        " for (int i = 1; i < n - 1; i++) a[i] = b[i - 1] + b[i] + b[i + 1]; }",
        "map(to: b[0:n]) map(from: a[1:n - 2])",
    ),
    "rows in a line": (
        "void f(int n, int m, double *restrict a, const double *restrict b) {"
        " for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i * m + j] = b[j * n + i]; }",
        "collapse(2) map(to: b[0:n * m]) map(from: a[0:n * m])",
    ),
    "in a wide type": (
        "void f(int n, int m, double *restrict a) {"
        " for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[(long)i * m + j] = 0; }",
        "collapse(2) map(from: a[0:(long long)n * m])",
    ),
    "pointer to rows": (
        "void f(int n, int m, double (*restrict a)[m], double b[n][m]) {"
        " for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i][j] = b[i][j]; }",
        "collapse(2) map(to: b[0:n][0:m]) map(from: a[0:n][0:m])",
    ),
    "a row of its own": (
        "void f(int n, int m, double *restrict a) {"
        " for (int i = 0; i < n; i++) { double *row = a + i * m; for (int j = 0; j < m; j++) row[j] = j; } }",
        "map(from: a[0:n * m])",
    ),
    "reduction": (
        "double f(int n, const double *x) { double s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }",
        "reduction(+:s) map(to: x[0:n]) map(tofrom: s)",
    ),
    "backwards": (
        "void f(int n, int k, float *restrict a) { for (int i = n; i > k; i--) a[i - 1] = i; }",
        "map(from: a[k:n - k])",
    ),
    "private": (
        "void f(int n, double *restrict a) { double t; for (int i = 0; i < n; i++) { t = sin(i); a[i] = t * t; } }",
        "private(t) map(from: a[0:n])",
    ),
    "an outer index": (
        "void f(int n, double *restrict a) { for (int k = 0; k < n; k++) for (int i = k + 1; i < n; i++)"
        " a[i] += a[k]; }",
        None,
    ),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_what_is_copied(name: str) -> None:
    code, expected = SECTIONS[name]
    assert line(first_loop(code)) == expected


def test_an_inner_loop_names_the_outer_index() -> None:
    code = (
        "void f(int n, double *restrict a, const double *restrict b) { for (int k = 0; k < n; k++) {"
        " a[0] += a[k]; for (int i = k + 1; i < n; i++) a[i] += b[k]; } }"
    )
    report = analyze(SourceText.of(PRELUDE + code), "c", Options(offload=True))
    inner = [loop for _, loop in loops_of(report)][1]
    assert line(inner) == "map(to: b[k:1]) map(tofrom: a[k + 1:n - k - 1])"


STAYS = {
    "calls `other`": "void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = other(a[i]); }",
    "`fabsl` computes in `long double`": "void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = fabsl(a[i]); }",
    "`long double`": "void f(long double *a, int n) { for (int i = 0; i < n; i++) a[i] = 0; }",
    "`p` holds pointers or structures": "void f(struct point *p, int n) { for (int i = 0; i < n; i++) p[i].x = i; }",
    "`g` ": "void f(struct field *g) { for (int i = 0; i < 1000000; i++) g->data[i] = i; }",
    "`a` holds pointers": "void f(double **a, int n) { for (int i = 0; i < n; i++) a[i][0] = i; }",
    "`r` leads to memory that has another name": "void f(double *a, int n, int k) {"
    " double *r = a + k; for (int i = 0; i < n; i++) r[i] = i; }",
    "which part of `x`": "void f(double *restrict a, const double *restrict x, const int *restrict at, int n) {"
    " for (int i = 0; i < n; i++) a[i] = x[at[i]]; }",
    "the first and the last": "void f(double *restrict a, int n) {"
    " for (int i = 0; i < n; i++) if (i > 2) a[i - 3] = i; }",
    "the last value of `i`": "int f(double *a, int n) { int i; for (i = 0; i < n; i++) a[i] = i; return i; }",
    "OpenMP directives in it": "void f(double *restrict a, const double *restrict b, int n) {"
    " for (int i = 0; i < n; i++) {\n#pragma omp simd\nfor (int j = 0; j < n; j++) a[i * n + j] = b[j]; } }",
}


@pytest.mark.parametrize("reason", STAYS)
def test_what_stays_on_the_host(reason: str) -> None:
    code = STAYS[reason]
    loop = first_loop(code)
    assert line(loop) is None
    assert "it stays on the host" in loop.explanation
    assert reason in " ".join(loop.explanation.split())


@pytest.mark.parametrize(
    "code",
    [
        "void f(std::vector<double> &v, int n) { for (int i = 0; i < n; i++) v[i] = sin(v[i]); }",
        "void f(int n) { std::vector<double> v(n); for (int i = 0; i < n; i++) v[i] = sin(v[i]); }",
        "void f(std::span<double> v, int n) { for (int i = 0; i < n; i++) v[i] = sin(v[i]); }",
    ],
)
def test_containers_stay_on_the_host(code: str) -> None:
    loop = first_loop(f"#include <vector>\n#include <span>\n{code}", cpp=True)
    assert loop.pragma == "#pragma omp parallel for"
    assert line(loop) is None


def test_only_on_request() -> None:
    code = SECTIONS["arrays by name"][0]
    assert line(first_loop(code, offload=False)) is None
    assert "device" not in first_loop(code, offload=False).explanation


def test_offered_in_place_of_threads_where_it_pays() -> None:
    loop = first_loop(SECTIONS["arrays by name"][0])
    assert loop.pragma is not None and loop.pragma.startswith(DEVICE)
    assert "operations for each number that is copied" in loop.advice
    assert any(edit.text.strip() == "#pragma omp parallel for" for fix in loop.fixes for edit in fix.edits)


def test_copies_that_cost_more_than_the_loop() -> None:
    head = "void f(int n, double *restrict y, const double *restrict x)"
    loop = first_loop(f"{head} {{ for (int i = 0; i < n; i++) y[i] += x[i]; }}")
    assert loop.pragma == "#pragma omp parallel for if(n > 100000)"
    assert line(loop) == "map(to: x[0:n]) map(tofrom: y[0:n])"
    assert "target data" in loop.explanation


def test_data_that_are_there_already() -> None:
    loop = first_loop(
        "void f(int n, double *restrict y, const double *restrict x) {\n"
        "#pragma omp target data map(tofrom: y[0:n]) map(to: x[0:n])\n{\n"
        "for (int i = 0; i < n; i++) y[i] += x[i];\n} }"
    )
    assert loop.pragma == f"{DEVICE} map(to: x[0:n]) map(tofrom: y[0:n])"


def test_what_the_sections_take_for_granted_is_said() -> None:
    loop = first_loop(SECTIONS["stencil"][0])
    assert "if every loop runs at least once" in " ".join(loop.explanation.split())
    loop = first_loop(SECTIONS["filled under a condition"][0])
    assert "`a` must have an element for every iteration" in " ".join(loop.explanation.split())


PROGRAM = """
static double x[5000], y[5000], z[70 * 70], big[N][N];
static void stencil(int n, double *restrict a, const double *restrict b) {
  for (int i = 1; i < n - 1; i++)
    a[i] = b[i - 1] + 2 * b[i] + b[i + 1];
}
static void transpose(int n, int m, double *restrict a, const double *restrict b) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++)
      a[i * m + j] = b[j * n + i];
}
static double norm(int n, const double *v) {
  double s = 0;
  for (int i = 0; i < n; i++)
    s += v[i] * v[i];
  return s;
}
static double top(int n, const double *v) {
  double most = v[0];
  for (int i = 1; i < n; i++)
    most = fmax(most, v[i]);
  return most;
}
static void rows(int n, int m, double (*a)[m]) {
  double t;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < m; j++) {
      t = i + 3 * j;
      a[i][j] = sqrt(t) + t;
    }
}
static void table(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++)
      big[i][j] = i * 2 + j;
}
static void positive(int n, double *restrict a, const double *restrict b) {
  for (int i = 0; i < n; i++)
    if (b[i] > 3)
      a[i] = b[i] / 3;
}
int main(void) {
  for (int i = 0; i < 5000; i++) { x[i] = i % 13; y[i] = i % 7; }
  stencil(5000, y, x);
  stencil(0, y, x);
  transpose(70, 50, z, y);
  rows(70, 70, (double (*)[70])x);
  table();
  positive(4000, y, x);
  double sum = 0;
  for (int i = 0; i < 5000; i++) sum += (i % 5 + 1) * (x[i] + y[i]);
  for (int i = 0; i < 70 * 70; i++) sum += (i % 3) * z[i];
  for (int i = 0; i < N; i++) sum += big[i][N - 1 - i];
  printf("%.10g %.10g %.10g\\n", sum, norm(5000, y), top(5000, x));
  return 0;
}
"""


@pytest.mark.parametrize(("compiler", "flags"), [("gcc", ("-fopenmp", "-foffload=disable")), ("clang", ("-fopenmp",))])
def test_the_result_compiles_and_computes_the_same(
    compiler: str, flags: tuple[str, ...], tmp_path: Path, need: Callable[[bool, str], None]
) -> None:
    """Without a device the target regions run on the host."""
    if find_tool(compiler) is None:
        pytest.skip(f"needs {compiler}")
    source = (PRELUDE + PROGRAM).encode()
    report = analyze(SourceText.of(source), "c", Options(offload=True))
    edits = [
        edit.shifted(start)
        for start, loop in loops_of(report)
        if loop.depth == 0 and loop.function != "main"
        for fix in loop.fixes
        if "target" in fix.title
        for edit in fix.edits
    ]
    assert len(edits) == 7
    changed = applied(source, edits)
    (tmp_path / "serial.c").write_bytes(source)
    (tmp_path / "device.c").write_bytes(changed)
    outputs = []
    for name, options in (("serial", ()), ("device", flags)):
        program = tmp_path / name
        made = [compiler, "-O1", "-Wall", *options, str(tmp_path / f"{name}.c"), "-o", str(program), "-lm"]
        done = subprocess.run(made, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0 and not done.stderr, done.stderr
        outputs.append(subprocess.run([str(program)], capture_output=True, text=True, timeout=60, check=True).stdout)
    assert outputs[0] == outputs[1]
    again = analyze(SourceText.of(changed), "c", Options())
    assert [f.rule for placed in again.functions for f in placed.result.findings if f.category != "perf"] == []
    assert sum(loop.existing is not None for _, loop in loops_of(again)) >= 7
