"""Code that is damaged or half typed: nothing raises, and an error costs only its surroundings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.frontends.c import CFrontend, lower_file
from analyzers.ir.statements import Function, Loop, Unknown, walk_statements
from analyzers.text import SourceText
from tests.analyzers.frontends.c_sources import PLAIN, STENCIL
from tests.ir_text import lowered

FRAGMENTS = [
    *(
        "{",
        "}",
        "(",
        ")",
        ";",
        "#if 1\n",
        "#endif\n",
        "#else\n",
        '"',
        "'",
        "/*",
        "*/",
        "for (",
        "\\\n",
        ",",
        "= ",
        "[",
        "\0",
        "é",
    ),
    *("#define A(x) A(x) + A\n", "#pragma omp for\n", "else ", "case 1:"),
]
KINDS = st.sampled_from(["cut", "delete", "insert"])
DAMAGES = st.lists(
    st.tuples(KINDS, st.integers(0, 3000), st.integers(1, 40), st.sampled_from(FRAGMENTS)), min_size=1, max_size=4
)


def damaged(text: str, damages: list[tuple[str, int, int, str]]) -> str:
    for kind, place, size, fragment in damages:
        at = place % (len(text) + 1)
        if kind == "cut":
            text = text[:at] if at > 200 else text
        elif kind == "delete":
            text = text[:at] + text[at + size :]
        else:
            text = text[:at] + fragment + text[at:]
    return text


@given(st.sampled_from([STENCIL, PLAIN]), DAMAGES, st.booleans())
@settings(max_examples=250, deadline=None)
def test_damaged_files_never_raise(text: str, damages: list[tuple[str, int, int, str]], snippet: bool) -> None:
    data = damaged(text, damages).encode()
    file = lower_file(SourceText.of(data), snippet=snippet)
    for placed in file.functions:
        size = placed.function.span.end
        assert placed.start + size <= len(data)
        for statement in walk_statements(placed.function.body):
            assert 0 <= statement.span.start <= statement.span.end <= size


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_never_raise(data: bytes) -> None:
    lower_file(SourceText.of(data))
    lower_file(SourceText.of(data), snippet=True)


def loops(text: str, name: str = "f") -> list[bool]:
    """Of each loop in the function, in order: is it tainted?"""
    fn = next(p.function for p in lowered(text).functions if p.function.name == name)
    return [s.tainted is not None for s in walk_statements(fn.body) if isinstance(s, Loop)]


GOOD = "for (int j = 0; j < n; j++) { c[j] = 1; }\n"


@pytest.mark.parametrize(
    ("text", "tainted"),
    [
        (f"void f(int n) {{ for (int i = 0; i < n; i++) {{ a[i = ; b(); }}\n{GOOD} }}", [True, False]),
        (f"void f(int n) {{\n x = \n{GOOD} }}", [False]),
        (f"void f(int n) {{\n x = foo(\n{GOOD} }}", [False]),
        (f"void f(int n) {{\n for \n{GOOD} }}", [False]),
        (f"void f(int n) {{\n for (int i = 0; i < {{\n{GOOD} }}\n{GOOD} }}", [False, False]),
        (f"void f(int n) {{\n for (int i = 0; i < n; i++) {{ a[i] = 1;\n {GOOD}\n }}\n", [True, True]),
        (f"void f(int n) {{ for (int i = 0; i < n; i++) {{ {GOOD} x = ; }} }}", [True, False]),
        (f"void f(int n) {{ {GOOD} return 1", [False]),
        (f"void f(int n {{ {GOOD} }}", [False]),
        (f"static UNKNOWN(1) f(int n) {{ {GOOD} }}", [False]),
    ],
)
def test_an_error_taints_its_own_loop(text: str, tainted: list[bool]) -> None:
    assert loops(text) == tainted


def test_errors_are_told_with_their_place() -> None:
    text = "void f(int n) { n = 1; }\nvoid g(int n) { for (;;) { n = ; } }"
    (placed,) = [p for p in lowered(text).functions if p.function.name == "g"]
    assert {p.kind for p in placed.function.problems} == {"syntax"}
    for problem in placed.function.problems:
        assert text[placed.start + problem.span.start : placed.start + problem.span.end].strip() in ("n", "=", "n =")


def test_functions_after_lost_braces_are_found() -> None:
    text = (
        "void f(int n) { if (n) {\n n = 1;\n}\n\nint g(int n)\n{ return n; }\n\n"
        "void h(void) { } }\nint k(void) { return 1; }"
    )
    assert [p.function.name for p in lowered(text).functions] == ["f", "g", "h", "k"]


def test_a_lost_quote_costs_a_line() -> None:
    text = 'void f(int n) {\n puts("a);\n for (;;) n = 1;\n}\nvoid g(void) { }'
    assert [p.function.name for p in lowered(text).functions] == ["f", "g"]


def unknowns(fn: Function) -> list[str]:
    return [s.reason for s in walk_statements(fn.body) if isinstance(s, Unknown)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('asm("nop");', "inline assembly"),
        ('__asm__ volatile("" ::: "memory");', "inline assembly"),
        ("MACRO", "`MACRO` is not declared: a macro of a header that was not read?"),
        ("int g(void) { return 1; }", "a function inside a function"),
        ("switch (n) { case 1: while (n) { case 2: n--; } }", "a `case` inside another statement"),
        ("goto *p;", "a computed goto"),
        ("f() = 1;", "assignment to `f() = 1`"),
    ],
)
def test_what_is_not_understood_is_unknown(text: str, reason: str) -> None:
    if text == "MACRO":
        text += ";"
    assert reason in unknowns(lowered(f"int f(int n, int *p) {{ {text} }}").functions[0].function)


def test_an_unseen_macro_is_not_taken_for_a_function() -> None:
    text = '#include "unseen.h"\nvoid f(int n) { SWAP(n, n); swap(n); }'
    assert unknowns(lowered(text).functions[0].function) == ["`SWAP` may be a macro of a header that was not read"]


def test_an_undecided_condition_taints_the_loop_around_it() -> None:
    inner = "#ifdef FAST\n a[i] = 1;\n#else\n a[i] = a[i - 1];\n#endif\n"
    text = (
        f'#include "unseen.h"\nvoid f(int n, int *a) {{\n for (int i = 1; i < n; i++) {{\n{inner} }}\n for (;;) ;\n}}'
    )
    assert loops(text) == [True, False]
    assert loops(text.replace("#include", "//")) == [False, False]


def test_a_huge_file_of_nonsense() -> None:
    frontend = CFrontend()
    nonsense = ["(" * 200_000, "{" * 100_000, "}" * 100_000, "x;" * 50_000, "int a[" * 20_000, "f(){" * 3_000]
    for text in [*nonsense, "#if 1\n" * 20_000]:
        frontend.update(SourceText.of(text))
        for chunk in frontend.chunks()[:3]:
            frontend.lower(chunk)
