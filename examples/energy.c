/* Energy of a gas. The first sum has been given a pragma in a hurry. */
#include <math.h>
#include <stdio.h>

#define PARTICLES 200000

static double mass[PARTICLES], speed[PARTICLES], height[PARTICLES];

static double kinetic(int n)
{
    double total = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        total += 0.5 * mass[i] * speed[i] * speed[i];
    return total;
}

/* The field is chosen by the caller: nobody here knows what it does. */
static double potential(int n, double (*field)(double))
{
    double total = 0.0;
    for (int i = 0; i < n; i++)
        total += mass[i] * field(height[i]);
    return total;
}

static void thermostat(int n, double target)
{
    double factor;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        factor = sqrt(target / (speed[i] * speed[i] + 1e-12));
        speed[i] *= 0.9 + 0.1 * factor;
    }
}

static double gravity(double h)
{
    return 9.81 * h;
}

int main(void)
{
    for (int i = 0; i < PARTICLES; i++) {
        mass[i] = 1.0 + (i % 3);
        speed[i] = 0.5 + 0.001 * (i % 1000);
        height[i] = 0.1 * (i % 100);
    }
    thermostat(PARTICLES, 1.5);
    printf("checksum %.6f\n", kinetic(PARTICLES) + potential(PARTICLES, gravity));
    return 0;
}
