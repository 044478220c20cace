/* The best of many candidates, with the place where it was found. */
#define N 3000

static int best = -1;
static double best_score = -1.0;

void search(int n, const double *score)
{
    #pragma omp parallel
    {
        int mine = -1;
        double top = -1.0;
        #pragma omp for nowait schedule(dynamic, 16)
        for (int i = 0; i < n; i++)
            if (score[i] > top) {
                top = score[i];
                mine = i;
            }
        #pragma omp critical
        if (top > best_score || (top == best_score && mine < best)) {
            best_score = top;
            best = mine;
        }
    }
}

int main(void)
{
    static double score[N];
    for (int i = 0; i < N; i++)
        score[i] = i * 7919 % 3001;
    search(N, score);
    return best < 0;
}
