/* All shortest paths: the loop over the middle vertex is serial, the rows are shared out. */
#define N 40

static int dist[N][N];

void shortest(void)
{
    int i, j, k, through;
    #pragma omp parallel private(k)
    for (k = 0; k < N; k++) {
        #pragma omp for private(j, through)
        for (i = 0; i < N; i++) {
            if (i == k)
                continue;
            for (j = 0; j < N; j++) {
                through = dist[i][k] + dist[k][j];
                if (through < dist[i][j])
                    dist[i][j] = through;
            }
        }
    }
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            dist[i][j] = i == j ? 0 : 1 + (i * 7 + j * 3) % 50;
    shortest();
    return dist[0][1] <= 0;
}
