/* Threads that find the lock taken do something else meanwhile. */
#include <omp.h>

#define ROUNDS 400

static omp_lock_t lock;
static long shared_work;

long run(void)
{
    long idle = 0;
    #pragma omp parallel reduction(+: idle)
    {
        int done = 0;
        while (done < ROUNDS) {
            if (omp_test_lock(&lock)) {
                shared_work += done;
                omp_unset_lock(&lock);
                done++;
            } else {
                idle++;
            }
        }
    }
    return idle;
}

int main(void)
{
    omp_init_lock(&lock);
    run();
    omp_destroy_lock(&lock);
    return shared_work % (ROUNDS * (ROUNDS - 1) / 2) != 0;
}
