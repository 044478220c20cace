/* Power iteration with a sparse matrix in compressed row storage (a 2-D Laplacian). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* y = A x */
static void multiply(int rows, const int *start, const int *column, const double *value, const double *x, double *y)
{
    for (int r = 0; r < rows; r++) {
        double sum = 0.0;
        for (int k = start[r]; k < start[r + 1]; k++)
            sum += value[k] * x[column[k]];
        y[r] = sum;
    }
}

static double dot(int n, const double *restrict x, const double *restrict y)
{
    double s = 0.0;
    for (int i = 0; i < n; i++)
        s += x[i] * y[i];
    return s;
}

static void scale(int n, double factor, const double *restrict from, double *restrict to)
{
    for (int i = 0; i < n; i++)
        to[i] = factor * from[i];
}

/* The 5-point Laplacian on a side x side grid; how far a row starts depends on the rows before it. */
static int laplacian(int side, int *start, int *column, double *value)
{
    int entries = 0;
    for (int r = 0; r < side * side; r++) {
        int i = r / side, j = r % side;
        start[r] = entries;
        value[entries] = 4.0;
        column[entries++] = r;
        if (i > 0) { value[entries] = -1.0; column[entries++] = r - side; }
        if (i < side - 1) { value[entries] = -1.0; column[entries++] = r + side; }
        if (j > 0) { value[entries] = -1.0; column[entries++] = r - 1; }
        if (j < side - 1) { value[entries] = -1.0; column[entries++] = r + 1; }
    }
    start[side * side] = entries;
    return entries;
}

int main(void)
{
    const int side = 200, rows = side * side;
    int *start = malloc((rows + 1) * sizeof *start);
    int *column = malloc(5 * rows * sizeof *column);
    double *value = malloc(5 * rows * sizeof *value);
    double *x = malloc(rows * sizeof *x), *y = malloc(rows * sizeof *y);
    if (!start || !column || !value || !x || !y)
        return 1;

    laplacian(side, start, column, value);
    for (int r = 0; r < rows; r++)
        x[r] = 1.0 + (r % 3);
    double largest = 0.0;
    for (int it = 0; it < 100; it++) {
        multiply(rows, start, column, value, x, y);
        largest = sqrt(dot(rows, y, y));
        scale(rows, 1.0 / largest, y, x);
    }
    printf("checksum %.9f\n", largest);
    free(start), free(column), free(value), free(x), free(y);
    return 0;
}
