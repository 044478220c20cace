"""`if` clauses: a loop that runs again and again, each time with less to do."""

from __future__ import annotations

import re

import pytest

from tests.reports import loop_reports

HEAD = "void f(int n, int m, int w, double a[900][900], double b[900][900], double *p) {\n"


def condition(body: str) -> str | None:
    """What the offered pragma makes its threads depend on, the number left out."""
    (pragma,) = [loop.pragma for loop in loop_reports(f"{HEAD}{body}\n}}") if loop.profitable and loop.pragma]
    found = re.search(r" if\((.*) > \d+\)$", pragma)
    assert found is not None or " if(" not in pragma
    return found[1] if found is not None else None


ELIMINATION = """for (int k = 0; k < n; k++)
    for (int i = k + 1; i < n; i++)
      for (int j = k + 1; j < n; j++)
        a[i][j] -= a[i][k] * a[k][j];"""


def test_what_is_left_shrinks() -> None:
    assert condition(ELIMINATION) == "1.0 * (n - k - 1) * (n - k - 1)"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = 0; j < k")) == "1.0 * (n - k - 1) * k"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = k; j <= n")) == "1.0 * (n - k - 1) * (n - (k - 1))"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = 0; j < 899")) == "n - k - 1"


def test_downwards_and_in_steps() -> None:
    assert condition(ELIMINATION.replace("i = k + 1; i < n; i++", "i = n; i > k; i -= 2")) == (
        "1.0 * (n - k) * (n - k - 1)"
    )


def test_the_number_is_the_work_that_pays() -> None:
    (pragma,) = [loop.pragma for loop in loop_reports(f"{HEAD}{ELIMINATION}\n}}") if loop.profitable]
    assert pragma is not None
    assert 40_000 < int(pragma.rpartition("> ")[2].rstrip(")")) < 200_000


@pytest.mark.parametrize(
    "body",
    [
        "for (int t = 0; t < m; t++) for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) a[i][j] += a[i][j] * t;",
        "for (int i = 0; i < n; i++) for (int j = i; j < n; j++) a[i][j] = i;",
        ELIMINATION.replace("j < n", "j < (k < w ? w : n)"),
        ELIMINATION.replace("k + 1; j", "(int)p[k]; j"),
    ],
    ids=["all alike", "outermost", "a bound that is no product", "a bound from memory"],
)
def test_no_condition(body: str) -> None:
    assert condition(body) is None


def test_names_of_the_inside_stay_there() -> None:
    inner = (
        "for (int i = k + 1; i < n; i++) { int e = m + k; for (int j = k; j < e; j++) a[i][j] -= a[i][k] * b[k][j]; }"
    )
    text = condition(f"for (int k = 1; k < n; k++) {{ {inner} b[k][k] = a[k][k - 1]; }}")
    assert text is None or "e" not in text
