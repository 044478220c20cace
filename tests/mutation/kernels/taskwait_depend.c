/* The creating task waits for one of its children, not for all. */
#define N 400

static double a[N], b[N];

double overlap(void)
{
    double head = 0.0;
    #pragma omp parallel num_threads(4)
    #pragma omp single
    {
        #pragma omp task depend(out: a)
        for (int i = 0; i < N; i++)
            a[i] = i * 0.5;
        #pragma omp task depend(out: b)
        for (int i = 0; i < N; i++)
            b[i] = i * 2.0;
        #pragma omp taskwait depend(in: a)
        for (int i = 0; i < N; i++)
            head += a[i];
    }
    return head;
}

int main(void)
{
    double sum = 0.0;
    for (int t = 0; t < 20; t++)
        sum += overlap();
    return sum <= 0.0;
}
