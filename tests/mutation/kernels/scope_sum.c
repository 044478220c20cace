/* A scope in a region: each thread adds what it has found, without a loop. */
#include <omp.h>

#define N 1000

static int found_in(int low, int high)
{
    int found = 0;
    for (int i = low; i < high; i++)
        found += i % 7 == 0;
    return found;
}

int main(void)
{
    int total = 0, twice = 0;
    #pragma omp parallel shared(total, twice)
    {
        int me = omp_get_thread_num(), team = omp_get_num_threads();
        #pragma omp scope reduction(+: total)
        total += found_in(N * me / team, N * (me + 1) / team);
        #pragma omp single nowait
        twice = 2 * total;
    }
    return twice != 286;
}
