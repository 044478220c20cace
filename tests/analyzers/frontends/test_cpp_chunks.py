"""How a C++ file is cut into functions and declarations."""

from __future__ import annotations

import pytest

from analyzers.frontends.cpp_chunks import cut
from analyzers.frontends.masking import mask


def names(text: str) -> list[str]:
    masked = mask(text.encode())
    return [item.name for item in cut(masked.code, masked.skeleton) if item.kind == "function"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("void f() {}", ["f"]),
        ("namespace a { namespace b::c { void f() {} } void g() {} } void h() {}", ["f", "g", "h"]),
        ("namespace { int x; void f() {} }", ["f"]),
        ('extern "C" { void f(void) { } }', ["f"]),
        ("class A { public: void f() { } int x; private: void g() const noexcept { } };", ["A::f", "A::g"]),
        ("struct A { struct B { void f() {} }; void g() {} };", ["A::B::f", "A::g"]),
        ("class A : public B<int>, C { A() : B(1), x{2} { } ~A() { } };", ["A::A", "A::~A"]),
        ("template <class T = int> struct A { T f() { return T(); } };", ["A::f"]),
        ("template <class T> T A<T>::f(int k) { return k; }", ["A::f"]),
        ("A &A::operator=(const A &o) { return *this; }", ["A::operator="]),
        ("struct A { double operator()(int i) { return v[i]; } bool operator==(A b) { return true; } };",
         ["A::operator()", "A::operator=="]),
        ("auto f(int n) -> std::vector<int> { return {}; }", ["f"]),
        ("[[nodiscard]] int f() { return 1; } __attribute__((noinline)) void g() { }", ["f", "g"]),
        ("struct A { A() = default; A(int) = delete; void f(); }; int A::n = 3;", []),
        ("enum class E : int { a, b }; int x[] = {1, 2}; auto l = [](int q) { return q; }; const T y{3};", []),
        ("struct A { operator double() const { return x; } template <int N> A &set<N>(int i) { } };",
         ["A::operator double", "A::set"]),
        ("namespace std VISIBILITY(default) { template <class T> void A<T>::B<T>::f(T (*g)(int)) { } }", ["A::B::f"]),
        ("void f(int a = 3, std::vector<int> b = {}) { } ", ["f"]),
        ("void f(std::vector<int> &out, struct B *p, union U u) { } int g(const class A &a) { return 1; }", ["f", "g"]),
        ("class A; struct B *p; union U { int i; } u; void f() {}", ["f"]),
        ("static inline constexpr double f(double x) noexcept(true) { return x; }", ["f"]),
        ("struct A { int x = {3}; int g() { return x; } Q_OBJECT void h() { } };", ["A::g", "A::h"]),
    ],
)  # fmt: skip
def test_functions_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_the_bodies_of_methods_are_no_part_of_their_class() -> None:
    text = b"class A { int f() { x = 41; } int g() { return x; } int x; } a;"
    items = cut(text, text)
    assert [item.kind for item in items] == ["declaration", "function", "function"]
    whole, method, brief = (item.text(text) for item in items)
    assert b"41" not in whole
    assert b"{ return x; }" in whole, "callers may see through a function that is one expression"
    assert brief == b"int g() { return x; }"
    assert b"int x; } a;" in whole
    assert len(whole) == len(text)
    assert method == b"int f() { x = 41; }"


def test_long_heads_cost_no_time() -> None:
    text = "typedef std::vector<" * 2000 + " x" * 20_000 + "(int) { }"
    assert len(names(text)) <= 1
    assert names("template <class T> " + "a::" * 20_000 + "f(int) { }")


@pytest.mark.parametrize("text", ["class A { void f() {", "namespace a { void f() { } ", "}}} void f() {}", "class {"])
def test_what_is_not_closed_is_cut_nevertheless(text: str) -> None:
    assert len(names(text)) <= 1
