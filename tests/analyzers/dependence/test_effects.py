"""Effects of library functions and of functions of the file."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects
from analyzers.dependence.facts import Effects
from analyzers.frontends.c import lower_file
from analyzers.text import SourceText

BEFORE = """
struct grid { int n; double *data; double **rows; struct grid *next; };
double *gx; int gn; static double tab[10]; struct grid G; volatile int port;
double get(struct grid *g, int i) { return g->data[i]; }
void put(struct grid *g, int i, double v) { g->data[i] = v; }
void one(double *p) { *p = 2; }
void vec(double *p, const double *q, int n) { for (int i = 0; i < n; i++) p[i] += q[i]; }
double *pick(double *p) { return p + 1; }
int unseen(double *p);
"""


def effect_of(function: str) -> Effects:
    file = lower_file(SourceText.of(BEFORE + function))
    functions = [placed.function for placed in file.functions]
    return effects.table(functions)[functions[-1].name]


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        ("void f(double *p, int i) { p[i] = 1; }", ("write", "none")),
        ("double f(double *p, int i) { return p[i]; }", ("read", "none")),
        ("void f(double *p) { *p += 1; }", ("readwrite",)),
        ("void f(double *p) { double *q = p + 1; q[2] = 0; }", ("write",)),
        ("void f(double *p, double *q, int c) { double *r = c ? p : q; *r = 0; }", ("write", "write", "none")),
        ("void f(double *p) { while (*p) p++; }", ("read",)),
        ("void f(double *p, double *q) { vec(p, q, 3); }", ("readwrite", "read")),
        ("void f(double *p, double *q) { vec(&p[1], q + 2, 3); }", ("readwrite", "read")),
        ("void f(struct grid *g) { g->n = 1; }", ("write",)),
        ("void f(struct grid *g) { one(&g->data[1]); }", ("read",)),
        ("void f(double *p) { gx = p; }", ("escapes",)),
        ("void f(double *p, struct grid *g) { g->data = p; }", ("escapes", "write")),
        ("void f(double *p, double *q) { memcpy(p, q, 8); }", ("write", "read")),
        ("double f(double x) { double t[4]; vec(t, tab, 4); return t[0] + x; }", ("none",)),
        ('void f(double *p) { sscanf("", "", p); }', ("write",)),
    ],
)
def test_parameters(function: str, parameters: tuple[str, ...]) -> None:
    effect = effect_of(function)
    assert effect.unknown is None
    assert effect.parameters == parameters


@pytest.mark.parametrize(
    ("function", "memory"),
    [
        ("double f(struct grid *g, int i) { return g->data[i]; }", [(0, "*.data*", "read")]),
        ("void f(struct grid *g, int i) { double *d = g->data; d[i] = 0; }", [(0, "*.data*", "write")]),
        ("void f(struct grid *g) { put(g, 1, get(g, 2)); }", [(0, "*.data*", "readwrite")]),
        ("double f(double **a) { return a[1][2]; }", [(0, "**", "read")]),
        ("void f(struct grid *g) { g->rows[1][2] = 0; }", [(0, "*.rows*", "read"), (0, "*.rows**", "write")]),
        ("void f(struct grid g) { g.data[0] = 1; }", [(0, ".data*", "write")]),
        ("void f(int i) { gx[i] = 1; }", [("gx", "*", "write")]),
        ("void f(int i) { G.data[i] = 1; }", [("G", ".data*", "write")]),
        ("void f(void) { struct grid h = G; h.data[1] = 2; }", [("G", ".data*", "write")]),
        ("void f(void) { put(&G, 1, 2.0); }", [("G", ".data*", "write")]),
        ("void f(void) { one(gx); }", [("gx", "*", "write")]),
    ],
)
def test_memory_behind_further_pointers(function: str, memory: list[tuple[object, str, str]]) -> None:
    effect = effect_of(function)
    assert [(root, "".join(steps), use) for root, steps, use in effect.memory] == memory


@pytest.mark.parametrize(
    ("function", "reads", "writes"),
    [
        ("void f(void) { gn = 1; }", set(), {"gn"}),
        ("int f(void) { return gn; }", {"gn"}, set()),
        ("void f(int i) { tab[i] += 1; }", {"tab"}, {"tab"}),
        ("void f(void) { vec(tab, tab, 3); }", {"tab"}, {"tab"}),
        ("void f(void) { G.n = 2; }", set(), {"G"}),
        ("int h(void) { return gn; } int f(void) { return h(); }", {"gn"}, set()),
        ("void f(int n) { gn = n; if (n) f(n - 1); }", set(), {"gn"}),
    ],
)
def test_file_scope_objects(function: str, reads: set[str], writes: set[str]) -> None:
    effect = effect_of(function)
    assert effect.unknown is None
    assert (set(effect.reads), set(effect.writes)) == (reads, writes)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("void f(double *p) { unseen(p); }", "unseen"),
        ("void h(double *p) { unseen(p); } void f(double *p) { h(p); }", "unseen"),
        ("void f(void (*g)(int)) { g(1); }", "pointer"),
        ('void f(void) { asm("nop"); }', "could not be read"),
        ("int f(struct grid *g) { int k = 0; while (g) { k += g->n; g = g->next; } return k; }", "cannot be followed"),
        ("void f(struct grid *g) { g->data = malloc(8); g->data[0] = 1; }", "changes pointers"),
        ("void f(void) { port = 1; }", "volatile"),
        ("void f(double *p) { *(double *)unseen(p) = 0; }", "unseen"),
        ("void f(double *p, int c) { double *r = c ? 0 : pick(p); *r = 1; }", "cannot be followed"),
        ("void f(double *p, int c) { double t[4], *r = c ? t : pick(p); *r = 1; }", "cannot be followed"),
        ("void f(double **t, int i) { double *rows[2]; rows[0] = t[0]; rows[0][i] = 1; }", "cannot be followed"),
    ],
)
def test_unknown_with_its_reason(function: str, reason: str) -> None:
    unknown = effect_of(function).unknown
    assert unknown is not None
    assert reason in unknown


def test_state_io_and_exits() -> None:
    assert "static" in str(effect_of("int f(void) { static int k; return ++k; }").state)
    assert effect_of("int f(void) { static const int k = 3; return k; }").state is None
    assert "rand" in str(effect_of("double f(void) { return rand() / 2.0; }").state)
    assert effect_of('void f(void) { printf("x"); }').io
    assert effect_of("void f(int c) { if (c) exit(1); }").exits
    assert effect_of("void f(int c) { if (c) abort(); }").exits
    assert not effect_of("int f(int c) { return c; }").exits


def test_pure_functions() -> None:
    assert effect_of("double f(double x) { double y = x * x; return y + 1; }").pure
    assert effect_of("int f(int n) { return n < 2 ? 1 : n * f(n - 1); }").pure
    assert effect_of(
        "int odd(int n); int even(int n) { return n ? odd(n - 1) : 1; } int odd(int n) { return n ? even(n - 1) : 0; }"
    ).pure
    assert not effect_of("void f(double *p) { *p = 1; }").pure
    assert not effect_of("void f(struct grid *g) { g->data[0] = 1; }").pure


def test_one_element_or_all() -> None:
    assert not effect_of("void f(double *p) { *p = 1; }").whole_parameters
    assert not effect_of("void f(double *p) { one(p); }").whole_parameters
    assert effect_of("void f(double *p) { p[1] = 1; }").whole_parameters
    assert effect_of("void f(double *p) { p++; *p = 1; }").whole_parameters
    assert effect_of("void f(double *p) { double *q = p + 1; *q = 1; }").whole_parameters
    assert effect_of("void f(double *p) { p++; one(p); }").whole_parameters
    assert not effect_of("void f(struct grid *g) { g->n += 1; }").whole_parameters


@pytest.mark.parametrize(
    ("function", "positions"),
    [
        ("void f(double *p, double *q) { *p = 1; if (*q > 0) *q = 2; }", {0}),
        ("void f(double *p, int c) { if (c) return; *p = 1; }", set()),
        ("void f(double *p) { p++; *p = 1; }", set()),
        ("void f(double *p) { *p += 1; }", set()),
    ],
)
def test_what_is_surely_overwritten(function: str, positions: set[int]) -> None:
    assert effect_of(function).overwrites == positions


def test_definitions_win_over_the_library_and_the_user_over_both() -> None:
    file = lower_file(SourceText.of("int rand(void) { return 4; } int f(void) { return rand() + unseen(); }"))
    functions = [placed.function for placed in file.functions]
    table = effects.table(functions)
    assert table["rand"].state is None
    assert table["f"].unknown is not None
    vouched = effects.table(functions, frozenset({"unseen"}))
    assert vouched["unseen"].unknown is None


def test_a_memo_changes_nothing() -> None:
    functions = [placed.function for placed in lower_file(SourceText.of(BEFORE)).functions]
    memo: effects.Memo = {}
    first = effects.table(functions, memo=memo)
    assert memo
    assert effects.table(functions, memo=memo) == first


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("sqrtf", lambda e: e.pure and not e.trusted),
        ("memcpy", lambda e: e.parameters[:2] == ("write", "read")),
        ("strtok", lambda e: e.state is not None),
        ("printf", lambda e: e.io and e.state is None),
        ("malloc", lambda e: e.allocates),
        ("omp_set_lock", lambda e: e.synchronizes),
        ("__builtin_popcount", lambda e: e.pure and e.trusted),
        ("exit", lambda e: e.exits),
        ("modf", lambda e: e.overwrites == {1}),
    ],
)
def test_library(name: str, check: object) -> None:
    effect = effects.library(name)
    assert effect is not None
    assert check(effect)  # type: ignore[operator]


def test_library_does_not_know_everything() -> None:
    assert effects.library("cblas_dgemm_of_my_own") is None


@pytest.mark.parametrize(
    ("function", "members"),
    [
        ("int f(struct grid *g) { return g->n; }", {"n": "read"}),
        ("void f(struct grid *g) { g->n = 1; g->next = 0; }", {"n": "write", "next": "write"}),
        ("void f(struct grid *g, int i) { g->n += g->data[i]; }", {"n": "readwrite", "data": "read"}),
        ("void own(struct grid *g) { g->n = 1; } void f(struct grid *g) { own(g); own(&*g); }", {"n": "write"}),
        ("void f(struct grid *g) { g->n = 1; *g = G; }", {}),
        ("void f(struct grid *g) { g[1].n = 1; }", {}),
        ("void f(struct grid *g) { g++; g->n = 1; }", {}),
        ("void f(struct grid *g) { int *p = &g->n; p[1] = 1; }", {}),
        ("void f(struct grid *g) { one((double *)&g->n); g->n = 1; }", {}),
        ("void f(struct grid *g) { struct grid *h = g; h->n = 1; }", {}),
        ("void f(struct grid **g) { g[0]->n = 1; }", {}),
    ],
)
def test_members_where_only_members_are_used(function: str, members: dict[str, str]) -> None:
    found = effect_of(function).members
    assert {member: use for _, _, member, use in found} == members
    assert {(position, record) for position, record, *_ in found} <= {(0, "struct grid")}
