"""Objects of classes in C++: what runs where they are made, converted, handed over and given back."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText

HEAD = "#include <vector>\nusing std::vector;\n"


def loops(text: str) -> list[LoopReport]:
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    return [loop for placed in report.functions for loop in placed.result.loops]


COUNTED = "int n; struct C { int id; C(int k) { n = n * 2 + k; id = n; } }; "
LOOP = "void f(vector<int> &a) { for (int j = 0; j < 99; j++) "


@pytest.mark.parametrize(
    "text",
    [
        COUNTED + "int use(C); " + LOOP + "a[j] = use(j); }",
        COUNTED + "int use(C c) { return c.id; } " + LOOP + "a[j] = use(j); }",
        COUNTED + "int use(const C &c) { int s = c.id; s *= s; return s; } " + LOOP + "a[j] = use(j); }",
        COUNTED + "struct S { int use(const C &c) { int s = c.id; s *= s; return s; } }; S q; "
        + LOOP + "a[j] = q.use(j); }",
        COUNTED + "C make(int j) { return j; } " + LOOP + "{ C c = make(j); a[j] = c.id; } }",
        COUNTED + "C make(int j) { return {j}; } " + LOOP + "{ auto c = make(j); a[j] = c.id; } }",
        COUNTED + "auto make(int j) -> C { return j; } " + LOOP + "{ auto c = make(j); a[j] = c.id; } }",
        COUNTED + "int operator+(const C &a, const C &b) { return a.id + b.id; } "
        "void f(vector<int> &a, const C &q) { for (int j = 0; j < 99; j++) a[j] = q + j; }",
        COUNTED + "struct D { int q; D(C c) : q(c.id) {} }; " + LOOP + "{ D d(j); a[j] = d.q; } }",
        COUNTED + LOOP + "{ const C &c = j; a[j] = c.id; } }",
        COUNTED + "void f(vector<int> &a) { auto g = [](int k) -> C { return k; }; "
        "for (int j = 0; j < 99; j++) a[j] = g(j).id; }",
        COUNTED + "void f(vector<int> &a) { auto g = [](C c) { return c.id; }; "
        "for (int j = 0; j < 99; j++) a[j] = g(j); }",
        "int n; struct C { int id; C(); C(const C &o) { n = n * 2 + o.id; id = n; } }; "
        "int copy(const C &q) { C c = q; return c.id; } "
        "void f(vector<C> &v, vector<int> &a) { for (int j = 0; j < 99; j++) a[j] = copy(v[j]); }",
        "int n; struct C { int id; operator int() { return n = n * 2 + id; } }; int use(int k) { return k * 2; } "
        "void f(vector<C> &v, vector<int> &a) { for (int j = 0; j < 99; j++) a[j] = use(v[j]); }",
    ],
)  # fmt: skip
def test_conversions_run_the_constructor(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("int g(Unseen c) { return 3; } " + LOOP + "a[j] = g(j); }", "Unseen"),
        ("int g(const Unseen &c) { int s = 3; s *= s; return s; } " + LOOP + "a[j] = g(j); }", "Unseen"),
        ("int g(int j) { Unseen c(j); int s = 3; s *= s; return s; } " + LOOP + "a[j] = g(j); }", "g"),
        ("struct C { int id; C(const C &); }; int g(C c) { int s = c.id; s *= s; return s; } "
         "void f(vector<C> &v) { int a[99]; for (int j = 0; j < 99; j++) a[j] = g(v[j]); }", "C"),
    ],
)  # fmt: skip
def test_conversions_by_unseen_code_are_an_assumption_with_its_name(text: str, subject: str) -> None:
    loop = loops(text)[-1]
    assert loop.verdict.status == "unknown"
    assert subject in {name for assumption in loop.verdict.assumptions for name in assumption.subjects}


@pytest.mark.parametrize(
    "text",
    [
        # Its constructor and its operator touch the object alone.
        "struct V { double x; V(double a) { x = a; } V &operator=(const V &o) { x = o.x; return *this; } }; "
        "double g(V v) { double s = v.x; s *= s; return s; } "
        "void f(vector<double> &a) { for (int j = 0; j < 99; j++) { V v(a[j]), w(1); w = v; a[j] = g(a[j]) + w.x; } }",
        "struct V { double x, y; }; V make(double j) { return {j, 2 * j}; } "
        "void f(vector<V> &a) { for (int j = 0; j < 99; j++) a[j] = make(j); }",
        COUNTED + "int g(const C &c) { int s = c.id; s *= s; return s; } "
        "void f(vector<C> &v) { int a[99]; for (int j = 0; j < 99; j++) a[j] = g(v[j]); }",
        "struct V { double x; operator double() const { return x; } }; "
        "void f(vector<V> &v) { double a[99]; for (int j = 0; j < 99; j++) a[j] = v[j]; }",
        "template <class T> void scale(T *p, int i, T k) { T t = p[i]; p[i] = t * k; } "
        "void f() { double a[99]; for (int j = 0; j < 99; j++) scale(a, j, 2.0); }",
    ],
)
def test_objects_that_touch_nothing_else_leave_loops_parallel(text: str) -> None:
    assert loops(text)[-1].verdict.status == "parallel"


def test_a_template_does_for_a_class_what_the_class_does() -> None:
    text = (
        "int n; struct C { int k; C &operator=(const C &o) { n = n * 2; k = n; return *this; } }; "
        "template <class T> void swap_at(T *p, int i) { T t = p[i]; p[i] = p[i + 1]; p[i + 1] = t; } "
        "void f(C *a) { for (int j = 0; j < 98; j += 2) swap_at(a, j); }"
    )
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


def test_a_reference_of_another_type_is_a_copy() -> None:
    text = "void f(double *a) { int k = 0; for (int i = 0; i < 99; i++) { const double &d = k; k = i; a[i] = d; } }"
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


BITS = "vector<bool> v(99); "


@pytest.mark.parametrize(
    "body",
    [
        BITS + "for (int i = 0; i < 99; i++) { auto x = v[i]; x = true; }",
        BITS + "for (int i = 0; i < 99; i++) { auto x(v.at(i)); x |= true; }",
        BITS + "for (int i = 0; i < 99; i++) { auto &&x = v[i]; x = true; }",
        BITS + "for (int i = 0; i < 99; i++) { vector<bool>::reference x = v[i]; x = true; }",
        BITS + "for (auto x : v) x = true;",
        BITS + "auto set = [](auto x) { x = true; }; for (int i = 0; i < 99; i++) set(v[i]);",
        BITS + "struct P { vector<bool>::reference x; }; for (int i = 0; i < 99; i++) { P p{v[i]}; p.x = true; }",
        "vector<vector<bool>> m(9, vector<bool>(9)); for (int i = 0; i < 9; i++) { auto x = m[0][i]; x = true; }",
    ],
)
def test_a_copy_of_a_bit_is_another_name_for_it(body: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(f"void f() {{ {body} }}"))


@pytest.mark.parametrize(
    "text",
    [
        "int f(const vector<bool> &v) { int n = 0; for (int i = 0; i < 99; i++) { auto x = v[i]; n += x; } return n; }",
        "int f(const vector<bool> &v) { int n = 0; for (auto x : v) { x = !x; n += x; } return n; }",
        "int f(vector<bool> &v) { int n = 0; for (bool x : v) { x = !x; n += x; } return n; }",
        "void f(int *a) { for (int i = 0; i < 99; i++) { vector<bool> v(9); v[0] = true; a[i] = v[0]; } }",
    ],
)
def test_bits_that_are_only_read_or_copied_as_values(text: str) -> None:
    assert [loop.verdict.status for loop in loops(text)] == ["parallel"]


ADDING = "struct R { int *s; void add(int i) { *s = *s * 2 + i; } }; "


@pytest.mark.parametrize(
    "text",
    [
        ADDING + "int f() { int s = 0; for (int i = 0; i < 9; i++) R{&s}.add(i); return s; }",
        "struct R { int &s; R(int &q) : s(q) {} void add(int i) { s = s * 2 + i; } }; "
        "int f() { int s = 0; for (int i = 0; i < 9; i++) R(s).add(i); return s; }",
        "struct R { int *s; }; void add(R r, int i) { *r.s = *r.s * 2 + i; } "
        "int f() { int s = 0; for (int i = 0; i < 9; i++) add({&s}, i); return s; }",
        "struct F { vector<int> &v; void operator()(int i) { v[i / 2] += i; } }; "
        "void f(vector<int> &v) { for (int i = 0; i < 9; i++) F{v}(i); }",
        "struct W { W(int *b, int i) { b[0] = b[0] * 2 + i; } }; "
        "void f(int *b) { for (int i = 0; i < 9; i++) W(b, i); }",
        "struct B { B(int *b) { b[0] = b[0] * 2; } }; struct D : B { D(int *b) : B(b) {} }; "
        "void f(int *b) { for (int i = 0; i < 9; i++) D d(b); }",
        "struct B { B(int *b) { b[0] = b[0] * 2; } }; struct D { B part; D(int *b) : part(b) {} }; "
        "void f(int *b) { for (int i = 0; i < 9; i++) D d(b); }",
    ],
)
def test_objects_without_a_name_lead_where_they_were_made_to(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


@pytest.mark.parametrize(
    "text",
    [
        "struct B { int k; int next() { return k = k * 2; } }; struct D : B { int next() { return 1; } }; "
        "void f(D &d) { int a[9]; for (int i = 0; i < 9; i++) a[i] = d.B::next(); }",
        "#include <utility>\nvoid f(vector<std::pair<int &, int>> &q) { for (auto &p : q) p.first = p.first * 2 + 1; }",
        "#include <utility>\nvoid f(vector<std::pair<int &, int>> &q) { for (auto [a, b] : q) a = a * 2 + b; }",
        "#include <utility>\nvoid f() { vector<vector<int>> a(9); vector<int> b(9); "
        "for (int i = 0; i < 9; i++) a[i] = std::move(b); }",
        "#include <string>\n#include <utility>\nvoid f() { vector<std::string> a(9); std::string b; "
        "for (int i = 0; i < 9; i++) a[i] = std::move(b); }",
    ],
)
def test_what_is_moved_named_or_bound_elsewhere(text: str) -> None:
    assert not any(loop.verdict.status == "parallel" for loop in loops(text))
