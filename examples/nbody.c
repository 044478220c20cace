/* Gravity between n bodies, all pairs, leapfrog steps. */
#include <math.h>
#include <stdio.h>

#define BODIES 800
#define STEPS 10
#define SOFTENING 1e-3

struct body {
    double x, y, z;
    double vx, vy, vz;
    double mass;
};

static struct body star[BODIES];
static double ax[BODIES], ay[BODIES], az[BODIES];

static void accelerations(int n)
{
    double dx, dy, dz, r2, w;
    for (int i = 0; i < n; i++) {
        double sx = 0.0, sy = 0.0, sz = 0.0;
        for (int j = 0; j < n; j++) {
            dx = star[j].x - star[i].x;
            dy = star[j].y - star[i].y;
            dz = star[j].z - star[i].z;
            r2 = dx * dx + dy * dy + dz * dz + SOFTENING;
            w = star[j].mass / (r2 * sqrt(r2));
            sx += w * dx;
            sy += w * dy;
            sz += w * dz;
        }
        ax[i] = sx;
        ay[i] = sy;
        az[i] = sz;
    }
}

static void move(int n, double dt)
{
    for (int i = 0; i < n; i++) {
        star[i].vx += dt * ax[i];
        star[i].vy += dt * ay[i];
        star[i].vz += dt * az[i];
        star[i].x += dt * star[i].vx;
        star[i].y += dt * star[i].vy;
        star[i].z += dt * star[i].vz;
    }
}

int main(void)
{
    for (int i = 0; i < BODIES; i++) {
        double angle = 0.37 * i, radius = 1.0 + 0.01 * i;
        star[i].x = radius * cos(angle);
        star[i].y = radius * sin(angle);
        star[i].z = 0.001 * (i % 17);
        star[i].mass = 1.0 / BODIES;
    }
    for (int s = 0; s < STEPS; s++) {
        accelerations(BODIES);
        move(BODIES, 1e-3);
    }
    double sum = 0.0;
    for (int i = 0; i < BODIES; i++)
        sum += star[i].x * star[i].x + star[i].y * star[i].y + star[i].z * star[i].z;
    printf("checksum %.9f\n", sum);
    return 0;
}
