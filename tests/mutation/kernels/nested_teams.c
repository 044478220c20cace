/* An outer team over blocks, an inner team over the elements of each. */
#include <omp.h>

#define BLOCKS 4
#define SIZE 200

static double x[BLOCKS][SIZE], sum[BLOCKS];

double total(void)
{
    double all = 0.0;
    omp_set_max_active_levels(2);
    #pragma omp parallel for num_threads(2) reduction(+: all)
    for (int b = 0; b < BLOCKS; b++) {
        double s = 0.0;
        #pragma omp parallel for num_threads(2) reduction(+: s)
        for (int i = 0; i < SIZE; i++)
            s += x[b][i];
        sum[b] = s;
        all += s;
    }
    return all;
}

int main(void)
{
    for (int b = 0; b < BLOCKS; b++)
        for (int i = 0; i < SIZE; i++)
            x[b][i] = 1.0;
    return total() != BLOCKS * SIZE;
}
