/* A recurrence with distance one, the rest of the iteration in parallel. */
#include <math.h>

#define N 400

static double a[N], b[N], c[N];

void filter(int n)
{
    #pragma omp parallel for ordered(1) schedule(static, 1)
    for (int i = 1; i < n; i++) {
        double w = sqrt(b[i] + 1.0);
        #pragma omp ordered depend(sink: i - 1)
        a[i] = 0.5 * a[i - 1] + w;
        #pragma omp ordered depend(source)
        c[i] = w * w;
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        b[i] = i % 5;
    filter(N);
    return !(a[N - 1] > 0.0);
}
