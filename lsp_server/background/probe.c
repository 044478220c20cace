/* What threads and arithmetic cost on this machine. Prints one line per sample: a name and nanoseconds per unit.
 * `probe ROUNDS`: every quantity is measured once in each round, so that a disturbance shows in all of them. */

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL 1024             /* doubles of a vector that stays in the first cache */
#define LARGE (8L * 1024 * 1024) /* of one that does not fit any */
#define CHUNKS 1024
#define PAD 16 /* doubles between the cells of two threads: no cache line is shared */
#define SAMPLE 5e-3 /* seconds: long against the clock's resolution */

static double *x, *y, *big_x, *big_y, *cells;
static int threads;
static double sum;

/* The compiler must not see that a repetition does what the last one did. */
#define AGAIN() __asm__ volatile("" ::: "memory")

static void region(void)
{
#pragma omp parallel for schedule(static)
    for (int i = 0; i < threads; i++)
        cells[i * PAD] += 1.0;
}

static void reduction(void)
{
    double s = 0.0;
#pragma omp parallel for schedule(static) reduction(+ : s)
    for (int i = 0; i < threads; i++)
        s += cells[i * PAD];
    sum = s;
}

static void chunks(void)
{
#pragma omp parallel for schedule(dynamic, 1)
    for (int i = 0; i < CHUNKS; i++)
        cells[omp_get_thread_num() * PAD] += 1.0;
}

static void operation(void)
{
    for (long i = 0; i < SMALL; i++)
        y[i] += 1e-9 * x[i];
}

static void memory(void)
{
    for (long i = 0; i < LARGE; i++)
        big_y[i] += 1e-9 * big_x[i];
}

static void division(void)
{
    for (long i = 0; i < SMALL; i++)
        y[i] = 1.5 / x[i];
}

static void exponential(void)
{
    for (long i = 0; i < SMALL; i++)
        y[i] = exp(x[i]);
}

static void root(void)
{
    for (long i = 0; i < SMALL; i++)
        y[i] = sqrt(x[i]);
}

static double repeat(void (*what)(void), long count)
{
    double start = omp_get_wtime();
    for (long k = 0; k < count; k++) {
        what();
        AGAIN();
    }
    return omp_get_wtime() - start;
}

/* A loop that a team shares out, with the barrier at its end. */
static double barriers(void (*unused)(void), long count)
{
    double start = omp_get_wtime();
    (void)unused;
#pragma omp parallel
    for (long k = 0; k < count; k++) {
#pragma omp for schedule(static)
        for (int i = 0; i < threads; i++)
            cells[i * PAD] += 1.0;
    }
    return omp_get_wtime() - start;
}

static struct {
    const char *name;
    double (*run)(void (*)(void), long);
    void (*what)(void);
    double units; /* in one repetition */
    long count;
} measures[] = {
    {"region", repeat, region, 1, 1},
    {"barrier", barriers, NULL, 1, 1},
    {"reduction", repeat, reduction, 1, 1},
    {"chunk", repeat, chunks, CHUNKS, 1},
    {"operation", repeat, operation, SMALL, 1},
    {"memory", repeat, memory, LARGE, 1},
    {"division", repeat, division, SMALL, 1},
    {"exp", repeat, exponential, SMALL, 1},
    {"sqrt", repeat, root, SMALL, 1},
};

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    int many = (int)(sizeof measures / sizeof *measures);
    threads = omp_get_max_threads();
    x = malloc(SMALL * sizeof *x);
    y = malloc(SMALL * sizeof *y);
    big_x = malloc(LARGE * sizeof *big_x);
    big_y = malloc(LARGE * sizeof *big_y);
    cells = calloc((size_t)threads * PAD, sizeof *cells);
    if (!x || !y || !big_x || !big_y || !cells) {
        fputs("there are no 128 MiB of free memory\n", stderr);
        return 1;
    }
    for (long i = 0; i < SMALL; i++)
        x[i] = y[i] = 0.5 + (double)i / SMALL;
    for (long i = 0; i < LARGE; i++)
        big_x[i] = big_y[i] = 1.0;
    for (int m = 0; m < many; m++)
        while (measures[m].run(measures[m].what, measures[m].count) < SAMPLE && measures[m].count < 1L << 30)
            measures[m].count *= 2;
    for (int r = 0; r < rounds; r++)
        for (int m = 0; m < many; m++) {
            double seconds = measures[m].run(measures[m].what, measures[m].count);
            printf("%s %.6g\n", measures[m].name, 1e9 * seconds / ((double)measures[m].count * measures[m].units));
        }
    return sum == -1.0; /* never: the sum is used */
}
