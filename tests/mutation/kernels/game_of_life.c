/* Generations of the game of life in one region; one thread swaps the boards. */
#define N 32

static char boards[2][N][N];

int live(int generations)
{
    char (*now)[N] = boards[0], (*next)[N] = boards[1];
    int alive = 0;
    #pragma omp parallel shared(now, next, alive)
    for (int g = 0; g < generations; g++) {
        #pragma omp for
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++) {
                int around = -now[i][j];
                for (int a = -1; a <= 1; a++)
                    for (int b = -1; b <= 1; b++)
                        around += now[i + a][j + b];
                next[i][j] = around == 3 || (around == 2 && now[i][j]);
            }
        #pragma omp single
        {
            char (*t)[N] = now;
            now = next;
            next = t;
        }
    }
    #pragma omp parallel for reduction(+: alive)
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            alive += now[i][j];
    return alive;
}

int main(void)
{
    for (int k = 0; k < 3; k++)
        boards[0][10][10 + k] = 1;
    return live(6) != 3;
}
