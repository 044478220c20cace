/* LU factorisation without pivoting, in place, and the triangular solve. */
#include <math.h>
#include <stdio.h>

#define N 900

static double a[N][N], x[N];

static void factor(void)
{
    for (int k = 0; k < N; k++) {
        for (int i = k + 1; i < N; i++) {
            a[i][k] /= a[k][k];
            for (int j = k + 1; j < N; j++)
                a[i][j] -= a[i][k] * a[k][j];
        }
    }
}

/* L y = b, then U x = y; b comes in x. */
static void solve(void)
{
    for (int i = 1; i < N; i++)
        for (int j = 0; j < i; j++)
            x[i] -= a[i][j] * x[j];
    for (int i = N - 1; i >= 0; i--) {
        for (int j = i + 1; j < N; j++)
            x[i] -= a[i][j] * x[j];
        x[i] /= a[i][i];
    }
}

/* How much of the matrix lies below the diagonal: rows get longer as i grows. */
static double lower_weight(void)
{
    double w = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++)
            w += fabs(a[i][j]);
    return w;
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            a[i][j] = 1.0 / (1.0 + i + j);
        a[i][i] += N;
        x[i] = 1.0;
    }
    factor();
    solve();
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += x[i];
    printf("lower %.6e  checksum %.9f\n", lower_weight(), sum);
    return 0;
}
