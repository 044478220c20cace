"""Reading OpenMP directive lines: names, clauses, modifiers, sections, and lines that are not finished."""

from __future__ import annotations

import pytest

from analyzers.frontends.directives import parse
from analyzers.ir.directives import Clause, Directive
from analyzers.ir.expressions import Expr, Opaque
from analyzers.text import Span


def read(text: str, language: str = "c") -> Directive:
    directive = parse(text, lambda i: len(text[:i].encode()), lambda t, _: Opaque(t), language)
    assert directive is not None
    return directive


def clause(text: str, language: str = "c") -> Clause:
    (only,) = read(text, language).clauses
    return only


def texts(exprs: tuple[tuple[Expr | None, Expr | None], ...]) -> list[tuple[str | None, ...]]:
    return [tuple(getattr(e, "text", None) if e is None or isinstance(e, Opaque) else "1" for e in d) for d in exprs]


@pytest.mark.parametrize(
    ("text", "name", "kinds"),
    [
        ("#pragma omp parallel for simd", "parallel for simd", ("parallel", "for", "simd")),
        ("#  pragma   omp barrier", "barrier", ("barrier",)),
        ("omp target enter data map(to: a)", "target enter data", ("target enter data",)),
        ("#pragma omp cancellation point for", "cancellation point", ("cancellation point",)),
        ("#pragma omp parallel \\\n for", "parallel for", ("parallel", "for")),
        ('_Pragma("omp single nowait")', "single", ("single",)),
        ("[[omp::directive(parallel for, private(i))]]", "parallel for", ("parallel", "for")),
        ("#pragma omp declare_target(x)", "declare target", ("declare target",)),
    ],
)
def test_names(text: str, name: str, kinds: tuple[str, ...]) -> None:
    directive = read(text)
    assert (directive.name, directive.kinds, directive.unknown, directive.problem) == (name, kinds, (), None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("!$OMP PARALLEL DO", "parallel for"),
        ("c$omp paralleldo", "parallel for"),
        ("*$omp end do", "end for"),
        ("!$omp parallel &\n!$omp& do", "parallel for"),
    ],
)
def test_fortran_names(text: str, name: str) -> None:
    assert read(text, "fortran").name == name


@pytest.mark.parametrize("text", ["#pragma once", "#pragma ompx parallel", "#pragma acc loop", "", "int x;"])
def test_not_a_directive(text: str) -> None:
    assert parse(text, lambda i: i, lambda t, _: None) is None


@pytest.mark.parametrize(
    ("text", "modifiers", "items"),
    [
        ("private(i, j)", (), ["i", "j"]),
        ("reduction(task, +: x)", ("task", "+"), ["x"]),
        ("reduction(&&: ok)", ("&&",), ["ok"]),
        ("schedule(monotonic: dynamic, 4)", ("monotonic", "dynamic"), ["4"]),
        ("default(none)", ("none",), []),
        ("map(always, tofrom: a)", ("always", "tofrom"), ["a"]),
        ("map(iterator(i=0:n), to: a[i])", ("iterator(i=0:n)", "to"), ["a[i]"]),
        ("if(parallel: n > 10)", ("parallel",), ["n > 10"]),
        ("if(n ? a : b)", (), ["n ? a : b"]),
        ("if(f(a, b))", (), ["f(a, b)"]),
        ("depend(in: a[i], b)", ("in",), ["a[i]", "b"]),
        ("depend(source)", ("source",), []),
        ("order(reproducible: concurrent)", ("reproducible", "concurrent"), []),
        ("num_threads(4)", (), ["4"]),
        ("num_teams(2: 8)", (), ["2", "8"]),
        ("reduction(std::plus: x)", ("std::plus",), ["x"]),
        ("private /* a, ( */ (i)", (), ["i"]),
        ("collapse(2) // not )", (), ["2"]),
        ("nowait", (), []),
    ],
)
def test_arguments(text: str, modifiers: tuple[str, ...], items: list[str]) -> None:
    got = clause(f"#pragma omp taskloop {text}" if "num_teams" not in text else f"#pragma omp teams {text}")
    assert (got.modifiers, [i.text for i in got.items]) == (modifiers, items)


@pytest.mark.parametrize("text", ["linear(val(x): 2)", "linear(x: val, step(2))", "linear(x: step( 2 ), val)"])
def test_linear_in_both_syntaxes(text: str) -> None:
    got = clause(f"#pragma omp simd {text}")
    assert (got.modifiers, [i.text for i in got.items], [t.text for t in got.trailing]) == (("val",), ["x"], ["2"])


def test_array_section() -> None:
    (item,) = clause("#pragma omp target map(to: s.a[0:n][k][:m])").items
    assert item.expr == Opaque("s.a")
    assert texts(item.section) == [("0", "n"), ("k", "1"), (None, "m")]


def test_fortran_section_has_bounds_not_lengths() -> None:
    (item,) = clause("!$omp target map(to: a(2:n, 1:m))", "fortran").items
    assert item.expr == Opaque("a")
    assert texts(item.section) == [("2", "(n) - (2) + 1"), ("1", "(m) - (1) + 1")]


def test_an_element_is_no_section() -> None:
    (item,) = clause("#pragma omp task depend(in: a[i][j])").items
    assert (item.expr, item.section) == (Opaque("a[i][j]"), ())


def test_names_in_parentheses_of_the_directive() -> None:
    assert [(c.name, c.items[0].text) for c in read("#pragma omp critical (lock)").clauses] == [("name", "lock")]
    assert [i.text for i in clause("#pragma omp flush(a, b)").items] == ["a", "b"]
    assert clause("#pragma omp declare reduction(f : int : omp_out += omp_in)").name == "argument"


def test_directive_words_as_clauses() -> None:
    assert [c.name for c in read("#pragma omp cancel for if(x)").clauses] == ["for", "if"]
    assert [c.name for c in read("#pragma omp ordered simd threads").clauses] == ["simd", "threads"]
    assert [w for w, _ in read("#pragma omp parallel simd").unknown] == ["simd"]


def test_unknown_words_do_not_hide_the_rest() -> None:
    directive = read("#pragma omp parallel privat(i) shared(x)")
    assert directive.unknown == (("privat", Span(21, 27)),)
    assert [c.name for c in directive.clauses] == ["shared"]


def test_spans_are_bytes() -> None:
    text = "#pragma omp parallel /* é */ private(ü)"
    directive = read(text)
    (private,) = directive.clauses
    data = text.encode()
    assert data[private.span.start : private.span.end].decode() == "private(ü)"
    assert directive.span == Span(0, len(data))
    assert data[directive.name_span.start : directive.name_span.end] == b"parallel"


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("#pragma omp", "", "the directive has no name"),
        ("#pragma omp par", "", None),
        ("#pragma omp parallel for reduction(", "parallel for", "the parenthesis of `reduction` is not closed"),
        ("#pragma omp parallel for reduction(+: s, ", "parallel for", "the parenthesis of `reduction` is not closed"),
        ("#pragma omp parallel )", "parallel", "`)` is neither a clause nor a part of one"),
        ("#pragma omp parallel foo((", "parallel", "the parenthesis of `foo` is not closed"),
        ("#pragma omp critical(", "critical", "a parenthesis is not closed"),
    ],
)
def test_half_typed_lines(text: str, name: str, problem: str | None) -> None:
    directive = read(text)
    assert (directive.name, directive.problem) == (name, problem)


def test_every_prefix_is_read_without_an_error() -> None:
    text = '#pragma omp target map(iterator(i=0:n), to: a[0:n][i], "x") linear(val(x): step(2)) if(a ? b : c) [[ ]] :'
    for end in range(len(text) + 1):
        parse(text[:end], lambda i: i, lambda t, _: None)
        parse(text[end:], lambda i: i, lambda t, _: None)
