"""Where pointers may lead to a variable: after its address was taken, and not before."""

from __future__ import annotations

import pytest

from tests.reports import loop_reports

HEAD = """extern void all(double *in, double *out); double *kept; void keep(double *p) { kept = p; }
double f(double **rows, int n, int m) { double sum = 0, total = 0;
"""
LOOP = "for (int i = 0; i < n; i++) { sum += rows[0][i]; }"

UNREACHED = {
    "taken after the loop": "LOOP all(&sum, &total);",
    "taken in a branch after the loop": "LOOP if (m) all(&sum, &total); else total = sum;",
    "another one in each turn": "for (int k = 0; k < m; k++) { double sum = 0; LOOP all(&sum, &total); }",
    "taken where the loop is not reached": "if (m) { all(&sum, &total); } else { LOOP }",
}
REACHED = {
    "taken before the loop": "all(&sum, &total); LOOP",
    "taken in an earlier turn": "for (int k = 0; k < m; k++) { LOOP all(&sum, &total); }",
    "taken before a jump back": "again: LOOP all(&sum, &total); if (total > 3) goto again;",
    "taken in the loop": "for (int i = 0; i < n; i++) { sum += rows[0][i]; keep(&sum); }",
    "kept": "keep(&sum); LOOP",
    "stored": "rows[1] = &sum; LOOP",
    "one of both ways": "if (m) keep(&sum); LOOP all(&sum, &total);",
}


@pytest.mark.parametrize("name", UNREACHED)
def test_what_no_pointer_leads_to_yet_is_reduced(name: str) -> None:
    found = loop_reports(f"{HEAD}{UNREACHED[name].replace('LOOP', LOOP)} return total; }}")[-1]
    assert found.pragma is not None
    assert found.pragma.startswith("#pragma omp parallel for reduction(+:sum)")


@pytest.mark.parametrize("name", REACHED)
def test_what_a_pointer_may_lead_to_is_not(name: str) -> None:
    found = loop_reports(f"{HEAD}{REACHED[name].replace('LOOP', LOOP)} return total; }}")[-1]
    assert found.pragma is None
