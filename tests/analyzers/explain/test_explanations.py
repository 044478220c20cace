"""What is said of a loop: whole texts where the layout matters, the telling line where only the words do."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from analyzers.api import analyze
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText
from tests.reports import loop_reports


def first(code: str) -> LoopReport:
    return loop_reports(code)[0]


def test_a_likely_loop_in_full() -> None:
    loop = first("void scale(int n, double *x, double *y)\n{\n    int i;\n    double t;\n"
                 "    for (i = 0; i < n; i++) {\n        t = 2.0 * x[i];\n"
                 "        y[i] = t * t;\n    }\n}\n")  # fmt: skip
    verdict, _, rest = loop.explanation.partition("\n")
    assert verdict == (
        "This loop can run in parallel, assuming that `x` and `y` do not overlap: "
        "no two iterations touch the same element."
    )
    assert rest == indent(
        dedent("""\
          y      no two iterations touch the same y[i]
          t      written before it is read in every iteration: private
          x, y   may overlap: they are both parameters without `restrict`. Assumed distinct; if
                 they ever overlap, this is wrong.
          #pragma omp parallel for private(t) if(n > 50000)
          OpenMP 5.2: parallel for §17.3, private §5.4.3, if §3.4
          if(n > 50000): with less to do one thread is faster."""),
        "  ",
    )
    assert loop.summary == "parallel if x and y do not overlap · private(t)"
    assert [fix.title for fix in loop.fixes] == [
        "insert `#pragma omp parallel for private(t) if(n > 50000)`",
        "add `restrict` to `x` and `y`",
    ]
    assert not loop.fixes[0].safe


def test_a_proved_sum_in_full() -> None:
    loop = first("double dot(int n, const double *restrict x, const double *restrict y)\n{\n    double s = 0.0;\n"
                 "    for (int i = 0; i < n; i++)\n        s += x[i] * y[i];\n    return s;\n}\n")  # fmt: skip
    assert loop.explanation == dedent("""\
        This loop can run in parallel: its iterations meet only in the reduction of `s`.
          s      a sum: reduction(+:s)
          x, y   only read: shared
          #pragma omp parallel for reduction(+:s) if(n > 100000)
          OpenMP 5.2: parallel for §17.3, reduction §5.5.8, if §3.4
          if(n > 100000): with less to do one thread is faster.
          Floating-point sums may differ in the last digits from the serial order.""")
    assert loop.summary == "parallel · reduction(+:s)"
    assert loop.fixes[0].safe


def test_a_recurrence_in_full() -> None:
    loop = first("void offsets(int n, long *restrict o, const long *restrict size)\n{\n"
                 "    for (int i = 1; i < n; i++)\n        o[i] = o[i - 1] + size[i - 1];\n}\n")  # fmt: skip
    verdict, _, rest = loop.explanation.partition("\n")
    assert verdict == (
        "This loop carries a dependence: "
        "with n=3, iteration i=2 reads o[1], which iteration i=1 writes (flow, distance 1)."
    )
    assert rest == dedent("""\
          size   only read: shared
        What would help: this is a prefix sum. Keep the running value in a scalar `s` and store
          it to `o`; then OpenMP can scan: `reduction(inscan, +:s)` with `#pragma omp scan
          inclusive(s)` (OpenMP 5.2 §5.6).""")
    assert loop.summary == "not parallel: o[i] needs o[i - 1]"
    assert loop.fixes == ()


def test_an_unseen_function_is_named_with_what_it_would_take() -> None:
    loop = first("void relax(int);\nvoid f(int n)\n{\n    for (int i = 0; i < n; i++)\n        relax(i);\n}\n")
    assert loop.explanation.startswith("Cannot decide: `relax` ")
    assert "If `relax` is independent, the loop is parallel." in loop.explanation
    assert loop.summary == "parallel only if relax is independent"
    assert (loop.pragma, loop.conditional_pragma) == (None, "#pragma omp parallel for")


HELP = {
    "prefix sum of a scalar": (
        "long f(int n, const long *restrict a, long *restrict b) { long s = 0;"
        " for (int i = 0; i < n; i++) { s += a[i]; b[i] = s; } return s; }",
        "reduction(inscan, +:s)",
    ),
    "compaction": (
        "int f(int n, const int *restrict a, int *restrict b) { int k = 0;"
        " for (int i = 0; i < n; i++) if (a[i] > 0) b[k++] = i; return k; }",
        "`k` is the place of the next one",
    ),
    "linked list": (
        "struct node { double v; struct node *next; };"
        " void f(struct node *p) { while (p) { p->v *= 2.0; p = p->next; } }",
        "task firstprivate(p)",
    ),
    "position of the maximum": (
        "int f(int n, const double *a) { int best = 0;"
        " for (int i = 1; i < n; i++) if (a[i] > a[best]) best = i; return best; }",
        "its own `best`",
    ),
    "sweep in place": (
        "void f(int n, double u[n][n]) { for (int i = 1; i < n - 1; i++) for (int j = 1; j < n - 1; j++)"
        " u[i][j] = 0.25 * (u[i-1][j] + u[i+1][j] + u[i][j-1] + u[i][j+1]); }",
        "Gauss-Seidel",
    ),
    "shift": (
        "void f(int n, double *a) { for (int i = 0; i < n - 1; i++) a[i] = a[i + 1]; }",
        "read them from a copy of `a`",
    ),
    "sum into one element": (
        "void f(int n, double *restrict x, const double *restrict a) {"
        " for (int j = 0; j < n; j++) x[3] += a[j]; }",
        "a scalar can be a reduction",
    ),
    "sum into a row": (
        "void f(int n, int m, double *restrict y, const double *restrict a) { for (int i = 0; i < m; i++)"
        " for (int j = 0; j < n; j++) y[j] += a[i * n + j]; }",
        "`reduction(+:y[:n])`",
    ),
    "sum into a row, written out": (
        "void f(int n, int m, double *restrict y, const double *restrict a) { for (int i = 0; i < m; i++)"
        " for (int j = 0; j < n; j++) y[j] = y[j] + a[i * n + j]; }",
        "`reduction(+:y[:n])`",
    ),
    "work array": (
        "void f(int n, int m, double *restrict w, double *restrict a) { for (int i = 0; i < m; i++) {"
        " for (int j = 0; j < n; j++) { w[j] = 0; for (int k = 0; k < n; k++) w[j] += a[i * n + k]; }"
        " for (int j = 0; j < n; j++) a[i * n + j] = w[j]; } }",
        "`w` is a pointer, so `private(w)` would only copy the address",
    ),
    "table": (
        "void f(int n, int t[n][n]) { for (int i = 1; i < n; i++) for (int j = 1; j < n; j++)"
        " t[i][j] = t[i - 1][j] + t[i][j - 1]; }",
        "The entries of an anti-diagonal are independent",
    ),
    "shortest paths": (
        "void f(int n, int k, int d[n][n]) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++)"
        " d[i][j] = d[i][j] < d[i][k] + d[k][j] ? d[i][j] : d[i][k] + d[k][j]; }",
        "only the iteration in which `i` is `k` writes the `d[k][j]` that the others read",
    ),
    "steady growth": (
        "void f(int n, int m, double *restrict a) { int k = 0;"
        " for (int i = 0; i < n; i++) { a[i] = k; k += 2 * m + 1; } }",
        "`2 * m + 1` for each iteration before this one",
    ),
    "search": (
        "int f(int n, const int *a, int v) { int i; for (i = 0; i < n; i++) if (a[i] == v) break; return i; }",
        "threads cannot leave a loop early",
    ),
    "histogram through a pointer": (
        "void f(int n, const int *restrict k, int *restrict h) { for (int i = 0; i < n; i++) h[k[i]] += 2; }",
        "#pragma omp atomic",
    ),
    "histogram through a list": (
        "void f(int n, int m, const int *restrict k, double *restrict h) { for (int i = 0; i < n; i++) { double s = 0;"
        " for (int j = 0; j < m; j++) { int t = k[i * m + j]; s += t; h[t] -= s; } } }",
        "#pragma omp atomic",
    ),
    "output": (
        '#include <stdio.h>\nvoid f(int n, const double *a) { for (int i = 0; i < n; i++) printf("%g\\n", a[i]); }',
        "print it in a second one",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HELP)
def test_what_would_help(name: str) -> None:
    code, words = HELP[name]
    loop = first(code)
    assert loop.verdict.status != "parallel"
    text = " ".join(loop.explanation.split())
    assert "What would help: " in text
    assert words in text.partition("What would help: ")[2]


def test_a_triangular_solve_is_no_prefix_sum() -> None:
    outer = first("void f(int n, double a[n][n], double *restrict x) { for (int i = 1; i < n; i++)"
                  " for (int j = 0; j < i; j++) x[i] -= a[i][j] * x[j]; }")  # fmt: skip
    assert "prefix" not in outer.explanation


def test_a_factorization_has_no_single_pivot() -> None:
    outer = first("void f(int n, double a[n][n]) { for (int i = 1; i < n; i++) for (int j = 0; j < n; j++)"
                  " for (int k = 0; k < i; k++) a[i][j] -= a[i][k] * a[k][j]; }")  # fmt: skip
    assert outer.verdict.status != "parallel" and "only the iteration" not in outer.explanation


@pytest.mark.parametrize(
    "body",
    [
        "double s = 0; for (int j = 0; j < m; j++) { s += a[i + j]; b[i + j] = s; }",
        "int k = 0; for (int j = 0; j < m; j++) if (a[i + j] > 0) b[i + k++] = j;",
        "s = 0; for (int j = 0; j < m; j++) { s += a[i + j]; b[i + j] = s; }",
    ],
)
def test_what_starts_anew_in_every_iteration_does_not_run_on(body: str) -> None:
    head = "void f(int n, int m, const double *restrict a, double *restrict b) { double s;"
    outer = first(f"{head} for (int i = 0; i < n; i++) {{ {body} }} }}")
    assert outer.verdict.status != "parallel"
    assert "prefix sum" not in outer.explanation and "place of the next one" not in outer.explanation


def test_objects_of_classes_are_named_as_they_are_written() -> None:
    code = (
        "struct Base { double* cut; }; struct Atoms { double* x; };"
        " struct Force : Base { double* e; void f(Atoms& a, int n)"
        " { for (int i = 0; i < n; i++) cut[i] = e[i] * a.x[i]; } };"
    )
    (placed,) = analyze(SourceText.of(code), "cpp").functions
    assert placed.result.loops[0].explanation.startswith(
        "This loop can run in parallel, assuming that `a.x`, `this->cut` and `this->e` do not overlap"
    )


def test_private_scalars_share_a_row() -> None:
    loop = first("void f(int n, double *restrict y) { double a, b; for (int i = 0; i < n; i++)"
                 " { a = i; b = a * a; y[i] = a + b; } }")  # fmt: skip
    assert "  a, b   written before it is read in every iteration: private" in loop.explanation


def test_a_loop_inside_says_where_the_better_place_is() -> None:
    outer, inner = loop_reports("static double a[900][900]; void f(void) { for (int i = 0; i < 900; i++)"
                           " for (int j = 0; j < 900; j++) a[i][j] = 0.0; }")  # fmt: skip
    assert outer.profitable
    assert not inner.profitable
    assert inner.summary == "parallel · the outer loop is the better place"
    assert "Right, but not offered here: the outer loop is the better place." in inner.explanation


def test_a_loop_with_a_pragma_is_told_what_it_needs() -> None:
    loop = first("double f(int n, const double *x) { double s = 0;\n#pragma omp parallel for\n"
                 "for (int i = 0; i < n; i++) s += x[i]; return s; }")  # fmt: skip
    assert loop.existing is not None
    assert "With these clauses its pragma is right:" in loop.explanation
    assert loop.pragma == "#pragma omp parallel for reduction(+:s)"
    assert loop.fixes == ()


def test_the_same_text_every_time() -> None:
    code = "\n".join(code for code, _ in HELP.values() if "#include" not in code)
    assert [loop.explanation for loop in loop_reports(code)] == [loop.explanation for loop in loop_reports(code)]


def test_no_line_is_too_long_for_a_terminal() -> None:
    for code, _ in HELP.values():
        for loop in loop_reports(code):
            verdict, *table = loop.explanation.splitlines()  # clients wrap the verdict themselves
            assert verdict[0].isupper()
            assert all(len(line) <= 90 for line in table), loop.explanation


def test_the_wrapping_of_a_macro_is_no_loop() -> None:
    (loop,) = loop_reports("#define ZERO(a, n) do { for (int q = 0; q < (n); q++) (a)[q] = 0.0; } while (0)\n"
                      "static double a[100000];\nvoid f(void)\n{\n    ZERO(a, 100000);\n}\n")  # fmt: skip
    assert (loop.verdict.status, loop.depth) == ("parallel", 0)
    assert not loop.profitable
    assert "written by a macro" in loop.advice
    assert loop.fixes == ()


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("parallel for", "#pragma omp parallel for private(t)"),
        ("simd", "#pragma omp simd private(t)"),
        ("parallel for simd", "#pragma omp parallel for simd private(t)"),
        ("taskloop", "#pragma omp taskloop private(t)"),
    ],
)
def test_the_directive_that_is_there_is_kept(directive: str, expected: str) -> None:
    loop = first("void f(int n, double *restrict y) { double t;\n"
                 f"#pragma omp {directive}\nfor (int i = 0; i < n; i++) {{ t = i; y[i] = t; }} }}")  # fmt: skip
    assert loop.pragma == expected
    assert f"OpenMP 5.2: {directive} §" in loop.explanation


def test_the_function_and_the_array_are_named_where_elements_are_not_known() -> None:
    loop = loop_reports("static double a[9]; static void g(void) { for (int i = 0; i < 9; i++) a[i] += 1; }\n"
                   "void f(void) { for (int t = 0; t < 5; t++) g(); }")[-1]  # fmt: skip
    assert loop.explanation.startswith("Cannot decide: `g` accesses `a`, which elements is not known.")


def test_assumptions_that_are_no_pair_keep_their_words() -> None:
    loop = first("double total;\nvoid f(int m, double *a) { for (int i = 0; i < m; i++) total += a[i]; }")
    assert loop.summary == "parallel if no pointer of the loop leads to total · reduction(+:total)"
    assert "  total   assumed: no pointer of the loop leads to `total`. If not, this is wrong." in loop.explanation


def test_pairs_that_do_not_overlap_are_told_together() -> None:
    loop = first("void f(int n, double *x, double *y, double *z) { for (int i = 0; i < n; i++) z[i] = x[i] + y[i]; }")
    assert loop.summary == "parallel if x, y and z do not overlap"


def test_a_sum_of_thousands_of_terms_is_no_pattern() -> None:
    terms = " + ".join(f"k{n % 5}" for n in range(3000))
    source = (
        "void f(double *a, int n, int k0, int k1, int k2, int k3, int k4)"
        f" {{ for (int i = 1; i < n; i++) a[i + {terms}] = a[i - 1 + {terms}] + a[i - 2 + {terms}]; }}"
    )
    (function,) = analyze(SourceText.of(source), "c").functions
    assert function.result.loops and not function.result.findings
