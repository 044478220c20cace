/* One thread makes a table that all threads use. */
#include <math.h>

#define N 2000
#define TABLE 64

void interpolate(int n, const double *x, double *y)
{
    double table[TABLE + 1];
    double step;
    #pragma omp parallel
    {
        #pragma omp single
        {
            step = 1.0 / TABLE;
            for (int k = 0; k <= TABLE; k++)
                table[k] = exp(k * step);
        }
        #pragma omp for
        for (int i = 0; i < n; i++) {
            int k = (int) (x[i] * TABLE);
            double w = x[i] / step - k;
            y[i] = (1.0 - w) * table[k] + w * table[k + 1];
        }
    }
}

int main(void)
{
    static double x[N], y[N];
    for (int i = 0; i < N; i++)
        x[i] = (double) i / N;
    interpolate(N, x, y);
    return fabs(y[0] - 1.0) > 1e-6;
}
