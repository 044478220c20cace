/* Teams count into one histogram: only atomics keep different teams apart. */
#define N 3000
#define BINS 10

static int digit[N], count[BINS];

void histogram(int n)
{
    int d;
    #pragma omp target teams map(to: digit) map(tofrom: count) num_teams(4)
    #pragma omp distribute parallel for private(d)
    for (int i = 0; i < n; i++) {
        d = digit[i];
        #pragma omp atomic
        count[d]++;
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        digit[i] = i * i % BINS;
    histogram(N);
    return 0;
}
