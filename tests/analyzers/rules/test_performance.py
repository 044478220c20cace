"""The performance rules are hints: they speak when it is certain and are silent otherwise."""

from __future__ import annotations

import pytest

from analyzers.api import Options, analyze
from analyzers.text import SourceText

PERF = Options(select=frozenset({"perf"}))


def found(code: str) -> list[tuple[str, int]]:
    source = SourceText.of(code)
    report = analyze(source, "c", PERF)
    return [
        (finding.rule.removeprefix("perf-"), source.line_of(placed.start + finding.span.start) + 1)
        for placed in report.functions
        for finding in placed.result.findings
    ]


SILENT = {
    "sweeps in a time loop": """
static double u[900][900], v[900][900];
void f(int steps) {
    for (int t = 0; t < steps; t++) {
        #pragma omp parallel for
        for (int i = 1; i < 899; i++)
            for (int j = 1; j < 899; j++) v[i][j] = u[i - 1][j] + u[i + 1][j];
        #pragma omp parallel for
        for (int i = 1; i < 899; i++)
            for (int j = 1; j < 899; j++) u[i][j] = v[i][j];
    }
}""",
    "an if clause": """
void f(double *a) {
    #pragma omp parallel for if(a[0] > 1)
    for (int i = 0; i < 8; i++) a[i] = i;
}""",
    "calls of unknown cost": """
double work(double);
void f(double *a) {
    #pragma omp parallel for
    for (int i = 0; i < 8; i++) a[i] = work(i);
}""",
    "few outer iterations": """
static double a[4][1000000];
void f(void) {
    for (int i = 0; i < 4; i++) {
        #pragma omp parallel for
        for (int j = 0; j < 1000000; j++) a[i][j] = j;
    }
}""",
    "padded partial sums": """
int omp_get_thread_num(void);
void f(int n, const double *x) {
    double partial[64][8] = {{0}};
    #pragma omp parallel
    {
        int t = omp_get_thread_num();
        #pragma omp for
        for (int i = 0; i < n; i++) partial[t][0] += x[i];
    }
}""",
    "a partial sum stored once": """
int omp_get_thread_num(void);
void f(int n, const double *x, double *partial) {
    #pragma omp parallel
    {
        double mine = 0;
        #pragma omp for
        for (int i = 0; i < n; i++) mine += x[i];
        partial[omp_get_thread_num()] = mine;
    }
}""",
    "an index that is no thread number": """
int omp_get_thread_num(void);
void f(int n, double *a) {
    #pragma omp parallel
    {
        int t = omp_get_thread_num();
        t = t * 16;
        for (int i = 0; i < n; i++) a[t] += i;
    }
}""",
}


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert found(SILENT[name]) == []


def test_a_region_inside_a_parallel_loop_nest() -> None:
    code = """
static double a[500][900000];
void f(void) {
    for (int i = 0; i < 500; i++) {
        #pragma omp parallel for
        for (int j = 0; j < 900000; j++) a[i][j] = j;
    }
}"""
    assert found(code) == [("parallel-region-in-loop", 5)]


def test_false_sharing_through_a_call_in_the_subscript() -> None:
    code = """
int omp_get_thread_num(void);
void f(int n, const double *x, double *partial) {
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        partial[omp_get_thread_num()] += x[i];
}"""
    assert found(code) == [("false-sharing", 6)]
