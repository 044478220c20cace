/* Tasks over a list take part in the reduction of their group. */
#include <stddef.h>

struct item {
    int weight;
    struct item *next;
};

int weigh(struct item *head)
{
    int total = 0;
    #pragma omp parallel shared(total)
    #pragma omp single
    {
        #pragma omp taskgroup task_reduction(+: total)
        {
            for (struct item *p = head; p != NULL; p = p->next) {
                #pragma omp task firstprivate(p) in_reduction(+: total)
                for (int k = 0; k < 50; k++)
                    total += p->weight;
            }
        }
    }
    return total;
}

int main(void)
{
    static struct item items[60];
    for (int i = 0; i < 60; i++) {
        items[i].weight = 1;
        items[i].next = i < 59 ? &items[i + 1] : NULL;
    }
    return weigh(items) != 3000;
}
