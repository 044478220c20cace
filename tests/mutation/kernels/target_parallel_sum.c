/* A parallel loop on the device inside one team. */
#define N 1500

int main(void)
{
    static int v[N];
    long sum = 0;
    int largest = 0;
    for (int i = 0; i < N; i++)
        v[i] = i % 100;
    #pragma omp target map(to: v) map(tofrom: sum, largest)
    {
        #pragma omp parallel for reduction(+: sum) reduction(max: largest)
        for (int i = 0; i < N; i++) {
            sum += v[i];
            if (v[i] > largest)
                largest = v[i];
        }
    }
    return largest != 99 || sum != 74250;
}
