/* Work without waiting, then one barrier before the neighbours are read. */
#define N 1024

void derive(int n, const double *x, double *flux, double *source, double *rate)
{
    #pragma omp parallel
    {
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < n - 1; i++)
            flux[i] = x[i + 1] - x[i];
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < n; i++)
            source[i] = 0.5 * x[i];
        #pragma omp barrier
        #pragma omp for
        for (int i = 1; i < n - 1; i++)
            rate[i] = flux[i] - flux[i - 1] + source[i];
    }
}

int main(void)
{
    static double x[N], flux[N], source[N], rate[N];
    for (int i = 0; i < N; i++)
        x[i] = i * i;
    derive(N, x, flux, source, rate);
    return rate[1] != 2.5;
}
