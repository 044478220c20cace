/* A square matrix transposed in place. */
#define N 50

void transpose(double m[N][N])
{
    int i, j;
    double t;
    #pragma omp parallel for private(j, t) schedule(guided)
    for (i = 0; i < N; i++)
        for (j = 0; j < i; j++) {
            t = m[i][j];
            m[i][j] = m[j][i];
            m[j][i] = t;
        }
}

int main(void)
{
    static double m[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            m[i][j] = i;
    transpose(m);
    return m[0][7] != 7.0;
}
