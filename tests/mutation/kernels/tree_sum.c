/* The sum over a binary tree: a task for each left child. */
#include <stdlib.h>

struct node {
    int value;
    struct node *left, *right;
};

static struct node *build(int depth)
{
    if (depth == 0)
        return NULL;
    struct node *n = malloc(sizeof *n);
    n->value = depth;
    n->left = build(depth - 1);
    n->right = build(depth - 1);
    return n;
}

static long sum(const struct node *n)
{
    long left = 0, right = 0;
    if (n == NULL)
        return 0;
    #pragma omp task shared(left)
    left = sum(n->left);
    right = sum(n->right);
    #pragma omp taskwait
    return left + right + n->value;
}

static void clear(struct node *n)
{
    if (n == NULL)
        return;
    clear(n->left);
    clear(n->right);
    free(n);
}

int main(void)
{
    long total = 0;
    struct node *root = build(9);
    #pragma omp parallel num_threads(4)
    {
        #pragma omp single
        total = sum(root);
    }
    clear(root);
    return total != 1013;
}
