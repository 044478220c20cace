"""What holds if unseen functions are independent: told with their names, and only where nothing else is in the way."""

from __future__ import annotations

from analyzers.ir.verdicts import LoopReport
from analyzers.settings import Options
from tests.reports import loop_reports

GLOBALS = "extern int n, k; extern double *x; void relax(int); double other(double); static double a[100];\n"


def first_loop(function: str, options: Options | None = None) -> LoopReport:
    return loop_reports(GLOBALS + function, options)[0]


def test_a_bound_that_an_unseen_function_might_change() -> None:
    loop = first_loop("void f(void) { for (int i = 0; i < n; i++) relax(i); }")
    assert (loop.verdict.status, loop.verdict.confidence) == ("unknown", "possible")
    assert [a.subjects for a in loop.verdict.assumptions] == [("relax",)]
    assert (loop.pragma, loop.conditional_pragma) == (None, "#pragma omp parallel for")


def test_the_index_itself_is_in_the_open() -> None:
    loop = first_loop("int i; void f(void) { for (i = 0; i < n; i++) { double t = other(i); a[i] = t; } }")
    assert [a.text for a in loop.verdict.assumptions] == ["`other` is independent"]
    assert loop.conditional_pragma is not None


def test_every_unseen_function_is_named() -> None:
    loop = first_loop("void f(void) { for (int i = 0; i < n; i++) { relax(i); x[i] = other(x[i]); } }")
    assert {a.subjects for a in loop.verdict.assumptions} >= {("relax",), ("other",)}


def test_what_the_loop_itself_carries_stays_in_the_way() -> None:
    loop = first_loop("void f(void) { for (int i = 1; i < n; i++) { relax(i); a[i] = a[i - 1]; } }")
    assert loop.verdict.status == "unknown"
    assert loop.verdict.assumptions == ()
    assert loop.conditional_pragma is None


def test_a_function_without_a_name_cannot_be_vouched_for() -> None:
    loop = first_loop("void f(void (*g)(int)) { for (int i = 0; i < n; i++) { g(i); relax(i); } }")
    assert (loop.verdict.assumptions, loop.conditional_pragma) == ((), None)
    assert "`g` points to a function that may read and write anything" in [r.text for r in loop.verdict.reasons]


def test_a_loop_that_a_directive_divides_needs_nobody_to_vouch() -> None:
    loop = first_loop("void f(void) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) relax(i); }")
    assert (loop.verdict.assumptions, loop.conditional_pragma) == ((), None)


def test_the_word_of_the_user_is_taken() -> None:
    loop = first_loop(
        "void f(void) { for (int i = 0; i < n; i++) relax(i); }", Options(independent=frozenset({"relax"}))
    )
    assert loop.verdict.status == "parallel"
