"""Writes a C file of a given length in the manner of a numerical code: solvers, stencils, reductions, particles, sparse
matrices, some parallel, some racy, some serial, through macros and linearised indices."""

from __future__ import annotations

import random

HEAD = """\
#include <math.h>
#include <stdlib.h>

#define N 512
#define IDX(i, j) ((i) * m + (j))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

typedef struct { double x, y, z, vx, vy, vz, mass; } particle;

static double grid[N][N], next_grid[N][N];
static int counts[256];

"""

KERNELS = (
    """\
void stencil_{k}(int n, int m, const double *restrict u, double *restrict v)
{{
    const double c = {a};
    {omp}for (int i = 1; i < n - 1; i++) {{
        for (int j = 1; j < m - 1; j++) {{
            double sum = u[IDX(i - 1, j)] + u[IDX(i + 1, j)];
            sum += u[IDX(i, j - 1)] + u[IDX(i, j + 1)];
            v[IDX(i, j)] = c * (sum - 4.0 * u[IDX(i, j)]) + {b};
        }}
    }}
}}
""",
    """\
void jacobi_{k}(int steps)
{{
    for (int t = 0; t < steps; t++) {{
        {omp}for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                next_grid[i][j] = {a} * (grid[i][j - 1] + grid[i][j + 1] + grid[i - 1][j] + grid[i + 1][j]);
        {omp}for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                grid[i][j] = next_grid[i][j] + {b};
    }}
}}
""",
    """\
void multiply_{k}(int n, const double a[n][n], const double b[n][n], double c[n][n])
{{
    int i, j, l;
    {omp}for (i = 0; i < n; i++) {{
        for (j = 0; j < n; j++) {{
            double s = {a};
            for (l = 0; l < n; l++)
                s += a[i][l] * b[l][j];
            c[i][j] = s * {b};
        }}
    }}
}}
""",
    """\
double energy_{k}(int n, const particle *p)
{{
    double total = {a};
    int i;
    {omp}for (i = 0; i < n; i++) {{
        double v2 = p[i].vx * p[i].vx + p[i].vy * p[i].vy + p[i].vz * p[i].vz;
        total += {b} * p[i].mass * v2;
    }}
    return total;
}}
""",
    """\
void multiply_sparse_{k}(int rows, const int *start, const int *column, const double *value, const double *x, double *y)
{{
    {omp}for (int r = 0; r < rows; r++) {{
        double sum = {a};
        for (int e = start[r]; e < start[r + 1]; e++)
            sum += value[e] * x[column[e]];
        y[r] = {b} * sum;
    }}
}}
""",
    """\
int eliminate_{k}(int n, double a[n][n], double *x)
{{
    for (int k = 0; k < n; k++) {{
        if (fabs(a[k][k]) < {a}e-12)
            return k;
        {omp}for (int i = k + 1; i < n; i++) {{
            a[i][k] /= a[k][k];
            for (int j = k + 1; j < n; j++)
                a[i][j] -= a[i][k] * a[k][j];
        }}
    }}
    for (int i = n - 1; i >= 0; i--) {{
        for (int j = i + 1; j < n; j++)
            x[i] -= a[i][j] * x[j];
        x[i] /= a[i][i] + {b};
    }}
    return -1;
}}
""",
    """\
void bin_{k}(int n, const unsigned char *data, double *weights)
{{
    for (int i = 0; i < 256; i++)
        counts[i] = 0;
    {omp}for (int i = 0; i < n; i++)
        counts[data[i]]++;
    for (int i = 1; i < 256; i++)
        weights[i] = weights[i - 1] + {a} * counts[i] + {b};
}}
""",
    """\
void forces_{k}(int n, const particle *restrict p, double *restrict fx, double *restrict fy)
{{
    double dx, dy, r2, f;
    {omp}for (int i = 0; i < n; i++) {{
        fx[i] = {a};
        fy[i] = {b};
        for (int j = 0; j < n; j++) {{
            if (i == j)
                continue;
            dx = p[j].x - p[i].x;
            dy = p[j].y - p[i].y;
            r2 = dx * dx + dy * dy + 1e-9;
            f = p[i].mass * p[j].mass / (r2 * sqrt(r2));
            fx[i] += f * dx;
            fy[i] += f * dy;
        }}
    }}
}}
""",
    """\
double norm_{k}(int n, int m, const double *u, const double *v)
{{
    double worst = 0.0, sum = {a};
    {omp}for (int i = 0; i < n; i++) {{
        for (int j = 0; j < m; j++) {{
            double d = fabs(u[IDX(i, j)] - v[IDX(i, j)]);
            worst = MAX(worst, d);
            sum += d * d;
        }}
    }}
    return worst + {b} * sqrt(sum);
}}
""",
    """\
void sweep_{k}(int n, double *u, const double *f)
{{
    int colour;
    for (colour = 0; colour < 2; colour++) {{
        {omp}for (int i = 1 + colour; i < n - 1; i += 2)
            u[i] = {a} * (u[i - 1] + u[i + 1]) + {b} * f[i];
    }}
    for (int i = 1; i < n; i++)
        u[i] += 0.5 * u[i - 1];
}}
""",
)
PRAGMAS = ("", "", "#pragma omp parallel for\n    ", "#pragma omp parallel for schedule(static)\n    ")


def source(lines: int = 3400, seed: int = 1) -> str:
    """A file of at least `lines` lines; the same for the same seed."""
    chance = random.Random(seed)
    parts = [HEAD]
    count, number = HEAD.count("\n"), 0
    while count < lines:
        text = KERNELS[number % len(KERNELS)].format(
            k=number,
            a=f"{chance.randint(1, 9)}.{chance.randint(10, 99)}",
            b=f"{chance.randint(1, 9)}.{chance.randint(10, 99)}",
            omp=chance.choice(PRAGMAS),
        )
        parts.append(text + "\n")
        count += text.count("\n") + 1
        number += 1
    return "".join(parts)
