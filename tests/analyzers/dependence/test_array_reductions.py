"""Sums into arrays of the caller: which become a reduction of an array section, and how its length is written."""

from __future__ import annotations

import pytest

from analyzers.api import analyze
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText

N = "#define N 2100\n#define BOUND(x, y) x\n"


def outermost(function: str) -> LoopReport:
    report = analyze(SourceText.of(N + function), "c")
    return next(loop for placed in report.functions for loop in placed.result.loops)


def rows(update: str, inner: str = "j < N", outer: str = "i < N", after: str = "") -> LoopReport:
    """Every row of a matrix goes into one vector."""
    return outermost(
        "void f(int n, double A[N][N], double *restrict y, double *restrict q) {\n"
        f"for (int i = 0; {outer}; i++) {{ for (int j = 0; {inner}; j++) {update} {after} }} }}"
    )


@pytest.mark.parametrize(
    ("update", "op"),
    [
        ("y[j] += A[i][j];", "+"),
        ("y[j] -= A[i][j];", "+"),
        ("y[j] = y[j] + A[i][j];", "+"),
        ("y[j] = A[i][j] * 2 + y[j];", "+"),
        ("y[j] = y[j] - A[i][j];", "+"),
        ("y[j] *= A[i][j];", "*"),
        ("y[j] = A[i][j] * y[j];", "*"),
        ("if (A[i][j] > 0) y[j] += A[i][j];", "+"),
    ],
)
def test_a_vector_that_every_iteration_adds_to(update: str, op: str) -> None:
    loop = rows(update)
    assert loop.pragma == f"#pragma omp parallel for reduction({op}:y[:N])"
    assert loop.verdict.counts_as_parallel and loop.profitable


@pytest.mark.parametrize(
    "update",
    [
        "y[j] = A[i][j] - y[j];",
        "y[j] = y[j] + y[j] * A[i][j];",
        "y[j] = y[0] + A[i][j];",
        "y[j] = A[i][j];",
        "{ y[j] += A[i][j]; q[i] = y[0]; }",
        "{ y[j] += A[i][j]; y[j] *= 2; }",
        "y[j + 1] += A[i][j];",
    ],
)
def test_what_is_no_reduction_of_an_array(update: str) -> None:
    loop = rows(update)
    assert loop.pragma is None and "reduction" not in loop.summary


@pytest.mark.parametrize(
    ("update", "sum_"),
    [("h[j] -= i;", True), ("h[j] -= x[i];", False), ("h[j] = h[j] + x[i] / 2;", False), ("h[j] += (int) x[i];", True)],
)
def test_integers_that_are_rounded_at_every_step_are_no_sum(update: str, sum_: bool) -> None:
    code = f"for (int i = 0; i < n; i++) for (int j = 0; j < 8; j++) {update}"
    loop = outermost(f"int f(int n, const double *x) {{ int h[8] = {{0}}; {code} return h[3]; }}")
    assert (loop.pragma == "#pragma omp parallel for reduction(+:h)") is sum_
    assert (loop.verdict.status == "parallel") is sum_


def test_the_length_is_written_as_in_the_source() -> None:
    """In another configuration the macro has another value."""
    assert rows("y[j] += 1;", "j < BOUND(N, n)").pragma == "#pragma omp parallel for reduction(+:y[:BOUND(N, n)])"


@pytest.mark.parametrize(("inner", "outer"), [("j < n", "i < N"), ("j < N", "i < n"), ("j < 100000", "i < N")])
def test_a_loop_that_may_not_run_or_a_copy_that_may_be_large(inner: str, outer: str) -> None:
    """A reduction touches all elements of the section even where the loop touches none."""
    assert rows("y[j] += 1;", inner, outer).pragma is None


def test_a_declared_size_says_that_a_copy_is_small() -> None:
    loop = outermost(
        "void f(int n, double A[N][N], double y[N]) {\n"
        "for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) y[j] += A[i][j]; }"
    )
    assert (loop.verdict.confidence, loop.pragma) == ("likely", "#pragma omp parallel for reduction(+:y[:n])")
    assert "`n` is positive, and `y` has so many elements" in [a.text for a in loop.verdict.assumptions]


def test_a_copy_must_pay() -> None:
    loop = rows("y[j] += A[i][j];", outer="i < 4")
    assert loop.pragma is not None and not loop.profitable
    assert "own copy of `y`" in loop.advice or "too small" in loop.advice


@pytest.mark.parametrize(
    "body",
    [
        "int *q = &c[5]; for (int i = 0; i < 99; i++) *q += a[i];",
        "int *q = c; for (int i = 0; i < 99; i++) q[a[i]] += 1;",
        "int *q = &c[5]; for (int i = 0; i < 99; i++) { *q += a[i]; c[5] += 1; }",
        "int *q = m[1]; for (int i = 0; i < 99; i++) q[a[i]]++;",
    ],
)
def test_a_pointer_from_before_the_loop_does_not_lead_to_the_copy(body: str) -> None:
    """A clause on `c` makes copies of `c`; `*q` stays the one that all threads share."""
    loop = outermost(f"int a[99], c[9], m[9][9]; void f(void) {{ {body} }}")
    assert not loop.verdict.counts_as_parallel
    named = body.replace("*q +=", "c[5] +=").replace("q[a", "c[a")
    assert "reduction(+:c)" in (outermost(f"int a[99], c[9], m[9][9]; void f(void) {{ {named} }}").pragma or "")
