/* The descriptive loop construct, with a private temporary. */
#define N 1200

static double p[N], e[N];

double energy(int n, double gamma)
{
    double total = 0.0, rho;
    #pragma omp parallel
    {
        #pragma omp loop private(rho) reduction(+: total)
        for (int i = 0; i < n; i++) {
            rho = 1.0 + 0.001 * i;
            e[i] = p[i] / ((gamma - 1.0) * rho);
            total += e[i];
        }
    }
    return total;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        p[i] = 1.0;
    return energy(N, 1.4) <= 0.0;
}
