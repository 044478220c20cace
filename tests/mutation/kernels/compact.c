/* The positions of all positive values, each put into a slot of its own. */
#define N 2000

static int position[N];

int compact(int n, const double *x)
{
    int next = 0;
    #pragma omp parallel for shared(next)
    for (int i = 0; i < n; i++) {
        if (x[i] > 0.0) {
            int slot;
            #pragma omp atomic capture
            {
                slot = next;
                next += 1;
            }
            position[slot] = i;
        }
    }
    return next;
}

int main(void)
{
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = i % 3 - 1;
    return compact(N, x) != N / 3;
}
