/* One thread walks a list and leaves the work on each node to a task. */
#include <stdlib.h>

struct cell {
    double x, result;
    struct cell *next;
};

static double work(double x)
{
    for (int k = 0; k < 200; k++)
        x = 0.5 * x + 1.0;
    return x;
}

static int finished;

void process(struct cell *head)
{
    struct cell *p;
    #pragma omp parallel
    {
        #pragma omp single private(p)
        {
            for (p = head; p != NULL; p = p->next) {
                #pragma omp task firstprivate(p)
                {
                    p->result = work(p->x);
                    #pragma omp atomic
                    finished++;
                }
            }
        }
    }
}

int main(void)
{
    static struct cell cells[100];
    for (int i = 0; i < 100; i++) {
        cells[i].x = i;
        cells[i].next = i < 99 ? &cells[i + 1] : NULL;
    }
    process(cells);
    return finished != 100;
}
