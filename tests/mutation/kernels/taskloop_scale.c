/* A taskloop, whose tasks are complete before the next one begins. */
#define N 1000

static double x[N], y[N];

void transform(int n, double s)
{
    double t;
    #pragma omp parallel
    #pragma omp single
    {
        #pragma omp taskloop grainsize(50) private(t)
        for (int i = 0; i < n; i++) {
            t = s * i;
            x[i] = t * t;
        }
        #pragma omp taskloop num_tasks(8)
        for (int i = 1; i < n - 1; i++)
            y[i] = x[i - 1] + x[i + 1];
    }
}

int main(void)
{
    transform(N, 1.0);
    return y[1] != 4.0;
}
