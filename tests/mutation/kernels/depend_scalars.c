/* A small task graph: two inputs, a product of both, a correction of the product. */
#include <math.h>

static double heavy(double x)
{
    for (int k = 0; k < 2000; k++)
        x = sqrt(x + 1.0);
    return x;
}

double evaluate(double p, double q)
{
    double a, b, c, d;
    #pragma omp parallel shared(a, b, c, d) num_threads(4)
    {
        #pragma omp single
        {
            #pragma omp task depend(out: a)
            a = heavy(p);
            #pragma omp task depend(out: b)
            b = heavy(q);
            #pragma omp task depend(in: a, b) depend(out: c)
            c = a * b;
            #pragma omp task depend(in: a) depend(out: d)
            d = heavy(a);
            #pragma omp task depend(in: d) depend(inout: c)
            c -= d;
        }
    }
    return c;
}

int main(void)
{
    double sum = 0.0;
    for (int t = 0; t < 20; t++)
        sum += evaluate(t, 2.0);
    return !(sum > 0.0);
}
