/* Vector loops: a private temporary, a sum, an index that advances by two. */
#define N 1024

static float x[2 * N], y[N];

float combine(int n, float a)
{
    float t, sum = 0.0f;
    int j = 0;
    #pragma omp parallel for simd private(t) linear(j: 2) reduction(+: sum) schedule(static)
    for (int i = 0; i < n; i++) {
        t = a * x[j];
        y[i] = t + x[j + 1];
        sum += y[i];
        j += 2;
    }
    return sum;
}

int main(void)
{
    for (int i = 0; i < 2 * N; i++)
        x[i] = 1.0f;
    return combine(N, 1.0f) != 2.0f * N;
}
