#include <stddef.h>

/* A race: every thread adds to the same variable. */
double energy(int n, const double *m, const double *v) {
    double total = 0.0;
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
        total += 0.5 * m[i] * v[i] * v[i];
    }
    return total;
}

void axpy(int n, double a, const double *restrict x, double *restrict y) {
    for (int i = 0; i < n; i++) {
        y[i] = a * x[i] + y[i];
    }
}

void matmul(double a[512][512], double b[512][512], double c[512][512]) {
    /* The matrix product. */
    for (int i = 0; i < 512; i++) {
        for (int j = 0; j < 512; j++) {
            double s = 0.0;
            for (int k = 0; k < 512; k++) {
                s += a[i][k] * b[k][j];
            }
            c[i][j] = s;
        }
    }
}

void prefix(int n, double *a) {
    for (int i = 1; i < n; i++) {
        a[i] = a[i] + a[i - 1];
    }
}
