/* Words of each line, with a buffer for each thread; the longest one is kept. */
#include <string.h>

#define LINES 200
#define WIDTH 64

static char line[LINES][WIDTH];
static char longest[WIDTH];
static int words;

void scan(int n)
{
    char word[WIDTH];
    int length, at;
    #pragma omp parallel for private(word, length, at)
    for (int l = 0; l < n; l++) {
        length = 0;
        for (at = 0; at < WIDTH; at++) {
            if (line[l][at] == ' ' || line[l][at] == '\0') {
                word[length] = '\0';
                #pragma omp critical (longest)
                {
                    if (strlen(word) > strlen(longest))
                        strcpy(longest, word);
                    words++;
                }
                length = 0;
                if (line[l][at] == '\0')
                    break;
            } else {
                word[length++] = line[l][at];
            }
        }
    }
}

int main(void)
{
    for (int l = 0; l < LINES; l++)
        strcpy(line[l], l % 2 ? "some words of a text" : "another line");
    scan(LINES);
    return strcmp(longest, "another") != 0;
}
