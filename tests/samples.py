"""Small C functions that stand for what the analysis may say."""

from __future__ import annotations

RACY = """\
double sum(int n, const double *x)
{
    double s = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}
"""
PLAIN = """\
#define N 100000
double a[N], b[N];
void scale(void)
{
    for (int i = 0; i < N; i++)
        a[i] = 2.0 * b[i];
}
"""
SERIAL = """\
#define N 100000
double u[N];
void prefix(void)
{
    for (int i = 1; i < N; i++)
        u[i] = u[i] + u[i - 1];
}
"""
UNSEEN = """\
#define N 100000
double u[N];
void relax(int i);
void sweep(void)
{
    for (int i = 0; i < N; i++)
        relax(i);
}
"""
