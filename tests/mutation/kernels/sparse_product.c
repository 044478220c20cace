/* A sparse matrix (rows compressed) times a vector, then the Rayleigh quotient. */
#define N 500

static int start[N + 1], column[3 * N];
static double value[3 * N], x[N], y[N];

double rayleigh(int n)
{
    double xy = 0.0, xx = 0.0, sum;
    #pragma omp parallel private(sum)
    {
        #pragma omp for schedule(static, 16)
        for (int row = 0; row < n; row++) {
            sum = 0.0;
            for (int k = start[row]; k < start[row + 1]; k++)
                sum += value[k] * x[column[k]];
            y[row] = sum;
        }
        #pragma omp for reduction(+: xy, xx)
        for (int row = 0; row < n; row++) {
            xy += x[row] * y[row];
            xx += x[row] * x[row];
        }
    }
    return xy / xx;
}

int main(void)
{
    int at = 0;
    for (int i = 0; i < N; i++) {
        start[i] = at;
        for (int j = i - 1; j <= i + 1; j++)
            if (j >= 0 && j < N) {
                column[at] = j;
                value[at++] = i == j ? 2.0 : -1.0;
            }
        x[i] = 1.0;
    }
    start[N] = at;
    return rayleigh(N) <= 0.0;
}
