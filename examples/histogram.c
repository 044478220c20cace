/* Grey levels of an image: count them, find the most frequent one, and equalise. */
#include <stdio.h>
#include <stdlib.h>

#define PIXELS 1000000
#define LEVELS 256

static unsigned char image[PIXELS];
static int count[LEVELS];

static void expose(void)
{
    unsigned state = 12345u;
    for (int p = 0; p < PIXELS; p++) {
        state = state * 1103515245u + 12345u;
        image[p] = (unsigned char)((state >> 16) & (state >> 20) & 0xff);
    }
}

static void count_levels(void)
{
    for (int p = 0; p < PIXELS; p++)
        count[image[p]]++;
}

static int most_frequent(void)
{
    int best = 0;
    for (int l = 1; l < LEVELS; l++)
        if (count[l] > count[best])
            best = l;
    return best;
}

static void equalise(const unsigned char *map)
{
    for (int p = 0; p < PIXELS; p++)
        image[p] = map[image[p]];
}

int main(void)
{
    unsigned char map[LEVELS];
    long below = 0, sum = 0;

    expose();
    count_levels();
    for (int l = 0; l < LEVELS; l++) {
        below += count[l];
        map[l] = (unsigned char)((LEVELS - 1) * below / PIXELS);
    }
    int best = most_frequent();
    equalise(map);
    for (int p = 0; p < PIXELS; p++)
        sum += image[p];
    printf("most frequent %d  checksum %ld\n", best, sum);
    return 0;
}
