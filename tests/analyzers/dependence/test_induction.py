"""Counted loops, induction variables and the values of temporaries."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects, induction, privatization
from analyzers.dependence.rewriting import rewrite
from analyzers.dependence.values import Values
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.expressions import Name, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Loop, LoopHeader, loops
from analyzers.ir.verdicts import Reason
from analyzers.text import SourceText
from tests.ir_text import expr

BEFORE = """
struct grid { int n; double *data; };
int limit;
void touch(int *p);
int size(const int *p) { return *p; }
"""
HEAD = "void f(int n, int m, double *a, double *b, int *x, struct grid *s, double d[100][200], unsigned char c)"


def lowered(body: str) -> tuple[FlowGraph, list[Loop]]:
    file = lower_file(SourceText.of(f"{BEFORE}{HEAD} {{ int i, j, k = 0; {body} }}"))
    functions = [placed.function for placed in file.functions]
    graph = flow.build(functions[-1], effects.table(functions))
    return graph, list(loops(functions[-1].body))


def header_text(header: LoopHeader | Reason) -> str:
    if isinstance(header, Reason):
        return header.code
    lower, bound, step = expr(header.lower), expr(header.bound), expr(header.step)
    return f"{header.index.name} = {lower} {header.relation} {bound} step {step}"


@pytest.mark.parametrize(
    ("body", "header"),
    [
        ("for (i = 0; i < n; i++) a[i] = 0;", "i = 0 < n step 1"),
        ("for (int i = 0; i < n; ++i) a[i] = 0;", "i = 0 < n step 1"),
        ("for (i = 1; n > i; i += 2) a[i] = 0;", "i = 1 < n step 2"),
        ("for (i = 0; i <= n - 1; i = i + 3) a[i] = 0;", "i = 0 <= (n - 1) step 3"),
        ("for (i = 0; i + 1 < n; i++) a[i] = 0;", "i = 0 < (n + -1) step 1"),
        ("for (i = n - 1; i >= 0; i--) a[i] = 0;", "i = (n - 1) >= 0 step -1"),
        ("for (i = n; i > 0; i -= m) a[i] = 0;", "i = n > 0 step -m"),
        ("for (i = 0; i != n; i++) a[i] = 0;", "i = 0 != n step 1"),
        ("for (i = 0; n != i; i++) a[i] = 0;", "i = 0 != n step 1"),
        ("for (i = 0; i < n; i = 1 + i) a[i] = 0;", "i = 0 < n step 1"),
        ("for (i = 0; i < n; i += m) a[i] = 0;", "i = 0 < n step m"),
        ("for (; i < n; i++) a[i] = 0;", "i = i@ < n step 1"),
        ("k = 3; for (; k < n; k++) a[k] = 0;", "k = 3 < n step 1"),
        ("k = m + 1; while (k < n) { a[k] = 0; k++; }", "k = (m + 1) < n step 1"),
        ("i = 9; do { a[i] = 0; i--; } while (i > 0);", "i = 9 > 0 step -1"),
        ("for (i = 0; i < s->n; i++) a[i] = 0;", "i = 0 < s[0].n step 1"),
        ("for (i = 0; i < limit; i++) a[i] = 0;", "i = 0 < limit step 1"),
        ("for (i = 0; i < x[0]; i++) a[i] = 0;", "i = 0 < x[0] step 1"),
        ("int t = n / 2; for (i = 0; i < t; i++) a[i] = 0;", "i = 0 < (n / 2) step 1"),
        ("int t = 100; for (i = 0; i < t; i++) a[i] = 0;", "i = 0 < 100 step 1"),
        ("for (i = 0; i < n; i++) { if (a[i] > 0) continue; a[i] = 0; }", "i = 0 < n step 1"),
        ("for (i = 0; i < n; i++) for (j = 0; j < m; j++) if (a[j] > 0) break;", "i = 0 < n step 1"),
        ("for (i = 0; i < n; i++) switch (m) { case 1: a[i] = 0; break; }", "i = 0 < n step 1"),
        ("for (i = 0, k = n; i < n; i++, k--) a[i] = b[k];", "i = 0 < n step 1"),
        ("for (double *p = a; p < a + n; p++) *p = 0;", "p = a < (a + n) step 1"),
        ("for (i = 0; i < n; i++) { int t = n; t = 3; n + t; a[i] = t; }", "i = 0 < n step 1"),
        # Not counted, and why
        ("for (i = 0; i < n; i++) { if (a[i] > 0) break; }", "early-exit"),
        ("for (i = 0; i < n; i++) { if (a[i] > 0) return; }", "early-exit"),
        ("for (i = 0; i < n; i++) { if (a[i] > 0) goto out; } out:;", "early-exit"),
        ("for (i = 0; i < n; i++) { if (a[i] > 0) exit(1); }", "exit"),
        ("for (i = 0; i < n; i++) { if (a[i] > 0) i++; }", "index-modified"),
        ("for (i = 0; i < n; i++) { touch(&i); }", "index-modified"),
        ("int *p = &i; for (i = 0; i < n; i++) { *p = 3; }", "index-modified"),
        ("int *p = &i; for (i = 0; i < n; i++) { a[*p] = 3; }", "index-reached"),
        ("for (i = 0; i < n; i++) { n--; }", "bound-varies"),
        ("for (i = 0; i < x[0]; i++) { x[i] = 0; }", "bound-varies"),
        ("for (i = 0; i < limit; i++) { touch(x); }", "bound-varies"),
        ("for (i = 0; i < size(x); i++) { x[i] = 0; }", "bound-varies"),
        ("for (i = 1; i < n; i *= 2) a[i] = 0;", "not-canonical"),
        ("for (i = 0; i < n; i--) a[i] = 0;", "not-canonical"),
        ("for (i = 0; i != n; i += 2) a[i] = 0;", "not-canonical"),
        ("for (i = 0; i * i < n; i++) a[i] = 0;", "not-canonical"),
        ("for (i = 0; a[i] > 0; i++) b[i] = 0;", "not-canonical"),
        ("for (float t = 0; t < n; t++) a[0] = t;", "not-canonical"),
        ("for (volatile int t = 0; t < n; t++) a[0] = 1;", "not-canonical"),
        ("for (unsigned t = n; t >= 0; t--) a[t] = 1;", "not-canonical"),
        ("while (k < n) { if (a[k] > 0) continue; k++; }", "index-modified"),
        ("while (k < n) { if (a[k] > 0) k++; }", "index-modified"),
        ("while (k < n) { k++; a[k] = 0; }", "index-modified"),
        ("do { a[k] = 0; k++; } while (k < n);", "not-canonical"),
        ("for (;;) { a[k] = 0; k++; }", "not-canonical"),
    ],
)
def test_headers(body: str, header: str) -> None:
    graph, (loop, *_) = lowered(body)
    found = header_text(induction.normalise(loop, graph))
    assert found == header


def test_reason_points_to_the_jump() -> None:
    graph, (loop,) = lowered("for (i = 0; i < n; i++) { if (a[i] > 0) break; }")
    reason = induction.normalise(loop, graph)
    assert isinstance(reason, Reason)
    assert reason.span is not None
    assert reason.span.end - reason.span.start == len("break;")


def test_caller_may_know_that_a_bound_in_memory_stays() -> None:
    graph, (loop,) = lowered("for (i = 0; i < x[0]; i++) { x[i + 1] = 0; }")
    assert isinstance(induction.normalise(loop, graph), Reason)
    assert isinstance(induction.normalise(loop, graph, lambda expr, inside: True), LoopHeader)


def values_of(body: str) -> tuple[FlowGraph, Values]:
    graph, found = lowered(body)
    headers = {loop: header for loop in found if isinstance(header := induction.normalise(loop, graph), LoopHeader)}
    return graph, induction.values_of(graph, headers)


def rewritten(body: str) -> list[str]:
    """The memory accesses of a body, stores before loads, with known values filled in."""
    graph, values = values_of(body)
    result = []
    for node in graph.nodes:
        if node.stmt is None:
            continue
        known = values.at(node.stmt)
        lvalues = (*node.raw.element_stores, *node.raw.stores, *node.raw.elements, *node.raw.loads)
        result += [expr(rewrite(lvalue, known)) for lvalue in lvalues]
    return result


FOR = "for (i = 0; i < n; i++)"


@pytest.mark.parametrize(
    ("body", "accesses"),
    [
        (FOR + "{ k = i * m; a[k] = 0; }", ["a[(i * m)]"]),
        (FOR + "{ k = i * m; for (j = 0; j < m; j++) a[k + j] = 0; }", ["a[((i * m) + j)]"]),
        (FOR + "{ double *row = a + i * m; row[3] = 0; *row = 1; }", ["a[((i * m) + 3)]", "a[(i * m)]"]),
        (FOR + "{ double *p = &a[i]; *p = 0; p[1] = 0; }", ["a[i]", "a[(i + 1)]"]),
        (FOR + "{ double *r = d[i]; r[2] = 0; }", ["d[i, 2]"]),
        (FOR + "{ double *r = &d[i][0]; r[2] = 0; }", ["d[i, 2]"]),
        (FOR + "{ double *r = &d[0][0]; r[i] = 0; }", ["&d[0, 0][i]"]),
        (FOR + "{ struct grid *t = s + i; t->n = 0; }", ["s[i].n"]),
        (FOR + "{ k = i; int t = k + 1; int u = t + 1; a[u] = 0; }", ["a[((i + 1) + 1)]"]),
        (FOR + "{ k = x[i]; a[k] = 0; }", ["x[i]", "a[x[i]]"]),
        (FOR + "{ k = i; if (m) k = 2; a[k] = 0; }", ["a[k]"]),
        (FOR + "{ int t = k; k = k + n; a[t] = 0; }", ["a[(n * i)]"]),
        (FOR + "{ int t = m; m = m * 2; a[t] = 0; }", ["a[t]"]),
        (FOR + "{ k = x[i]; x[i] = 7; a[k] = 0; }", ["x[i]", "x[i]", "a[k]"]),
        (FOR + "{ short t = i; a[t] = 0; }", ["a[(short)i]"]),
        (FOR + "{ c = i; a[c] = 0; }", ["a[c]"]),
        (FOR + "{ volatile int t = i; a[t] = 0; }", ["a[t]"]),
        (FOR + "{ _Atomic int t = i; a[t] = 0; }", ["a[t]"]),
        (FOR + "{ m = m * 3; a[m] = 0; }", ["a[m]"]),
        ("k = n; k = k + m; " + FOR + "a[k] = 0;", ["a[(n + m)]"]),
        ("int t = 3, *p = &t; " + FOR + "{ a[*p] = 0; t = n; }", ["a[t]", "t"]),
        ("int t = 3, *p = &t; " + FOR + "{ k = k + *p; t = n; a[k] = 0; }", ["t", "a[k]"]),
        ("int t = m; " + FOR + "{ a[t] = 0; m = m * 2; }", ["a[t]"]),
        ("k = x[0]; " + FOR + "{ a[k] = 0; x[0] = 2; }", ["x[0]", "a[k]", "x[0]"]),
        # Induction variables
        (FOR + "{ a[k] = 0; k += 2; }", ["a[(2 * i)]"]),
        (FOR + "{ k += 2; a[k] = 0; }", ["a[((2 * i) + 2)]"]),
        (FOR + "{ a[k++] = b[k++]; }", ["a[k]", "b[k]"]),
        (FOR + "{ a[k] = 0; if (m) k++; }", ["a[k]"]),
        (FOR + "{ if (m) continue; a[k] = 0; k++; }", ["a[k]"]),
        (FOR + "{ *a++ = 0; }", ["a@[i]"]),
        ("double *p = b; " + FOR + "{ *p++ = 0; }", ["b[i]"]),
        (FOR + "for (j = 0; j < m; j++) a[k++] = 0;", ["a[((m * i) + j)]"]),
        (FOR + "{ k = i * m; for (j = 0; j < m; j++) a[k++] = 0; }", ["a[((i * m) + j)]"]),
        (FOR + "{ for (j = 0; j < m; j++) k++; a[k] = 0; }", ["a[k]"]),
        (FOR + "for (j = 0; j < i; j++) a[k++] = 0;", ["a[(k@ + j)]"]),
        ("for (i = n; i > 0; i--) { a[k] = 0; k++; }", ["a[-(i - n)]"]),
        ("for (i = n; i > 0; i -= 2) { a[k] = 0; k++; }", ["a[((i - n) / -2)]"]),
        (FOR + "{ if (m > 3) for (j = 0; j < m; j++) a[k++] = 0; }", ["a[(k@ + j)]"]),
        (FOR + "{ if (n > m) continue; for (j = 0; j < m; j++) a[k++] = 0; }", ["a[(k@ + j)]"]),
        (FOR + "{ switch (m) { case 1: for (j = 0; j < m; j++) a[k++] = 0; } }", ["a[(k@ + j)]"]),
        (FOR + "{\n#pragma omp single\nfor (j = 0; j < m; j++) a[k++] = 0;\n}", ["a[(k@ + j)]"]),
        (FOR + "{\n#pragma omp critical\nfor (j = 0; j < m; j++) a[k++] = 0;\n}", ["a[((m * i) + j)]"]),
        (FOR + "for (j = 0; j < m; j++) { if (j > 2) a[k++] = 0; }", ["a[k]"]),
        (FOR + "for (j = 0; j < m; j++) { if (j > 2) continue; a[k++] = 0; }", ["a[k]"]),
        (FOR + "for (j = 0; j < m; j++) a[k++] = 0; b[k] = 0;", ["a[(k@ + j)]", "b[k]"]),
        (FOR + "for (j = 0; j < 4; j++) a[k++] = 0; b[k] = 0;", ["a[((4 * i) + j)]", "b[k]"]),
        (FOR + "for (j = 0; j < m; j += 2) a[k++] = 0;", ["a[(k@ + (j / 2))]"]),
        (FOR + "for (j = m; j > 0; j--) a[k++] = 0;", ["a[((m * i) + -(j - m))]"]),
        (FOR + "for (j = m; j > 0; j -= 2) a[k++] = 0;", ["a[(k@ + ((j - m) / -2))]"]),
        (FOR + "{ a[c] = 0; c++; }", ["a[c]"]),
        ("int t = 0, *p = &t; " + FOR + "{ a[t] = *p; t++; }", ["a[t]", "t"]),
        ("for (double *p = a; p < a + n; p++) *p = 0;", ["a[(p - a)]"]),
        ("for (i = 0, k = n; i < n; i++, k--) a[k] = 0;", ["a[(n + -i)]"]),
    ],
)
def test_values_in_subscripts(body: str, accesses: list[str]) -> None:
    found = [text for text in rewritten(body) if not text.startswith("s[0].n")]
    assert found == accesses


def test_entry_value_is_fixed_in_its_own_loop_only() -> None:
    graph, found = lowered(FOR + "for (j = 0; j < i; j++) a[k++] = 0;")
    outer, inner = found
    headers = {loop: header for loop in found if isinstance(header := induction.normalise(loop, graph), LoopHeader)}
    induction.values_of(graph, headers)
    (entry,) = graph.entries
    assert graph.fixed_in(entry, inner)
    assert not graph.fixed_in(entry, outer)


def test_bounds_follow_an_outer_induction_variable() -> None:
    _, values = values_of(FOR + "{ for (j = k; j < k + 4; j++) a[j] = 0; k += 4; }")
    inner = list(values.headers.values())[1]
    assert (expr(inner.lower), expr(inner.bound)) == ("(4 * i)", "((4 * i) + 4)")


def test_rewriting_long_sums_needs_no_stack() -> None:
    total = " + ".join("k" for _ in range(3000))
    graph, _ = lowered(f"k = n; a[{total}] = 0;")
    (store,) = [lvalue for node in graph.nodes for lvalue in node.raw.stores]
    symbol = next(s for node in graph.nodes for s, _ in node.raw.reads if s.name == "k")
    other = Name(graph.function.params[1])
    assert sum(e == other for e in walk(rewrite(store, {symbol: other}))) == 3000


@pytest.mark.parametrize(
    ("body", "assumed"),
    [
        ("for (i = 0; i < s->n; i++) x[i] = 0;", {"`s` and `x` do not overlap"}),
        ("for (i = 0; i < s->n; i++) a[i] = 0;", set()),
        ("for (i = 0; i < d[0][1]; i++) a[i] = 0;", {"`a` and `d` do not overlap"}),
    ],
)
def test_bounds_in_memory_rest_on_named_assumptions(body: str, assumed: set[str]) -> None:
    graph, (loop,) = lowered(body)
    assert isinstance(induction.normalise(loop, graph), LoopHeader)
    assert {assumption.text for assumption in privatization.apart(loop, graph)} == assumed


def test_a_copy_of_the_pointer_is_no_other_pointer() -> None:
    graph, (loop,) = lowered("int *q = x; for (i = 0; i < x[0]; i++) q[i] = 0;")
    assert header_text(induction.normalise(loop, graph)) == "bound-varies"
