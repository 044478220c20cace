/* A table that whoever comes first makes, seen by the others through an atomic flag. */
#define N 1000
#define TABLE 16

static int table[TABLE];
static int made;

static void ensure(void)
{
    int there;
    #pragma omp atomic read acquire
    there = made;
    if (there)
        return;
    #pragma omp critical (make)
    {
        #pragma omp atomic read acquire
        there = made;
        if (!there) {
            for (int k = 0; k < TABLE; k++)
                table[k] = k * k;
            #pragma omp atomic write release
            made = 1;
        }
    }
}

int main(void)
{
    long sum = 0;
    #pragma omp parallel for reduction(+: sum)
    for (int i = 0; i < N; i++) {
        ensure();
        sum += table[i % TABLE];
    }
    return sum <= 0;
}
