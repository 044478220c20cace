"""Loops of C++ that look parallel and are not."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText

HEAD = """\
#include <map>
#include <memory>
#include <span>
#include <vector>
using std::vector;
"""


def loops(text: str) -> list[LoopReport]:
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    return [loop for placed in report.functions for loop in placed.result.loops]


def is_proved(text: str) -> bool:
    return any(loop.verdict.status == "parallel" for loop in loops(text))


@pytest.mark.parametrize(
    "view",
    [
        "std::span<double> s(v);",
        "std::span<double> s{v};",
        "std::span<double> s = v;",
        "std::span s(v);",
        "View s(v);",
        "ns::View<double> s(v);",
    ],
)
def test_views_lead_to_what_they_were_made_from(view: str) -> None:
    assert not is_proved(f"void f() {{ vector<double> v(99); {view} for (int i = 1; i < 99; i++) s[i] = v[i - 1]; }}")
    assert not is_proved(
        f"void f(vector<double> &v) {{ for (int i = 1; i < 99; i++) {{ {view} s[0] = s[0] * i + 1; }} }}"
    )


@pytest.mark.parametrize(
    "text",
    [
        # A clause would make a copy that the lambda function, made before the loop, does not know of.
        "int f(int n) { int c = 0; auto g = [&c](int i) { c += i; }; for (int i = 0; i < n; i++) g(i); return c; }",
        "void f(vector<int> &v) { int t; auto g = [&](int i) { t = v[i]; v[i] = t * t; }; "
        "for (int i = 0; i < 99; i++) g(i); }",
        "void f(std::map<int, int> &m, const int *k) { for (int i = 0; i < 99; i++) m.at(k[i]) += 1; }",
        "void f(std::map<int, vector<int>> &m, const int *k) { for (int i = 0; i < 99; i++) m.at(k[i]).push_back(i); }",
        "void f(std::map<int, int> &m, const int *k) "
        "{ for (int i = 0; i < 99; i++) { auto it = m.find(k[i]); it->second += 1; } }",
        "void f() { vector<double> x(99); "
        "for (int i = 1; i < 99; i++) { double &r = i & 1 ? x[i] : x[i - 1]; r += 1; } }",
        "double f(const int *k) { double x = 0, y = 0; "
        "for (int i = 1; i < 99; i++) { double &r = k[i] ? x : y; r = r * 2 + i; } return x + y; }",
    ],
)  # fmt: skip
def test_names_that_lead_to_one_object(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


BASE = "struct B { double x[99]; }; struct D : B { void go(); }; "


@pytest.mark.parametrize(
    "text",
    [
        "void D::go() { for (int i = 1; i < 99; i++) x[i] = B::x[i - 1]; }",
        "void f(D &d) { B &b = d; for (int i = 1; i < 99; i++) d.x[i] = b.x[i - 1]; }",
        "void f(D &d) { B *b = &d; for (int i = 1; i < 99; i++) d.x[i] = b->x[i - 1]; }",
        "void f(D &d) { auto &b = static_cast<B &>(d); for (int i = 1; i < 99; i++) d.x[i] = b.x[i - 1]; }",
        "void f(B &b) { D &d = static_cast<D &>(b); for (int i = 1; i < 99; i++) d.x[i] = b.x[i - 1]; }",
    ],
)
def test_a_base_class_is_a_part_of_the_object(text: str) -> None:
    assert not any(loop.verdict.status == "parallel" for loop in loops(BASE + text))


COUNTED = (
    "int n; struct C { int id; C(int k = 0) { id = n = n * 2 + k; } C operator+(const C &o) const { n++; return o; } "
)


@pytest.mark.parametrize(
    "text",
    [
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { C c; a[i] = c.id; } }",
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { C c(i); a[i] = c.id; } }",
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { C c{i}; a[i] = c.id; } }",
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { C c = i; a[i] = c.id; } }",
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { C c[2]; a[i] = c[1].id; } }",
        COUNTED + "}; void f(int *a) { for (int i = 0; i < 99; i++) { vector<C> c(2); a[i] = c[1].id; } }",
        COUNTED + "}; void f(C **a) { for (int i = 0; i < 99; i++) a[i] = new C; }",
        COUNTED + "}; struct D { C c; }; void f(int *a) { for (int i = 0; i < 99; i++) { D d; a[i] = d.c.id; } }",
        COUNTED + "}; struct D : C {}; void f(int *a) { for (int i = 0; i < 99; i++) { D d; a[i] = d.id; } }",
        COUNTED + "}; void f(vector<C> &v) { for (int i = 0; i < 99; i++) v[i] = v[i] + v[i]; }",
        "int n; struct C { int k; ~C() { n = n * 2 + k; } }; "
        "void f(int *a) { for (int i = 0; i < 99; i++) { C c{i}; a[i] = c.k; } }",
        "int n; struct C { ~C() { n = n * 2; } }; void f(C **a) { for (int i = 0; i < 99; i++) delete a[i]; }",
        "int n; struct C { int k; bool operator<(const C &) { return n++ & 1; } }; "
        "void f(vector<C> &v, int *a) { for (int i = 0; i < 99; i++) a[i] = v[i] < v[0]; }",
        "int n; struct C { int k; C operator-() { n = n * 2; return *this; } }; "
        "void f(vector<C> &v) { for (int i = 0; i < 99; i++) v[i] = -v[i]; }",
        "int n; struct C { int k; C &operator++() { k = n = n * 2; return *this; } }; "
        "void f(vector<C> &v) { for (int i = 0; i < 99; i++) ++v[i]; }",
        "int n; struct C { int k; }; C operator+(C a, C b) { n = n * 2 + 1; return a; } "
        "void f(vector<C> &v) { for (int i = 0; i < 99; i++) v[i] = v[i] + v[i]; }",
    ],
)  # fmt: skip
def test_objects_of_classes_run_code(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


def test_classes_without_effects_stay_parallel() -> None:
    text = """\
struct V {
  double x, y;
  V() : x(0), y(0) {}
  V(double a, double b) : x(a), y(b) {}
  V operator+(const V &o) const { return V(x + o.x, y + o.y); }
  V operator-() const { return V(-x, -y); }
  V &operator+=(const V &o) { x += o.x; y += o.y; return *this; }
};
V operator*(double s, const V &v) { return V(s * v.x, s * v.y); }
void f(vector<V> &a) { for (int i = 0; i < 999; i++) { V t(1, 2), u = 2.0 * a[i] + t; a[i] = -a[i] + u; a[i] += t; } }
"""
    assert [loop.verdict.status for loop in loops(text)] == ["parallel"]


@pytest.mark.parametrize(
    "text",
    [
        "void f() { std::atomic<int> k{0};\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { k++; k += 2; k.fetch_add(1); k = k + 1; k.store(3); } }",
        "struct S { std::atomic<long> n; vector<std::atomic<int>> h; };\n"
        "void f(S &s, const int *k) {\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { s.n++; s.h[k[i]]++; s.h[k[i]].fetch_add(1); } }",
        "double f(vector<double> &v) { std::mutex m; double s = 0;\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { std::lock_guard<std::mutex> l(m); s += v[i]; } return s; }",
        "double f(vector<double> &v) { std::mutex m; double s = 0;\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { std::scoped_lock l(m); s += v[i]; } return s; }",
        "std::mutex m; double s; void f(vector<double> &v) {\n#pragma omp parallel for\n"
        "for (int i = 0; i < 9999; i++) { m.lock(); s += v[i]; m.unlock(); } }",
    ],
)
def test_atomic_objects_and_mutexes_order_threads(text: str) -> None:
    report = api.analyze(SourceText.of(HEAD + "#include <atomic>\n#include <mutex>\n" + text), "cpp")
    found = [finding.rule for placed in report.functions for finding in placed.result.findings]
    assert not [rule for rule in found if str(rule).startswith("race-")]


def test_without_the_lock_there_is_a_race() -> None:
    text = (
        "double s; void f(vector<double> &v) {\n#pragma omp parallel for\nfor (int i = 0; i < 9999; i++) s += v[i]; }"
    )
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    assert [str(f.rule) for p in report.functions for f in p.result.findings if "race" in str(f.rule)]


@pytest.mark.parametrize(
    "text",
    [
        "void f(int *a) { for (int i = 0; i < 99; i++) { static int k = 0; a[i] = k; k = k + 2; } }",
        "void f(int *a) { auto g = []() { static int k = 0; return k++; }; for (int i = 0; i < 99; i++) a[i] = g(); }",
        "void f(vector<vector<bool>> &m) { for (int j = 0; j < 99; j++) m[2][j] = true; }",
        "void f(vector<bool> &b) { for (auto it = b.begin(); it != b.end(); ++it) *it = true; }",
        "int n; int next() { return n = n * 2 + 1; } int g(int x, int y = next()) { return x + y; } "
        "void f(vector<int> &a) { for (int i = 0; i < 99; i++) a[i] = g(i); }",
        "int n; int next() { return n = n * 2; } struct S { int g(int x, int y = next()) { return x + y; } }; "
        "void f(S &s, vector<int> &a) { for (int i = 0; i < 99; i++) a[i] = s.g(i); }",
        "void f(void *at, double *a) "
        "{ for (int i = 0; i < 99; i++) { double *p = new (at) double(i); *p += a[i]; a[i] = *p; } }",
        "int n; template <class T> int g(T x) { return x; } template <> int g<double>(double x) { return n++; } "
        "void f(vector<int> &o, double *d) { for (int i = 0; i < 99; i++) o[i] = g(d[i]); }",
        "struct B { virtual int get(int i) = 0; }; struct D : B { int get(int i) { return i; } }; "
        "void f(D *b, int *a) { for (int i = 0; i < 99; i++) a[i] = b->get(i); }",
    ],
)  # fmt: skip
def test_what_outlives_an_iteration_is_shared(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


COUNTING = "int n; struct C { int id; C(int k) { id = n = n * 2 + k; } }; "


@pytest.mark.parametrize(
    "text",
    [
        COUNTING + "void f() { C o[3] = {1, 2, 3}; for (int j = 0; j < 3; j++) o[j] = j; }",
        COUNTING + "void f(vector<std::unique_ptr<C>> &o) "
        "{ for (int j = 0; j < 99; j++) o[j] = std::make_unique<C>(j); }",
        "int n; struct C { int id; C(); C(const C &o) { id = n = n * 2 + o.id; } }; "
        "void f(vector<C> &s) { int a[99]; for (auto c : s) a[c.id] = 1; }",
        "struct R { double &s; }; "
        "void f(const double *x) { double s = 0; for (int i = 0; i < 99; i++) { R r{s}; r.s = r.s * 2 + x[i]; } }",
        "template <class C> void f(C &a, int n) { for (int i = 0; i < n; i++) a[i] = i; }",
        "template <class T> T f(T *x, int n) { T s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }",
        "void f() { vector<double> v(99); std::span s(v); auto t = s.first(50); "
        "for (int i = 1; i < 50; i++) t[i] = v[i - 1]; }",
        "void f() { double q = 0; "
        "for (int i = 0; i < 99; i++) { auto t = std::tie(q); std::get<0>(t) = std::get<0>(t) * 2 + i; } }",
        "void f(int *a) { for (int i = 0; i < 99; i++) { thread_local int t = 0; a[i] = t; t = t * 2 + i; } }",
    ],
)  # fmt: skip
def test_code_that_runs_where_nothing_shows_it_is_an_assumption_at_least(text: str) -> None:
    assert not is_proved(text)
    assert not any(loop.verdict.counts_as_parallel and not loop.verdict.assumptions for loop in loops(text))


def test_assumed_code_names_the_type_it_belongs_to() -> None:
    text = "template <class T> T f(T *x, int n) { T s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }"
    (loop,) = loops(text)
    assert loop.verdict.status == "unknown"
    assert [(a.strength, a.subjects) for a in loop.verdict.assumptions] == [("strong", ("T",))]


LOOP = "void g(double *x, b::V v, int n) { for (int i = 0; i < n; i++) CALL; }"


@pytest.mark.parametrize(
    ("declared", "call"),
    [
        ("namespace a { inline void f(double *x, int i) { x[i] = 1; } } namespace b { DECLARED }", "b::f(x, i)"),
        ("namespace b { DECLARED } namespace a { inline void f(double *x, int i) { x[i] = 1; } }", "b::f(x, i)"),
        ("inline void f(double *x, int i) { x[i] = 1; } namespace b { DECLARED }", "b::f(x, i)"),
        ("namespace a { double &f(double *x, int i) { return x[i]; } } namespace b { DECLARED }", "b::f(x, i) = 1"),
        ("namespace a { struct V { void f(double *x, int i) { x[i] = 1; } }; } namespace b { CLASS }", "v.f(x, i)"),
        ("struct V { void f(double *x, int i) { x[i] = 1; } }; namespace b { CLASS }", "v.f(x, i)"),
        ("namespace a { inline void f(double *x, int i) { x[i] = 1; } }", "b::f(x, i)"),
        ("int max(int *x, int *y) { return ++*x; } inline double f() { return 0; }", "b::max(x, x)"),
    ],
)
def test_functions_of_one_name_in_different_namespaces_are_not_one(declared: str, call: str) -> None:
    method = "struct V { void f(double *x, int i); };"
    there = declared.replace("DECLARED", "double &f(double *x, int i);").replace("CLASS", method)
    record = "" if "CLASS" in declared else "namespace b { struct V {}; } "
    assert not is_proved(record + there + LOOP.replace("CALL", call))


def test_a_function_is_known_from_its_declaration_in_the_same_namespace() -> None:
    text = (
        "namespace b { struct V {}; void f(double *x, int i); } namespace b { void f(double *x, int i) { x[i] = 1; } } "
    )
    assert is_proved(text + LOOP.replace("CALL", "b::f(x, i)"))


@pytest.mark.parametrize(
    "text",
    [
        "struct V { int a; int get() { return a; } int get(int i); }; "
        "void f(double *x, V v, int n) { for (int i = 0; i < n; i++) x[i] = v.get(i); }",
        "struct V { int a; int get(long i) { return a; } int get(int i); }; "
        "void f(double *x, V v, int n) { for (int i = 0; i < n; i++) x[i] = v.get(i); }",
        "struct V { double *p; double &at(int i) { return p[i]; } double at(int i) const; }; "
        "void f(double *x, const V &v, int n) { for (int i = 0; i < n; i++) x[i] = v.at(i); }",
        "struct V { void put(double *x, int i) { x[i] = 1; int t = i; } void put(double *x, long i); }; "
        "void f(double *x, V v, int n) { for (int i = 0; i < n; i++) v.put(x, (long)i); }",
        "struct V { int a; V &operator=(const V &o) { a = o.a; return *this; } V &operator=(int k); }; "
        "void f(V *x, int n) { for (int i = 0; i < n; i++) x[i] = i; }",
        "struct V { int a; V() { a = 0; } V(int k); }; "
        "void f(double *x, int n) { for (int i = 0; i < n; i++) { V v(n); x[i] = v.a; } }",
        "void put(double *x, int i); inline void put(double *x, long i) { x[i] = 1; } "
        "void f(double *x, int n) { for (int i = 0; i < n; i++) put(x, i); }",
    ],
)
def test_a_form_of_an_overloaded_function_that_nobody_sees_may_be_meant(text: str) -> None:
    assert not is_proved(text)


def test_overloaded_functions_of_which_all_forms_are_seen_are_known() -> None:
    text = (
        "struct V { int a; V(const V &) = delete; double get(int i) { int t = i; return a + t; } "
        "double get(long i); }; double V::get(long j) { return a - j; } "
        "void f(double *x, V &v, int n) { for (int i = 0; i < n; i++) x[i] = v.get(i); }"
    )
    assert is_proved(text)


@pytest.mark.parametrize(
    "text",
    [
        "struct P { double *p; double *operator->() { g++; return p; } }; "
        "struct Q { vector<int> *v; vector<int> *operator->() { g++; return v; } }; "
        "void f(Q q, int *a) { for (int i = 1; i < 99; i++) a[i] = q->at(i) + g; }",
        "struct R { int x; }; struct Q { R *r; R *operator->() { g = g * 2; return r; } }; "
        "void f(Q q, int *a) { for (int i = 1; i < 99; i++) a[i] = q->x; }",
        "struct N { int k; void *operator new(size_t s) { g++; return ::operator new(s); } }; "
        "void f(N **c, int *a) { for (int i = 1; i < 99; i++) { c[i] = new N; a[i] = g; } }",
        "struct B { int x, y; }; void f(B *b, int B::*m) { for (int i = 1; i < 99; i++) b[i].*m = b[i - 1].x; }",
        "struct B { int x, y; }; void f(B *b, int B::*m) { for (int i = 1; i < 99; i++) (b + i)->*m = b[i - 1].x; }",
        "void in(int i, int &r = g) { r = r * 2 + i; } void f() { for (int i = 1; i < 99; i++) in(i); }",
        "template <class T> struct C { void go() { static_cast<T *>(this)->z += 1; } }; struct E : C<E> { int z; }; "
        "E e[99]; int a[99]; void f() { for (int i = 1; i < 99; i++) { e[i].go(); a[i] = e[i - 1].z; } }",
    ],
)  # fmt: skip
def test_what_classes_do_behind_small_signs(text: str) -> None:
    assert not any(loop.verdict.counts_as_parallel for loop in loops("int g; " + text))


@pytest.mark.parametrize(
    "handed_on",
    [
        "vector<int> w = std::move(v);",
        "vector<int> w(std::move(v));",
        "vector<int> w(99); w = std::move(v);",
        "vector<int> w(99); v.swap(w);",
        "vector<int> w(99); std::swap(v, w);",
        "vector<vector<int>> z; z.push_back(std::move(v)); vector<int> &w = z[0];",
    ],
)
def test_elements_that_are_handed_on_keep_their_addresses(handed_on: str) -> None:
    text = f"void f() {{ vector<int> v(99); int *p = v.data(); {handed_on} "
    text += "for (int i = 1; i < 99; i++) w[i] = p[i - 1]; }"
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text))


def test_containers_that_are_exchanged_between_loops_stay_parallel() -> None:
    text = (
        "void f() { vector<int> v(99), w(99); for (int t = 0; t < 9; t++) "
        "{ int *p = v.data(), *q = w.data(); for (int i = 1; i < 99; i++) q[i] = p[i - 1]; std::swap(v, w); } }"
    )
    assert [loop.verdict.status for loop in loops(text)][1] == "parallel"


def test_what_reads_as_a_function_is_an_object_made_by_a_call() -> None:
    text = "struct S { int k; S(int i) : k(i) {} }; void f(int *a) { for (int i = 0; i < 99; i++) "
    assert is_proved(text + "{ S s(i); a[i] = s.k; } }")
    assert not is_proved(text + "{ S s(unseen(i)); a[i] = i; } }")


def test_a_class_that_is_only_moved_is_made_of_anything() -> None:
    text = "struct S { int k; S(S &&o); }; void f(S &v, int *a) { S s = 3; for (int i = 0; i < 99; i++) a[i] = s.k; }"
    assert [loop.verdict.counts_as_parallel for loop in loops(text)] == [True]


def test_a_copy_of_a_container_reads_all_of_it() -> None:
    text = "vector<int> v(9); int sum(vector<int> w) { int s = 0; for (int k = 0; k < 3; k++) s += w[k]; return s; } "
    assert not any(
        loop.verdict.counts_as_parallel
        for loop in loops(text + "void f() { for (int i = 0; i < 9; i++) v[i] = sum(v); }")
        if loop.function == "f"
    )


def test_a_container_at_file_scope_of_a_constant_size_is_no_function() -> None:
    text = "const int N = 99; vector<int> v(N); "
    text += "int first() { int s = 0; for (int k = 0; k < 3; k++) s += v[k]; return s; } "
    text += "void f() { for (int i = 0; i < 99; i++) v[i] = first(); }"
    assert not any(loop.verdict.counts_as_parallel for loop in loops(text) if loop.function == "f")


def test_a_function_that_a_member_pointer_leads_to_is_unseen() -> None:
    text = "struct B { int x; void go(); }; void f(B *b, void (B::*m)()) { for (int i = 0; i < 99; i++) (b[i].*m)(); }"
    (loop,) = loops(text)
    assert [a.text for a in loop.verdict.assumptions] == ["`.*m` is independent"]


@pytest.mark.parametrize(
    "text",
    [
        "int a[99]; int &r = a[0]; void f(int n) { for (int i = 1; i < n; i++) a[i] = r + 1; r = n; }",
        "int a[99]; int &r = a[0]; void f(int n) { for (int i = 0; i < n; i++) { r = i; a[i] = 2; } }",
        "double u[99]; double (&row)[99] = u; void f(int n) { for (int i = 1; i < n; i++) row[i] = u[i - 1]; }",
        "vector<double> big; vector<double> &v = big; void f(int n) { for (int i = 1; i < n; i++) v[i] = big[i - 1]; }",
        "double u[99]; void f(int n) { static double &t = u[3]; for (int i = 1; i < n; i++) u[i] = t; }",
    ],
)
def test_references_that_outlive_a_call_lead_to_other_objects(text: str) -> None:
    assert not is_proved(text)
