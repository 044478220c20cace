// A matrix times a vector in tiles, with vectors and a partial result for each thread.
#include <vector>

using row = std::vector<double>;

void multiply(int n, const row &a, const row &x, row &y)
{
    #pragma omp parallel
    {
        row part(n, 0.0);
        #pragma omp for nowait
        for (int j = 0; j < n; j++)
            for (int i = 0; i < n; i++)
                part[i] += a[i * n + j] * x[j];
        #pragma omp critical (collect)
        for (int i = 0; i < n; i++)
            y[i] += part[i];
    }
}

int main()
{
    const int n = 60;
    row a(n * n, 1.0), x(n, 2.0), y(n, 0.0);
    multiply(n, a, x, y);
    return y[3] != 2.0 * n;
}
