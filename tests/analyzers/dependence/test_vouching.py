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
    assert {a.text for a in loop.verdict.assumptions} == {
        "`other` is independent",
        "the loop over `i` runs at least once",
    }
    assert loop.conditional_pragma is not None


def test_every_unseen_function_is_named() -> None:
    loop = first_loop("void f(void) { for (int i = 0; i < n; i++) { relax(i); x[i] = other(x[i]); } }")
    assert {a.subjects for a in loop.verdict.assumptions} >= {("relax",), ("other",)}


def test_what_the_loop_itself_carries_stays_in_the_way() -> None:
    loop = first_loop("void f(void) { for (int i = 1; i < n; i++) { relax(i); a[i] = a[i - 1]; } }")
    assert loop.verdict.status == "unknown"
    assert loop.verdict.assumptions == ()
    assert loop.conditional_pragma is None


def test_a_function_without_a_name_is_told_by_the_text_of_its_callee() -> None:
    loop = first_loop("struct s { void (*go)(int); }; void f(struct s *o) { for (int i = 0; i < n; i++) o->go(i); }")
    assert (loop.verdict.status, loop.verdict.confidence, loop.pragma) == ("unknown", "possible", None)
    assert [(a.text, a.strength, a.subjects) for a in loop.verdict.assumptions] == [
        ("`o->go` is independent", "strong", ())
    ]
    assert loop.conditional_pragma == "#pragma omp parallel for"


def test_a_pointer_to_a_function_may_change_the_bound_like_any_other() -> None:
    loop = first_loop("void f(void (*g)(int)) { for (int i = 0; i < n; i++) { g(i); relax(i); } }")
    assert [a.text for a in loop.verdict.assumptions] == ["`g` is independent", "`relax` is independent"]
    assert loop.conditional_pragma is not None


def test_a_call_that_is_assigned_to_names_an_element() -> None:
    loop = first_loop("void f(void) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) M(i, j) = M(i, j) + 1; }")
    assert (loop.verdict.status, loop.pragma) == ("unknown", None)
    assert [a.text for a in loop.verdict.assumptions] == [
        "`M(i, j)` names one element, a different one for different subscripts"
    ]
    assert loop.conditional_pragma == "#pragma omp parallel for"


def test_the_elements_of_an_accessor_may_be_in_the_way() -> None:
    loop = first_loop("void f(void) { for (int i = 1; i < n; i++) M(i) = M(i - 1) + x[i]; }")
    assert (loop.verdict.status, loop.verdict.assumptions, loop.conditional_pragma) == ("unknown", (), None)


def test_an_accessor_and_its_private_variable() -> None:
    loop = first_loop(
        "void f(void) { double t; int i; for (i = 0; i < n; i++) { t = x[i]; o.M(i) += t * t; o.row(i)[2] = t; } }"
    )
    assert loop.conditional_pragma == "#pragma omp parallel for private(t)"


def test_a_macro_that_stands_alone_is_a_call() -> None:
    loop = first_loop("void f(void) { for (int i = 0; i < n; i++) { PROLOGUE; a[i] = 1; } }")
    assert [a.text for a in loop.verdict.assumptions] == ["`PROLOGUE` is independent"]
    assert loop.conditional_pragma is not None


def test_a_loop_that_a_directive_divides_needs_nobody_to_vouch() -> None:
    loop = first_loop("void f(void) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) relax(i); }")
    assert (loop.verdict.assumptions, loop.conditional_pragma) == ((), None)


def test_the_word_of_the_user_is_taken() -> None:
    loop = first_loop(
        "void f(void) { for (int i = 0; i < n; i++) relax(i); }", Options(independent=frozenset({"relax"}))
    )
    assert loop.verdict.status == "parallel"
