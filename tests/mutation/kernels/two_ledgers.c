/* Two ledgers, each with a critical section of its own name, written from several places. */
#define N 600

static double income, expense;
static int incomes, expenses;

static void earn(double amount)
{
    #pragma omp critical (income)
    {
        income += amount;
        incomes++;
    }
}

static void spend(double amount)
{
    #pragma omp critical (expense)
    {
        expense += amount;
        expenses++;
    }
}

void post(int n, const double *amount)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (amount[i] > 0.0)
            earn(amount[i]);
        else
            spend(-amount[i]);
        if (i % 100 == 99) {
            #pragma omp critical (income)
            income -= 1.0;
        }
    }
}

int main(void)
{
    static double amount[N];
    for (int i = 0; i < N; i++)
        amount[i] = i % 3 ? 2.0 : -1.0;
    post(N, amount);
    return incomes + expenses != N;
}
