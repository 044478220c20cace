/* Quicksort with a task for each part. */
#define N 2000

static int v[N];

static int split(int *a, int low, int high)
{
    int pivot = a[high], at = low;
    for (int i = low; i < high; i++)
        if (a[i] < pivot) {
            int t = a[i];
            a[i] = a[at];
            a[at] = t;
            at++;
        }
    a[high] = a[at];
    a[at] = pivot;
    return at;
}

static void sort(int *a, int low, int high)
{
    if (low >= high)
        return;
    int at = split(a, low, high);
    #pragma omp task firstprivate(a, low, at) if (high - low > 50)
    sort(a, low, at - 1);
    #pragma omp task firstprivate(a, high, at) if (high - low > 50)
    sort(a, at + 1, high);
}

int main(void)
{
    int wrong = 0;
    for (int i = 0; i < N; i++)
        v[i] = i * 7919 % 2003;
    #pragma omp parallel
    {
        #pragma omp single
        sort(v, 0, N - 1);
        #pragma omp for reduction(+: wrong)
        for (int i = 1; i < N; i++)
            wrong += v[i] < v[i - 1];
    }
    return wrong;
}
