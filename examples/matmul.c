/* C = A B, written the textbook way: indices at the top, a scalar for the inner product. */
#include <stdio.h>

#define N 400

static double a[N][N], b[N][N], c[N][N];

static void fill(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)((i * j) % 7) / 7.0;
            b[i][j] = (double)((i - j + N) % 5) / 5.0;
        }
}

static void multiply(void)
{
    int i, j, k;
    double sum;
    for (i = 0; i < N; i++) {
        for (j = 0; j < N; j++) {
            sum = 0.0;
            for (k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    }
}

static double trace(void)
{
    double t = 0.0;
    for (int i = 0; i < N; i++)
        t += c[i][i];
    return t;
}

int main(void)
{
    fill();
    multiply();
    printf("checksum %.6f\n", trace());
    return 0;
}
