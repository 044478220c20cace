/* Where each parcel of work starts: a running sum over the sizes, and a list of the large parcels. */
#include <stdio.h>
#include <stdlib.h>

static void offsets(int n, const long *restrict size, long *restrict offset)
{
    offset[0] = 0;
    for (int i = 1; i < n; i++)
        offset[i] = offset[i - 1] + size[i - 1];
}

static long running_total(int n, const long *restrict size, long *restrict total)
{
    long sum = 0;
    for (int i = 0; i < n; i++) {
        sum += size[i];
        total[i] = sum;
    }
    return sum;
}

static int select_large(int n, const long *restrict size, int *restrict large)
{
    int found = 0;
    for (int i = 0; i < n; i++)
        if (size[i] > 90)
            large[found++] = i;
    return found;
}

int main(void)
{
    const int n = 500000;
    long *size = malloc(n * sizeof *size), *offset = malloc(n * sizeof *offset), *total = malloc(n * sizeof *total);
    int *large = malloc(n * sizeof *large);
    if (!size || !offset || !total || !large)
        return 1;

    for (int i = 0; i < n; i++)
        size[i] = (i * 37L) % 101;
    offsets(n, size, offset);
    long sum = running_total(n, size, total);
    int found = select_large(n, size, large);
    printf("large %d  checksum %ld\n", found, sum + offset[n - 1] + total[n / 2] + large[found - 1]);
    free(size), free(offset), free(total), free(large);
    return 0;
}
