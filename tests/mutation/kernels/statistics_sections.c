/* Independent statistics of one series, a section for each. */
#define N 3000

static double x[N];
static double mean, smallest, largest;

void describe(int n)
{
    int i;
    #pragma omp parallel sections private(i)
    {
        #pragma omp section
        {
            double sum = 0.0;
            for (i = 0; i < n; i++)
                sum += x[i];
            mean = sum / n;
        }
        #pragma omp section
        {
            smallest = x[0];
            for (i = 1; i < n; i++)
                if (x[i] < smallest)
                    smallest = x[i];
        }
        #pragma omp section
        {
            largest = x[0];
            for (i = 1; i < n; i++)
                if (x[i] > largest)
                    largest = x[i];
        }
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        x[i] = i * 17 % 1000;
    describe(N);
    return smallest != 0.0 || largest != 999.0;
}
