/* A task with a child; whoever uses the child's result waits for the group. */
static double first, second;

static double work(double x)
{
    for (int k = 0; k < 3000; k++)
        x = 0.25 * x + 1.0;
    return x;
}

double both(double x)
{
    double result = 0.0;
    #pragma omp parallel num_threads(4)
    #pragma omp single
    {
        #pragma omp taskgroup
        {
            #pragma omp task
            {
                first = work(x);
                #pragma omp task
                second = work(-x);
            }
        }
        result = first + second;
    }
    return result;
}

int main(void)
{
    double sum = 0.0;
    for (int t = 0; t < 20; t++)
        sum += both(t);
    return sum <= 0.0;
}
