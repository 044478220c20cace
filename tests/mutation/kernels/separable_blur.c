/* A blur in two passes, rows first, then columns. */
#define W 64
#define H 48

static float in[H][W], rows[H][W], out[H][W];

void blur(const float k[3])
{
    #pragma omp parallel
    {
        #pragma omp for collapse(2)
        for (int i = 0; i < H; i++)
            for (int j = 1; j < W - 1; j++)
                rows[i][j] = k[0] * in[i][j - 1] + k[1] * in[i][j] + k[2] * in[i][j + 1];
        #pragma omp for collapse(2)
        for (int i = 1; i < H - 1; i++)
            for (int j = 0; j < W; j++)
                out[i][j] = k[0] * rows[i - 1][j] + k[1] * rows[i][j] + k[2] * rows[i + 1][j];
    }
}

int main(void)
{
    const float k[3] = {0.25f, 0.5f, 0.25f};
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++)
            in[i][j] = 1.0f;
    blur(k);
    return out[5][5] != 1.0f;
}
