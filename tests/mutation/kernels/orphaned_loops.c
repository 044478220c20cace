/* Worksharing in functions that are called from the region. */
#define N 1000

static double r[N], p[N], q[N], dot;

static void multiply(int n)
{
    #pragma omp for
    for (int i = 1; i < n - 1; i++)
        q[i] = 2.0 * p[i] - p[i - 1] - p[i + 1];
}

static void accumulate(int n)
{
    #pragma omp for reduction(+: dot)
    for (int i = 0; i < n; i++)
        dot += p[i] * q[i];
}

static void update(int n, double alpha)
{
    #pragma omp for
    for (int i = 0; i < n; i++) {
        r[i] -= alpha * q[i];
        p[i] = r[i] + 0.5 * p[i];
    }
}

void iterate(int n, int steps)
{
    #pragma omp parallel
    for (int s = 0; s < steps; s++) {
        #pragma omp single
        dot = 0.0;
        multiply(n);
        accumulate(n);
        update(n, 1.0 / (1.0 + dot));
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        r[i] = p[i] = 1.0;
    iterate(N, 4);
    return 0;
}
