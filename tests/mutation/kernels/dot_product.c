/* Two inner products in one pass. */
#define N 4096

static double x[N], y[N];

double cosine_of(int n, double *norm)
{
    double xy = 0.0, xx = 0.0;
    int i;
    #pragma omp parallel for reduction(+: xy, xx) schedule(static)
    for (i = 0; i < n; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
    }
    *norm = xx;
    return xy;
}

int main(void)
{
    double norm;
    for (int i = 0; i < N; i++)
        x[i] = y[i] = 1.0;
    return cosine_of(N, &norm) != N || norm != N;
}
