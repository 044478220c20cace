/* Tiled Cholesky factorisation, driven by the dependences between tiles. */
#include <math.h>

#define T 4
#define B 8

static double tile[T][T][B][B];

static void potrf(double a[B][B])
{
    for (int k = 0; k < B; k++) {
        a[k][k] = sqrt(a[k][k]);
        for (int i = k + 1; i < B; i++) {
            a[i][k] /= a[k][k];
            for (int j = k + 1; j <= i; j++)
                a[i][j] -= a[i][k] * a[j][k];
        }
    }
}

static void trsm(double l[B][B], double a[B][B])
{
    for (int i = 0; i < B; i++)
        for (int k = 0; k < B; k++) {
            for (int j = 0; j < k; j++)
                a[i][k] -= a[i][j] * l[k][j];
            a[i][k] /= l[k][k];
        }
}

static void update(double a[B][B], double b[B][B], double c[B][B])
{
    for (int i = 0; i < B; i++)
        for (int j = 0; j < B; j++)
            for (int k = 0; k < B; k++)
                c[i][j] -= a[i][k] * b[j][k];
}

void factor(void)
{
    for (int k = 0; k < T; k++) {
        #pragma omp task depend(inout: tile[k][k])
        potrf(tile[k][k]);
        for (int i = k + 1; i < T; i++) {
            #pragma omp task depend(in: tile[k][k]) depend(inout: tile[i][k])
            trsm(tile[k][k], tile[i][k]);
        }
        for (int i = k + 1; i < T; i++)
            for (int j = k + 1; j <= i; j++) {
                #pragma omp task depend(in: tile[i][k], tile[j][k]) depend(inout: tile[i][j])
                update(tile[i][k], tile[j][k], tile[i][j]);
            }
    }
}

int main(void)
{
    for (int i = 0; i < T * B; i++)
        for (int j = 0; j < T * B; j++)
            tile[i / B][j / B][i % B][j % B] = i == j ? 100.0 : 1.0;
    #pragma omp parallel
    #pragma omp single
    factor();
    return !(tile[T - 1][T - 1][B - 1][B - 1] > 0.0);
}
