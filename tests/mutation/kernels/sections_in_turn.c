/* Two rounds of sections in one region: the second round uses what the first has made. */
#define N 512

static double left[N], right[N], sum[N], product[N];

void combine(void)
{
    double scale = 2.0, offset;
    #pragma omp parallel firstprivate(scale)
    {
        #pragma omp sections lastprivate(offset)
        {
            #pragma omp section
            {
                offset = 0.0;
                for (int i = 0; i < N; i++)
                    left[i] = scale * i + offset;
            }
            #pragma omp section
            {
                offset = 1.0;
                for (int i = 0; i < N; i++)
                    right[i] = scale * (N - i) + offset;
            }
        }
        #pragma omp sections
        {
            #pragma omp section
            for (int i = 0; i < N; i++)
                sum[i] = left[i] + right[i] + offset;
            #pragma omp section
            for (int i = 0; i < N; i++)
                product[i] = left[i] * right[i] * offset;
        }
    }
}

int main(void)
{
    combine();
    return sum[0] != 2.0 * N + 2.0;
}
