"""Flow facts of loops in small C functions."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Assign, Declare, Function, Loop, loops
from analyzers.text import SourceText


def graph_of(body: str, head: str = "void f(int n, int k, double *a, double *b)", before: str = "") -> FlowGraph:
    file = lower_file(SourceText.of(f"{before}\n{head} {{ {body} }}"))
    functions = [placed.function for placed in file.functions]
    return flow.build(functions[-1], effects.table(functions))


def loop_of(graph: FlowGraph, number: int = 0) -> Loop:
    return list(loops(graph.function.body))[number]


def names(symbols: frozenset) -> set[str]:  # type: ignore[type-arg]
    return {s.name for s in symbols}


FOR = "for (int i = 0; i < n; i++)"
T = "double t = 0, u = 0; "


@pytest.mark.parametrize(
    ("body", "exposed"),
    [
        (T + FOR + "{ t = a[i]; b[i] = t; }", set()),
        (T + FOR + "{ b[i] = t; t = a[i]; }", {"t"}),
        (T + FOR + "{ t += a[i]; }", {"t"}),
        (T + FOR + "{ if (a[i] > 0) t = a[i]; b[i] = t; }", {"t"}),
        (T + FOR + "{ if (a[i] > 0) t = a[i]; else t = 1; b[i] = t; }", set()),
        (T + FOR + "{ if (a[i] > 0) continue; t = 1; b[i] = t; }", set()),
        (T + FOR + "{ for (int j = 0; j < n; j++) t = j; b[i] = t; }", {"t"}),
        (T + FOR + "{ for (int j = 0; j < 4; j++) t = j; b[i] = t; }", set()),
        (T + FOR + "{ for (unsigned j = 0; j < 4; j++) t = j; b[i] = t; }", set()),
        (T + FOR + "{ for (unsigned j = -1; j < 4; j++) t = j; b[i] = t; }", {"t"}),
        (T + FOR + "{ int j = 0; do { t = j; j++; } while (j < n); b[i] = t; }", set()),
        (T + FOR + "{ while (1) { t = i; if (t > k) break; } b[i] = t; }", set()),
        (T + FOR + "{ switch (k) { case 1: t = 1; break; default: t = 2; } b[i] = t; }", set()),
        (T + FOR + "{ switch (k) { case 1: t = 1; break; case 2: t = 2; } b[i] = t; }", {"t"}),
        (T + FOR + "{ switch (k) { case 1: u = 1; default: t = u; } b[i] = t; }", {"u"}),
        (T + FOR + "{ if (k) goto skip; t = 1; skip: b[i] = t; }", {"t"}),
        (T + FOR + "{ b[i] = k ? t : 0; t = 1; }", {"t"}),
        (T + FOR + "{ b[i] = (t = a[i]) + t; }", set()),
        (T + FOR + "{\n#pragma omp critical\n{ t = 1; }\n b[i] = t; }", set()),
    ],
)
def test_reads_before_writes(body: str, exposed: set[str]) -> None:
    graph = graph_of(body)
    loop = loop_of(graph)
    assert names(graph.upward_exposed(loop) & graph.may_write(loop)) - {"i"} == exposed


@pytest.mark.parametrize(
    ("body", "live"),
    [
        (T + FOR + "{ t = a[i]; }", False),
        (T + FOR + "{ t = a[i]; } b[0] = t;", True),
        (T + FOR + "{ t = a[i]; } t = 1; b[0] = t;", False),
        (T + FOR + "{ t = a[i]; } if (k) t = 1; b[0] = t;", True),
        (T + FOR + "{ t = a[i]; } if (k) return; b[0] = t;", True),
        (T + "for (int r = 0; r < k; r++) {" + FOR + "{ t = a[i]; } b[r] = t; }", True),
        (T + "for (int r = 0; r < k; r++) { b[r] = t;" + FOR + "{ t = a[i]; } }", True),
        (T + "for (int r = 0; r < k; r++) { t = 0; b[r] = t;" + FOR + "{ t = a[i]; } }", False),
        (T + FOR + "{ t = a[i]; if (t < 0) return; }", False),
        (T + FOR + "{ t = a[i]; if (t < 0) break; } b[0] = t;", True),
        (T + FOR + "{ t = a[i]; if (t < 0) goto out; } t = 0; out: b[0] = t;", True),
        ("static double t;" + FOR + "{ t = a[i]; }", True),
        (T + "double *p = &t;" + FOR + "{ t = a[i]; } b[0] = *p;", True),
        (T + "double *p = &t, *q = b; " + FOR + "{ t = a[i]; } b[0] = *q; p = 0;", False),
        (T + FOR + "{ t = a[i]; } sink(&t);", True),
        (T + FOR + "{ t = a[i]; } sink(&u);", False),
        (T + "keep(&t); " + FOR + "{ t = a[i]; } sink(&u);", True),
    ],
)
def test_liveness_behind_the_loop(body: str, live: bool) -> None:
    graph = graph_of(body)
    loop = next(loop for loop in loops(graph.function.body) if any(s.name == "t" for s in graph.may_write(loop)))
    inner = [x for x in loops(graph.function.body) if x.header_span.start >= loop.header_span.start][-1]
    assert ("t" in names(graph.live_out(inner))) == live


@pytest.mark.parametrize(
    ("body", "always"),
    [
        (T + FOR + "{ t = 1; if (k) u = 2; }", {"t"}),
        (T + FOR + "{ if (k) continue; t = 1; }", set()),
        (T + FOR + "{ if (k) { t = 1; continue; } t = 2; u = 3; }", {"t"}),
        (T + FOR + "{ for (int j = 0; j < n; j++) t = 1; }", set()),
        (T + FOR + "{ if (k) break; t = 1; }", {"t"}),
        (T + FOR + "{ set(&t); maybe(&u); }", {"t"}),
    ],
)
def test_written_on_every_path(body: str, always: set[str]) -> None:
    before = "void set(double *p) { *p = 1; } void maybe(double *p) { if (*p > 0) *p = 2; }"
    graph = graph_of(body, before=before)
    assert names(graph.always_written(loop_of(graph))) & {"t", "u"} == always


def test_records_member_by_member() -> None:
    before = "struct pair { double x, y; };"
    graph = graph_of("struct pair p;" + FOR + "{ p.x = a[i]; p.y = 1; struct pair q = p; b[i] = q.x; }", before=before)
    assert "p" not in names(graph.upward_exposed(loop_of(graph)))
    graph = graph_of("struct pair p;" + FOR + "{ p.x = a[i]; struct pair q = p; b[i] = q.x; }", before=before)
    assert "p" in names(graph.upward_exposed(loop_of(graph)))
    union = "union pun { double x; float y; };"
    graph = graph_of("union pun p;" + FOR + "{ p.y = 1; b[i] = p.x; }", before=union)
    assert "p" in names(graph.upward_exposed(loop_of(graph)))


@pytest.mark.parametrize(
    ("before", "head", "body", "written"),
    [
        ("", "void f(int n, int *a)", "int t = 0; int *p = &t; " + FOR + "{ *p = i; }", True),
        ("", "void f(int n, int *a)", "int t = 0; int *p = &t; p = a; " + FOR + "{ *p = i; }", True),
        ("", "void f(int n, int *a)", "int t = 0; keep(&t); " + FOR + "{ a[i] = i; }", False),
        ("", "void f(int n, int **a)", "int t = 0; keep(&t); " + FOR + "{ a[i][0] = i; }", True),
        ("", "void f(int n, double **a)", "int t = 0; keep(&t); " + FOR + "{ a[i][0] = i; }", False),
        ("int t; int *keep(void) { return &t; }", "void f(int n, int *a)", FOR + "{ a[i] = i; }", True),
        ("int t; int *keep(void) { return &t; }", "void f(int n, int *restrict a)", FOR + "{ a[i] = i; }", False),
        ("int t;", "void f(int n, double *a)", FOR + "{ a[i] = i; }", False),
        ("int t;", "void f(int n, double *a)", FOR + "{ unknown(); }", True),
        ("int t; void g(void) { t = 1; }", "void f(int n, double *a)", FOR + "{ g(); }", True),
        ("int t; int g(void) { return t; }", "void f(int n, double *a)", FOR + "{ g(); }", False),
        ("", "void f(int n, double *a)", "int t = 0; int c = sizeof(t); " + FOR + "{ a[i] = sqrt(a[i]); }", False),
        ("", "void f(int n, double *a)", 'int t; scanf("%d", &t); int *q = malloc(n); ' + FOR + "{ q[i] = 0; }", False),
    ],
)
def test_writes_through_pointers_and_calls(before: str, head: str, body: str, written: bool) -> None:
    graph = graph_of(body + " return t + 0;", head.replace("void f", "int f"), before)
    assert ("t" in names(graph.may_write(loop_of(graph)))) == written


@pytest.mark.parametrize(
    ("head", "body", "assumed"),
    [
        ("int f(int n, int *a)", FOR + "{ a[i] = t; }", {"t"}),
        ("int f(int n, int *a)", FOR + "{ t = a[i]; }", {"t"}),
        ("int f(int n, int *a)", "int c = 0; " + FOR + "{ c += a[i] + t; }", set()),
        ("int f(int n, double *a)", FOR + "{ a[i] = t; }", set()),
        ("int f(int n, int *restrict a)", FOR + "{ a[i] = t; }", set()),
        ("int f(int n, int *a)", FOR + "{ memset(a, 0, t); }", {"t"}),
    ],
)
def test_file_scope_variables_that_no_pointer_is_seen_to_reach(head: str, body: str, assumed: set[str]) -> None:
    graph = graph_of(body + " return t;", head, "int t;")
    loop = loop_of(graph)
    assert names(graph.assumed_apart(loop)) == assumed
    assert all(node.indirect == 0 for node in graph.nodes_of(loop))


def test_definitions_reaching_a_use() -> None:
    graph = graph_of("int t = 1; if (k) t = 2; b[t] = 0;")
    use = graph.nodes[-2]
    symbol = next(s for s, _ in use.raw.reads if s.name == "t")
    found, outside = graph.definitions(use, (symbol, ()))
    stmts = {type(graph.nodes[i].stmt) for i in found}
    assert stmts == {Declare, Assign}
    assert not outside


def test_long_chains_need_no_stack() -> None:
    chain = "if (k == 0) t = 0; " + " ".join(f"else if (k == {i}) t = {i};" for i in range(1, 3000))
    total = " + ".join("t" for _ in range(3000))
    graph = graph_of(T + FOR + "{ t = 1; " + chain + f" b[i] = {total}; }}")
    assert "t" not in names(graph.upward_exposed(loop_of(graph)))


def test_snippet_names_are_not_read_afterwards() -> None:
    file = lower_file(SourceText.of("void f(int n) { for (int i = 0; i < n; i++) { t = i; g(t); } }"), snippet=True)
    function: Function = file.functions[0].function
    loop = next(loops(function.body))
    assert names(flow.build(function, snippet=True).live_out(loop)) == set()
    assert names(flow.build(function, snippet=False).live_out(loop)) == {"t"}


def test_what_a_snippet_sets_and_never_reads_is_for_somebody_else() -> None:
    file = lower_file(SourceText.of("void f(int n) { for (int i = 0; i < n; i++) if (a[i]) found = 1; }"), snippet=True)
    function: Function = file.functions[0].function
    assert names(flow.build(function, snippet=True).live_out(next(loops(function.body)))) == {"found"}
