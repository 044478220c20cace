"""The C++ frontend as a document: edits, fingerprints, broken text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.frontends.c import lower_file
from analyzers.frontends.cpp import CppFrontend
from analyzers.text import SourceText

FILE = """\
#include <vector>
namespace solver {
template <class T, int N = 3>
class Matrix {
public:
  Matrix(int n) : rows(n), data(n * N) { fill(0); }
  T &operator()(int i, int j) { return data[i * N + j]; }
  void fill(T x) { for (auto &d : data) d = x; }
  static constexpr int columns = N;
private:
  int rows;
  std::vector<T> data;
};
enum class Kind : int { dense, sparse = 3 };
struct Point { double x, y; double norm() const { return x * x + y * y; } };
}
using Vector = std::vector<double>;
double dot(const Vector &a, const Vector &b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}
int main() {
  Vector v(100, 1.0), w{1, 2};
  auto f = [&v](int i) -> double { return v[i]; };
  for (auto it = v.begin(); it != v.end(); ++it) { if (*it < 0 && f(1) > (2)) break; *it = f(3); }
  solver::Matrix<double> m(3);
  m(1, 2) = dot(v, w);
  try { throw 1; } catch (const std::exception &e) { return 1; }
  delete[] new int[3];
  return static_cast<int>(m(1, 2)) + int(solver::Kind::sparse);
}
"""

EDITS = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.integers(0, 30),
        st.sampled_from(
            ["", "x", "\n", ";", "{", "}", "<", "::", "template <class U> ", "auto &", "class A {", "(", "[="]
        ),
    ),
    min_size=1,
    max_size=5,
)


@given(EDITS)
@settings(max_examples=120, deadline=None)
def test_edits_give_the_same_as_from_scratch(edits: list[tuple[int, int, str]]) -> None:
    frontend, text = CppFrontend(), FILE
    cache: dict[str, str] = {}
    for place, size, new in [(0, 0, ""), *edits]:
        at = place % (len(text) + 1)
        text = text[:at] + new + text[at + size :]
        source = SourceText.of(text)
        frontend.update(source)
        fresh = lower_file(source, speaks=CppFrontend)
        kept = [cache.setdefault(c.fingerprint, repr(frontend.lower(c))) for c in frontend.chunks()]
        assert kept == [repr(p.function) for p in fresh.functions]


def test_nothing_in_the_file_is_unreadable() -> None:
    fresh = lower_file(SourceText.of(FILE), speaks=CppFrontend)
    assert [p.function.name for p in fresh.functions] == [
        "Matrix::Matrix", "Matrix::operator()", "Matrix::fill", "Point::norm", "dot", "main",
    ]  # fmt: skip
    assert not fresh.problems
    assert [problem for p in fresh.functions for problem in p.function.problems] == []


def fingerprints(text: str) -> dict[str, str]:
    frontend = CppFrontend()
    frontend.update(SourceText.of(text))
    return {chunk.name: chunk.fingerprint for chunk in frontend.chunks()}


def changed(before: str, after: str) -> set[str]:
    old, new = fingerprints(before), fingerprints(after)
    return {name for name in new if old.get(name) != new[name]}


def test_a_method_changes_with_its_class_and_not_with_its_neighbours() -> None:
    text = "class A { int x; void f() { x = 1; } void g() { x = 2; } }; void h() { }"
    assert changed(text, text.replace("x = 1", "x = 3")) == {"A::f"}
    assert changed(text, text.replace("int x", "long x")) >= {"A::f", "A::g"}
    assert "h" not in changed(text, text.replace("int x", "long x"))
