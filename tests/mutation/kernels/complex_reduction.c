/* A sum of complex numbers by a reduction of its own. */
#define N 1000

typedef struct {
    double re, im;
} complex_number;

static void add(complex_number *to, complex_number by)
{
    to->re += by.re;
    to->im += by.im;
}

#pragma omp declare reduction(plus: complex_number: add(&omp_out, omp_in)) initializer(omp_priv = {0.0, 0.0})

complex_number total(int n, const complex_number *z)
{
    complex_number sum = {0.0, 0.0};
    #pragma omp parallel for reduction(plus: sum)
    for (int i = 0; i < n; i++)
        add(&sum, z[i]);
    return sum;
}

int main(void)
{
    static complex_number z[N];
    for (int i = 0; i < N; i++)
        z[i].re = z[i].im = 1.0;
    return total(N, z).re != N;
}
