"""Conditions around accesses: what they say, how long, and of which loop."""

from __future__ import annotations

import pytest

from analyzers.ir.verdicts import Verdict
from tests.reports import loop_reports

PRELUDE = """extern void fix(int *); extern void refresh(void);
int g; struct size { int n; }; union both { int n; unsigned m; };
"""
SHIFT = "for (int i = 0; i < N; i++) a[i + 1] = a[i];"

# Without the change, which stands between bars, the loop does not run.
CHANGED = {
    "assigned": ("n", "void f(double *a, int n) { if (n < 0) { |n = -n;| LOOP } }"),
    "after a return": ("n", "void f(double *a, int n) { if (n >= 0) return; |n = -n;| LOOP }"),
    "through a pointer": ("*n", "void f(double *a, int *n) { if (*n < 0) { |*n = 9;| LOOP } }"),
    "through another pointer": ("*n", "void f(double *a, int *n, int *m) { if (*n < 0) { |*m = 9;| LOOP } }"),
    "by a call": ("n", "void f(double *a, int n) { if (n < 0) { |fix(&n);| LOOP } }"),
    "at file scope": ("g", "void f(double *a) { if (g < 0) { |refresh();| LOOP } }"),
    "a member": ("s->n", "void f(double *a, struct size *s) { if (s->n < 0) { |s->n = 9;| LOOP } }"),
    "a record": ("s.n", "void f(double *a, struct size s, struct size t) { if (s.n < 0) { |s = t;| LOOP } }"),
    "of a union": ("u->n", "void f(double *a, union both *u) { if (u->n < 0) { |u->m = 9;| LOOP } }"),
    "an element": ("n[1]", "void f(double *a, int k) { int n[2] = {k, k}; if (n[1] < 0) { |n[k] = 9;| LOOP } }"),
    "later": ("n", "void f(double *a, int n) { if (n < 0) { for (int r = 0; r < 2; r++) { LOOP |n = 9;| } } }"),
    "by a jump back": (
        "n",
        "void f(double *a, int n) { if (n < 0) { again: LOOP |n = 9; if (*a > n) goto again;| } }",
    ),
}


def verdicts(code: str) -> list[Verdict]:
    return [report.verdict for report in loop_reports(PRELUDE + code)]


def verdict(code: str) -> Verdict:
    return verdicts(code)[0]


@pytest.mark.parametrize("name", CHANGED)
def test_a_condition_holds_until_what_it_reads_changes(name: str) -> None:
    size, code = CHANGED[name]
    before, change, after = code.replace("LOOP", SHIFT.replace("N", size)).split("|")
    assert verdicts(before + change + after)[-1].status != "parallel", name
    assert verdicts(before + after)[-1].status == "parallel", name


def test_a_condition_of_an_iteration_changes_with_its_variable() -> None:
    code = (
        "void f(double *a, const int *at, int n) { for (int i = 0; i < 10; i++) { double s = 0; int t = at[i];"
        " if (t >= 10) { t = t % 10; s = a[t]; } a[i] = s; } }"
    )
    assert verdict(code).status == "unknown"
    assert verdict(code.replace("t = t % 10; ", "")).status == "unknown"  # what `at` holds may be anything


def test_what_changes_in_the_other_branch_is_no_change() -> None:
    code = "void f(double *a, int n) { if (n < 0) n = 0; else { for (int i = 0; i < 5; i++) a[i] = a[i - n - 9]; } }"
    assert verdict(code).status == "parallel"


@pytest.mark.parametrize("condition", ["on", "on[0]", "*on == 3", "x > 0.5", "fabs(x) > 0.5", "(on && x > 0.5)"])
def test_what_decides_whether_a_loop_runs_excuses_none_of_its_dependences(condition: str) -> None:
    head = "#include <math.h>\nvoid f(double *a, int N, const int *on, double x)"
    assert verdict(f"{head} {{ if ({condition}) {SHIFT} }}").status == "dependent"


def test_no_assumption_says_that_the_loop_does_not_run() -> None:
    code = (
        "void f(double *u, const int *col, int n, int points) { if (points == 0)"
        " for (int i = 0; i < n; i++) u[i] = u[col[i]]; }"
    )
    found = verdict(code)
    assert found.status == "unknown"
    assert not any("points" in a.text for a in found.assumptions)


def test_a_condition_in_the_loop_may_excuse_them() -> None:
    code = "void f(double *a, const double *x, int n) { for (int i = 0; i < n; i++) if (x[i] > 0.5) a[i + 1] = a[i]; }"
    assert verdict(code).status == "unknown"


@pytest.mark.parametrize(
    ("condition", "body", "status"),
    [
        (
            "on[i]",
            "a[i + j][j + 1] = a[j + 1][1 + i]",
            "unknown",
        ),  # a conflict needs 2 * i <= n
        ("i > 5u && i > m", "a[i + j][j + 1] = a[j + 1][1 + i]", "unknown"),
        ("on[i]", "a[i][j + 1] = a[i][j]", "dependent"),
        ("on[0]", "a[i][j + 1] = a[i][j]", "dependent"),
        ("n > 3 && n > m", "a[i + j][j + 1] = a[j + 1][1 + i]", "dependent"),
    ],
)
def test_what_chooses_iterations_around_a_loop_may_choose_those_without_dependences(
    condition: str, body: str, status: str
) -> None:
    code = (
        "double a[200][200]; void f(int n, int m, const int *on) { for (int i = 1; i < n; i++)"
        f" if ({condition}) for (int j = 1; j < n; j++) {body}; }}"
    )
    assert verdicts(code)[1].status == status
