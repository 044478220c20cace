/* The latest event, with a compare of OpenMP 5.1, and a count of all. */
#define N 3000

static int latest, seen;
static double weight;

void watch(int n, const int *stamp)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        int s = stamp[i];
        #pragma omp atomic compare
        if (latest < s) { latest = s; }
        #pragma omp atomic
        seen++;
        #pragma omp atomic update relaxed
        weight = weight + 0.5;
    }
}

int main(void)
{
    static int stamp[N];
    for (int i = 0; i < N; i++)
        stamp[i] = i * 7 % N;
    watch(N, stamp);
    return latest != N - 1 || seen != N || weight != N * 0.5;
}
