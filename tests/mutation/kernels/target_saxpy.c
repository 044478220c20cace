/* A device region: scaled vectors and their norm. */
#define N 2000

static float x[N], y[N];

float saxpy(int n, float a)
{
    float norm = 0.0f, t;
    #pragma omp target teams distribute parallel for map(to: x) map(tofrom: y, norm) private(t) reduction(+: norm)
    for (int i = 0; i < n; i++) {
        t = a * x[i] + y[i];
        y[i] = t;
        norm += t * t;
    }
    return norm;
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        x[i] = 1.0f;
        y[i] = 1.0f;
    }
    return saxpy(N, 1.0f) != 4.0f * N;
}
