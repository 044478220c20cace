/* The wave equation over time: three arrays whose roles rotate, energy of the last step. */
#define N 500

static double first[N], second[N], third[N];

double run(int steps)
{
    double *before = first, *now = second, *after = third, energy;
    #pragma omp parallel shared(before, now, after, energy)
    {
        for (int t = 0; t < steps; t++) {
            #pragma omp for schedule(static)
            for (int i = 1; i < N - 1; i++)
                after[i] = 2.0 * now[i] - before[i] + 0.25 * (now[i + 1] - 2.0 * now[i] + now[i - 1]);
            #pragma omp single
            {
                double *t0 = before;
                before = now;
                now = after;
                after = t0;
                energy = 0.0;
            }
            #pragma omp for reduction(+: energy)
            for (int i = 0; i < N; i++)
                energy += now[i] * now[i];
        }
    }
    return energy;
}

int main(void)
{
    for (int i = 200; i < 300; i++)
        first[i] = second[i] = 1.0;
    return run(6) <= 0.0;
}
