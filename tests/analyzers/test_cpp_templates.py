"""Class templates of the program in C++: members have the types that the arguments give them."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText

VECTOR = (
    "template <class T, class I = int> class Vec { T *d; I n; public: Vec(I m) : d(new T[m]), n(m) {}"
    " T &operator[](I i) { return d[i]; } const T &operator[](I i) const { return d[i]; }"
    ' T at(I i) const { static_assert(sizeof(T) > 0, ""); return d[i]; } I size() const { return n; } };'
    " typedef float Real; typedef Vec<Real> Reals;"
)


def first(text: str, head: str = VECTOR) -> LoopReport:
    report = api.analyze(SourceText.of(head + text), "cpp")
    return next(loop for placed in report.functions for loop in placed.result.loops)


@pytest.mark.parametrize(
    "text",
    [
        "void f(int n) { Vec<Real> a(n), b(n); for (int i = 0; i < n; i++) a[i] = 2 / b[i]; }",
        "void f(Vec<float> &a, const Vec<float> &b) { for (int i = 0; i < a.size(); i++) a[i] = b[i] + 1; }",
        "void f(Reals &a, const Reals &b) { for (int i = 0; i < a.size(); i++) a[i] = b.at(i); }",
        "void f(Vec<double, long> &a, const Vec<int> &b) { for (int i = 0; i < b.size(); i++) a[i] = b.at(i); }",
        "struct G { Reals w; }; void f(G &g, int n) { for (int i = 0; i < n; i++) g.w[i] += 1; }",
        "void f(Vec<double *> &a, int n) { for (int i = 0; i < n; i++) a[i] = nullptr; }",
    ],
)
def test_elements_have_the_type_of_the_argument(text: str) -> None:
    verdict = first(text).verdict
    assert verdict.counts_as_parallel
    assert all(assumption.kind == "no-alias" for assumption in verdict.assumptions)


def test_members_of_other_types_do_not_overlap() -> None:
    """Strict aliasing tells an array of `float` from one of `long`."""
    text = "void f(Vec<float> &a, Vec<long> &b, int n) { for (int i = 0; i < n; i++) a[i] = b[i]; }"
    assert first(text).verdict.status == "parallel"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("void f(Vec<Other> &a, Vec<Other> &b) { for (int i = 0; i < 9; i++) a[i] = b[i]; }", "Other"),
        ("template <class S> void f(Vec<S> &a, Vec<S> &b) { for (int i = 0; i < 9; i++) a[i] = b[i]; }", "S"),
    ],
)
def test_an_argument_of_which_nothing_is_known_is_named(text: str, named: str) -> None:
    verdict = first(text).verdict
    assert not verdict.counts_as_parallel
    assert any(f"`{named}` objects" in assumption.text for assumption in verdict.assumptions)
    assert not any("`T` objects" in assumption.text for assumption in verdict.assumptions)


@pytest.mark.parametrize(
    "text",
    [
        # an assignment that counts
        "int n; struct C { int id; C &operator=(const C &o) { id = n++; return *this; } };"
        " void f(Vec<C> &a, Vec<C> &b) { for (int i = 0; i < 9; i++) a[i] = b[i]; }",
        # a specialisation that keeps its elements elsewhere
        "template <> class Vec<bool> { long *w; public: long &operator[](int i) { return w[i / 64]; } };"
        " void f(Vec<bool> &a) { for (int i = 0; i < 99; i++) a[i] = i; }",
        "void f(Vec<float> &a) { for (int i = 1; i < 99; i++) a[i] = a[i - 1]; }",
        "void f(Vec<double *> &a, int n) { for (int i = 0; i < n; i++) *a[i] += 1; }",
    ],
)
def test_what_is_not_parallel_stays_so(text: str) -> None:
    assert first(text).verdict.status != "parallel"
    assert not first(text).pragma or "do not overlap" in first(text).verdict.assumptions[0].text
