"""Directives in the tree: what each of them holds, and the expressions in their clauses."""

from __future__ import annotations

from analyzers.frontends.c import CFrontend
from analyzers.ir.statements import Construct, walk_statements
from analyzers.text import SourceText
from tests.ir_text import body, expr, function, lowered


def test_a_directive_holds_what_follows() -> None:
    assert body("\n#pragma omp parallel for\nfor (;;) n++; m = 1;") == "#parallel for {for(; ; ) {n += 1}}; m = 1"
    assert body("\n#pragma omp parallel\n{ n = 1; }\n") == "#parallel {{n = 1}}"


def test_directives_nest() -> None:
    assert body("\n#pragma omp parallel\n#pragma omp for\nfor (;;) ;") == "#parallel {#for {for(; ; ) {}}}"
    assert body("\n#pragma omp parallel\n#pragma omp barrier\nn = 1;") == "#parallel {#barrier; n = 1}"


def test_stand_alone_directives() -> None:
    text = "\n#pragma omp barrier\nn = 1;\n#pragma omp taskwait\n#pragma omp flush(n)\n"
    assert body(text) == "#barrier; n = 1; #taskwait; #flush list(n)"
    assert body("for (;;) {\n#pragma omp ordered depend(sink: n - 1)\n n = 1;\n#pragma omp ordered\n n = 2; }") == (
        "for(; ; ) {#ordered depend(n - 1); n = 1; #ordered {n = 2}}"
    )


def test_scan_separates() -> None:
    assert body("for (;;) { n += 1;\n#pragma omp scan inclusive(n)\nm = n; }") == (
        "for(; ; ) {n += 1; #scan inclusive(n); m = n}"
    )


def test_unbraced_bodies() -> None:
    assert body("if (n)\n#pragma omp atomic\nm++;\nelse\n#pragma omp critical\nm--;") == (
        "if n {#atomic {m += 1}} else {#critical {m -= 1}}"
    )
    assert body("for (;;)\n#pragma omp task\nm++;") == "for(; ; ) {#task {m += 1}}"
    assert body("if (n)\n#pragma omp parallel for\nfor (;;) ;\nm = 1;") == "if n {#parallel for {for(; ; ) {}}}; m = 1"


def test_sections() -> None:
    text = (
        "\n#pragma omp sections\n{ n = 1; n = 2;\n#pragma omp section\nn = 3; n = 4;\n#pragma omp section\n{ n = 5; } }"
    )
    assert body(text) == "#sections {#section {n = 1; n = 2}; #section {n = 3; n = 4}; #section {{n = 5}}}"


def test_clauses_are_resolved_in_scope() -> None:
    text = "void f(int n) { { int n; \n#pragma omp parallel num_threads(n + 1) private(n)\n n = 1; } }"
    fn = function(text)
    (construct,) = [s for s in walk_statements(fn.body) if isinstance(s, Construct)]
    private = construct.directive.first("private")
    assert private is not None
    (item,) = private.items
    assert item.expr is not None
    assert item.expr.symbol.depth == 2  # type: ignore[union-attr]
    start = item.span.start
    assert text[start : item.span.end] == "n"
    threads = construct.directive.first("num_threads")
    assert threads is not None
    assert threads.items[0].text == "n + 1"


def test_spans_reach_from_the_sentinel_to_the_end() -> None:
    text = "void f(int n) {\n  #pragma omp parallel \\\n    private(n) // all\n  n = 1;\n}"
    (construct,) = function(text).body.statements
    assert isinstance(construct, Construct)
    assert text[construct.span.start : construct.span.end].startswith("#pragma omp parallel \\\n    private(n)")
    assert text[construct.span.start : construct.span.end].endswith("n = 1;")
    private = construct.directive.first("private")
    assert private is not None
    assert text[private.span.start : private.span.end] == "private(n)"


def test_pragma_operators_also_from_macros() -> None:
    assert body('_Pragma("omp parallel for") for (;;) ;') == "#parallel for {for(; ; ) {}}"
    before = '#define PAR _Pragma("omp parallel for")\n#define DO(x) _Pragma(#x)'
    assert body("PAR for (;;) ; DO(omp barrier)", before=before) == "#parallel for {for(; ; ) {}}; #barrier"


def test_attributes_of_openmp() -> None:
    assert body("[[omp::directive(parallel for if(n > 1))]] for (;;) ;") == "#parallel for if(n > 1) {for(; ; ) {}}"
    text = "[[omp::sequence(directive(parallel num_threads(4)), omp::directive(for))]]\nfor (;;) ;"
    assert body(text) == "#parallel num_threads(4) {#for {for(; ; ) {}}}"
    assert body("[[omp::directive(barrier)]];") == "#barrier"


def test_macros_in_clauses() -> None:
    text = "#define THREADS 4\nvoid f(int n) {\n#pragma omp parallel num_threads(THREADS)\n n = 1; }"
    for source in (text, "int g(void) { return 1; }\n" + text):
        (construct,) = function(source).body.statements
        assert isinstance(construct, Construct)
        threads = construct.directive.first("num_threads")
        assert threads is not None
        assert threads.items[0].text == "THREADS"
        assert threads.items[0].expr is not None
        assert expr(threads.items[0].expr) == "4"


def test_macros_that_are_clauses_and_directives() -> None:
    before = "#define TEAM(x) num_threads((x) + 1) OWN\n#define OWN private(m)\n#define LOOPS parallel for\n"
    text = "\n#pragma omp LOOPS TEAM(n) collapse(1)\nfor (;;) n++;"
    assert body(text, before=before) == "#parallel for num_threads((n) + 1) private(m) collapse(1) {for(; ; ) {n += 1}}"
    source = f"{before}void f(int n, int m) {{{text}\n}}"
    (construct,) = function(source).body.statements
    assert isinstance(construct, Construct)
    assert not construct.directive.unknown
    threads = construct.directive.first("num_threads")
    assert threads is not None
    start = source.index("void f")
    assert source[start:][threads.span.start :].startswith("TEAM(n)")
    collapse = construct.directive.first("collapse")
    assert collapse is not None
    assert source[start:][collapse.span.start : collapse.span.end] == "collapse(1)"


def test_a_changed_macro_changes_the_clause() -> None:
    text = "#define OWN %s(m)\nvoid f(int n, int m) {\n#pragma omp parallel OWN\nn = m; }"
    frontend = CFrontend()
    for word in ("private", "firstprivate"):
        frontend.update(SourceText.of(text % word))
        (construct,) = frontend.lower(frontend.chunks()[-1]).body.statements
        assert isinstance(construct, Construct)
        assert [c.name for c in construct.directive.clauses] == [word]


def test_inactive_and_foreign_pragmas_do_nothing() -> None:
    assert body("\n#if 0\n#pragma omp barrier\n#endif\nn = 1;") == "n = 1"
    assert body("\n#pragma GCC ivdep\nfor (;;) ;\n#pragma STDC FP_CONTRACT ON\n") == "for(; ; ) {}"


def test_directives_of_the_file() -> None:
    text = (
        "int a, b;\n#pragma omp threadprivate(a)\n"
        "#pragma omp declare simd uniform(n)\n"
        "int f(int n) { static int s;\n#pragma omp threadprivate(s)\ns = a + b; return s; }"
    )
    file = lowered(text)
    assert [d.name for d in file.directives] == ["threadprivate"]
    assert {g.name: g.threadprivate for g in file.globals} == {"a": True, "b": False}
    (placed,) = file.functions
    assert [d.name for d in placed.function.directives] == ["declare simd"]
    (uniform,) = placed.function.directives[0].clauses
    assert uniform.items[0].expr is not None
    assert uniform.items[0].expr.symbol == placed.function.params[0]  # type: ignore[union-attr]
    assert placed.start == text.index("#pragma omp declare")
    assign = placed.function.body.statements[1]
    assert assign.target.symbol.threadprivate  # type: ignore[union-attr]


def test_a_directive_before_the_end_of_a_block_holds_nothing() -> None:
    assert body("n = 1;\n#pragma omp parallel for\n") == "n = 1; #parallel for"
