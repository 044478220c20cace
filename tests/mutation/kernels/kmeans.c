/* One round of k-means: nearest centre, sums for the new centres, the centres by one thread. */
#define N 1200
#define K 5

static double point[N], centre[K], sum[K];
static int nearest[N], members[K];

int round_of(int n)
{
    int moved = 0, best, c;
    double d;
    #pragma omp parallel private(best, c, d)
    {
        #pragma omp for reduction(+: moved)
        for (int i = 0; i < n; i++) {
            best = 0;
            for (c = 1; c < K; c++) {
                d = (point[i] - centre[c]) * (point[i] - centre[c]);
                if (d < (point[i] - centre[best]) * (point[i] - centre[best]))
                    best = c;
            }
            if (nearest[i] != best)
                moved++;
            nearest[i] = best;
        }
        #pragma omp for reduction(+: sum[:K], members[:K])
        for (int i = 0; i < n; i++) {
            sum[nearest[i]] += point[i];
            members[nearest[i]]++;
        }
        #pragma omp single
        for (c = 0; c < K; c++) {
            if (members[c] > 0)
                centre[c] = sum[c] / members[c];
            sum[c] = 0.0;
            members[c] = 0;
        }
        #pragma omp for
        for (int i = 0; i < n; i++)
            point[i] -= 0.001 * centre[nearest[i]];
    }
    return moved;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        point[i] = i % 101;
    for (int c = 0; c < K; c++)
        centre[c] = 20.0 * c;
    return round_of(N) <= 0;
}
