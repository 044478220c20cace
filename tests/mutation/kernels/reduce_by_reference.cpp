// Moments of a sample, reduced into variables that the caller passes by reference.
#include <algorithm>
#include <vector>

void moments(const std::vector<double> &x, double &mean, double &variance, double &largest)
{
    double sum = 0.0, squares = 0.0, top = x[0], value;
    const int n = static_cast<int>(x.size());
    #pragma omp parallel for private(value) reduction(+: sum, squares) reduction(max: top)
    for (int i = 0; i < n; i++) {
        value = x[i];
        sum += value;
        squares += value * value;
        top = std::max(top, value);
    }
    mean = sum / n;
    variance = squares / n - mean * mean;
    largest = top;
}

int main()
{
    std::vector<double> x(2000);
    for (int i = 0; i < 2000; i++)
        x[i] = i % 10;
    double mean, variance, largest;
    moments(x, mean, variance, largest);
    return mean != 4.5 || largest != 9.0;
}
