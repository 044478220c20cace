/* Odd-even transposition sort in one region. */
#define N 120

static int a[N];

void sort(int n)
{
    int phase, i, t;
    #pragma omp parallel default(none) shared(a, n) private(phase, i, t)
    for (phase = 0; phase < n; phase++) {
        if (phase % 2 == 0) {
            #pragma omp for
            for (i = 1; i < n; i += 2)
                if (a[i - 1] > a[i]) {
                    t = a[i - 1];
                    a[i - 1] = a[i];
                    a[i] = t;
                }
        } else {
            #pragma omp for
            for (i = 1; i < n - 1; i += 2)
                if (a[i] > a[i + 1]) {
                    t = a[i];
                    a[i] = a[i + 1];
                    a[i + 1] = t;
                }
        }
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        a[i] = i * 37 % 121;
    sort(N);
    for (int i = 1; i < N; i++)
        if (a[i] < a[i - 1])
            return 1;
    return 0;
}
