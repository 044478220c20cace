/* A function with a static buffer that only one thread at a time may use. */
#include <stdio.h>
#include <string.h>

#define N 200

static const char *label(int number)
{
    static char buffer[32];
    snprintf(buffer, sizeof buffer, "item-%d", number);
    return buffer;
}

static char name[N][32];

void name_all(int n)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        #pragma omp critical (label)
        strcpy(name[i], label(i));
    }
}

int main(void)
{
    name_all(N);
    return strcmp(name[7], "item-7") != 0;
}
