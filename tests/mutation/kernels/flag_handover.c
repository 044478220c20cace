/* One thread prepares the data and raises a flag, the other waits for the flag. */
#define N 256

static double data[N];
static double total;
static int ready;

void hand_over(void)
{
    #pragma omp parallel sections num_threads(2)
    {
        #pragma omp section
        {
            for (int i = 0; i < N; i++)
                data[i] = i;
            #pragma omp atomic write release
            ready = 1;
        }
        #pragma omp section
        {
            int seen = 0;
            while (!seen) {
                #pragma omp atomic read acquire
                seen = ready;
            }
            for (int i = 0; i < N; i++)
                total += data[i];
        }
    }
}

int main(void)
{
    hand_over();
    return total != N * (N - 1) / 2.0;
}
