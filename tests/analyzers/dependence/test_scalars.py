"""Roles of scalars and reductions in small C loops."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects, induction, privatization, reductions
from analyzers.dependence.privatization import ScalarRoles
from analyzers.dependence.reductions import Reductions
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.statements import LoopHeader, loops
from analyzers.text import SourceText
from tests.reports import loop_reports

DECLARATIONS = """
#include <math.h>
#include <complex.h>
struct pair { double x, y; };
struct pair pairs[10];
int counter;
_Thread_local int own;
#pragma omp threadprivate(own)
double total(double *p) { return *p; }
void set(double *p, double v) { *p = v; }
void bump(void) { counter++; }
"""
LOCALS = (
    "int i, j, c = 0, ok = 1, found = 0; double t = 0, s = 0, m = a[0], lo = 0; struct pair p, q; int h[8];"
    " unsigned bits = 0; double complex z = 0; volatile int v = 0; int *ip = 0; double *row = a; int im = 0, cnt = 0;"
)
FOR = "for (i = 0; i < n; i++)"


def analysed(body: str, number: int = 0) -> tuple[ScalarRoles, Reductions]:
    head = "void f(int n, int k, double *restrict a, double *restrict b, int *restrict x)"
    text = f"{DECLARATIONS}\n{head} {{ {LOCALS} {body} }}"
    file = lower_file(SourceText.of(text))
    functions = [placed.function for placed in file.functions]
    graph = flow.build(functions[-1], effects.table(functions))
    loop = list(loops(functions[-1].body))[number]
    found = induction.normalise(loop, graph)
    header = found if isinstance(found, LoopHeader) else None
    reduced = reductions.find(loop, graph, header)
    moved = induction.induction_variables(loop, header, graph) if header is not None else {}
    return privatization.classify(loop, graph, header, {*(r.symbol for r in reduced.found), *moved}), reduced


def listed(symbols: tuple) -> set[str]:  # type: ignore[type-arg]
    return {s.name for s in symbols}


@pytest.mark.parametrize(
    ("body", "private", "first", "last"),
    [
        (FOR + "{ t = a[i]; b[i] = t; }", {"t"}, set(), set()),
        (FOR + "{ t = a[i]; b[i] = t; } b[0] = t;", set(), set(), {"t"}),
        (FOR + "{ p.x = a[i]; p.y = b[i]; b[i] = p.x + p.y; }", {"p"}, set(), set()),
        ("p.y = 1; " + FOR + "{ p.x = a[i]; b[i] = p.x + p.y; }", set(), {"p"}, set()),
        ("p.y = 1; " + FOR + "{ p.x = a[i]; b[i] = p.x + p.y; } b[0] = p.x;", set(), {"p"}, {"p"}),
        ("p.y = 1; " + FOR + "{ p.x = a[i]; b[i] = p.x; } b[0] = p.x + p.y;", set(), {"p"}, {"p"}),
        (FOR + "{ q = pairs[i]; b[i] = q.x + q.y; }", {"q"}, set(), set()),
        (FOR + "{ row = a + i * k; b[i] = row[0]; }", {"row"}, set(), set()),
        (FOR + "for (j = 0; j < k; j++) a[i * k + j] = 0;", {"j"}, set(), set()),
        (FOR + "{ for (j = 0; j < k; j++) if (a[j] > 0) break; b[i] = j; }", {"j"}, set(), set()),
        (FOR + "{ set(&t, a[i]); b[i] = t; }", {"t"}, set(), set()),
        (FOR + "{ b[i] = modf(a[i], &t); b[i] += t; }", {"t"}, set(), set()),
        (FOR + "{ if (k > 2) t = a[i]; b[i] = 0; if (k > 2) b[i] = t; }", {"t"}, set(), set()),
        (FOR + "{ if (k > 2) t = a[i]; b[i] = 0; if (!(k <= 2)) b[i] = t; }", {"t"}, set(), set()),
        (FOR + "{ c = x[i] > 0; if (c) t = a[i]; if (c == 0) continue; b[i] = t; }", {"c", "t"}, set(), set()),
        (FOR + "{ counter = x[i]; b[i] = counter; }", set(), set(), {"counter"}),
        (FOR + "{ double *w = a + i; w[0] = 1; }", set(), set(), set()),
        (FOR + "{ found = 1; b[i] = 0; } b[0] = found;", set(), set(), {"found"}),
    ],
)
def test_private_copies(body: str, private: set[str], first: set[str], last: set[str]) -> None:
    roles, _ = analysed(body)
    assert not roles.conflicts, roles.conflicts
    assert (listed(roles.private), listed(roles.firstprivate), listed(roles.lastprivate)) == (private, first, last)


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (FOR + "{ b[i] = t; t = a[i]; }", "t", "scalar-carried"),
        (FOR + "{ if (a[i] > 0) t = a[i]; b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (k > 2) t = a[i]; if (k > 3) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (c) t = a[i]; c = x[i]; if (c) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (k) t = a[i]; if (k != 1) b[i] = t; }", "t", "scalar-carried"),
        # With a NaN neither `<` nor `>=` holds; a volatile condition may change between two looks at it.
        (FOR + "{ if (a[i] < m) t = b[i]; if (!(a[i] >= m)) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (v) t = a[i]; if (v) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (!k) t = a[i]; if (k == 1) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (x[i]) t = a[i]; x[i + 1] = 0; if (x[i]) b[i] = t; }", "t", "scalar-carried"),
        (FOR + "{ if (a[i] > 0) t = a[i]; } b[0] = t;", "t", "conditional-last"),
        (FOR + "{ v = x[i]; }", "v", "volatile"),
        (FOR + "{ own = x[i]; }", "own", "threadprivate"),
        (FOR + "{ counter = x[i]; bump(); }", "counter", "scalar-reached"),
        (FOR + "{ counter = x[i]; unknown(); }", "counter", "scalar-reached"),
        ("ip = &c; " + FOR + "{ c = x[i]; *ip = 2; }", "c", "scalar-reached"),
        (FOR + "{ row = row + (int)a[i]; b[i] = row[0]; }", "row", "scalar-carried"),
        (FOR + "{ p.x = a[i]; b[i] = p.x + p.y; p.y = 1; }", "p", "scalar-carried"),
    ],
)
def test_variables_in_the_way(body: str, name: str, code: str) -> None:
    roles, _ = analysed(body)
    assert (name, code) in [(c.symbol.name, c.reason.code) for c in roles.conflicts]


def test_conflict_shows_the_read_and_the_write() -> None:
    body = FOR + "{ b[i] = t; t = a[i]; }"
    roles, _ = analysed(body)
    (conflict,) = roles.conflicts
    assert conflict.read is not None
    assert conflict.write is not None
    assert conflict.read.end < conflict.write.start
    assert conflict.read.end - conflict.read.start == 1


def test_index_read_after_the_loop() -> None:
    assert analysed(FOR + "{ b[i] = 0; } b[0] = i;")[0].index_live
    assert not analysed(FOR + "{ b[i] = 0; }")[0].index_live
    assert not analysed("for (int r = 0; r < n; r++) { b[r] = 0; } b[0] = i;")[0].index_live


@pytest.mark.parametrize(
    ("body", "ops"),
    [
        (FOR + "s += a[i];", {"s": "+"}),
        (FOR + "s -= a[i];", {"s": "+"}),
        (FOR + "{ s += a[i]; s -= b[i]; }", {"s": "+"}),
        (FOR + "s = s + a[i] + b[i];", {"s": "+"}),
        (FOR + "s = a[i] - b[i] + s;", {"s": "+"}),
        (FOR + "s = a[i] + (s - b[i]);", {"s": "+"}),
        (FOR + "s *= a[i];", {"s": "*"}),
        (FOR + "s = a[i] * s * b[i];", {"s": "*"}),
        (FOR + "z += a[i];", {"z": "+"}),
        (FOR + "bits |= x[i];", {"bits": "|"}),
        (FOR + "bits = bits ^ x[i];", {"bits": "^"}),
        (FOR + "bits &= ~x[i];", {"bits": "&"}),
        (FOR + "ok = ok && a[i] > 0;", {"ok": "&&"}),
        (FOR + "if (a[i] < 0) ok = 0; b[0] = ok;", {"ok": "&&"}),
        (FOR + "if (a[i] < 0) found = 1; b[0] = found;", {"found": "||"}),
        (FOR + "found |= a[i] > 0;", {"found": "|"}),
        (FOR + "if (a[i] > 0) c++;", {"c": "+"}),
        (FOR + "if (a[i] > 0) --c;", {"c": "+"}),
        (FOR + "c += a[i] > 0 && a[i] * 2.0 < 1 ? (int)(100.0 * a[i]) : 0;", {"c": "+"}),
        (FOR + "c += (2.0 * a[i] > 1.0) + (a[i] < 0);", {"c": "+"}),
        (FOR + "if (a[i] > m) m = a[i];", {"m": "max"}),
        (FOR + "if (m < a[i]) m = a[i];", {"m": "max"}),
        (FOR + "if (m > a[i]) { m = a[i]; }", {"m": "min"}),
        (FOR + "m = a[i] > m ? a[i] : m;", {"m": "max"}),
        (FOR + "m = m < a[i] ? m : a[i];", {"m": "min"}),
        (FOR + "m = fmax(m, fabs(a[i]));", {"m": "max"}),
        (FOR + "m = fmin(a[i], m);", {"m": "min"}),
        (FOR + "{ if (a[i] > m) m = a[i]; if (a[i] < lo) lo = a[i]; }", {"m": "max", "lo": "min"}),
        (FOR + "for (j = 0; j < k; j++) s += a[i * k + j];", {"s": "+"}),
        (FOR + "{ if (k) { s += 1; } else s += 2; }", {"s": "+"}),
        (FOR + "{ s += a[i]; cnt++; }", {"s": "+"}),
        (FOR + "counter += x[i];", {"counter": "+"}),
    ],
)
def test_reductions(body: str, ops: dict[str, str]) -> None:
    _, found = analysed(body)
    assert {r.symbol.name: r.op for r in found.found if r.symbol.name != "cnt"} == ops


def test_maximum_through_a_macro() -> None:
    body = "double m = 0; for (int i = 0; i < n; i++) m = MAX(m, a[i]); a[0] = m;"
    text = f"#define MAX(p, q) ((p) > (q) ? (p) : (q))\nvoid f(int n, double *a) {{ {body} }}"
    function = lower_file(SourceText.of(text)).functions[0].function
    graph = flow.build(function)
    (reduction,) = reductions.find(next(loops(function.body)), graph).found
    assert (reduction.op, reduction.floating) == ("max", True)


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (FOR + "{ s += a[i]; b[i] = s; }", "s", "scan"),
        (FOR + "{ s += a[i]; if (s > 3) b[i] = 1; }", "s", "scan"),
        (FOR + "{ s += a[i]; s *= 2; }", "s", "mixed-operators"),
        (FOR + "{ s += a[i]; if (k) s = 0; }", "s", "mixed-operators"),
        (FOR + "p.x += a[i];", "p", "member-reduction"),
        (FOR + "if (a[i] > m) { m = a[i]; im = i; }", "m", "argmax"),
        (FOR + "c += a[i] * 0.5;", "c", "rounding"),
        (FOR + "c += a[i] > 0 ? a[i] : 0;", "c", "rounding"),
        (FOR + "c += k ? -a[i] : 0;", "c", "rounding"),
        (FOR + "c = c && x[i];", "c", None),
        (FOR + "bits = bits && x[i];", "bits", None),
        (FOR + "k = k && x[i];", "k", "no-reduction"),
    ],
)
def test_near_misses(body: str, name: str, code: str | None) -> None:
    _, found = analysed(body)
    rejected = {s.name: r.code for s, r in found.rejected.items()}
    assert rejected.get(name) == code


@pytest.mark.parametrize(
    "body",
    [
        FOR + "s = a[i] - s;",
        FOR + "s = s / a[i];",
        FOR + "s += s * a[i];",
        FOR + "s = s + s;",
        FOR + "s = s + a[i] * s;",
        FOR + "m = a[i] + m > m ? a[i] + m : m;",
        FOR + "if (a[i] + m > m) m = a[i] + m;",
        "found = 3; " + FOR + "if (a[i] < 0) found = 1; b[0] = found;",
        "ip = &found; *ip = 3; " + FOR + "if (a[i] < 0) found = 1; b[0] = found;",
        "int w = 3; " + FOR + "if (a[i] < 0) w = 1; b[0] = w;",
        FOR + "if (a[i] > m) m = b[i];",
        FOR + "if (a[i] > m) m = a[i]; else b[i] = 1;",
        FOR + "if (a[i] > m) m = a[i]; else if (a[i] < lo) lo = a[i];",
        FOR + "m = a[i] > m ? b[i] : m;",
        FOR + "for (j = 0; j < s; j++) s += a[j];",
        FOR + "v += x[i];",
        FOR + "{ s += a[i]; set(&s, 0); }",
        FOR + "s += total(&s);",
        "ip = &c; " + FOR + "{ c += x[i]; *ip = 0; }",
    ],
)
def test_no_reductions(body: str) -> None:
    _, found = analysed(body)
    assert {r.symbol.name for r in found.found} & {"s", "m", "v", "c", "found", "w"} == set()


def test_work_arrays() -> None:
    def candidates(body: str) -> set[str]:
        text = f"void g(int *); void f(int n, int *o) {{ int h[8], w[8], g2[8]; static int st[8]; int *p; {body} }}"
        file = lower_file(SourceText.of(text))
        function = file.functions[0].function
        graph = flow.build(function, effects.table([function]))
        return listed(privatization.array_candidates(next(loops(function.body)), graph))

    loop = "for (int i = 0; i < n; i++) { h[0] = i; o[i] = h[0]; } "
    assert candidates(loop) == {"h"}
    assert candidates(loop + "o[0] = h[0];") == set()
    assert candidates("p = h; " + loop) == set()
    assert candidates("for (int r = 0; r < n; r++) { " + loop.replace("i", "r").replace("rnt", "int") + " }") == {"h"}
    assert candidates(loop.replace("h", "st")) == set()


@pytest.mark.parametrize(
    "function",
    [
        "void f(double *a, int n) { for (int i = 0; i < n; i++) bump(); }",
        "int f(double *a, int n) { int t = 0, *p = &t; for (int i = 0; i < n; i++) { *p += 1; a[i] = 1; } return t; }",
        "int f(double *a, int n) { int t = 0, *p = &t; for (int i = 0; i < n; i++) { *p = i; a[i] = t; } return t; }",
        "void f(double *a, int n) { for (int i = 0; i < n; i++) { unseen(i); a[i] = counter; } }",
        "void f(double *a, int n) { int t; for (int i = 0; i < n; i++) { int *p = &t; *p = i; a[i] = t; } }",
    ],
)
def test_what_pointers_and_calls_write_is_memory(function: str) -> None:
    (loop,) = loop_reports(DECLARATIONS + function)
    assert loop.verdict.status != "parallel"
    assert loop.verdict.confidence != "likely"


def test_a_function_of_the_file_is_no_operator_by_its_name() -> None:
    """`imax` gives an index: keeping one copy for each thread and the larger of them means something else."""
    source = """double *x;
int imax(int i, int j) { if (x[i] > x[j]) return i; return j; }
int f(int n) { int best = 0; for (int i = 1; i < n; i++) best = imax(best, i); return best; }
"""
    (loop,) = loop_reports(source)
    assert not [role for role in loop.roles if role.kind == "reduction"]
    assert loop.pragma is None
