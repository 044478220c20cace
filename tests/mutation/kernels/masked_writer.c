/* While one thread keeps a log, the others must not change what it reads. */
#include <omp.h>

#define N 800
#define STEPS 4

static double field[N], history[STEPS];

void simulate(void)
{
    #pragma omp parallel num_threads(3)
    {
        for (int t = 0; t < STEPS; t++) {
            #pragma omp for
            for (int i = 0; i < N; i++)
                field[i] += 0.5 * (i + t);
            #pragma omp masked filter(0)
            {
                double sum = 0.0;
                for (int i = 0; i < N; i++)
                    sum += field[i];
                history[t] = sum / N;
            }
            #pragma omp barrier
        }
    }
}

int main(void)
{
    simulate();
    return history[STEPS - 1] == 0.0;
}
