/* Two tasks fill a half each, in no order; the third one needs both. */
#define N 600

static double field[N], sum;

void run(void)
{
    #pragma omp parallel
    #pragma omp single
    {
        #pragma omp task depend(inoutset: field)
        for (int i = 0; i < N / 2; i++)
            field[i] = i;
        #pragma omp task depend(inoutset: field)
        for (int i = N / 2; i < N; i++)
            field[i] = N - i;
        #pragma omp task depend(in: field)
        for (int i = 0; i < N; i++)
            sum += field[i];
    }
}

int main(void)
{
    run();
    return sum <= 0.0;
}
