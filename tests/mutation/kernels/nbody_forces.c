/* Forces between all pairs; each thread adds up its own part of Newton's third law. */
#include <math.h>

#define N 100

static double x[N][3], force[N][3], potential;

void forces(int n)
{
    double d[3], r2, s;
    int i, j, c;
    #pragma omp parallel for private(j, c, d, r2, s) reduction(+: force[:N][:3], potential) schedule(dynamic, 4)
    for (i = 0; i < n; i++)
        for (j = i + 1; j < n; j++) {
            r2 = 0.01;
            for (c = 0; c < 3; c++) {
                d[c] = x[j][c] - x[i][c];
                r2 += d[c] * d[c];
            }
            s = 1.0 / (r2 * sqrt(r2));
            potential -= 1.0 / sqrt(r2);
            for (c = 0; c < 3; c++) {
                force[i][c] += s * d[c];
                force[j][c] -= s * d[c];
            }
        }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            x[i][c] = (i * (c + 3)) % 17;
    forces(N);
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += force[i][0];
    return fabs(sum) > 1e-6 || potential >= 0.0;
}
