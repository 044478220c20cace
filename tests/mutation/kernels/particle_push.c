/* Particles move in a field and deposit their charge on the grid. */
#define P 2000
#define G 32

typedef struct {
    double x, v, q;
} particle;

static particle p[P];
static double rho[G], e[G];
static double kinetic;

void push(int n, double dt)
{
    int cell;
    double w;
    #pragma omp parallel for private(cell, w) reduction(+: kinetic)
    for (int k = 0; k < n; k++) {
        cell = (int) p[k].x;
        w = p[k].x - cell;
        p[k].v += dt * p[k].q * ((1.0 - w) * e[cell] + w * e[(cell + 1) % G]);
        p[k].x += dt * p[k].v;
        while (p[k].x < 0.0)
            p[k].x += G;
        while (p[k].x >= G)
            p[k].x -= G;
        kinetic += 0.5 * p[k].v * p[k].v;
        #pragma omp atomic
        rho[(int) p[k].x] += p[k].q;
    }
}

int main(void)
{
    for (int k = 0; k < P; k++) {
        p[k].x = k * 0.013;
        p[k].q = 1.0;
    }
    for (int g = 0; g < G; g++)
        e[g] = 0.01 * g;
    push(P, 0.1);
    double charge = 0.0;
    for (int g = 0; g < G; g++)
        charge += rho[g];
    return charge != P;
}
