/* A recurrence over a distance of eight: vectors of up to eight lanes are right. */
#define N 512

static double a[N + 8], b[N];

void shift(int n)
{
    #pragma omp simd safelen(8) aligned(a: 8)
    for (int i = 0; i < n; i++)
        a[i + 8] = a[i] + 1.0;
    #pragma omp parallel for simd simdlen(4)
    for (int i = 0; i < n; i++)
        b[i] = 0.5 * a[i];
}

int main(void)
{
    shift(N);
    return b[N - 1] <= 0.0;
}
