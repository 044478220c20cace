"""A pragma that somebody proposes is judged by what it does to the loop."""

from __future__ import annotations

import pytest

from analyzers.api import SourceText, Span, verify_pragma

SUM = """double f(int n, const double *x)
{
    double s = 0.0;
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}
"""
TEMPORARY = """void f(int n, const double *restrict x, double *restrict y)
{
    double t;
    for (int i = 0; i < n; i++) {
        t = x[i];
        y[i] = t * t;
    }
}
"""
LAST = """double f(int n, const double *x)
{
    double v = 0.0;
    for (int i = 0; i < n; i++)
        v = x[i];
    return v;
}
"""
PREFIX = """void f(int n, double *u)
{
    for (int i = 1; i < n; i++)
        u[i] += u[i - 1];
}
"""
COPY = """void f(int n, double *x, double *y)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i];
}
"""
SCALED = """void f(int n, double c, double *restrict x)
{
    for (int i = 0; i < n; i++)
        x[i] *= c;
}
"""


@pytest.mark.parametrize(
    ("text", "pragma", "status"),
    [
        (SUM, "parallel for reduction(+:s)", "proved"),
        (SUM, "parallel for reduction(-:s)", "proved"),
        (SUM, "simd reduction(+:s)", "proved"),
        (SUM, "parallel for", "refuted"),
        (SUM, "parallel for reduction(*:s)", "refuted"),
        (SUM, "parallel for private(s)", "refuted"),
        (SUM, "parallel for firstprivate(s)", "refuted"),
        (SUM, "parallel for lastprivate(s)", "refuted"),
        (SUM, "parallel for redction(+:s)", "malformed"),
        (SUM, "parallel for reduction(+:s", "malformed"),
        (SUM, "parallel for nowait reduction(+:s)", "malformed"),
        (SUM, "paralel for", "malformed"),
        (TEMPORARY, "parallel for private(t)", "proved"),
        (TEMPORARY, "parallel for lastprivate(t)", "proved"),
        (TEMPORARY, "parallel for", "refuted"),
        (LAST, "parallel for lastprivate(v)", "proved"),
        (LAST, "parallel for firstprivate(v) lastprivate(v)", "proved"),
        (LAST, "parallel for private(v)", "refuted"),
        (PREFIX, "parallel for", "refuted"),
        (PREFIX, "simd", "refuted"),
        (COPY, "parallel for", "likely"),
        (SCALED, "parallel for firstprivate(c)", "proved"),
        (SCALED, "parallel for private(c)", "refuted"),
        (SCALED, "parallel for private(x)", "refuted"),
        (SCALED, "parallel for private(nothing)", "malformed"),
        (SCALED, "parallel for private(static)", "malformed"),
        (SCALED, "parallel for reduction(+:nothing)", "malformed"),
        (SCALED, "parallel for num_threads(static)", "malformed"),
        (SCALED, "parallel for num_threads(nothing)", "malformed"),
        (SCALED, "parallel for schedule(dynamic, nothing)", "malformed"),
        (SCALED, "parallel for schedule(dynamic, 2 * n) if(n > 1000)", "proved"),
        (SCALED, "parallel for num_threads((int) n) if(n * sizeof(double) > 64)", "proved"),
        (SCALED, "parallel for num_threads(int)", "malformed"),
        (SCALED, "parallel for num_threads(omp_get_max_threads() / 2)", "proved"),
        (SCALED, "parallel for shared(x) default(none) firstprivate(c, n)", "proved"),
    ],
)
def test_verdict_on_a_pragma(text: str, pragma: str, status: str) -> None:
    source = SourceText.of(text)
    start = source.data.index(b"for (int i")
    closing = b"    }\n" if b"    }\n" in source.data else b";"
    end = source.data.index(closing, source.data.index(b"]")) + len(closing.rstrip())
    found = verify_pragma(source, "c", Span(start, end), f"#pragma omp {pragma}")
    assert found.status == status, found.findings
