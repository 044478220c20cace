// Blocks of a sum as tasks; what they return is kept in a vector and added up behind the group.
#include <vector>

static double block(const std::vector<double> &x, int from, int to)
{
    double sum = 0.0;
    for (int i = from; i < to; i++)
        sum += x[i];
    return sum;
}

double sum(const std::vector<double> &x, int blocks)
{
    const int n = static_cast<int>(x.size());
    std::vector<double> part(blocks, 0.0);
    double total = 0.0;
    #pragma omp parallel num_threads(4)
    #pragma omp single
    {
        #pragma omp taskgroup
        {
            for (int b = 0; b < blocks; b++) {
                #pragma omp task shared(part, x)
                part[b] = block(x, n * b / blocks, n * (b + 1) / blocks);
            }
        }
        for (int b = 0; b < blocks; b++)
            total += part[b];
    }
    return total;
}

int main()
{
    std::vector<double> x(4000, 1.0);
    return sum(x, 8) != 4000.0;
}
