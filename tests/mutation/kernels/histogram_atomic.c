/* A histogram whose bins are counted atomically. */
#define N 4000
#define BINS 16

void count(int n, const int *value, int *bins, long *outside)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        int b = value[i] / 8;
        if (b < 0 || b >= BINS) {
            #pragma omp atomic
            *outside += 1;
            continue;
        }
        #pragma omp atomic update
        bins[b]++;
    }
}

int main(void)
{
    static int value[N], bins[BINS];
    long outside = 0;
    for (int i = 0; i < N; i++)
        value[i] = i * 37 % 160;
    count(N, value, bins, &outside);
    long total = outside;
    for (int b = 0; b < BINS; b++)
        total += bins[b];
    return total != N;
}
