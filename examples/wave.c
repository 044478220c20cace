/* Waves on a membrane: a linearised grid behind a macro, three time levels, one parallel region. */
#include <stdio.h>
#include <stdlib.h>

#define AT(f, i, j) f[(i) * ny + (j)]

/* u: now, p: one step ago, q: one step ahead. The second loop reads what other threads write in the first:
   `nowait` took away the barrier between them. */
static double step(int nx, int ny, const double *u, const double *p, double *q, double c2)
{
    double power = 0.0;
    #pragma omp parallel
    {
        #pragma omp for nowait
        for (int i = 1; i < nx - 1; i++)
            for (int j = 1; j < ny - 1; j++)
                AT(q, i, j) = 2.0 * AT(u, i, j) - AT(p, i, j)
                            + c2 * (AT(u, i - 1, j) + AT(u, i + 1, j) + AT(u, i, j - 1) + AT(u, i, j + 1) - 4.0 * AT(u, i, j));

        #pragma omp for reduction(+ : power)
        for (int j = 1; j < ny - 1; j++)
            for (int i = 1; i < nx - 1; i++)
                power += AT(q, i, j) * AT(q, i, j);
    }
    return power;
}

/* Smoothing in place: every point needs its neighbours of this very sweep. */
static void smooth(int nx, int ny, double *u)
{
    for (int i = 1; i < nx - 1; i++)
        for (int j = 1; j < ny - 1; j++)
            AT(u, i, j) = 0.25 * (AT(u, i - 1, j) + AT(u, i + 1, j) + AT(u, i, j - 1) + AT(u, i, j + 1));
}

/* A drop falls in the middle. */
static void drop(int nx, int ny, double *restrict u, double *restrict p)
{
    for (int i = 0; i < nx; i++)
        for (int j = 0; j < ny; j++) {
            double r2 = (double)(i - nx / 2) * (i - nx / 2) + (double)(j - ny / 2) * (j - ny / 2);
            AT(u, i, j) = 1.0 / (1.0 + 0.01 * r2);
            AT(p, i, j) = AT(u, i, j);
        }
}

int main(void)
{
    const int nx = 300, ny = 200;
    double *u = calloc(nx * ny, sizeof *u), *p = calloc(nx * ny, sizeof *p), *q = calloc(nx * ny, sizeof *q);
    double power = 0.0;
    if (!u || !p || !q)
        return 1;

    drop(nx, ny, u, p);
    smooth(nx, ny, u);
    for (int t = 0; t < 50; t++) {
        power = step(nx, ny, u, p, q, 0.2);
        double *oldest = p;
        p = u, u = q, q = oldest;
    }
    printf("checksum %.6f\n", power);
    free(u), free(p), free(q);
    return 0;
}
