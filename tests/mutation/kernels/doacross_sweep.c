/* A Gauss-Seidel sweep as a wave front: each point waits for those above and to the left. */
#define N 24

static double u[N][N];

void sweep(void)
{
    #pragma omp parallel for ordered(2) schedule(static, 1)
    for (int i = 1; i < N - 1; i++)
        for (int j = 1; j < N - 1; j++) {
            #pragma omp ordered depend(sink: i - 1, j) depend(sink: i, j - 1)
            u[i][j] = 0.25 * (u[i - 1][j] + u[i][j - 1] + u[i + 1][j] + u[i][j + 1]);
            #pragma omp ordered depend(source)
        }
}

int main(void)
{
    u[0][0] = u[0][1] = 1.0;
    for (int t = 0; t < 3; t++)
        sweep();
    return 0;
}
