// Words are counted in a shared map, under a mutex.
#include <map>
#include <mutex>
#include <string>
#include <vector>

static std::map<std::string, int> counts;
static std::mutex guard;
static long letters;

void count(const std::vector<std::string> &words)
{
    #pragma omp parallel for
    for (int i = 0; i < static_cast<int>(words.size()); i++) {
        const std::string &word = words[i];
        {
            std::lock_guard<std::mutex> lock(guard);
            counts[word] += 1;
        }
        #pragma omp atomic
        letters += static_cast<long>(word.size());
    }
}

int main()
{
    std::vector<std::string> words;
    for (int i = 0; i < 1000; i++)
        words.push_back(i % 3 ? "loop" : "thread");
    count(words);
    return counts["loop"] != 666;
}
