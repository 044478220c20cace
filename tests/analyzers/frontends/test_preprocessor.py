"""Which parts of a text are active, and what is told about the others."""

from __future__ import annotations

import pytest

from analyzers.frontends.macros import Macro
from analyzers.frontends.masking import mask
from analyzers.frontends.preprocessor import PREDEFINED, ConditionError, Preprocessed, evaluate, preprocess


def run(text: str, seen: bool = True) -> tuple[str, Preprocessed]:
    """The active text, blanks squeezed, and the result."""
    data = text.encode()
    masked = mask(data)
    result = preprocess(masked.lines, dict(PREDEFINED), len(data), lambda include, macros: seen)
    code = bytearray(masked.code)
    for start, end in result.inactive:
        code[start:end] = b" " * (end - start)
    return " ".join(code.decode().split()), result


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("1", True), ("0", False), ("!0", True), ("2 + 3 * 4 == 14", True), ("(1 ? 0 : 1)", False),
        ("-7 / 2 == -3", True),
        ("-7 % 2 == -1", True), ("defined(A) && A > 2", True), ("defined B", False), ("!defined(B) || B", True),
        ("B", False),
        ("0x10u == 16UL", True), ("'a' == 97", True), ("1 << 4 == 16", True), ("A - 1 == 2", True), ("F(2) == 4", True),
        ("__has_include(<x.h>)", False), ("~0 & 1", True), ("3 > 2 > 1", False), ("010 == 8", True),
        ("not defined(B) and (A or B) and A not_eq 4", True), ("(A xor 1) == (A bitand compl 1)", True),
        ("defined(B) && 8 % B == 0", False), ("1 || 1 / 0", True), ("A ? 1 : 1 / 0", True),
    ],
)  # fmt: skip
def test_conditions(condition: str, value: bool) -> None:
    macros = {b"A": Macro(b"A", b"3"), b"F": Macro(b"F", b"((x)*2)", (b"x",))}
    assert evaluate(condition, macros)[0] is value


@pytest.mark.parametrize("condition", ["", "1 +", "(1", "1 / 0", "x(1)", '"a"', "1 2", "1 << 99"])
def test_conditions_that_mean_nothing(condition: str) -> None:
    with pytest.raises(ConditionError):
        evaluate(condition, {})


@pytest.mark.parametrize(
    ("text", "active"),
    [
        ("#if 0\na\n#else\nb\n#endif\nc", "b c"),
        ("#ifdef _OPENMP\na\n#else\nb\n#endif", "a"),
        ("#ifdef USE_OPENMP\na\n#else\nb\n#endif", "a"),
        ("#if P_USING_OPENMP && !defined(OPENMP)\na\n#else\nb\n#endif", "b"),
        ("#if defined P_OPENMP_SUPPORT\na\n#endif\n#ifdef NO_OPENMP\nb\n#endif\n#ifndef X_OPENMP_H\nc\n#endif", "a c"),
        ("#define USE_OPENMP 0\n#if USE_OPENMP\na\n#elif DONT_USE_OPENMP\nb\n#endif", ""),
        ("#ifndef X\na\n#elif 1\nb\n#endif", "a"),
        ("#define X\n#ifdef X\na\n#endif", "a"),
        ("#define X\n#undef X\n#ifdef X\na\n#endif", ""),
        ("#if 0\n#if 1\na\n#endif\nb\n#elif 0\nc\n#elif 1\nd\n#elif 1\ne\n#else\nf\n#endif", "d"),
        ("#if 1\na\n#if 0\nb\n#else\nc\n#endif\n#endif\nd", "a c d"),
        ("#if 0\na", ""),
        ("#endif\na\n#else\nb", "a b"),
        ("#if 0\n#define X\n#endif\n#ifdef X\na\n#endif", ""),
        ("#elifdef A\na\n#ifdef A\nb\n#elifndef A\nc\n#endif", "a c"),
        ("#if BROKEN(\na\n#else\nb\n#endif", "b"),
    ],
)
def test_branches(text: str, active: str) -> None:
    assert run(text)[0] == active


def test_pragmas_of_inactive_branches_do_not_exist() -> None:
    _, result = run("#if 0\n#pragma omp parallel\n#endif\n#pragma omp for\n")
    assert [line.text for line in result.pragmas] == ["#pragma omp for"]


def test_problems_are_told() -> None:
    _, result = run("#endif\n#if 1\n#define 3\n#if (\n#endif")
    assert [p.message for p in result.problems] == [
        "`#endif` without `#if`",
        "malformed `#define`",
        "cannot evaluate `#if (`",
        "`#if` without `#endif`",
    ]


def test_what_stands_before_an_else_without_an_if_is_the_branch_taken() -> None:
    text, result = run("a\n#else\nb\n#ifdef X\nc\n#endif\n#endif\nd\n")
    assert text.split() == ["a", "d"]
    assert [p.message for p in result.problems] == ["`#else` without `#if`"]
    assert run("a\n#else\nb\n")[0].split() == ["a", "b"]  # nothing says where it ends


def test_a_guess_is_remembered_only_behind_an_unseen_header() -> None:
    text = '#include "a.h"\n#ifdef FAST\na\n#else\nb\n#endif\n'
    assert run(text, seen=True)[1].guesses == ()
    (guess,) = run(text, seen=False)[1].guesses
    assert guess.name == "FAST"
    assert len(guess.branches) == 2
