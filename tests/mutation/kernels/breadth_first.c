/* Levels of a breadth-first search: a neighbour is claimed by whoever gets there first. */
#define N 600
#define DEGREE 4

static int neighbour[N][DEGREE], level[N], frontier[N], found[N];
static int size, count;

void search(int root)
{
    frontier[0] = root;
    size = 1;
    for (int depth = 1; size > 0; depth++) {
        count = 0;
        #pragma omp parallel for schedule(dynamic, 8)
        for (int f = 0; f < size; f++) {
            for (int d = 0; d < DEGREE; d++) {
                int to = neighbour[frontier[f]][d], old, slot;
                #pragma omp atomic read
                old = level[to];
                if (old >= 0)
                    continue;
                #pragma omp critical (claim)
                {
                    #pragma omp atomic read
                    old = level[to];
                    if (old < 0) {
                        #pragma omp atomic write
                        level[to] = depth;
                    }
                }
                if (old < 0) {
                    #pragma omp atomic capture
                    slot = count++;
                    found[slot] = to;
                }
            }
        }
        #pragma omp parallel for
        for (int k = 0; k < count; k++)
            frontier[k] = found[k];
        size = count;
    }
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        level[i] = -1;
        for (int d = 0; d < DEGREE; d++)
            neighbour[i][d] = (i * 3 + d * 7 + 1) % N;
    }
    level[0] = 0;
    search(0);
    return level[1] != 1;
}
