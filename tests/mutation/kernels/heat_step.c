/* One explicit step of the heat equation: old style, with the temporaries declared above the loops. */
#define N 48

void step(double next[N][N], double now[N][N], double c)
{
    int i, j;
    double flux;
    #pragma omp parallel for private(j, flux)
    for (i = 1; i < N - 1; i++) {
        for (j = 1; j < N - 1; j++) {
            flux = now[i - 1][j] + now[i + 1][j] + now[i][j - 1] + now[i][j + 1] - 4.0 * now[i][j];
            next[i][j] = now[i][j] + c * flux;
        }
    }
}

int main(void)
{
    static double a[N][N], b[N][N];
    a[N / 2][N / 2] = 100.0;
    for (int t = 0; t < 6; t += 2) {
        step(b, a, 0.1);
        step(a, b, 0.1);
    }
    return a[N / 2][N / 2] >= 100.0;
}
