/* A matrix product with two collapsed loops. */
#define N 40

static double a[N][N], b[N][N], c[N][N];

void multiply(void)
{
    int i, j, k;
    double sum;
    #pragma omp parallel for collapse(2) private(k, sum)
    for (i = 0; i < N; i++)
        for (j = 0; j < N; j++) {
            sum = 0.0;
            for (k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = i == j;
            b[i][j] = i + j;
        }
    multiply();
    return c[3][4] != 7.0;
}
