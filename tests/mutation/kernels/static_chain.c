/* Two loops over the same range with the same static schedule: each thread reads what it wrote itself. */
#define N 1000

void smooth_and_scale(int n, const double *a, double *b, double *c, double s)
{
    #pragma omp parallel
    {
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < n; i++)
            b[i] = s * a[i];
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < n; i++)
            c[i] = b[i] + a[i];
    }
}

int main(void)
{
    static double a[N], b[N], c[N];
    for (int i = 0; i < N; i++)
        a[i] = i;
    smooth_and_scale(N, a, b, c, 2.0);
    return c[N - 1] != 3.0 * (N - 1);
}
