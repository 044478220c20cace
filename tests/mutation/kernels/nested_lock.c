/* A nestable lock: an account is changed by a function that calls another one under the same lock. */
#include <omp.h>

typedef struct {
    omp_nest_lock_t lock;
    long a;
    long b;
} pair;

static void add_a(pair *p, long by)
{
    omp_set_nest_lock(&p->lock);
    p->a += by;
    omp_unset_nest_lock(&p->lock);
}

static void add_both(pair *p, long by)
{
    omp_set_nest_lock(&p->lock);
    add_a(p, by);
    p->b += by;
    omp_unset_nest_lock(&p->lock);
}

int main(void)
{
    static pair p;
    omp_init_nest_lock(&p.lock);
    #pragma omp parallel sections num_threads(2)
    {
        #pragma omp section
        for (int i = 0; i < 500; i++)
            add_both(&p, i);
        #pragma omp section
        for (int i = 0; i < 500; i++)
            add_a(&p, 1);
    }
    omp_destroy_nest_lock(&p.lock);
    return p.a != p.b + 500;
}
