/* Tasks that make tasks: a group waits for all of them, a taskwait would not. */
#define N 1024

static double leaf[N];

static void fill(int low, int high)
{
    if (high - low <= 64) {
        for (int i = low; i < high; i++)
            leaf[i] = i * 0.5;
        return;
    }
    int middle = (low + high) / 2;
    #pragma omp task
    fill(low, middle);
    #pragma omp task
    fill(middle, high);
}

double make_and_sum(void)
{
    double sum = 0.0;
    #pragma omp parallel
    #pragma omp single
    {
        #pragma omp taskgroup
        fill(0, N);
        for (int i = 0; i < N; i++)
            sum += leaf[i];
    }
    return sum;
}

int main(void)
{
    return make_and_sum() != 0.25 * N * (N - 1);
}
