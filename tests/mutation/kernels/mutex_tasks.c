/* Contributions to one sum in any order, never two at once. */
static double parts[4], total;

static double contribution(int k)
{
    double s = 0.0;
    for (int i = 1; i < 3000; i++)
        s += 1.0 / (i * (k + 1.0));
    return s;
}

void assemble(void)
{
    #pragma omp parallel
    #pragma omp single
    {
        for (int k = 0; k < 4; k++) {
            #pragma omp task depend(out: parts[k])
            parts[k] = contribution(k);
        }
        for (int k = 0; k < 4; k++) {
            #pragma omp task depend(in: parts[k]) depend(mutexinoutset: total)
            total += parts[k];
        }
        #pragma omp task depend(inout: total)
        total /= 4.0;
    }
}

int main(void)
{
    assemble();
    return total <= 0.0;
}
