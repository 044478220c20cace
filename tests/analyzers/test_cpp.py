"""Verdicts on loops of C++, from the text to the pragma."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.scope import variables
from analyzers.text import SourceText

HEAD = """\
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>
struct P { double x, y; int id; };
class Grid {
public:
  int n;
  void relax();
  double total() const;
private:
  std::vector<double> u, w;
  double acc = 0;
};
void twice(double &x) { x *= 2; }
void fetch(int i, int &x) { x = i; }
"""


def loops(text: str) -> list[LoopReport]:
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    return [loop for placed in report.functions for loop in placed.result.loops]


def unconditional(loop: LoopReport) -> str | None:
    """The pragma without the condition under which it pays."""
    return loop.pragma and loop.pragma.partition(" if(")[0]


def outer(text: str) -> LoopReport:
    return loops(text)[0]


@pytest.mark.parametrize(
    ("text", "pragma"),
    [
        ("void f(std::vector<double> &v) { for (auto &x : v) x *= 2; }", "parallel for"),
        ("double f(const std::vector<double> &v) { double s = 0; for (double x : v) s += x; return s; }",
         "parallel for reduction(+:s)"),
        ("double f(const std::vector<double> &v) { double s = 0; for (auto x : v) s = std::max(s, x); return s; }",
         "parallel for reduction(max:s)"),
        ("void f(std::vector<double> &v) { for (std::size_t i = 0; i < v.size(); ++i) v[i] = std::sqrt(v.at(i)); }",
         "parallel for"),
        ("void f(std::vector<double> &v) { for (auto it = v.begin(); it != v.end(); ++it) *it = 0; }", "parallel for"),
        ("void f() { std::vector<int> v(9); for (auto it = v.begin(); it != v.end(); it++) *it += 1; }",
         "parallel for"),
        ("void f() { std::vector<double> v(100), w(100); for (int i = 0; i < 100; i++) w[i] = v[i]; }", "parallel for"),
        ("void f(std::vector<std::vector<double>> &m) "
         "{ for (int i = 0; i < m.size(); i++) for (int j = 0; j < m[i].size(); j++) m[i][j] = i; }", "parallel for"),
        ("void f(std::vector<P> &v) { for (auto &p : v) { p.x += p.y; } }", "parallel for"),
        ("void f(std::vector<P> &v) { for (int i = 0; i < v.size(); i++) { P &p = v[i]; p.x = p.y; } }",
         "parallel for"),
        ("void f(std::vector<double> &v) { double t; for (int i = 0; i < v.size(); i++) { t = v[i]; v[i] = t * t; } }",
         "parallel for private(t)"),
        ("void Grid::relax() { for (int i = 1; i < n - 1; i++) w[i] = u[i - 1] + u[i + 1]; }", "parallel for"),
        ("double Grid::total() const { double t = 0; for (int i = 0; i < n; i++) t += u[i]; return t; }",
         "parallel for reduction(+:t)"),
        ("void f(std::array<double, 10> &a) { for (int i = 0; i < a.size(); i++) twice(a[i]); }", "parallel for"),
        ("void f(int *a, int n) { int k; for (int i = 0; i < n; i++) { fetch(i, k); a[i] = k; } }",
         "parallel for private(k)"),
        ("void f(double *a, int n) { for (int i = 0; i < n; i++) a[i] = static_cast<double>(i) / double(n); }",
         "parallel for"),
        ("std::complex<double> f(const std::vector<std::complex<double>> &v) "
         "{ std::complex<double> s; for (int i = 0; i < v.size(); i++) s += v[i]; return s; }", None),
        ("void f(double *a, int n) { constexpr int k = 8; for (int i = 0; i < n; i++) a[i * k] = a[i * k + 7]; }",
         "parallel for"),
        ("void f(int n, double *a) { if (int m = n - 1; m > 0) for (int i = 0; i < m; i++) a[i] = 0; }",
         "parallel for"),
        ("void f(std::vector<std::string> &s) "
         "{ for (int i = 0; i < s.size(); i++) { std::string t = \"a\"; t += \"b\"; s[i] = t; s[i] += t; } }",
         "parallel for"),
        ("void f(std::vector<double> &a) { for (int i = 0; i < a.size() - 1; i += 2) std::swap(a[i], a[i + 1]); }",
         "parallel for"),
    ],
)  # fmt: skip
def test_loops_that_are_parallel_for_every_input(text: str, pragma: str | None) -> None:
    loop = outer(text)
    assert loop.verdict.status == "parallel", loop.verdict
    assert pragma is None or unconditional(loop) == f"#pragma omp {pragma}"


@pytest.mark.parametrize(
    ("text", "assumption"),
    [
        ("void f(std::vector<double> &v, const std::vector<double> &w) "
         "{ for (int i = 0; i < v.size(); i++) v[i] += w[i]; }",
         "`v` and `w` do not overlap"),
        ("void f(double &s, const double *a, int n) { for (int i = 0; i < n; i++) s += a[i]; }",
         "no pointer of the loop leads to `s`"),
        ("void f(double &s, double &t, int n) { for (int i = 0; i < n; i++) { s += i; t += i; } }",
         "no pointer of the loop leads to `s`"),
        ("void f(std::span<double> v, std::span<double> w) { for (int i = 0; i < v.size(); i++) v[i] = w[i]; }",
         "`v` and `w` do not overlap"),
    ],
)  # fmt: skip
def test_what_may_overlap_is_named(text: str, assumption: str) -> None:
    verdict = outer(text).verdict
    assert verdict.status == "unknown"
    assert assumption in [a.text for a in verdict.assumptions]
    assert all(a.strength == "ordinary" for a in verdict.assumptions)


@pytest.mark.parametrize(
    "text",
    [
        "void f(const std::vector<int> &v) { std::vector<int> r; for (int x : v) r.push_back(x); }",
        "void f(std::vector<bool> &b) { for (int i = 0; i < b.size(); i++) b[i] = true; }",
        "void f(std::vector<double> &v) { for (int i = 1; i < v.size(); i++) v[i] = v[i - 1]; }",
        "void f(std::vector<double> &v) { for (auto it = v.begin() + 1; it != v.end(); ++it) *it = *(it - 1); }",
        "void Grid::relax() { for (int i = 1; i < n; i++) { acc += u[i]; w[i] = acc; } }",
        "void f(std::vector<double> &v) { for (auto &x : v) v[0] += x; }",
        "struct B { std::vector<double> d; double &at(int i) { return d[i]; } }; "
        "struct D : B { void f(int n) { for (int i = 1; i < n; i++) d[i] = at(i - 1); } };",
        "struct B { double s; void set(double x) { s = x; s += 1; } }; "
        "struct D : B { void f(int n) { for (int i = 1; i < n; i++) { set(s * 2); } } };",
        "void f(std::vector<int> &v, int n) "
        "{ std::vector<int> *w = &v; for (int i = 1; i < n; i++) (*w)[i] = v[i - 1]; }",
        "void f(std::vector<std::vector<int>> &m, int n) "
        "{ for (int i = 1; i < n; i++) { auto row = m[i - 1]; m[i][0] = row[0] + 1; } }",
        "void f(std::vector<std::vector<int>> &m, int n) "
        "{ for (int i = 1; i < n; i++) { std::vector<int> row(m[i - 1]); m[i][0] = row[0] + 1; } }",
        "void f(std::vector<int> &v, int n) "
        "{ for (int i = 1; i < n; i++) { std::vector<int> w = v; v[i] = w[i - 1]; } }",
        "void f(std::vector<int> &v, int n) { for (int i = 1; i < n; i++) { auto w(v); v[i] = w[i - 1]; } }",
        "void f(std::vector<P> &v, int n) { for (int i = 1; i < n; i++) { auto p = v[i - 1]; v[i].x = p.x; } }",
        "void f(std::vector<P> &v, int n) { for (int i = 1; i < n; i++) { auto [x, y, id] = v[i - 1]; v[i].x = x; } }",
        "void f(std::vector<P> &v, int n) { for (int i = 1; i < n; i++) { const P &p = v[i - 1]; v[i] = p; } }",
        "void f(std::vector<double> &v, std::vector<double> *w, int n) { for (int i = 0; i < n; i++) v = w[i]; }",
        "double f(std::vector<double> v, std::vector<double> w, int n) "
        "{ double s = 0; for (int i = 0; i < n; i++) { for (double x : v) s += x; v = w; w.pop_back(); } return s; }",
        "void f(std::vector<double> &v) { for (int i = 0; i < v.size(); i++) v.resize(v.size() - 1); }",
        "void f(std::map<int, int> &m, const int *a, int n) { for (int i = 0; i < n; i++) m[a[i]]++; }",
        "void f(int n) { int c = 0; auto l = [&](int i) { c = c * i + 1; }; for (int i = 0; i < n; i++) l(i); }",
        "void f(double *a, int n) { double *const &p = a; for (int i = 1; i < n; i++) p[i] = a[i - 1]; }",
        "void f(double *a, int n) { for (int i = 0; i < n; i++) { if (a[i] < 0) throw 1; a[i] = 0; } }",
        "void f(std::string &s, int n) { for (int i = 0; i < n; i++) s += 'x'; }",
        "void f(int *a, int n) { int k = 0; for (int i = 0; i < n; i++) { int &r = k; r += i; a[i] = r; } }",
    ],
)
def test_loops_that_are_not_proved_parallel(text: str) -> None:
    verdict = outer(text).verdict
    assert verdict.status != "parallel"
    assert not [a for a in verdict.assumptions if a.strength == "ordinary"] or len(verdict.assumptions) == 0


def test_overloads_are_not_mixed_up() -> None:
    text = "int g; void h(int) {} void h(double x) { g += x; } void f(int n) { for (int i = 0; i < n; i++) h(i); }"
    verdict = outer(text).verdict
    assert verdict.status != "parallel"
    assert "`g`" in str(verdict)


def test_unseen_methods_can_be_vouched_for() -> None:
    text = "struct Q; void f(Q *q, double *a, int n) { for (int i = 0; i < n; i++) a[i] = q->weight(i); }"
    [assumption] = outer(text).verdict.assumptions
    assert assumption.subjects == ("weight",)
    report = api.analyze(SourceText.of(text), "cpp", api.Options(independent=frozenset({"weight"})))
    assert report.functions[0].result.loops[0].verdict.status == "parallel"


def test_a_push_back_says_what_is_in_the_way() -> None:
    [loop] = loops("void f(std::vector<int> &r, int n) { for (int i = 0; i < n; i++) r.push_back(i); }")
    assert "`r.size()`" in " ".join(reason.text for reason in loop.verdict.reasons)


def test_what_the_parser_cannot_read_costs_its_statement() -> None:
    text = """\
void launch(int n, double *x) { kernel<<<n, 256>>>(x, n); for (int i = 0; i < n; i++) x[i] = 0; }
void g(double *a, int n) { for (int i = 0; i < n; i++) a[i] = 1; }
"""
    assert [loop.verdict.status for loop in loops(text)] == ["parallel", "parallel"]


def test_the_size_of_a_container_is_in_no_clause() -> None:
    text = """\
void f(int *out, int n) {
  std::vector<int> v;
  for (int i = 0; i < n; i++) { v.clear(); v.push_back(i); out[i] = v.size(); }
}
"""
    pragma = outer(text).pragma
    assert pragma is None or "size()" not in pragma


MATRIX = """\
class Matrix {
public:
  Matrix(int r, int c) : rows_(r), cols_(c), data_(r * c) {}
  double &operator()(int i, int j) { return data_[i * cols_ + j]; }
  double operator()(int i, int j) const { return data_[i * cols_ + j]; }
  int rows() const { return rows_; }
  int cols() const { return cols_; }
  void zero();
private:
  int rows_, cols_;
  std::vector<double> data_;
};
"""


def test_accessors_of_one_expression_are_seen_through() -> None:
    text = """\
void Matrix::zero() { for (int i = 0; i < rows(); i++) for (int j = 0; j < cols(); j++) (*this)(i, j) = 0; }
void multiply(Matrix &c, const Matrix &a, const Matrix &b) {
  for (int i = 0; i < c.rows(); i++)
    for (int j = 0; j < c.cols(); j++) {
      double s = 0;
      for (int k = 0; k < a.cols(); k++) s += a(i, k) * b(k, j);
      c(i, j) = s;
    }
}
void sweep(Matrix &c) { for (int i = 1; i < c.rows(); i++) c(i, 0) = c(i - 1, 0); }
"""
    zero, _, rows, columns, products, sweep = loops(MATRIX + text)
    assert zero.verdict.status == "parallel"
    assert [a.text for a in rows.verdict.assumptions] == ["`a` and `c` do not overlap", "`b` and `c` do not overlap"]
    assert columns.verdict.assumptions == rows.verdict.assumptions
    assert products.pragma == "#pragma omp parallel for reduction(+:s)"
    assert not sweep.verdict.counts_as_parallel


def test_what_looks_like_an_accessor_and_is_none() -> None:
    text = """\
int calls;
struct Log { double *a; double &at(int i) { return a[calls++]; } virtual double &get(int i) { return a[i]; } };
void f(Log &l, int n) { for (int i = 0; i < n; i++) l.at(i) = 0; }
void g(Log &l, int n) { for (int i = 0; i < n; i++) l.get(i) = 0; }
"""
    for loop in loops(text):
        assert loop.verdict.status != "parallel"
        assert not loop.verdict.counts_as_parallel


@pytest.mark.parametrize(
    ("text", "pragma"),
    [
        ("void f(double *a, int n) { auto g = [](double x) { return x * x; }; "
         "for (int i = 0; i < n; i++) a[i] = g(a[i]); }",
         "parallel for"),
        ("void f(double *a, int n) { auto g = [&](int i, double x) { a[i] = x; }; "
         "for (int i = 0; i < n; i++) g(i, 2); }",
         "parallel for"),
        ("int f(int n) { int c = 0; for (int i = 0; i < n; i++) { auto g = [&c](int k) { c += k; }; g(i); } "
         "return c; }",
         "parallel for reduction(+:c)"),
        ("void f(double *a, int n) { double k = 3; auto g = [=](double x) { return k * x; }; "
         "for (int i = 0; i < n; i++) { k = i; a[i] = g(a[i]); } }", "parallel for private(k)"),
        ("void f(double *a, int n) { for (int i = 0; i < n; i++) [&] { a[i] = 0; }(); }", "parallel for"),
    ],
)  # fmt: skip
def test_lambda_functions_run_where_they_are_called(text: str, pragma: str) -> None:
    loop = outer(text)
    assert (loop.verdict.status, unconditional(loop)) == ("parallel", f"#pragma omp {pragma}")


@pytest.mark.parametrize(
    "text",
    [
        "void f(int n) { int c = 0; auto g = [&c](int i) { c = c * i + 1; }; for (int i = 0; i < n; i++) g(i); }",
        # A private copy of `c` would be another object than the one that `g` refers to.
        "int f(int n) { int c = 0; auto g = [&c](int i) { c += i; }; for (int i = 0; i < n; i++) g(i); return c; }",
        "void f(int n, int *a) { int c = 0; auto g = [c]() mutable { return c++; }; "
        "for (int i = 0; i < n; i++) a[i] = g(); }",
        "void h(std::function<void()>); "
        "void f(int n) { int c = 0; auto g = [&c] { c = 2 * c + 1; }; for (int i = 0; i < n; i++) h(g); }",
        "void f(double *a, int n) { auto g = [&](int i) { if (i > 3) return 1.0; return a[i + 1]; }; "
        "for (int i = 0; i < n; i++) a[i] = g(i); }",
    ],
)
def test_what_lambda_functions_capture_is_theirs_to_change(text: str) -> None:
    assert not outer(text).verdict.counts_as_parallel


def test_loops_in_lambda_functions_that_are_handed_on_are_analysed() -> None:
    text = "void f(Pool &p, double *a) { p.run([=](int n) { for (int i = 0; i < n; i++) a[i] = 0; }); }"
    assert outer(text).verdict.status == "parallel"


def test_clauses_call_variables_by_names_that_hold_where_the_loop_stands() -> None:
    text = """\
namespace a { int count; namespace b { int count; void f(int n) { for (int i = 0; i < n; i++) count++; } } }
namespace { int count; }
void g(int n) { for (int i = 0; i < n; i++) { a::count++; a::b::count++; } }
"""
    assert [unconditional(loop) for loop in loops(text)] == [
        "#pragma omp parallel for reduction(+:a::b::count)",
        "#pragma omp parallel for reduction(+:a::b::count, a::count)",
    ]


@pytest.mark.parametrize("before", ["static", "inline", ""])
def test_functions_of_the_file_get_their_own_arguments(before: str) -> None:
    text = f"""\
{before} void put(int *p, int v) {{ *p = v; }}
struct A {{ static void put(int *p, int v) {{ *p = v; }} }};
void f(int *a, int n) {{ for (int i = 0; i < n; i++) put(a, i); }}
void g(int *a, int n) {{ for (int i = 0; i < n; i++) put(a + i, i); }}
void h(int *a, int n) {{ for (int i = 0; i < n; i++) A::put(a, i); }}
void k(int *a, int n) {{ for (int i = 0; i < n; i++) A::put(a + i, i); }}
"""
    assert [loop.verdict.status for loop in loops(text)] == ["dependent", "parallel", "dependent", "parallel"]


def test_no_clause_names_the_elements_of_an_object() -> None:
    text = """\
int f(const std::vector<int> &idx, int n) {
  std::array<int, 10> h{};
  for (int i = 0; i < n; i++) for (int j = 0; j < 10; j++) h[j] += idx[i];
  return h[3];
}
int g(const std::vector<int> &idx, int n) {
  int h[10] = {};
  for (int i = 0; i < n; i++) for (int j = 0; j < 10; j++) h[j] += idx[i];
  return h[3];
}
"""
    wrapped, _, plain, _ = loops(text)
    assert wrapped.pragma is None
    assert plain.pragma == "#pragma omp parallel for reduction(+:h)"


def test_what_is_in_scope_is_told_in_the_words_of_the_program() -> None:
    text = "struct A { int m; void f(std::vector<int> &v) { std::vector<double> w(3); for (auto &x : v) m = 1; } };"
    found = dict(variables(SourceText.of(text), "cpp", text.index(" m = 1"), api.Options()))
    assert found["v"] == "std::vector<int> & v, a parameter"
    assert found["w"] == "std::vector<double> w, a local variable"
    assert "w.size()" not in found


@pytest.mark.parametrize(
    ("clauses", "missing"), [("shared(v, w)", []), ("shared(w)", ["v"]), ("shared(w) private(v)", [])]
)
def test_the_size_of_a_container_needs_no_clause_of_its_own(clauses: str, missing: list[str]) -> None:
    text = (
        "void f(std::vector<double> &v, std::vector<double> &w) {\n"
        f"#pragma omp parallel for default(none) {clauses}\n"
        "for (std::size_t i = 0; i < v.size(); i++) w[i] = v[i] + w.size(); }"
    )
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    found = [f for placed in report.functions for f in placed.result.findings if f.rule == "omp-default-none-missing"]
    assert [f.facts["variable"] for f in found] == missing
