/* The Mandelbrot set. Points inside take a thousand steps, points outside a handful: the rows are uneven work. */
#include <stdio.h>

#define WIDTH 320
#define HEIGHT 240
#define LIMIT 1000

static int steps[HEIGHT][WIDTH];

static void mandelbrot(void)
{
    for (int row = 0; row < HEIGHT; row++) {
        for (int col = 0; col < WIDTH; col++) {
            double cx = -2.2 + 3.2 * col / WIDTH, cy = -1.2 + 2.4 * row / HEIGHT;
            double x = 0.0, y = 0.0;
            int k = 0;
            while (k < LIMIT && x * x + y * y < 4.0) {
                double t = x * x - y * y + cx;
                y = 2.0 * x * y + cy;
                x = t;
                k++;
            }
            steps[row][col] = k;
        }
    }
}

/* A legend of eight colours: far too little work for threads. */
static void legend(double shade[8])
{
    for (int k = 0; k < 8; k++)
        shade[k] = (k + 1) / 8.0;
}

int main(void)
{
    double shade[8], sum = 0.0;
    mandelbrot();
    legend(shade);
    for (int row = 0; row < HEIGHT; row++)
        for (int col = 0; col < WIDTH; col++)
            sum += shade[steps[row][col] % 8];
    printf("checksum %.3f\n", sum);
    return 0;
}
