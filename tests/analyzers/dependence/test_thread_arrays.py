"""Work arrays that each thread of a region has for itself, and pointers that a condition chooses."""

from __future__ import annotations

import pytest

from tests.reports import loop_reports

HEAD = "#include <stdlib.h>\n#include <math.h>\n"
LOOP = (
    "for (int i = 0; i < n; i++) { for (int j = 0; j < m; j++) w[j] = b[i * m + j];"
    " for (int j = 0; j < m; j++) a[i] += w[j] * w[m - 1 - j]; }"
)
REGION = "#pragma omp parallel\n{ double *w = malloc(m * sizeof *w);\n#pragma omp for\n" + LOOP + "\nfree(w); }"


def verdict(body: str) -> tuple[str, str | None]:
    """Of the first loop that has a directive."""
    text = f"{HEAD}void f(int n, int m, double *restrict a, const double *restrict b) {{\n{body}\n}}\n"
    loop = next(loop for loop in loop_reports(text) if loop.existing is not None)
    return loop.verdict.status, loop.pragma


@pytest.mark.parametrize(
    "body",
    [
        REGION,
        REGION.replace("double *w = malloc(m * sizeof *w);", "double w[64];").replace("j < m", "j < 64"),
        REGION.replace("double *w = malloc(m * sizeof *w);", "double *w; w = malloc(m * sizeof *w);"),
    ],
)
def test_what_each_thread_has_for_itself_needs_no_clause(body: str) -> None:
    assert verdict(body.replace("m - 1 - j", "j")) == ("parallel", "#pragma omp for")


MADE = "double *w = malloc(m * sizeof *w);"
FILL = "for (int j = 0; j < m; j++) w[j] = b[i * m + j];"
ONE = "double *w;\n#pragma omp single copyprivate(w)\nw = malloc(m * sizeof *w);"
NEST = "for (int l = 0; l < n; l++) { if (l == 0) for (int j = 0; j < m; j++) w[j] = b[j];"


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("all threads have this one", f"{MADE}\n{REGION.replace(MADE, '')}"),
        ("allocated before", f"{MADE.replace('w', 'v')}\n{REGION.replace(MADE, 'double *w = v;')}"),
        ("one for all", REGION.replace(MADE, ONE)),
        ("the lanes of a vector share it", REGION.replace("omp for", "omp for simd")),
        ("tasks share it", REGION.replace("omp for", "omp single\n#pragma omp taskloop")),
        ("handed to the others", REGION.replace(MADE, f"{MADE} keep(w);")),
        ("an earlier iteration filled it", REGION.replace("w[j] = ", "if (j > i) w[j] = ")),
        ("another name", REGION.replace(MADE, f"{MADE} double *v = w + few(m);").replace("+= w[j]", "+= v[j]")),
        ("divided together with the loop inside", REGION.replace("omp for", "omp for collapse(2)")
         .replace(FILL, NEST).replace("w[m - 1 - j]; }", "w[m - 1 - j]; } }")),
    ],
)  # fmt: skip
def test_what_threads_share(why: str, body: str) -> None:
    assert verdict(body)[0] != "parallel", why


CHOSEN = "for (int i = 0; i < n; i++) { double *p = %s; for (int j = 0; j < m; j++) p[j] = b[j] * i; }"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("i == n - 1 ? a : c + i * m", "parallel"),
        ("i == k ? a : c + i * m", "parallel"),
        ("i < n - 1 ? c + i * m : a", "parallel"),
        ("i < 3 ? a : c + i * m", "dependent"),
        ("i == n - 1 ? a : c", "dependent"),
        ("i < k ? c + i * m : c + i * m", "parallel"),
        ("i % 2 ? a : c", "unknown"),
    ],
)
def test_a_pointer_that_a_condition_chooses_leads_to_either(value: str, status: str) -> None:
    text = "void f(int n, int m, int k, double *restrict a, const double *restrict b, double *restrict c) {%s}"
    loop = loop_reports(text.replace("%s", CHOSEN.replace("%s", value)))[0]
    found = loop.verdict.status
    assert found == status or (status == "unknown" and found == "dependent")
