"""Pointers of which half a swap was forgotten."""

from __future__ import annotations

import pytest

from analyzers.api import analyze
from analyzers.text import SourceText

BEFORE = "double *gx, *gy; void unseen(void); void turn(double **a, double **b); double *more(void);\n"


def confidences(update: str, behind: str, around: str = "for (int t = 0; t < steps; t++)", x: str = "x") -> list[str]:
    y = x.replace("x", "y")
    text = (
        (
            f"{BEFORE}void f(int steps, int n, double *x, double *y) {{\n{around} {{\n#pragma omp parallel for\n"
            f"for (int i = 1; i < n - 1; i++) {update}\n{behind}\n}} }}\n"
        )
        .replace("XX", x)
        .replace("YY", y)
    )
    (*_, function) = analyze(SourceText.of(text), "c").functions
    return [f.confidence for f in function.result.findings if f.category == "race"]


STENCIL = "YY[i] = XX[i - 1] + XX[i + 1];"


@pytest.mark.parametrize("x", ["x", "gx"])
@pytest.mark.parametrize(
    ("update", "behind", "expected"),
    [
        (STENCIL, "double *old = XX; XX = YY;", ["likely"]),
        (STENCIL, "{ XX = YY; }", ["likely"]),
        (STENCIL, "double *old = XX; XX = YY; YY = old;", []),
        (STENCIL, "XX = YY; YY = more();", []),
        (STENCIL, "XX = YY; turn(&XX, &YY);", []),
        (STENCIL, "if (n > 3) XX = YY;", []),
        (STENCIL, "if (n > 3) continue; XX = YY;", []),
        ("YY[i] = XX[i] + 1;", "XX = YY;", []),  # the same element in the same iteration
    ],
)
def test_half_a_swap(update: str, behind: str, expected: list[str], x: str) -> None:
    assert confidences(update, behind, x=x) == expected


def test_what_may_set_the_pointers() -> None:
    assert confidences(STENCIL, "XX = YY; unseen();", x="gx") == []
    assert confidences(STENCIL, "XX = YY; unseen();") == ["likely"]


def test_without_a_loop_around_it_runs_once() -> None:
    assert confidences(STENCIL, "XX = YY;", around="") == []
