/* Residual norms: a sum, a maximum and a flag. */
#include <math.h>

#define N 2000

int converged(int n, const double *r, double tolerance, double *l2)
{
    double sum = 0.0, largest = 0.0, value;
    int bad = 0;
    #pragma omp parallel default(none) shared(n, r) private(value) reduction(+: sum) reduction(max: largest) \
        reduction(||: bad)
    {
        #pragma omp for
        for (int i = 0; i < n; i++) {
            value = fabs(r[i]);
            sum += value * value;
            if (value > largest)
                largest = value;
            bad = bad || value != value;
        }
    }
    *l2 = sqrt(sum);
    return !bad && largest < tolerance;
}

int main(void)
{
    static double r[N];
    double l2;
    for (int i = 0; i < N; i++)
        r[i] = (i % 7) * 0.125;
    return !converged(N, r, 1.0, &l2);
}
