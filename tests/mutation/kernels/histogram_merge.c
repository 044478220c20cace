/* Each thread counts into its own table; the tables are merged one thread at a time. */
#include <string.h>

#define N 4000
#define BINS 32

static unsigned char pixel[N];
static long table[BINS];

void count(void)
{
    #pragma omp parallel
    {
        long mine[BINS];
        memset(mine, 0, sizeof mine);
        #pragma omp for nowait
        for (int i = 0; i < N; i++)
            mine[pixel[i] >> 3]++;
        #pragma omp critical (merge)
        for (int b = 0; b < BINS; b++)
            table[b] += mine[b];
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        pixel[i] = i * 31;
    count();
    long total = 0;
    for (int b = 0; b < BINS; b++)
        total += table[b];
    return total != N;
}
