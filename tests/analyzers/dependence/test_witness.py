"""Concrete evaluation by the rules of the language, and the spelling of what it shows."""

from __future__ import annotations

import pytest

from analyzers.dependence.spelling import spell, spell_access
from analyzers.dependence.witness import element, evaluate, in_loop, runs
from analyzers.ir.accesses import Access, Guard, Member, Subscripts
from analyzers.ir.expressions import Address, Call, Cast, Conditional, Constant, Element, Expr, Field, Name, Unary
from analyzers.ir.statements import LoopHeader
from analyzers.ir.symbols import INT, Type
from analyzers.text import NOWHERE
from tests.helpers_ir import UNSIGNED, Nest, add, array, binary, expr, mul, pointer, sub, variable

ROW, COL, N = (variable(x) for x in "ijn")
U = variable("u", UNSIGNED)
A = array("a")

VALUES: list[tuple[Expr, int | None]] = [
    (binary("/", Constant(-7), 2), -3),
    (binary("%", Constant(-7), 2), -1),
    (binary("%", Constant(7), -2), 1),
    (binary("/", Constant(7), 0), None),
    (sub(U, 3), (1 << 32) - 1),
    (binary("<", sub(U, 3), Name(U)), 0),
    (binary("<", Constant(-1), Name(U)), 0),  # -1 is converted
    (binary("<<", ROW, 3), 40),
    (binary(">>", Constant(-5), 1), -3),
    (binary("&", Constant(-5), 3), 3),
    (binary("min", ROW, 3), 3),
    (Conditional(binary("==", ROW, 5), Constant(1), Name(N)), 1),
    (Conditional(binary("!=", ROW, 5), Constant(1), Name(N)), None),
    (binary("&&", Constant(0), Name(N)), 0),
    (binary("||", Constant(0), Name(N)), None),
    (Cast(Constant(300), Type("integer", "char", 8)), 44),
    (Cast(Constant(-1), UNSIGNED), (1 << 32) - 1),
    (Unary("!", Name(ROW), INT), 0),
    (Unary("~", Name(ROW), INT), -6),
    (Name(N), None),
    (Constant(1.5), None),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=[spell(v) for v, _ in VALUES])
def test_values(value: Expr, expected: int | None) -> None:
    assert evaluate(value, {ROW: 5, U: 2}) == expected


def test_a_deep_expression_has_no_known_value() -> None:
    total: Expr = Name(ROW)
    for _ in range(3000):
        total = add(total, 1)
    assert evaluate(total, {ROW: 5}) is None


def test_parameters_by_structure() -> None:
    load = Element(Name(A), (Constant(3),), INT)
    assert evaluate(add(load, 1), {load: 6}) == 7


@pytest.mark.parametrize(
    ("relation", "lower", "bound", "step", "inside", "outside"),
    [
        ("<", 0, 7, 3, [0, 3, 6], [1, 7, 9, -3]),
        ("<=", 1, 7, 3, [1, 4, 7], [10]),
        (">", 9, 0, -4, [9, 5, 1], [-3, 13]),
        (">=", 4, 0, -2, [4, 2, 0], [-2]),
        ("!=", 0, 3, 1, [0, 1, 2], [3, 4]),
        ("<", 3, 3, 1, [], [3]),
    ],
)
def test_iterations(relation: str, lower: int, bound: int, step: int, inside: list[int], outside: list[int]) -> None:
    header = LoopHeader(ROW, expr(lower), relation, expr(bound), expr(step), True)  # type: ignore[arg-type]
    assert all(in_loop(header, i, {}) for i in inside)
    assert not any(in_loop(header, i, {}) for i in outside)


def test_an_access_runs_under_its_guards() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    nest.loop(COL, ROW, "<", N)
    access = nest.access(A, add(ROW, COL), guards=[Guard(binary("==", COL, 2), False, 2)])
    assert runs(access, nest.headers, {ROW: 1, COL: 3, Name(N): 4})
    assert not runs(access, nest.headers, {ROW: 1, COL: 2, Name(N): 4})
    assert not runs(access, nest.headers, {ROW: 3, COL: 1, Name(N): 4})
    assert not runs(access, nest.headers, {ROW: 1, COL: 4, Name(N): 4})
    assert element(access, {ROW: 1, COL: 3}) == (4,)
    assert element(access, {ROW: 1}) is None


def test_spelling() -> None:
    p = pointer("p")
    inner = Field(Element(Name(p), (Constant(0),)), "x")
    assert spell(inner) == "p->x"
    assert spell(Field(Element(Name(p), (Name(ROW),)), "x")) == "p[i].x"
    assert spell(mul(add(ROW, 1), N)) == "(i + 1) * n"
    assert spell(sub(ROW, sub(N, 1))) == "i - (n - 1)"
    assert spell(Address(Element(Name(A), (Name(ROW),)))) == "&a[i]"
    assert spell(Call(Name(variable("g")), (Name(ROW), Constant(2)))) == "g(i, 2)"
    path = (Subscripts((Constant(0),), True), Member("v"), Subscripts((Name(ROW),), False))
    assert spell_access(Access(p, path, "read", NOWHERE)) == "p->v[i]"


def test_spelling_ends_somewhere() -> None:
    deep: Expr = Name(ROW)
    for _ in range(500):
        deep = Unary("-", deep)
    assert spell(deep).endswith("…")
