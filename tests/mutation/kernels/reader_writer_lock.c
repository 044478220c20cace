/* A cache of results behind one lock: looked up by all threads, filled by whoever misses. */
#include <omp.h>

#define SLOTS 64
#define N 2000

static omp_lock_t cache_lock;
static int cached_key[SLOTS];
static double cached_value[SLOTS];
static int misses;

static double compute(int key)
{
    double s = 0.0;
    for (int k = 1; k <= 50; k++)
        s += 1.0 / (k + key);
    return s;
}

double lookup(int key)
{
    int slot = key % SLOTS;
    double result;
    omp_set_lock(&cache_lock);
    if (cached_key[slot] != key) {
        cached_key[slot] = key;
        cached_value[slot] = compute(key);
        misses++;
    }
    result = cached_value[slot];
    omp_unset_lock(&cache_lock);
    return result;
}

int main(void)
{
    double sum = 0.0;
    omp_init_lock(&cache_lock);
    for (int s = 0; s < SLOTS; s++)
        cached_key[s] = -1;
    #pragma omp parallel for reduction(+: sum) schedule(static, 1)
    for (int i = 0; i < N; i++)
        sum += lookup(i * i % 97);
    omp_destroy_lock(&cache_lock);
    return misses == 0 || sum <= 0.0;
}
