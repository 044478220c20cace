/* Jacobi iterations inside one parallel region: sweep, residual, copy. */
#include <math.h>

#define N 64

static double u[N], v[N], f[N];

int solve(int most, double tolerance)
{
    double residual = 1.0;
    int sweeps = 0;
    #pragma omp parallel
    {
        while (1) {
            #pragma omp barrier
            if (residual < tolerance || sweeps >= most)
                break;
            #pragma omp barrier
            #pragma omp single
            {
                residual = 0.0;
                sweeps++;
            }
            #pragma omp for reduction(+: residual)
            for (int i = 1; i < N - 1; i++) {
                v[i] = 0.5 * (u[i - 1] + u[i + 1] - f[i]);
                residual += fabs(v[i] - u[i]);
            }
            #pragma omp for
            for (int i = 1; i < N - 1; i++)
                u[i] = v[i];
        }
    }
    return sweeps;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        f[i] = 0.01;
    return solve(8, 1e-9) != 8;
}
