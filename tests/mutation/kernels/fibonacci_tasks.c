/* The recursion that every tutorial on tasks begins with. */
static long fib(int n)
{
    long x, y;
    if (n < 8)
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    #pragma omp task shared(x) firstprivate(n)
    x = fib(n - 1);
    #pragma omp task shared(y) firstprivate(n)
    y = fib(n - 2);
    #pragma omp taskwait
    return x + y;
}

int main(void)
{
    long result = 0;
    #pragma omp parallel
    #pragma omp single
    result = fib(16);
    return result != 987;
}
