/* Counters that each thread has for itself, with a seed that all begin with. */
#define N 2000

static unsigned state = 17;
static long hits;
#pragma omp threadprivate(state, hits)

static double draw(void)
{
    state = state * 1103515245u + 12345u;
    return (state >> 8 & 0xffff) / 65536.0;
}

long shoot(int n)
{
    long all = 0;
    state = 99;
    #pragma omp parallel copyin(state) reduction(+: all)
    {
        hits = 0;
        #pragma omp for
        for (int i = 0; i < n; i++) {
            double x = draw(), y = draw();
            if (x * x + y * y < 1.0)
                hits++;
        }
        all += hits;
    }
    return all;
}

int main(void)
{
    return shoot(N) <= 0;
}
