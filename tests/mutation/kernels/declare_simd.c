/* A function with vector versions, called from a parallel vector loop. */
#define N 1000

#pragma omp declare simd uniform(scale) notinbranch
static double term(double x, double scale)
{
    return scale * x * (1.0 - x);
}

double integrate(int n)
{
    double sum = 0.0, x;
    #pragma omp parallel for simd reduction(+: sum) private(x)
    for (int i = 0; i < n; i++) {
        x = (i + 0.5) / n;
        sum += term(x, 6.0);
    }
    return sum / n;
}

int main(void)
{
    double area = integrate(N);
    return area < 0.99 || area > 1.01;
}
