"""`if` clauses: a loop that runs again and again, each time with less to do."""

from __future__ import annotations

import re

import pytest

from analyzers.api import Language, Options, analyze, loops_of
from analyzers.text import SourceText
from tests.reports import loop_reports

HEAD = "void f(int n, int m, int w, double a[900][900], double b[900][900], double *p) {\n"


def condition(body: str) -> str | None:
    """What the offered pragma makes its threads depend on, the number left out."""
    (pragma,) = [loop.pragma for loop in loop_reports(f"{HEAD}{body}\n}}") if loop.profitable and loop.pragma]
    found = re.search(r" if\((.*) > \d+\)$", pragma)
    assert found is not None or " if(" not in pragma
    return found[1] if found is not None else None


ELIMINATION = """for (int k = 0; k < n; k++)
    for (int i = k + 1; i < n; i++)
      for (int j = k + 1; j < n; j++)
        a[i][j] -= a[i][k] * a[k][j];"""


def test_what_is_left_shrinks() -> None:
    assert condition(ELIMINATION) == "1.0 * (n - k) * (n - k)"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = 0; j < k")) == "1.0 * (n - k) * k"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = k; j <= n")) == "1.0 * (n - k) * (n - k)"
    assert condition(ELIMINATION.replace("j = k + 1; j < n", "j = 0; j < 899")) == "n - k"


def test_a_macro_that_stands_for_a_variable_is_no_obstacle() -> None:
    assert condition(ELIMINATION) == condition(f"#define SIZE n\n{ELIMINATION.replace('< n', '< SIZE')}")


def test_downwards_and_in_steps() -> None:
    assert condition(ELIMINATION.replace("i = k + 1; i < n; i++", "i = n; i > k; i -= 2")) == (
        "1.0 * (n - k) * (n - k)"
    )


def test_the_number_is_the_work_that_pays() -> None:
    (pragma,) = [loop.pragma for loop in loop_reports(f"{HEAD}{ELIMINATION}\n}}") if loop.profitable]
    assert pragma is not None
    assert 40_000 < int(pragma.rpartition("> ")[2].rstrip(")")) < 200_000


def pragmas(text: str, language: Language = "c") -> list[str | None]:
    """The pragmas of the loops of a text, None where none is offered."""
    loops = [loop for _, loop in loops_of(analyze(SourceText.of(text), language))]
    return [loop.pragma if loop.profitable else None for loop in loops]


@pytest.mark.parametrize(
    ("loop", "size"),
    [
        ("for (int i = 0; i < n; i++) p[i] = 0;", "n"),
        ("for (int i = 1; i <= n - 2; i++) p[i] = 0;", "n"),
        ("for (int i = n - 1; i >= 0; i--) p[i] = 0;", "n"),
        ("for (int i = m; i < n; i++) p[i] = 0;", "n - m"),
        ("for (int i = m; i < m + n; i++) p[i] = 0;", "n"),
        ("for (int i = 0; i < n * m; i++) p[i] = 0;", "n * m"),
        ("for (int i = 0; i < n / 2; i++) p[i] = 0;", "n / 2"),
        ("for (int i = 0; i < g->n; i++) p[i] = 0;", "g->n"),
        ("for (int i = 0; i < h.n; i++) p[i] = 0;", "h.n"),
        ("for (int i = 0; i < at[m]; i++) p[i] = 0;", "at[m]"),
        ("const int e = g->n; for (int i = 0; i < e; i++) p[i] = 0;", "e"),
        ("int i; double t; for (i = 0; i < n; i++) { t = p[i]; p[i] = t + 1; }", "n"),
    ],
)
def test_little_work_needs_many_iterations(loop: str, size: str) -> None:
    head = (
        "struct g { int n; };\nvoid f(int n, int m, const int *at, const struct g *g, struct g h, double *restrict p)"
    )
    (pragma,) = pragmas(f"{head} {{ {loop} }}")
    assert pragma is not None
    assert re.search(r" if\((.*) > (100000|200000)\)$", pragma) is not None
    assert f" if({size} > " in pragma


@pytest.mark.parametrize(
    "loop",
    [
        "for (int i = 0; i < n; i++) p[i] = exp(p[i]) * exp(-p[i]);",  # enough to do in each iteration
        "for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i][j] = 0;",  # a nest
        "for (int i = 0; i < n; i++) for (int j = 0; j < at[i]; j++) p[i] += at[j];",  # and one of short lists
        "for (double *q = p; q < p + n; q++) *q = 0;",  # pointers have no length that people write
        "for (int i = 0; i < 400000; i++) p[i] = 0;",  # known
        "for (int i = 0; i < unseen; i++) p[i] = 0;",  # whether it is a number is not known
    ],
)
def test_no_condition_is_better(loop: str) -> None:
    head = "double exp(double);\nvoid f(int n, int m, const int *at, double (*a)[9000], double *restrict p)"
    (pragma, *_) = pragmas(f"{head} {{ {loop} }}")
    assert pragma is not None
    assert " if(" not in pragma


def test_what_only_a_class_may_name_is_not_named() -> None:
    head = "class D { int n; public: int size() const { return n; } int len; };\nvoid f(D &d, double *a) {"
    assert pragmas(f"{head} for (int i = 0; i < d.size(); i++) a[i] = 0; }}", "cpp") == ["#pragma omp parallel for"]
    (pragma,) = pragmas(f"{head} for (int i = 0; i < d.len; i++) a[i] = 0; }}", "cpp")
    assert pragma is not None
    assert " if(d.len > " in pragma
    (pragma,) = pragmas(f"{head} const int k = d.size(); for (int i = 0; i < k; i++) a[i] = 0; }}", "cpp")
    assert pragma is not None
    assert " if(k > " in pragma


def test_bare_loops_have_names_of_no_type() -> None:
    snippet = analyze(SourceText.of("for (i = 0; i < n; i++) a[i] = b[i];"), "c", Options(snippet=True))
    assert [loop.pragma for _, loop in loops_of(snippet)] == ["#pragma omp parallel for"]


# --- functions that are called from loops ---------------------------------------------------------------------------

COPY = "void f(int n, double *restrict p, const double *restrict q) { for (int i = 0; i < n; i++) p[i] = q[i]; }\n"
NEST = (
    "void f(int n, int m, double (*a)[9000]) { for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i][j] = 0; }\n"
)
ROOT = (
    "double sqrt(double);\nvoid f(int n, double *p) "
    "{ for (int i = 0; i < n; i++) p[i] = sqrt(p[i]) + sqrt(p[i] + 1) + sqrt(p[i] + 2); }\n"
)


def offered(function: str, around: str) -> str | None:
    """What the loop of `f` is offered that is called from these loops."""
    call = f"f({', '.join('k' for _ in range(function.partition('{')[0].count(',') + 1))})"
    return pragmas(f"{function}void go(int k, int l) {{ {around} {call}; }}\n")[0]


def test_a_loop_around_the_call_asks_for_a_length() -> None:
    assert offered(ROOT, "") == "#pragma omp parallel for"
    assert offered(ROOT, "while (l--)") == "#pragma omp parallel for if(n > 20000)"
    assert offered(COPY, "while (l--)") == "#pragma omp parallel for if(n > 200000)"
    assert offered(NEST, "while (l--)") == "#pragma omp parallel for"  # a step in time


def test_loops_in_loops_around_the_call_ask_for_more() -> None:
    loops = "while (l--) while (k--)"
    assert offered(ROOT, loops) == "#pragma omp parallel for if(n > 20000)"
    assert offered(COPY, loops) is None  # never as long as that
    assert offered(NEST, loops) == "#pragma omp parallel for if(1.0 * n * m > 500000)"


def test_a_loop_that_never_runs() -> None:
    assert pragmas("void f(int n, double *p) { for (int i = 5; i < 3; i++) p[i] = 0; }") == [None]


def test_loops_in_loops_around_a_nest() -> None:
    nest = "for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) a[i][j] += a[i + n][j];"
    text = (
        f"void f(int n, int m, double (*a)[9000]) {{ while (a[0][0] < 9) while (a[1][1] < 9) {{ {nest} a[0][0]++; }} }}"
    )
    assert [pragma for pragma in pragmas(text) if pragma] == ["#pragma omp parallel for if(1.0 * n * m > 200000)"]
    (step,) = [pragma for pragma in pragmas(text.replace("while (a[1][1] < 9)", "")) if pragma]
    assert step == "#pragma omp parallel for"


def test_no_length_that_can_be_written() -> None:
    walk = "void f(double *p, double *e) { for (double *q = p; q < e; q++) *q = 0; }\n"
    assert offered(walk, "") == "#pragma omp parallel for"
    assert offered(walk, "while (l--)") is None


@pytest.mark.parametrize(
    "body",
    [
        "for (int t = 0; t < m; t++) for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) a[i][j] += a[i][j] * t;",
        "for (int i = 0; i < n; i++) for (int j = i; j < n; j++) a[i][j] = i;",
        ELIMINATION.replace("j < n", "j < (k < w ? w : n)"),
        ELIMINATION.replace("k + 1; j", "(int)p[k]; j"),
    ],
    ids=["all alike", "outermost", "a bound that is no product", "a bound from memory"],
)
def test_no_condition(body: str) -> None:
    assert condition(body) is None


def test_names_of_the_inside_stay_there() -> None:
    inner = (
        "for (int i = k + 1; i < n; i++) { int e = m + k; for (int j = k; j < e; j++) a[i][j] -= a[i][k] * b[k][j]; }"
    )
    text = condition(f"for (int k = 1; k < n; k++) {{ {inner} b[k][k] = a[k][k - 1]; }}")
    assert text is None or "e" not in text
