// A field with its own loops: members are shared by all threads.
#include <cmath>
#include <vector>

class Field
{
public:
    explicit Field(int n) : size(n), value(n, 1.0), next(n, 0.0) {}

    double relax()
    {
        double change = 0.0;
        #pragma omp parallel
        {
            #pragma omp for reduction(+: change)
            for (int i = 1; i < size - 1; i++) {
                next[i] = 0.5 * (value[i - 1] + value[i + 1]);
                change += std::fabs(next[i] - value[i]);
            }
            #pragma omp for
            for (int i = 1; i < size - 1; i++)
                value[i] = next[i];
            #pragma omp master
            sweeps++;
        }
        return change;
    }

    int count() const { return sweeps; }

private:
    int size;
    int sweeps = 0;
    std::vector<double> value, next;
};

int main()
{
    Field field(500);
    for (int t = 0; t < 3; t++)
        field.relax();
    return field.count() != 3;
}
