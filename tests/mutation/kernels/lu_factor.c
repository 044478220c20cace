/* LU factorisation without pivoting: the loop over columns runs on every thread, rows are shared out. */
#define N 32

static double a[N][N];

void factor(void)
{
    #pragma omp parallel
    for (int k = 0; k < N - 1; k++) {
        #pragma omp for
        for (int i = k + 1; i < N; i++)
            a[i][k] /= a[k][k];
        #pragma omp for schedule(dynamic, 2)
        for (int i = k + 1; i < N; i++)
            for (int j = k + 1; j < N; j++)
                a[i][j] -= a[i][k] * a[k][j];
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i][j] = i == j ? N : 1.0;
    factor();
    return !(a[N - 1][N - 1] > 0.0);
}
