/* The creator goes on only when its undeferred task is complete; the deferred ones count atomically. */
static long nodes;
static int depth_seen;

static void visit(int depth)
{
    #pragma omp atomic
    nodes++;
    if (depth == 0)
        return;
    #pragma omp task final(depth < 3)
    visit(depth - 1);
    #pragma omp task priority(1)
    visit(depth - 1);
}

int main(void)
{
    #pragma omp parallel
    #pragma omp single
    {
        int start = 0;
        #pragma omp task if (0) shared(start)
        start = 8;
        depth_seen = start;
        visit(start);
        #pragma omp taskyield
    }
    return nodes != 511 || depth_seen != 8;
}
