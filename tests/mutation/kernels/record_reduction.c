/* The extent of a cloud of points: a record with a combiner of its own. */
#define N 1000

struct extent {
    double low, high;
};

#pragma omp declare reduction(widen: struct extent: \
    omp_out.low = omp_in.low < omp_out.low ? omp_in.low : omp_out.low, \
    omp_out.high = omp_in.high > omp_out.high ? omp_in.high : omp_out.high) \
    initializer(omp_priv = omp_orig)

struct extent measure(int n, const double *x)
{
    struct extent e = {x[0], x[0]};
    #pragma omp parallel for reduction(widen: e)
    for (int i = 1; i < n; i++) {
        if (x[i] < e.low)
            e.low = x[i];
        if (x[i] > e.high)
            e.high = x[i];
    }
    return e;
}

int main(void)
{
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = i * 31 % N;
    struct extent e = measure(N, x);
    return e.low != 0.0 || e.high != N - 1;
}
