/* A block of work that starts from a value of outside and hands its last value back. */
#define N 500

static double x[N], y[N];

double integrate(int n, double start)
{
    double h = 1.0 / n, base = start, here = 0.0;
    int last = 0;
    int i;
    #pragma omp parallel for firstprivate(base) lastprivate(here, last)
    for (i = 0; i < n; i++) {
        base = base * 0.5 + h;
        here = base + x[i];
        y[i] = here * h;
        last = i;
    }
    return here + last;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        x[i] = 1.0;
    return integrate(N, 2.0) < N - 1;
}
