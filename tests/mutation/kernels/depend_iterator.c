/* A task that waits for all parts, named by an iterator. */
#define PARTS 6

static double part[PARTS], whole;

static double work(int k)
{
    double s = 0.0;
    for (int i = 1; i < 2000; i++)
        s += (k + 1.0) / i;
    return s;
}

void gather(void)
{
    #pragma omp parallel
    #pragma omp single
    {
        for (int k = 0; k < PARTS; k++) {
            #pragma omp task depend(out: part[k])
            part[k] = work(k);
        }
        #pragma omp task depend(iterator(k = 0:PARTS), in: part[k])
        for (int k = 0; k < PARTS; k++)
            whole += part[k];
    }
}

int main(void)
{
    gather();
    return whole <= 0.0;
}
