/* Work shared out by hand: a slice and a partial sum for each thread, added up by one of them. */
#include <omp.h>

#define N 2048
#define MOST 64

static double x[N], partial[MOST];

double sum_all(void)
{
    double total = 0.0;
    int used = 1;
    #pragma omp parallel
    {
        int me = omp_get_thread_num();
        int count = omp_get_num_threads();
        int low = N * me / count, high = N * (me + 1) / count;
        double sum = 0.0;
        for (int i = low; i < high; i++)
            sum += x[i];
        partial[me] = sum;
        #pragma omp master
        used = count;
    }
    for (int t = 0; t < used; t++)
        total += partial[t];
    return total;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        x[i] = 1.0;
    return sum_all() != N;
}
