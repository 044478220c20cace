/* Transfers between accounts, a lock for each account, always taken in the order of the accounts. */
#include <omp.h>

#define ACCOUNTS 8
#define TRANSFERS 2000

static long balance[ACCOUNTS];
static omp_lock_t guard[ACCOUNTS];

static void transfer(int from, int to, long amount)
{
    int first = from < to ? from : to;
    int second = from < to ? to : from;
    if (from == to)
        return;
    omp_set_lock(&guard[first]);
    omp_set_lock(&guard[second]);
    balance[from] -= amount;
    balance[to] += amount;
    omp_unset_lock(&guard[second]);
    omp_unset_lock(&guard[first]);
}

int main(void)
{
    long total = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        omp_init_lock(&guard[i]);
        balance[i] = 100;
    }
    #pragma omp parallel for
    for (int t = 0; t < TRANSFERS; t++)
        transfer(t % ACCOUNTS, t * 5 % ACCOUNTS, t % 3);
    for (int i = 0; i < ACCOUNTS; i++) {
        total += balance[i];
        omp_destroy_lock(&guard[i]);
    }
    return total != 100 * ACCOUNTS;
}
