/* Elimination with pivoting: one thread looks for the pivot and swaps the rows. */
#include <math.h>

#define N 24

static double m[N][N + 1];

void eliminate(void)
{
    int pivot = 0;
    double factor;
    int j;
    #pragma omp parallel private(factor, j)
    {
        for (int k = 0; k < N - 1; k++) {
            #pragma omp single
            {
                pivot = k;
                for (int r = k + 1; r < N; r++)
                    if (fabs(m[r][k]) > fabs(m[pivot][k]))
                        pivot = r;
                for (int c = k; c <= N; c++) {
                    double t = m[k][c];
                    m[k][c] = m[pivot][c];
                    m[pivot][c] = t;
                }
            }
            #pragma omp for
            for (int i = k + 1; i < N; i++) {
                factor = m[i][k] / m[k][k];
                for (j = k; j <= N; j++)
                    m[i][j] -= factor * m[k][j];
            }
        }
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= N; j++)
            m[i][j] = (i * 7 + j * 13) % 11 + (i == j ? 20.0 : 0.0);
    eliminate();
    return m[N - 1][N - 1] == 0.0;
}
