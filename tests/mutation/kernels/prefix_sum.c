/* A prefix sum in two passes: sums of the slices, their offsets by one thread, then each slice again. */
#include <omp.h>

#define N 2000
#define MOST 64

static long offset[MOST + 1];

void scan(int n, const int *in, long *out)
{
    #pragma omp parallel
    {
        int me = omp_get_thread_num();
        int team = omp_get_num_threads();
        long sum = 0;
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < n; i++) {
            sum += in[i];
            out[i] = sum;
        }
        offset[me + 1] = sum;
        #pragma omp barrier
        #pragma omp single
        for (int t = 1; t <= team; t++)
            offset[t] += offset[t - 1];
        long mine = offset[me];
        #pragma omp for schedule(static)
        for (int i = 0; i < n; i++)
            out[i] += mine;
    }
}

int main(void)
{
    static int in[N];
    static long out[N];
    for (int i = 0; i < N; i++)
        in[i] = 1;
    scan(N, in, out);
    return out[N - 1] != N;
}
