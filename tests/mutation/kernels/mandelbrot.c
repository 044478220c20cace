/* Rows of the Mandelbrot set, handed out one by one. */
#define W 60
#define H 40

static unsigned char image[H][W];

long draw(int most)
{
    long inside = 0;
    double re, im, x, y, t;
    int px, k;
    #pragma omp parallel for schedule(dynamic, 1) private(px, k, re, im, x, y, t) reduction(+: inside)
    for (int py = 0; py < H; py++)
        for (px = 0; px < W; px++) {
            re = 3.0 * px / W - 2.0;
            im = 2.0 * py / H - 1.0;
            x = y = 0.0;
            for (k = 0; k < most && x * x + y * y < 4.0; k++) {
                t = x * x - y * y + re;
                y = 2.0 * x * y + im;
                x = t;
            }
            image[py][px] = (unsigned char) k;
            if (k == most)
                inside++;
        }
    return inside;
}

int main(void)
{
    return draw(50) <= 0;
}
