/* A reduction over the iterations of a taskloop. */
#define N 2000

double sum_squares(int n, const double *x)
{
    double sum = 0.0;
    #pragma omp parallel shared(sum)
    #pragma omp single
    {
        #pragma omp taskloop reduction(+: sum) grainsize(100)
        for (int i = 0; i < n; i++)
            sum += x[i] * x[i];
    }
    return sum;
}

int main(void)
{
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = 2.0;
    return sum_squares(N, x) != 4.0 * N;
}
