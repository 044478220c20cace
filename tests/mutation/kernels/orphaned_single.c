/* A function that all threads call: one of them counts the step and chooses its length. */
#define N 700

static double x[N], length;
static int steps;

static void choose(void)
{
    #pragma omp single
    {
        steps++;
        length = 1.0 / steps;
    }
}

static void move(void)
{
    #pragma omp for schedule(guided)
    for (int i = 0; i < N; i++)
        x[i] += length;
}

void run(int most)
{
    #pragma omp parallel
    for (int t = 0; t < most; t++) {
        choose();
        move();
    }
}

int main(void)
{
    run(5);
    return steps != 5;
}
