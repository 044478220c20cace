/* Red and black points in turn: those of one colour only read those of the other. */
#include <math.h>

#define N 40

static double u[N][N];

double relax(int sweeps)
{
    double change = 0.0;
    #pragma omp parallel
    for (int s = 0; s < sweeps; s++) {
        #pragma omp single
        change = 0.0;
        #pragma omp for
        for (int i = 1; i < N - 1; i++)
            for (int j = 1 + i % 2; j < N - 1; j += 2)
                u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1]);
        #pragma omp for reduction(max: change)
        for (int i = 1; i < N - 1; i++)
            for (int j = 2 - i % 2; j < N - 1; j += 2) {
                double old = u[i][j];
                u[i][j] = 0.25 * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1]);
                change = fmax(change, fabs(u[i][j] - old));
            }
    }
    return change;
}

int main(void)
{
    for (int j = 0; j < N; j++)
        u[0][j] = 1.0;
    return relax(5) <= 0.0;
}
