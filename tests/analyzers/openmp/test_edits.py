"""Where a pragma goes, and how it gets there."""

from __future__ import annotations

import pytest

from analyzers.frontends.c_notation import C
from analyzers.ir.notation import Notation
from analyzers.ir.symbols import REAL, Symbol, Type
from analyzers.openmp.edits import distinct, insertion, place
from analyzers.text import Span
from tests.edits import applied

PRAGMA = "#pragma omp parallel for"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("void f()\n{\n\tfor (;;) ;\n}", "void f()\n{\n\t#pragma omp parallel for\n\tfor (;;) ;\n}"),
        ("void f()\r\n{\r\n  for (;;) ;\r\n}", "void f()\r\n{\r\n  #pragma omp parallel for\r\n  for (;;) ;\r\n}"),
        ("f() {\n  if (n) for (;;) ;\n}", "f() {\n  if (n) \n  #pragma omp parallel for\n  for (;;) ;\n}"),
        ("f() { for (;;) ; }", "f() { \n#pragma omp parallel for\nfor (;;) ; }"),
        ("f()\n{\n  ä(); for (;;) ;\n}", "f()\n{\n  ä(); \n  #pragma omp parallel for\n  for (;;) ;\n}"),
    ],
)
def test_the_pragma_stands_on_its_own_line(before: str, after: str) -> None:
    text = before.encode()
    start = text.index(b"for")
    at = place(text, Span(start, len(text) - 2), Span(start, start + 8), C)
    assert at.problem is None
    assert applied(text, insertion(text, at, PRAGMA, safe=True).edits).decode() == after


@pytest.mark.parametrize(
    "text",
    [
        b"f()\n{\n  ZERO(a, n);\n}",
        b"f()\n{\n  #pragma GCC ivdep\n  for (;;) ;\n}",
        b"f()\n{\n#  pragma  unroll 4\n\n  for (;;) ;\n}",
    ],
)
def test_no_place_for_a_pragma(text: bytes) -> None:
    start = text.find(b"for") if b"for" in text else text.index(b"ZERO")
    end = start + 8 if b"for" in text else text.index(b";")
    assert place(text, Span(start, text.index(b";", end) + 1), Span(start, end), C).problem


def test_a_macro_that_writes_the_header_only_is_as_good_as_a_loop() -> None:
    text = b"f()\n{\n  FORALL(i, n)\n    a[i] = 0;\n}"
    start = text.index(b"FORALL")
    at = place(text, Span(start, text.index(b";") + 1), Span(start, text.index(b")", start) + 1), C)
    assert at.problem is None
    assert applied(text, insertion(text, at, PRAGMA, safe=True).edits).decode().splitlines()[2:4] == [
        f"  {PRAGMA}",
        "  FORALL(i, n)",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("void f(double *x)", "void f(double *restrict x)"),
        ("void f(double x[])", "void f(double x[restrict])"),
        ("void f(int n, double x[n][n])", "void f(int n, double x[restrict n][n])"),
        ("void f(double (*x)[8])", "void f(double (*restrict x)[8])"),
    ],
)
def test_restrict_goes_where_c_wants_it(before: str, after: str) -> None:
    text = before.encode()
    at = before.index("x")
    symbol = Symbol("f/x", "x", Type("pointer", element=REAL), "parameter", Span(at, at + 1))
    fix = distinct(text, [symbol], C)
    assert fix is not None
    assert applied(text, fix.edits).decode() == after
    assert not fix.safe


@pytest.mark.parametrize("kind", [REAL, Type("pointer", element=REAL, restrict=True)])
def test_no_restrict_for_what_is_no_pointer_or_has_it(kind: Type) -> None:
    assert distinct(b"void f(double x)", [Symbol("f/x", "x", kind, "parameter", Span(14, 15))], C) is None


def test_no_restrict_where_a_macro_wrote_the_parameter() -> None:
    symbol = Symbol("f/x", "x", Type("pointer", element=REAL), "parameter", Span(7, 16))
    assert distinct(b"void f(ARRAY(x))", [symbol], C) is None


def test_another_language() -> None:
    other = Notation("!$omp", {"for": "do"}, frozenset((b"forall",)))
    assert other.directive("parallel for simd", "private(t)") == "!$omp parallel do simd private(t)"
    text = b"subroutine f\n  FORALL (i = 1:n) a(i) = 0\n"
    loop = Span(text.index(b"FORALL"), len(text) - 1)
    assert place(text, loop, loop, other).problem is None
    assert place(text, loop, loop, C).problem is not None
    symbol = Symbol("f/f", "f", Type("pointer", element=REAL), "parameter", Span(11, 12))
    assert distinct(text, [symbol], C) is not None
    assert distinct(text, [symbol], other) is None
