"""Arrays of several dimensions that are used as one long row too."""

from __future__ import annotations

import pytest

from tests.reports import loop_reports

TOTAL = "double m[99][4]; double total(double *p) { double s = 0; for (int k = 0; k < 396; k++) s += p[k]; return s; } "


@pytest.mark.parametrize("start", ["&m[0][0]", "m[0]", "*m", "(double *)m", "(double *)m + 0"])
def test_a_pointer_to_the_first_element_leads_to_all_rows(start: str) -> None:
    through = f"double m[99][4]; void f(void) {{ double *p = {start}; for (int i = 1; i < 99; i++) "
    assert not loop_reports(f"{through} p[4 * i] = m[i - 1][0]; }}")[0].verdict.counts_as_parallel
    called = f"void f(void) {{ for (int i = 1; i < 99; i++) m[i][0] = total({start}); }}"
    assert not loop_reports(TOTAL + called)[1].verdict.counts_as_parallel


def test_a_row_that_a_callee_uses_is_one_of_all_rows() -> None:
    text = "double m[99][4]; double row(double *p) { double s = 0; for (int k = 0; k < 4; k++) s += p[k]; return s; } "
    loop = "void f(void) { double *p = m[0]; for (int i = 1; i < 99; i++) p[i] = row(m[i / 9]); }"
    assert not loop_reports(text + loop)[1].verdict.counts_as_parallel


def test_all_of_it_as_one_row_stays_parallel() -> None:
    text = "double m[99][4]; void f(void) { for (int i = 1; i < 99; i++) ((double *)m)[i] = ((double *)m)[0]; }"
    assert loop_reports(text)[0].verdict.status == "parallel"


def test_parameters_and_members_too() -> None:
    for text in (
        "void f(int n, double x[n][n]) { double *p = &x[0][0]; for (int i = 1; i < n; i++) p[i * n] = x[i - 1][0]; }",
        "struct G { double v[99][4]; }; void f(struct G *g) "
        "{ double *p = &g->v[0][0]; for (int i = 1; i < 99; i++) p[4 * i] = g->v[i - 1][0]; }",
    ):
        assert not loop_reports(text)[0].verdict.counts_as_parallel


@pytest.mark.parametrize(
    "text",
    [
        "double m[99][4]; void f(void) { double *p = &m[0][0]; for (int i = 0; i < 396; i++) p[i] = 0; }",
        "double m[99][4]; void f(void) { for (int i = 1; i < 99; i++) { double *p = m[i]; p[0] = p[1]; } }",
        "void put(double *p) { for (int k = 0; k < 4; k++) p[k] = k; } "
        "double m[99][4]; void f(void) { for (int i = 0; i < 99; i++) put(m[i]); }",
    ],
)  # fmt: skip
def test_rows_stay_rows(text: str) -> None:
    assert loop_reports(text)[-1].verdict.status == "parallel"
