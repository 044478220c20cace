/* Two threads take turns; whose turn it is stands in a variable that is accessed atomically. */
#include <omp.h>

#define ROUNDS 50

static int turn;
static int trace[2 * ROUNDS];
static int at;

void play(void)
{
    #pragma omp parallel num_threads(2)
    {
        int me = omp_get_thread_num();
        int now;
        if (omp_get_num_threads() == 2)
            for (int r = 0; r < ROUNDS; r++) {
                do {
                    #pragma omp atomic read seq_cst
                    now = turn;
                } while (now != me);
                trace[at] = me;
                at++;
                #pragma omp atomic write seq_cst
                turn = 1 - me;
            }
    }
}

int main(void)
{
    play();
    return at != 0 && at != 2 * ROUNDS;
}
