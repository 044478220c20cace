/* Steady heat in a square plate: Jacobi iteration with the 5-point stencil, until the largest change is small. */
#include <math.h>
#include <stdio.h>

#define N 512
#define SWEEPS 200

static double plate[N][N], next[N][N];

static void boundary(double u[N][N])
{
    for (int i = 0; i < N; i++) {
        u[i][0] = 0.0;
        u[i][N - 1] = 0.0;
        u[0][i] = 100.0 * i / (N - 1);
        u[N - 1][i] = 25.0;
    }
}

/* One sweep from u into v. */
static void sweep(double u[N][N], double v[N][N])
{
    int i, j;
    for (i = 1; i < N - 1; i++)
        for (j = 1; j < N - 1; j++)
            v[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1]);
}

static double largest_change(void)
{
    double change = 0.0;
    for (int i = 1; i < N - 1; i++)
        for (int j = 1; j < N - 1; j++)
            change = fmax(change, fabs(next[i][j] - plate[i][j]));
    return change;
}

int main(void)
{
    boundary(plate);
    boundary(next);
    for (int s = 0; s < SWEEPS; s++) {
        sweep(plate, next);
        sweep(next, plate);
    }
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += plate[i][j];
    printf("change %.6e  checksum %.6f\n", largest_change(), sum);
    return 0;
}
