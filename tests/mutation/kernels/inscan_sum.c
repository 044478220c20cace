/* A prefix sum with the scan directive. */
#define N 1500

int main(void)
{
    static int in[N];
    static long out[N];
    long sum = 0;
    for (int i = 0; i < N; i++)
        in[i] = i % 3;
    #pragma omp parallel for reduction(inscan, +: sum)
    for (int i = 0; i < N; i++) {
        sum += in[i];
        #pragma omp scan inclusive(sum)
        out[i] = sum;
    }
    return out[N - 1] != N - 1 + N / 3 - N / 3 && out[2] != 3;
}
