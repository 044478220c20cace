/* The master thread sets the parameters of a step; a barrier makes all others wait for them. */
#define N 1200

static double x[N], v[N];
static double dt, damping;
static int steps;

void advance(int count)
{
    #pragma omp parallel
    {
        for (int s = 0; s < count; s++) {
            #pragma omp master
            {
                dt = 0.01 * (s + 1);
                damping = 1.0 - dt;
                steps++;
            }
            #pragma omp barrier
            #pragma omp for
            for (int i = 0; i < N; i++) {
                v[i] = v[i] * damping + dt;
                x[i] += v[i] * dt;
            }
        }
    }
}

int main(void)
{
    advance(5);
    return steps != 5;
}
