"""Statements and functions of C as structured statements."""

from __future__ import annotations

import pytest

from analyzers.ir.statements import Declare, Loop, walk_statements
from tests.ir_text import body, function, lowered


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("if (n) m = 1;", "if n {m = 1}"),
        ("if (n) m = 1; else m = 2;", "if n {m = 1} else {m = 2}"),
        ("if (n) m = 1; else if (m) m = 2; else m = 3;", "if n {m = 1} else {if m {m = 2} else {m = 3}}"),
        ("if ((n = m)) m = 1;", "n = m; if n {m = 1}"),
        ("if (n++) m = 1;", "new t5 = n; n += 1; if t5 {m = 1}"),
        ("if (n) ; else m = 1;", "if n {} else {m = 1}"),
        ("for (n = 0; n < m; n++) p[n] = 0;", "for(n = 0; (n < m); n += 1) {p[n] = 0}"),
        ("for (int i = 0, j = 1; i < m; i++, j--) p[i] = j;",
         "for(new i = 0, new j = 1; (i < m); i += 1, j -= 1) {p[i] = j}"),
        ("for (;;) break;", "for(; ; ) {break}"),
        ("for (n = m = 0; n < 3; ++n) ;", "for(m = 0, n = 0; (n < 3); n += 1) {}"),
        ("for (; (n = m) > 0;) m--;", "for(; ; ) {n = m; if !(n > 0) {break}; m -= 1}"),
        ("while (n < m) n++;", "while(; (n < m); ) {n += 1}"),
        ("while (n--) m++;", "while(; ; ) {new t5 = n; n -= 1; if !t5 {break}; m += 1}"),
        ("while (n && m) { continue; }", "while(; (n && m); ) {continue}"),
        ("do n--; while (n > 0);", "do-while(; (n > 0); ) {n -= 1}"),
        ("do { } while (n-- > 0);", "do-while(new t6; t6; new t5 = (n > 0), n -= 1, t6 = (t5 != 0)) {}"),
        ("goto end; end: n = 1;", "goto end; end:; n = 1"),
        ("end: ;", "end:"),
        ("return;", "return"),
        ("exit(1);", "exit(1); exit"),
        ("{ int n = 1; m = n; }", "{new n = 1; m = n}"),
        ("int x, y = x = 3;", "new x; x = 3; new y = 3"),
        ("static int x = 3; extern int y; int z(int);", ""),
        ("_Static_assert(1, \"\");", ""),
        ("__attribute__((unused)) int x;", "new x"),
        ("[[maybe_unused]] int x;", "new x"),
        ("struct S { int a; } s; s.a = 1;", "new s; s.a = 1"),
        ("enum { A = 3 }; n = A;", "n = 3"),
        ("typedef int T; T x = 1;", "new x = 1"),
        ("int x[2] = {1}, *y = x;", "new x = <{1}|None|1>; new y = x"),
        (";", ""),
        ("double x[n++];", "new t5 = n; n += 1; new x"),
        # Switch: each arm with what it falls through to.
        ("switch (n) { case 1: m = 1; break; default: m = 2; }", "switch! n {m = 1; break} {m = 2}"),
        ("switch (n) { case 1: m = 1; case 2: m = 2; break; }", "switch n {m = 1; m = 2; break} {m = 2; break}"),
        ("switch (n) { case 1: case 2: m = 2; break; }", "switch n {m = 2; break}"),
        ("switch (n) { default: { m = 1; break; } case 2: m = 2; }", "switch! n {{m = 1; break}; m = 2} {m = 2}"),
        ("switch (n++) { case 1 ... 3: return; }", "new t5 = n; n += 1; switch t5 {return}"),
        ("switch (n) { case 1: for (;;) break; m = 1; }", "switch n {for(; ; ) {break}; m = 1}"),
        ("switch (n) { }", "switch n "),
    ],
)  # fmt: skip
def test_statements(text: str, result: str) -> None:
    assert body(text) == result


def test_declarations_give_one_statement_for_each_object() -> None:
    assert body("int x = n, y, *z = &x;") == "new x = n; new y; new z = &x"


def test_scopes_and_depths() -> None:
    fn = function("int n; void f(int n) { int a; { int n; n = 1; } for (int i;;) { int b; } }")
    depths = {s.symbol.name: s.symbol.depth for s in walk_statements(fn.body) if isinstance(s, Declare)}
    assert depths == {"a": 1, "n": 2, "i": 2, "b": 3}
    assert fn.params[0].depth == 1
    assert len({s.symbol.uid for s in walk_statements(fn.body) if isinstance(s, Declare)} | {fn.params[0].uid}) == 5


def test_symbols_of_the_file() -> None:
    file = lowered(
        "int a; static double b[3]; extern int c[]; int c[5]; const int k = 3; enum { E }; typedef int T;\n"
        "int proto(int); int defined(void) { return a + k; }"
    )
    assert {g.name: g.storage for g in file.globals} == dict.fromkeys("abck", "global")
    (c,) = [g for g in file.globals if g.name == "c"]
    assert c.type.extents[0].size is not None
    assert [p.name for p in file.prototypes] == ["proto"]
    fn = file.functions[0].function
    assert [g.name for g in fn.globals] == ["a", "k"]
    assert fn.globals[1].value is not None


def test_the_head_of_a_function() -> None:
    text = "static inline double *f(int n, double a[n][n], const char *s, void (*g)(int), ...) { g(n); h(); return 0; }"
    fn = function(text)
    assert (fn.name, fn.static, fn.variadic) == ("f", True, True)
    assert [p.name for p in fn.params] == ["n", "a", "s", "g"]
    assert text[fn.name_span.start : fn.name_span.end] == "f"
    assert fn.callees == ("h",)
    assert [p.type.kind for p in fn.params] == ["integer", "pointer", "pointer", "pointer"]


@pytest.mark.parametrize(
    ("text", "name", "params"),
    [
        ("main() { return 0; }", "main", []),
        ("f(a, b) int a; double *b; { }", "f", ["a", "b"]),
        ("int (*f(int a))(int) { return 0; }", "f", ["a"]),
        ("EXPORT int f(int a) { }", "f", ["a"]),
        ("EXPORT(int) f(int a) { }", "f", ["a"]),
        ("int f(void) __attribute__((noinline)); __attribute__((noinline)) int f(void) { }", "f", []),
        ("_Noreturn void f(int a) { }", "f", ["a"]),
        ('extern "C" { void f(int a) { } }', "f", ["a"]),
        ("struct S { int x; } f(int a) { }", "f", ["a"]),
        ("struct S *f(struct S *a) { }", "f", ["a"]),
        ("int\nf\n(\nint a\n)\n{\n}", "f", ["a"]),
    ],
)
def test_ways_to_define_a_function(text: str, name: str, params: list[str]) -> None:
    fn = function(text)
    assert (fn.name, [p.name for p in fn.params]) == (name, params)
    assert fn.problems == ()


def test_address_taken() -> None:
    fn = function("void f(int a, int b, int *p, int c, int d) { g(&a); g(p + (b & c)); g(&p[1]); h((int *) &d); }")
    assert {p.name: p.address_taken for p in fn.params} == {"a": True, "b": False, "p": False, "c": False, "d": True}


def test_a_snippet_is_a_function_without_a_name() -> None:
    text = "for (i = 0; i < n; i++)\n  a[i][j] += s * b[i];\n"
    (placed,) = lowered(text, snippet=True).functions
    fn = placed.function
    assert (fn.name, placed.start, fn.problems) == ("", 0, ())
    (loop,) = fn.body.statements
    assert isinstance(loop, Loop)
    assert text[loop.span.start : loop.span.end] == text.rstrip()
    assert text[loop.header_span.start : loop.header_span.end] == "for (i = 0; i < n; i++)"


def test_a_snippet_with_declarations_and_a_pragma() -> None:
    text = "int i, n; double a[10];\n#pragma omp parallel for\nfor (i = 0; i < n; i++) a[i] = 0;"
    fn = function(text, snippet=True)
    assert [type(s).__name__ for s in fn.body.statements] == ["Declare", "Declare", "Declare", "Construct"]


def test_a_snippet_beside_functions() -> None:
    text = "#define N 3\nint g(int x) { return x; }\nfor (i = 0; i < N; i++) a[i] = g(i);\n"
    names = [p.function.name for p in lowered(text, snippet=True).functions]
    assert names == ["g", ""]


def test_spans_of_loops_and_conditions() -> None:
    text = "void f(int n) { while (n > 0) { n--; } do { n++; } while (n < 3); }"
    first, second = function(text).body.statements
    assert isinstance(first, Loop)
    assert isinstance(second, Loop)
    assert text[first.header_span.start : first.header_span.end] == "while (n > 0)"
    assert text[second.header_span.start : second.header_span.end] == "do"
    assert text[second.span.start : second.span.end] == "do { n++; } while (n < 3);"
