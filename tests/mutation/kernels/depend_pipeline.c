/* Three stages on each block: read, filter, write, ordered by what they depend on. */
#define BLOCKS 8
#define SIZE 128

static double raw[BLOCKS][SIZE], clean[BLOCKS][SIZE];
static double level;

static void read_block(double *to, int b)
{
    for (int i = 0; i < SIZE; i++)
        to[i] = b + i;
}

static void filter_block(const double *from, double *to)
{
    to[0] = from[0];
    for (int i = 1; i < SIZE; i++)
        to[i] = 0.5 * (from[i] + from[i - 1]);
}

void run(void)
{
    #pragma omp parallel
    #pragma omp single
    for (int b = 0; b < BLOCKS; b++) {
        #pragma omp task depend(out: raw[b][0]) firstprivate(b)
        read_block(raw[b], b);
        #pragma omp task depend(in: raw[b][0]) depend(out: clean[b][0]) firstprivate(b)
        filter_block(raw[b], clean[b]);
        #pragma omp task depend(in: clean[b][0]) depend(inout: level) firstprivate(b)
        {
            level += clean[b][SIZE - 1];
        }
    }
}

int main(void)
{
    run();
    return level <= 0.0;
}
