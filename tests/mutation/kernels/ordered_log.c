/* Results are computed in any order and appended in that of the loop. */
#define N 300

static double record[N];
static int written;

void process(int n, const double *x)
{
    #pragma omp parallel for ordered schedule(dynamic, 4)
    for (int i = 0; i < n; i++) {
        double y = x[i];
        for (int k = 0; k < 100; k++)
            y = 0.5 * (y + x[i] / y);
        #pragma omp ordered
        {
            record[written] = y;
            written++;
        }
    }
}

int main(void)
{
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = i + 1.0;
    process(N, x);
    return written != N || record[3] != 2.0;
}
