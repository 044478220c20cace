"""Small functions seen through, and what that means for the loops that call them."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects
from analyzers.dependence.facts import Transparent
from analyzers.frontends.c import lower_file
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText
from tests.reports import loop_reports

BEFORE = """
struct grid { int n; double *data; double *out; };
struct cell { double v; int n; };
int gn; double table[10];
static int idx(int i, int j, int n) { return i * n + j; }
static double get(const struct grid *g, int i) { return g->data[i]; }
static void put(struct grid *g, int i, double v) { g->out[i] = v; }
static double at(double *p, int i) { return p[i]; }
static void set(double *p, int i, double v) { p[i] = v; }
static void maybe(double *p, int i) { if (p[i] > 0) p[i] = 0; }
static unsigned char narrow(int i) { return i; }
static int shifted(short i) { return i + 1; }
static void bump(struct cell *c) { c->v += 1; c->n++; }
static double *row(double *p, int i, int n) { return p + i * n; }
static void total(double *p) { gn += *p > 0; }
"""


def transparent(function: str) -> Transparent | None:
    functions = [placed.function for placed in lower_file(SourceText.of(BEFORE + function)).functions]
    return effects.table(functions)[functions[-1].name].transparent


@pytest.mark.parametrize(
    ("function", "accesses", "straight", "result"),
    [
        ("int f(int i, int n) { return i * n; }", 0, True, True),
        ("int f(int i, int n) { int k = i * n; return k + 1; }", 0, True, True),
        ("double f(double *p, int i) { return p[i]; }", 1, True, True),
        ("void f(double *p, int i) { p[i] += 1; }", 2, True, False),
        ("void f(double *p, int i) { if (i) p[i] = 1; }", 1, False, False),
        ("int f(int i) { return i > 0 && gn; }", 1, False, True),
        ("int f(int i) { if (i) return 1; return 2; }", 0, False, False),
        ("void f(struct grid *g, int i) { put(g, i, get(g, i)); }", 4, True, False),
        ("int f(int i) { double t[4]; t[0] = i; return i; }", 0, True, True),
    ],
)
def test_seen_through(function: str, accesses: int, straight: bool, result: bool) -> None:
    found = transparent(function)
    assert found is not None
    assert (len(found.accesses), found.straight, found.result is not None) == (accesses, straight, result)


@pytest.mark.parametrize(
    "function",
    [
        "void f(double *p, int n) { for (int i = 0; i < n; i++) p[i] = 0; }",
        "void f(double *p, int i) { i++; p[i] = 0; }",
        "void f(double *p, int *k) { *k = 3; p[*k] = 0; }",
        "void f(double *p) { gn++; p[gn] = 0; }",
        "void f(double *p) { static int k; p[k] = 0; }",
        "void f(double *p, int k) { if (k > 2) k = 2; p[k] = 0; }",
        "void f(double *p) { unseen(p); }",
    ],
)
def test_left_to_the_summary(function: str) -> None:
    assert transparent(function) is None


def first_loop(body: str) -> LoopReport:
    text = f"{BEFORE} void f(double *a, struct grid *g, struct cell *c, int n, int m) {{ {body} }}"
    return next(loop for loop in loop_reports(text) if loop.function == "f")


FOR = "for (int i = 1; i < n; i++) "


@pytest.mark.parametrize(
    "body",
    [
        FOR + "a[idx(0, i, n)] = 0;",
        FOR + "for (int j = 0; j < m; j++) a[idx(i, j, m)] = 0;",
        FOR + "{ int k = idx(i, 0, 2); a[k] = 0; a[k + 1] = 1; }",
        FOR + "set(a, i, at(a, i));",
        FOR + "maybe(a, i);",
        FOR + "bump(&c[i]);",
        FOR + "{ double *r = row(a, i, m); for (int j = 0; j < m; j++) r[j] = 0; }",
    ],
)
def test_proved_through_calls(body: str) -> None:
    assert first_loop(body).verdict.status == "parallel"


def test_likely_names_the_pointers_inside() -> None:
    verdict = first_loop(FOR + "put(g, i, get(g, i - 1));").verdict
    assert verdict.confidence == "likely"
    assert [a.text for a in verdict.assumptions] == ["`g->data` and `g->out` do not overlap"]


def test_dependence_through_calls_has_a_witness() -> None:
    verdict = first_loop(FOR + "set(a, i, at(a, i - 1));").verdict
    assert verdict.status == "dependent"
    assert verdict.dependences[0].distance == 1


@pytest.mark.parametrize(
    "body",
    [
        FOR + "a[narrow(i)] = 0;",
        FOR + "a[shifted(i)] = 0;",
        FOR + "total(&a[i]);",
        FOR + "maybe(a, i / 2);",
        FOR + "set(a, m, 1.0);",
    ],
)
def test_not_proved_through_calls(body: str) -> None:
    assert first_loop(body).verdict.status != "parallel"
