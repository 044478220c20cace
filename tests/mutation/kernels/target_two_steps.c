/* Two device regions on the same data; the second one must wait for the first. */
#define N 800

static double field[N], grad[N];

void two_steps(int n)
{
    #pragma omp target data map(tofrom: field, grad)
    {
        #pragma omp target teams distribute parallel for nowait depend(out: field)
        for (int i = 0; i < n; i++)
            field[i] = 0.5 * i * i;
        #pragma omp target teams distribute parallel for nowait depend(in: field) depend(out: grad)
        for (int i = 1; i < n - 1; i++)
            grad[i] = 0.5 * (field[i + 1] - field[i - 1]);
        #pragma omp taskwait
    }
}

int main(void)
{
    two_steps(N);
    return grad[1] != 1.0;
}
