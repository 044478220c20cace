/* Time steps over blocks as tasks; a block needs its neighbours of the step before. */
#define BLOCKS 6
#define SIZE 32
#define STEPS 4

static double u[2][BLOCKS + 2][SIZE];

static void relax(double to[SIZE], const double left[SIZE], const double here[SIZE], const double right[SIZE])
{
    to[0] = 0.5 * (left[SIZE - 1] + here[1]);
    for (int i = 1; i < SIZE - 1; i++)
        to[i] = 0.5 * (here[i - 1] + here[i + 1]);
    to[SIZE - 1] = 0.5 * (here[SIZE - 2] + right[0]);
}

void simulate(void)
{
    #pragma omp parallel
    #pragma omp single
    for (int t = 0; t < STEPS; t++)
        for (int b = 1; b <= BLOCKS; b++) {
            int from = t % 2, to = 1 - from;
            #pragma omp task depend(in: u[from][b - 1], u[from][b], u[from][b + 1]) depend(out: u[to][b])
            relax(u[to][b], u[from][b - 1], u[from][b], u[from][b + 1]);
        }
}

int main(void)
{
    for (int i = 0; i < SIZE; i++)
        u[0][0][i] = u[1][0][i] = 1.0;
    simulate();
    return !(u[0][1][0] > 0.0);
}
