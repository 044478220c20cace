"""Expansion of macros: what comes out, and where each part of it came from."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from analyzers.frontends.macros import ExpansionError, Macro, expand, expand_text, parse_define, words


def table(*lines: str) -> dict[bytes, Macro]:
    macros = [parse_define(f"#define {line}".encode()) for line in lines]
    return {m.name: m for m in macros if m is not None}


def expanded(code: str, *lines: str) -> str:
    macros = table(*lines)
    text = expand(code.encode(), macros, words(code.encode()) & frozenset(macros), {}).text
    return re.sub(r"\s+", " ", text.decode()).strip()


@pytest.mark.parametrize(
    ("code", "lines", "result"),
    [
        ("A(1, j)", ["A(i,j) a[(i)*n+(j)]"], "a[(1)*n+(j)]"),
        ("A((1, 2), f(3, 4))", ["A(i,j) i+j"], "(1, 2)+f(3, 4)"),
        ("A (1)", ["A(x) <x>"], "<1>"),
        ("A + 1", ["A(x) <x>"], "A + 1"),
        ("x -N", ["N -1"], "x - -1"),
        ("f(f(1))", ["f(x) x+1"], "1+1 +1"),
        ("f(1)", ["f(x) f(x)"], "f(1)"),
        ("a", ["a b", "b a"], "a"),
        ("G(1)", ["G F", "F(x) [x]"], "[1]"),
        ("S(a  b)", ["S(x) #x"], '"a b"'),
        ('S("q\\n")', ["S(x) #x"], r'"\"q\\n\""'),
        ("C(x, 1)", ["C(a,b) a##b"], "x1"),
        ("C(, y)", ["C(a,b) a##b"], "y"),
        ("C(N, N)", ["C(a,b) a##b", "N 3"], "NN"),
        ("P(1)", ["P(f, ...) p(f, ##__VA_ARGS__)"], "p(1)"),
        ("P(1, 2, 3)", ["P(f, ...) p(f, __VA_ARGS__)"], "p(1, 2, 3)"),
        ("Q(1, 2)", ["Q(args...) q(args)"], "q(1, 2)"),
        ("E", ["E"], ""),
        ("E()", ["E() 1"], "1"),
        ('"N" + N', ["N 3"], '"N" + 3'),
        ("1N + xN", ["N 3"], "1N + xN"),
    ],
)
def test_expansion(code: str, lines: list[str], result: str) -> None:
    assert expanded(code, *lines) == result


def test_spans_lead_to_the_invocation() -> None:
    macros = table("A(i,j) a[(i)*n+(j)]")
    code = b"x = A(i, j) + y;"
    result = expand(code, macros, frozenset([b"A"]), {})
    at = result.text.index(b"a[")
    span = result.span(at, at + 1)
    assert code[span.start : span.end] == b"A(i, j)"
    at = result.text.index(b"y;")
    span = result.span(at, at + 1)
    assert code[span.start : span.end] == b"y"
    assert result.place(code.index(b"y;")) == result.text.index(b"y;")
    whole = result.span(0, len(result.text))
    assert (whole.start, whole.end) == (0, len(code))


def test_what_cannot_be_expanded_stays_and_is_told() -> None:
    macros = table("F(x) x", "G(x) x")
    code = b"F(1, 2); G(3; F(4)"
    result = expand(code, macros, frozenset(macros), {})
    assert [code[s.start : s.end] for s in result.failed] == [b"F(1, 2)", b"G"]
    assert b"F(1, 2)" in result.text


def test_a_macro_bomb_ends() -> None:
    lines = ["A0 1", *(f"A{k} A{k - 1} A{k - 1} A{k - 1} A{k - 1}" for k in range(1, 20))]
    with pytest.raises(ExpansionError):
        expand_text(b"A19", table(*lines))


def test_numbers() -> None:
    macros = table("A 10", "B (10)", "C -1", "D (-1)", "E 1e-3f", "F x", "G (1", "H 0x1FUL", "I() 3")
    assert {n: m.number for n, m in macros.items()} == {
        b"A": b"10", b"B": b"10", b"C": None, b"D": b"-1", b"E": b"1e-3f", b"F": None, b"G": None, b"H": b"0x1FUL",
        b"I": None,
    }  # fmt: skip


NAMES = ["A", "B", "C", "D"]
BODY_TOKENS = ["x", "y", "1", "+", "(", ")", ",", "A", "B", "C", "D", "A(x)", "B(x, y)", "C(1)", "x ## y", "D"]


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines = []
    for name in NAMES:
        parameters = draw(st.sampled_from(["", "(x)", "(x, y)"]))
        tokens = draw(st.lists(st.sampled_from(BODY_TOKENS), max_size=6))
        body = " ".join(tokens)
        if body.count("(") != body.count(")"):
            body = body.replace("(", " ").replace(")", " ")
        lines.append(f"#define {name}{parameters} {body}")
    uses = draw(
        st.lists(
            st.sampled_from(["A", "B", "A(1)", "B(2, 3)", "A(B(1, 2))", "C(A)", "D(A(D), y)", "C", "z", "+"]),
            max_size=5,
        )
    )
    return "\n".join([*lines, *uses])


@pytest.mark.needs("gcc")
@given(programs())
@settings(max_examples=60, deadline=None)
def test_the_same_as_gcc(program: str) -> None:
    done = subprocess.run(
        ["gcc", "-E", "-P", "-x", "c", "-"], input=program, capture_output=True, text=True, check=False
    )
    assume(done.returncode == 0)
    lines = program.split("\n")
    macros = table(*(line.removeprefix("#define ") for line in lines[: len(NAMES)]))
    try:
        ours = expand_text("\n".join(lines[len(NAMES) :]).encode(), macros).decode()
    except ExpansionError:
        reject()
    assert re.sub(r"\s+", "", ours) == re.sub(r"\s+", "", done.stdout), program
