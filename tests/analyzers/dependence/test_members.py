"""Calls that get a record and use single members of it."""

from __future__ import annotations

import pytest

from tests.reports import loop_reports

BEFORE = """
struct S { int n; double x[100], y[100]; union { int i[10]; double d[5]; } u; };
static void gather(struct S *s, const int *at, double *to) {
  for (int k = 0; k < 8; k++) to[k] = s->x[at[k]];
}
static void count(struct S *s) { for (int k = 0; k < 8; k++) s->n += k; }
static void clear(struct S *s) { for (int k = 0; k < 8; k++) s->y[k] = 0; }
static double whole(struct S *s) { double t = 0; for (int k = 0; k < 8; k++) t += ((double *)s)[k]; return t; }
static void ints(struct S *s) { for (int k = 0; k < 8; k++) s->u.i[k] = 0; }
static void below(struct S *s, const int *at, double *to) { gather(s, at, to); }
"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("double t[8]; gather(s, at, t); s->y[i] = t[0] + t[7];", "parallel"),
        ("double t[8]; gather(&many[1], at, t); many[1].y[i] = t[0] + t[7];", "parallel"),
        ("double t[8]; below(s, at, t); s->y[i] = t[0] + t[7];", "parallel"),
        ("double t[8]; gather(s, at, t); s->x[i] = t[0] + t[7];", "not"),
        ("double t[8]; gather(&many[1], at, t); many[i].x[0] = t[0];", "not"),
        ("count(s); s->y[i] = 1;", "not"),
        ("clear(s); a[i] = s->x[i];", "not"),
        ("clear(s); a[i] = s->y[i];", "not"),
        ("s->y[i] = whole(s);", "not"),
        ("ints(s); a[i] = s->u.d[0];", "not"),
        ("clear(&many[i]); a[i] = many[i].y[3];", "parallel"),
        ("clear(&many[i]); a[i] = many[i + 1].y[3];", "not"),
        ("clear(&many[i]); a[i] = many[i + 1].x[3];", "parallel"),
    ],
)
def test_members_of_what_is_handed_over(body: str, status: str) -> None:
    text = f"{BEFORE}struct S many[100];\nvoid f(int n, struct S *restrict s, const int *restrict at, "
    text += f"double *restrict a) {{\n  for (int i = 0; i < n; i++) {{ {body} }}\n}}\n"
    report = loop_reports(text)[-1]
    assert report.function == "f"
    assert ("parallel" if report.verdict.counts_as_parallel else "not") == status


CLASSES = """
struct Base {
  double x[100], y[100];
  void fill() { for (int k = 0; k < 8; k++) x[k] = 0; }
};
struct Derived : Base { double x[100]; };
void fill(Base &b) { for (int k = 0; k < 8; k++) b.x[k] = 0; }
void add(Base &b, int k) { for (int j = 0; j < 8; j++) b.y[k] += b.x[j]; }
double volume(double a, double b) { return a * b; }
double volume(const double *a) { double v = 0; for (int k = 0; k < 8; k++) v += volume(a[k], a[k + 1]); return v; }
"""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("fill(d); a[i] = d.Base::x[i];", "not"),
        ("fill(d); a[i] = d.x[i];", "not"),  # the members of the base are not told apart from here
        ("fill(b); a[i] = b.y[i];", "not"),  # it writes x in every iteration
        ("double t = b.x[i]; a[i] = t; b.y[i] = volume(b.x);", "parallel"),
    ],
)
def test_members_of_classes_and_forms_that_call_each_other(body: str, status: str) -> None:
    text = f"{CLASSES}void f(int n, Base &__restrict b, Derived &__restrict d, double *__restrict a) {{\n"
    text += f"  for (int i = 0; i < n; i++) {{ {body} }}\n}}\n"
    report = loop_reports(text, language="cpp")[-1]
    assert report.function == "f"
    assert ("parallel" if report.verdict.counts_as_parallel else "not") == status
