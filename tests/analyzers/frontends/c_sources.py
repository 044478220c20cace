"""Realistic C for the property tests: small programs with most of what the frontend has to read."""

STENCIL = r"""/* Heat on a plate. */
#include <stdio.h>
#include <stdlib.h>
#define N 128
#define U(i, j) u[(i) * N + (j)]
#define FOR(i, n) for (int i = 0; i < (n); i++)
typedef struct { double x, y, z; int kind; } particle;
enum state { IDLE, BUSY = 4, DONE };
static double u[N * N], v[N][N];
static particle cloud[N];
int counter;
#pragma omp threadprivate(counter)

static inline double square(double x) { return x * x; }

double step(double *restrict out, const double *in, int n)
{
    double change = 0.0;
#pragma omp parallel for collapse(2) \
    reduction(+ : change) schedule(static)
    for (int i = 1; i < n - 1; i++) {
        for (int j = 1; j < n - 1; ++j) {
            out[i * n + j] = 0.25 * (in[(i - 1) * n + j] + in[(i + 1) * n + j] + in[i * n + j - 1] + in[i * n + j + 1]);
            change += square(out[i * n + j] - in[i * n + j]); // sum of squares
        }
    }
    return change;
}

#ifdef _OPENMP
void fill(void)
{
    FOR(i, N)
        FOR(j, N) U(i, j) = v[i][j] * 2.0;
}
#else
void fill(void) {}
#endif

int classify(int *restrict histogram, const unsigned char *text, size_t length)
{
    int total = 0;
    #pragma omp parallel
    {
        #pragma omp for nowait
        for (size_t k = 0; k < length; k++) {
            switch (text[k]) {
            case 'a': case 'e':
                histogram[0]++;
                break;
            case '\n':
                histogram[1] += 1; /* fall through */
            default:
                histogram[2]++;
            }
        }
        #pragma omp single
        total = histogram[0] > 3 ? histogram[1] : -1;
        #pragma omp sections
        {
            #pragma omp section
            histogram[3] = 1;
            #pragma omp section
            { histogram[4] = 2; }
        }
    }
    while (total-- > 0) {
        if (histogram[total] == 0 && total % 2) continue;
        else if (!histogram[total]) goto out;
        do { histogram[total] /= 2; } while (histogram[total] > 10);
    }
out:
    printf("%d: {%s}\n", total, "text\"}");
    return total;
}

int main(int argc, char **argv)
{
    double *a = malloc(sizeof(double) * N * N), (*b)[N] = (double (*)[N])malloc(sizeof *b * N);
    particle *p = &cloud[0], q = {.x = 1.0, .kind = BUSY};
    if (!a || !b) return EXIT_FAILURE;
    fill();
    for (int t = 0; t < 10; t++) step(a, &u[0], N);
    p->x = q.y + (*b)[3] + b[1][2];
    (void)argc;
    free(a), free(b);
    return 0;
}
"""

PLAIN = r"""int g;
void one(int n) { for (int i = 0; i < n; i++) g += i; }

void two(int n, int *a)
{
  #pragma omp parallel for
  for (int i = 0; i < n; i++)
    a[i] = i;
}

int three(a, b) int a; int b; { return a + b; }
"""
