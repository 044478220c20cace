"""Integer arithmetic as C and Fortran do it."""

from __future__ import annotations

import pytest

from analyzers.dependence.spelling import spell
from analyzers.ir import arithmetic
from analyzers.ir.arithmetic import COMPARISONS, PRECEDENCE, fold
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Expr, Name, Unary
from analyzers.ir.symbols import INT, Symbol, Type

UNSIGNED = Type("integer", "unsigned", 32, signed=False)
LONG = Type("integer", "long", 64)
BYTE = Type("integer", "unsigned char", 8, signed=False)


@pytest.mark.parametrize(
    ("op", "left", "right", "value"),
    [
        ("/", -7, 2, -3), ("/", 7, -2, -3), ("/", -7, -2, 3), ("%", -7, 2, -1), ("%", 7, -2, 1), ("/", 1, 0, None),
        ("%", 1, 0, None), ("<<", 1, 63, 1 << 63), ("<<", 1, 64, None), (">>", 1, -1, None), (">>", -5, 1, -3),
        ("&&", 0, None, 0), ("&&", 2, None, None), ("&&", 2, 3, 1), ("&&", None, 0, None), ("||", 2, None, 1),
        ("||", 0, None, None), ("||", 0, 0, 0), ("||", None, 1, None), ("==", 2, 2, 1), (">=", 1, 2, 0),
        ("min", 1, 2, 1), ("max", 1, 2, 2), ("^", 6, 3, 5), ("**", 2, 3, None), ("+", None, 1, None),
    ],
)  # fmt: skip
def test_binary(op: str, left: int | None, right: int | None, value: int | None) -> None:
    assert arithmetic.binary(op, left, right) == value


@pytest.mark.parametrize(("op", "value"), [("-", -5), ("+", 5), ("!", 0), ("~", -6), ("*", None)])
def test_unary(op: str, value: int | None) -> None:
    assert arithmetic.unary(op, 5) == value
    assert arithmetic.unary(op, None) is None


def test_every_comparison_binds_weaker_than_a_sum() -> None:
    assert all(PRECEDENCE[op] < PRECEDENCE["+"] for op in COMPARISONS)


def constant(value: int, kind: Type = INT) -> Constant:
    return Constant(value, kind)


SIZE = Symbol("//n", "n", INT, "global", value=constant(8))
LOCAL = Symbol("f/1:n", "n", INT, "local", value=constant(8))
VALUES: list[tuple[Expr, int | None]] = [
    (Binary("-", constant(2, UNSIGNED), constant(3), UNSIGNED), (1 << 32) - 1),
    (Binary("<", constant(-1), constant(1, UNSIGNED), INT), 0),
    (Binary("<", constant(-1, LONG), constant(1, UNSIGNED), INT), 1),  # every unsigned is a long
    (Binary("<", constant(-1), constant(1, BYTE), INT), 1),  # and every unsigned char an int
    (Binary("<", constant((1 << 32) + 5, LONG), constant(7), INT), 0),
    (Cast(constant(300), BYTE), 44),
    (Cast(constant(1), Type("real", "double", 64)), None),
    (Unary("-", constant(1, UNSIGNED), UNSIGNED), (1 << 32) - 1),
    (Conditional(constant(0), Binary("/", constant(1), constant(0), INT), constant(4)), 4),
    (Binary("||", constant(1), Binary("/", constant(1), constant(0), INT), INT), 1),
    (Binary("+", Name(SIZE), constant(1), INT), 9),
    (Binary("+", Name(LOCAL), constant(1), INT), None),
    (Binary("+", Constant(1.5), constant(1), INT), None),
    (Constant(1.5), None),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=[spell(v) for v, _ in VALUES])
def test_fold(value: Expr, expected: int | None) -> None:
    assert fold(value) == expected


def test_a_sum_of_many_terms_is_no_constant_and_no_error() -> None:
    long: Expr = constant(1)
    for _ in range(3000):
        long = Binary("+", long, constant(1), INT)
    assert fold(long) is None
    assert fold(None) is None
