"""The steps by which a program is made smaller."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.api import Change, Language, Span
from analyzers.frontends.pieces import names, pieces, reading

ROOT = Path(__file__).resolve().parents[3]


def after(data: bytes, change: Change) -> bytes:
    out, at = b"", 0
    for span, parts in change.edits:
        out += data[at : span.start]
        out += b"".join(data[p.start : p.end] if isinstance(p, Span) else p for p in parts)
        at = span.end
    return out + data[at:]


def results(text: str, language: Language = "c", place: int = 0) -> set[str]:
    data = text.encode()
    return {after(data, change).decode() for change in pieces(data, language, place).changes}


@pytest.mark.parametrize(
    ("text", "smaller"),
    [
        ("void f() { a(); b(); }", "void f() {  b(); }"),
        ("void f() { if (c) a(); else b(); }", "void f() { b(); }"),
        ("void f() { if (c) a(); else b(); }", "void f() { if (c) a();  }"),
        ("void f() { for (i = 0; i < n; i++) a(); }", "void f() { a(); }"),
        ("void f() { for (int i = 0; i < n; i++) a(i); }", "void f() { int i = 0;\na(i); }"),
        ("void f() { x = a + b * c; }", "void f() { x = a; }"),
        ("void f() { x = a + b * c; }", "void f() { x = a + b; }"),
        ("void f() { x = a[i + 1]; }", "void f() { x = a[i]; }"),
        ("void f() { x = g(a, b); }", "void f() { x = b; }"),
        ("void f() { x = a ? b : c; }", "void f() { x = c; }"),
        ("void f() { x = a; }", "void f() { x = 0; }"),
        ("int a, b, c;", "int a, c;"),
        ("static const int a = 1;", "static int a = 1;"),
        ("int f(int a, int b) { return a; } int g() { return f(1, 2); }",
         "int f(int a) { return a; } int g() { return f(1); }"),
        ("int f(int a) { if (a) return 1; return 2; }", "void f(int a) { if (a) return; return; }"),
        ("int f(int a) { return a; }", "int f(int a) ;"),
        ("#define N 8\nint a[N], b[N + 1];\n", "int a[8], b[8 + 1];\n"),
        ("#if X\nint a;\n#else\nint b;\n#endif\n", "int a;\n"),
        ("/* one */\nint a; // two\n", "int a; // two\n"),
        ("struct s { int a; double b; };", "struct s { int a;  };"),
        ("void f() {\n#pragma omp for nowait schedule(static)\nfor (;;) a();\n}",
         "void f() {\n#pragma omp for schedule(static)\nfor (;;) a();\n}"),
        ("void f() {\n#pragma omp for reduction(+: a, b)\nfor (;;) a();\n}",
         "void f() {\n#pragma omp for reduction(+: a)\nfor (;;) a();\n}"),
        ("void f() {\n#pragma omp for private(a, b)\nfor (;;) a();\nb();\n}", "void f() {\nb();\n}"),
    ],
)  # fmt: skip
def test_a_step(text: str, smaller: str) -> None:
    assert smaller.split() in [result.split() for result in results(text)]


@pytest.mark.parametrize(
    ("text", "smaller"),
    [
        ("namespace a { int b; }", "int b;"),
        ("template <class T> int f() { return 1; }", "int f() { return 1; }"),
        ("void f() { for (auto x : v) g(x); }", "void f() { for (int x : v) g(x); }"),
        ("class a { public: int b; };", "class a {  int b; };"),
    ],
)
def test_a_step_in_cpp(text: str, smaller: str) -> None:
    assert smaller.split() in [result.split() for result in results(text, "cpp")]


def test_the_head_of_a_loop_stays_one() -> None:
    smaller = results("void f() { for (int i = 0; i < n - 1; i++) a(); }")
    assert "void f() { for (int i = 0; i < n; i++) a(); }" in smaller
    assert not [text for text in smaller if "; 1;" in text or "< 1;" in text or "< 0;" in text or "for (;" in text]


def test_extents_and_first_values_stay() -> None:
    assert results("int a[8]; int b = g();") & {"int a[1]; int b = g();", "int a[8]; int b;"} == set()


def test_what_is_not_named_goes_at_once() -> None:
    text = b"#include <a.h>\nint a;\nint b;\n"
    text += b"int h() { return b; }\nint g() { return a; }\nint f() { return g(); /* h */ }\n"
    change, _ = pieces(text, "c", text.index(b"int f")).first
    assert after(text, change) == b"#include <a.h>\nint a;\nint g() { return a; }\nint f() { return g(); /* h */ }\n"


def test_all_comments_go_at_once() -> None:
    text = b"/* one */\nint a; // two\n"
    (change,) = pieces(text, "c", 10).first
    assert after(text, change) == b"int a; \n"


def test_faults_of_a_text() -> None:
    good, bad = reading(b"int f(int a) { return a + b; }", "c"), reading(b"int f(int a) { return a + ; }", "c")
    assert good.errors == 0
    assert good.undeclared == {b"b"}
    assert bad.errors > 0
    assert good.as_good_as(good)
    assert not bad.as_good_as(good)
    assert not good.as_good_as(bad)


@pytest.mark.parametrize(
    ("body", "unset"),
    [
        ("int a; b(a);", {b"a"}),
        ("int a; a = 1; b(a);", set()),
        ("int a = 1; b(a);", set()),
        ("int a; for (a = 0; a < 3; a++) b(a);", set()),
        ("int a; a++;", {b"a"}),
        ("int a; b(&a);", set()),
        ("int a, c;", set()),
        ("static int a; b(a);", set()),
        ("int a[3]; b(a);", set()),
    ],
)
def test_variables_without_a_value(body: str, unset: set[bytes]) -> None:
    assert reading(f"void f() {{ {body} }}".encode(), "c").unset == unset


def test_names_that_a_text_declares() -> None:
    text = (
        b"#define M(x) x\ntypedef struct p { int q; } r;\nenum { e };\nint f(int *a, int (*b)(int)) { int c[2] = {d}; }"
    )
    kinds = names(text, "c")
    assert kinds == {
        "M": "macro", "r": "type", "p": "type", "q": "variable", "e": "variable", "f": "function", "a": "variable",
        "b": "function", "c": "variable",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.c")), ids=lambda path: path.name)
def test_every_step_leaves_a_text_that_can_be_cut_again(path: Path) -> None:
    """No step reaches outside the text, and none of a broken text raises."""
    data = path.read_bytes()
    for change in pieces(data, "c", 0).changes:
        assert all(0 <= span.start <= span.end <= len(data) for span, _ in change.edits)
        assert all(a[0].end <= b[0].start for a, b in zip(change.edits, change.edits[1:], strict=False)), change
    for cut in range(0, len(data), 97):
        pieces(data[:cut], "c", 0)
        pieces(data[cut:], "cpp", 0)
