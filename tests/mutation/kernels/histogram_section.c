/* A histogram as the reduction of an array section. */
#define N 4000
#define BINS 16

int main(void)
{
    static int value[N];
    int bins[BINS] = {0};
    int *counts = bins, above = 0;
    for (int i = 0; i < N; i++)
        value[i] = i * 37 % 200;
    #pragma omp parallel for reduction(+: counts[:BINS], above)
    for (int i = 0; i < N; i++) {
        int b = value[i] / 8;
        if (b < BINS)
            counts[b]++;
        else
            above++;
    }
    int total = above;
    for (int b = 0; b < BINS; b++)
        total += bins[b];
    return total != N;
}
