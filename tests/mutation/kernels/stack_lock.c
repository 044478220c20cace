/* A stack with its lock inside, pushed to and popped from by functions. */
#include <omp.h>

#define DEPTH 4096

typedef struct {
    omp_lock_t lock;
    int top;
    int item[DEPTH];
} stack_type;

static void push(stack_type *s, int value)
{
    omp_set_lock(&s->lock);
    s->item[s->top] = value;
    s->top++;
    omp_unset_lock(&s->lock);
}

static int pop(stack_type *s, int *value)
{
    int found = 0;
    omp_set_lock(&s->lock);
    if (s->top > 0) {
        s->top--;
        *value = s->item[s->top];
        found = 1;
    }
    omp_unset_lock(&s->lock);
    return found;
}

int main(void)
{
    static stack_type stack;
    int taken = 0;
    omp_init_lock(&stack.lock);
    #pragma omp parallel reduction(+: taken)
    {
        int value;
        #pragma omp for
        for (int i = 0; i < 1000; i++)
            push(&stack, i);
        while (pop(&stack, &value))
            taken++;
    }
    omp_destroy_lock(&stack.lock);
    return taken != 1000;
}
