/* One thread reads the seed, all get a copy, and each makes its own numbers from it. */
#include <omp.h>
#include <stdlib.h>

#define N 1000

static int out[N];

static unsigned next_of(unsigned state)
{
    return state * 1664525u + 1013904223u;
}

void fill(void)
{
    unsigned seed;
    #pragma omp parallel private(seed)
    {
        #pragma omp single copyprivate(seed)
        seed = (unsigned) atoi("42");
        seed += (unsigned) omp_get_thread_num();
        #pragma omp for
        for (int i = 0; i < N; i++) {
            seed = next_of(seed);
            out[i] = (int) (seed >> 16);
        }
    }
}

int main(void)
{
    fill();
    return 0;
}
