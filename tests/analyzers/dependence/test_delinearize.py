"""Linearised subscripts split by their symbolic strides."""

from __future__ import annotations

from analyzers.dependence.affine import to_poly
from analyzers.dependence.delinearize import Delinearized, delinearize, divide, exact_quotient
from analyzers.dependence.forms import Affine, NotAffine, to_expr
from analyzers.dependence.ranges import Env, Range
from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import Expr, Name
from analyzers.ir.symbols import Symbol
from tests.helpers_ir import add, expr, mul, sub, variable

ROW, COL, DEEP, N, M, L = (variable(x) for x in "ijknml")


def below(size: Symbol, lower: int = 0, last: int = -1) -> Range:
    return Range((Affine((), lower),), (Affine(((Name(size), 1),), last),))


def env(**ranges: Range) -> Env:
    known = {ROW: below(N), COL: below(M), DEEP: below(L)}
    known.update({s: ranges[s.name] for s in (ROW, COL, DEEP) if s.name in ranges})
    return Env(known, lambda e: True)


def split(*subscripts: Expr | Symbol, around: Env | None = None) -> tuple[Delinearized, ...] | NotAffine:
    polys = []
    for subscript in subscripts:
        poly = to_poly(expr(subscript), around or env())
        assert isinstance(poly, dict)
        polys.append((poly, around or env()))
    return delinearize(polys)


def shown(result: tuple[Delinearized, ...] | NotAffine) -> list[list[str]]:
    assert not isinstance(result, NotAffine), result
    return [[spell(to_expr(s)) for s in each.subscripts] for each in result]


def test_two_dimensions() -> None:
    result = split(add(mul(ROW, M), COL))
    assert shown(result) == [["i", "j"]]
    assert not result[0].open  # type: ignore[union-attr]


def test_three_dimensions_nested_and_flat() -> None:
    nested = add(mul(add(mul(ROW, M), COL), L), DEEP)
    assert shown(split(nested)) == [["i", "j", "k"]]
    flat = add(add(mul(mul(ROW, M), L), mul(COL, L)), DEEP)
    assert shown(split(nested, flat)) == [["i", "j", "k"]] * 2


def test_rows_above_and_the_end_of_a_row() -> None:
    assert shown(split(add(mul(sub(ROW, 1), M), COL))) == [["i - 1", "j"]]
    mirrored = sub(sub(mul(add(ROW, 1), M), 1), COL)
    result = split(mirrored)
    assert not isinstance(result, NotAffine)
    outer, inner = result[0].subscripts
    assert outer == Affine(((ROW, 1),), 0)
    assert inner.coefficients == {COL: -1, Name(M): 1} and inner.constant == -1


def test_neighbours_in_the_interior() -> None:
    interior = env(j=below(M, 1, -2))
    result = split(sub(add(mul(ROW, M), COL), 1), add(add(mul(ROW, M), COL), 1), around=interior)
    assert shown(result) == [["i", "j - 1"], ["i", "j + 1"]]
    assert not any(each.open for each in result)  # type: ignore[union-attr]


def test_a_neighbour_that_may_leave_the_row_is_open() -> None:
    result = split(sub(add(mul(ROW, M), COL), 1))
    assert not isinstance(result, NotAffine)
    (missing,) = result[0].open
    assert spell(to_expr(missing.subscript)) == "j - 1"


def test_rows_of_another_length_say_how_far_they_reach() -> None:
    result = split(add(mul(ROW, L), COL))
    assert not isinstance(result, NotAffine)
    (missing,) = result[0].open
    assert missing.last is not None and spell(to_expr(missing.last)) == "m - 1"


def test_padded_rows_divide_by_their_whole_length() -> None:
    padded = add(mul(ROW, add(M, 2)), COL)
    assert shown(split(padded)) == [["i", "j"]]


def test_strides_that_do_not_divide_are_refused() -> None:
    assert isinstance(split(add(mul(ROW, N), mul(COL, M))), NotAffine)


def test_products_of_indices_are_refused() -> None:
    assert isinstance(split(mul(ROW, COL)), NotAffine)


def test_polynomial_division() -> None:
    n, m = (Name(N),), (Name(M),)
    product = to_poly(mul(add(N, 1), add(N, 2)), env())
    assert isinstance(product, dict)
    assert exact_quotient(product, {n: 1, (): 1}) == {n: 1, (): 2}
    assert exact_quotient(product, {m: 1}) is None
    assert divide({n: 3, (): 1}, {n: 1, (): 1}) == ({(): 3}, {(): -2})
