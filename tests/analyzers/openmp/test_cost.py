"""Estimates of work: where the number of iterations comes from, and how evenly it is spread."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects, loops
from analyzers.dependence.facts import FunctionFacts
from analyzers.frontends.c import CFrontend
from analyzers.openmp import cost
from analyzers.openmp.cost import Work
from analyzers.openmp.nests import Nests
from analyzers.settings import Options
from analyzers.text import SourceText


def facts(code: str) -> FunctionFacts:
    """The facts of the last function of a text."""
    frontend = CFrontend((), (), None, False)
    frontend.update(SourceText.of(code))
    functions = [frontend.lower(chunk) for chunk in frontend.chunks()]
    return loops.analyse(functions[-1], effects.table(tuple(functions), frozenset()), Options())


def works(code: str) -> list[Work]:
    function = facts(code)
    found = cost.works(function)
    return [found[id(loop.loop)] for loop in function.loops]


def evenness(code: str) -> str:
    function = facts(code)
    outer = function.loops[0]
    return cost.evenness(outer, Nests.of(function.loops).below(outer))


@pytest.mark.parametrize(
    ("loop", "trips", "bounded"),
    [
        ("for (int i = 0; i < 8; i++) p[i] = 0;", 8, True),
        ("for (int i = 7; i >= 0; i -= 2) p[i] = 0;", 4, True),
        ("for (int i = 0; i < n; i++) a[i] = 0;", 50, True),  # no more elements than that
        ("for (int i = 0; i < n; i++) a[i + 3] = 0;", 50, True),
        ("for (int i = 0; i < n; i += 2) a[i] = 0;", 25, True),
        ("for (int i = 0; i < n; i++) d[i] = 0;", 70, True),  # as the parameter was declared
        ("for (int i = 0; i < n; i++) p[i] = 0;", cost.MANY, False),
        ("while (*p) p++;", cost.FEW, False),
    ],
)
def test_iterations(loop: str, trips: float, bounded: bool) -> None:
    (work,) = works(f"static double a[50]; void f(int n, double *p, double d[70]) {{ {loop} }}")
    assert (work.trips, work.bounded) == (trips, bounded)


@pytest.mark.parametrize(
    "inner",
    [
        "for (int j = at[i]; j < at[i + 1]; j++) s += a[col[j]];",
        "int m = size[i]; for (int j = 0; j < m; j++) s += a[j];",
        "int m = size[i]; for (int j = 64 * i; j < 64 * i + m; j++) s += a[j];",
        "for (int j = 0; j < size[i]; j++) s += a[j];",
    ],
)
def test_what_is_looked_up_for_each_row_is_short(inner: str) -> None:
    head = "double s; void f(int n, const double *a, const int *at, const int *col, const int *size)"
    outer, row = works(f"{head} {{ for (int i = 0; i < n; i++) {{ {inner} }} }}")
    assert (outer.trips, row.trips, row.pays) == (cost.MANY, cost.FEW, False)


def test_a_triangle_is_no_list() -> None:
    code = "for (int i = 0; i < n; i++) for (int j = 0; j < i + at[0]; j++) a[j] += i;"
    assert works(f"void f(int n, double *a, const int *at) {{ {code} }}")[1].trips == cost.MANY / 2


def test_a_triangle_has_half_the_iterations() -> None:
    outer, inner = works("void f(double a[100][100]) { for (int i = 0; i < 100; i++)"
                         " for (int j = 0; j < i; j++) a[i][j] = 0; }")  # fmt: skip
    assert (outer.trips, inner.trips) == (100, 50)
    assert inner.repeated
    assert not outer.repeated


def test_a_tile_has_its_length() -> None:
    _, inner = works("void f(int n, double *p) { for (int t = 0; t < n; t += 32)"
                     " for (int i = t; i < t + 32; i++) p[i] = 0; }")  # fmt: skip
    assert inner.trips == 32


def test_what_a_macro_wraps_is_not_repeated() -> None:
    _, inner = works("void f(int n, double *p) { do { for (int i = 0; i < n; i++) p[i] = 0; } while (0); }")
    assert (inner.trips, inner.repeated) == (cost.MANY, False)


def test_addresses_are_free_and_loads_are_not() -> None:
    (plain,) = works("static double a[9]; void f(int n) { for (int i = 0; i < 9; i++) a[i] = a[i] + 1.0; }")
    (shifted,) = works("static double a[9]; void f(int n) { for (int i = 0; i < 9; i++) a[i] = a[8 - i] + 1.0; }")
    (indirect,) = works("static double a[9]; static int k[9];"
                        " void f(int n) { for (int i = 0; i < 9; i++) a[i] = a[k[i]] + 1.0; }")  # fmt: skip
    assert plain.operations == shifted.operations < indirect.operations


def test_a_sum_of_thousands_of_terms() -> None:
    terms = " + ".join(f"p[{i}]" for i in range(3000))
    (work,) = works(f"void f(double *p, double *q) {{ for (int i = 0; i < 2; i++) q[i] = {terms}; }}")
    assert work.each > 5000


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for (int j = 0; j < n; j++) p[i * n + j] = 0;", "even"),
        ("for (int j = 0; j < i; j++) p[i * n + j] = 0;", "triangular"),
        ("for (int j = i + 1; j < n; j++) p[i * n + j] = 0;", "triangular"),
        ("for (int j = s[i]; j < s[i + 1]; j++) p[j] = 0;", "even"),  # the rows of a sparse matrix
        ("for (int j = i; j < i + 32; j++) p[j] = 0;", "even"),
        ("if (p[i] > 0) for (int j = 0; j < n; j++) p[i * n + j] = 0;", "data"),
        ("for (int j = 0; j < n; j++) if (p[j] > 1) break;", "data"),
        ("while (p[i] > 1) p[i] *= 0.5;", "data"),
        ("p[i] = 1;", "even"),
    ],
)
def test_evenness(body: str, expected: str) -> None:
    assert (
        evenness(f"void f(int n, double *p, const int *s) {{ for (int i = 0; i < n; i++) {{ {body} }} }}") == expected
    )


def test_a_loop_that_calls_what_was_not_seen_is_never_known_to_be_small() -> None:
    (unseen,) = works("double g(double); void f(double *p) { for (int i = 0; i < 8; i++) p[i] = g(p[i]); }")
    (known,) = works("double sqrt(double); void f(double *p) { for (int i = 0; i < 8; i++) p[i] = sqrt(p[i]); }")
    assert not unseen.bounded
    assert known.bounded


@pytest.mark.parametrize(
    ("body", "waits"),
    [
        ("for (int i = 0; i < n; i++) free(a[i]);", "free"),
        ("for (int i = 0; i < n; i++) a[i] = malloc(90);", "malloc"),
        ("for (int i = 0; i < n; i++) { for (int j = 0; j < n; j++) free(b[i][j]); free(b[i]); }", "free"),
        ("for (int i = 0; i < n; i++) { int *t = malloc(n); for (int j = 0; j < n; j++) t[j] = j; free(t); }", None),
        ("for (int i = 0; i < n; i++) *(int *)a[i] = 0;", None),
    ],
)
def test_threads_wait_for_each_other_in_the_allocator(body: str, waits: str | None) -> None:
    function = facts(f"#include <stdlib.h>\nvoid f(int n, void **a, void ***b) {{ {body} }}")
    nests = Nests.of(function.loops)
    assert cost.allocator(function.loops[0], nests, cost.works(function)) == waits
