/* The first thread of the team reads the settings; a barrier keeps the others back. */
#include <omp.h>

#define N 900

static double x[N];
static double relax;
static int team;

void apply(void)
{
    #pragma omp parallel
    {
        int me = omp_get_thread_num();
        if (me == 0) {
            team = omp_get_num_threads();
            relax = 1.0 / team;
        }
        #pragma omp barrier
        for (int i = me; i < N; i += team)
            x[i] = relax * i;
    }
}

int main(void)
{
    apply();
    return x[0] != 0.0;
}
