/* A ring of jobs between producers and consumers, guarded by one critical section. */
#define SLOTS 16
#define JOBS 400

static int ring[SLOTS];
static int head, tail, produced;
static long done;

static int put(void)
{
    int ok = 1;
    #pragma omp critical (ring)
    {
        if (produced == JOBS) {
            ok = 0;
        } else if (tail - head < SLOTS) {
            ring[tail % SLOTS] = produced;
            produced++;
            tail++;
        }
    }
    return ok;
}

static int take(int *job)
{
    int got = 0;
    #pragma omp critical (ring)
    {
        if (head < tail) {
            *job = ring[head % SLOTS];
            head++;
            got = 1;
        } else if (produced == JOBS) {
            got = -1;
        }
    }
    return got;
}

int main(void)
{
    #pragma omp parallel
    {
        int job, got = 0;
        while (put())
            if (take(&job) > 0) {
                #pragma omp atomic
                done += job;
            }
        while (got >= 0) {
            got = take(&job);
            if (got > 0) {
                #pragma omp atomic
                done += job;
            }
        }
    }
    return done != (long) JOBS * (JOBS - 1) / 2;
}
