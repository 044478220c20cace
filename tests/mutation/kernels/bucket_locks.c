/* Sorting into buckets, a lock in an array for each bucket. */
#include <omp.h>

#define N 2000
#define BUCKETS 8

static int key[N], bucket[BUCKETS][N], filled[BUCKETS];
static omp_lock_t lock[BUCKETS];

void distribute(int n)
{
    #pragma omp parallel for schedule(static, 8)
    for (int i = 0; i < n; i++) {
        int b = key[i] % BUCKETS;
        omp_set_lock(&lock[b]);
        bucket[b][filled[b]] = key[i];
        filled[b]++;
        omp_unset_lock(&lock[b]);
    }
}

int main(void)
{
    for (int b = 0; b < BUCKETS; b++)
        omp_init_lock(&lock[b]);
    for (int i = 0; i < N; i++)
        key[i] = i * 13;
    distribute(N);
    int total = 0;
    for (int b = 0; b < BUCKETS; b++)
        total += filled[b];
    return total != N;
}
