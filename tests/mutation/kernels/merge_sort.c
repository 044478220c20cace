/* Merge sort: both halves as tasks, then they are merged. */
#include <string.h>

#define N 1500

static int v[N], room[N];

static void merge(int *a, int *b, int n)
{
    int half = n / 2, i = 0, j = half, k = 0;
    while (i < half && j < n)
        b[k++] = a[i] <= a[j] ? a[i++] : a[j++];
    while (i < half)
        b[k++] = a[i++];
    while (j < n)
        b[k++] = a[j++];
    memcpy(a, b, n * sizeof *a);
}

static void sort(int *a, int *b, int n)
{
    if (n < 2)
        return;
    int half = n / 2;
    #pragma omp task if (n > 100)
    sort(a, b, half);
    #pragma omp task if (n > 100)
    sort(a + half, b + half, n - half);
    #pragma omp taskwait
    merge(a, b, n);
}

int main(void)
{
    for (int i = 0; i < N; i++)
        v[i] = i * 613 % 1511;
    #pragma omp parallel
    #pragma omp master
    sort(v, room, N);
    for (int i = 1; i < N; i++)
        if (v[i] < v[i - 1])
            return 1;
    return 0;
}
