"""Affine forms: what is taken, what is refused, and that the forms mean what the language means."""

from __future__ import annotations

import itertools

import pytest

from analyzers.dependence.affine import bounds, constant_value, to_affine, to_poly
from analyzers.dependence.forms import Affine, Loaded, NotAffine, Quotient, Selected, Wrapped, poly_of
from analyzers.dependence.ranges import Env, Range, prove_nonnegative
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Element, Expr, Name, Unary
from analyzers.ir.symbols import INT, Symbol, Type
from tests.brute_force import compiled
from tests.helpers_ir import LONG, SIZE_T, UNSIGNED, add, array, binary, expr, mul, sub, variable

ROW, COL, N, K = (variable(x) for x in "ijnk")
SHORT = Type("integer", "short", 16)
IDX = array("idx", 10, element=INT)


def env(*, loads: str = "none", **ranges: Range) -> Env:
    indices = {
        ROW: ranges.get("i", Range((Affine((), 0),), (Affine(((Name(N), 1),), -1),))),
        COL: ranges.get("j", Range()),
    }
    varying = {ROW, COL}

    def invariant(e: Expr) -> bool:
        from analyzers.ir.expressions import symbols

        return not varying & set(symbols(e))

    return Env(indices, invariant, loads=loads)


def affine(e: Expr | Symbol | int, **more: object) -> Affine:
    form = to_affine(expr(e), env(), **more)  # type: ignore[arg-type]
    assert isinstance(form, Affine), form
    return form


def test_sums_and_multiples() -> None:
    form = affine(sub(add(mul(2, ROW), mul(COL, 3)), add(N, 4)))
    assert form.coefficients == {ROW: 2, COL: 3, Name(N): -1}
    assert form.constant == -4


def test_terms_cancel() -> None:
    assert affine(sub(add(ROW, 5), ROW)) == Affine((), 5)


def test_named_constants_are_numbers() -> None:
    width = Symbol("//W", "W", INT, "constant", value=Constant(8))
    assert affine(mul(width, ROW)).coefficients == {ROW: 8}
    assert constant_value(binary("*", width, 4)) == 32


def test_product_of_parameters_is_a_parameter() -> None:
    (key, factor), *rest = affine(mul(N, K)).terms
    assert not rest and factor == 1 and isinstance(key, Binary)


def test_product_with_an_index_is_left_to_delinearization() -> None:
    form = to_affine(add(mul(ROW, N), COL), env())
    assert isinstance(form, NotAffine) and form.code == "product" and form.poly


def test_three_thousand_terms_need_no_stack() -> None:
    total: Expr = Name(ROW)
    for _ in range(3000):
        total = add(total, 1)
    found = to_affine(total, env())
    assert isinstance(found, NotAffine) and found.code == "not-affine"
    nested: Expr = Name(ROW)
    for _ in range(3000):
        nested = Unary("-", nested, INT)
    assert isinstance(to_affine(nested, env()), NotAffine)


def test_division_of_a_nonnegative_value_rounds_down() -> None:
    ((key, _),) = affine(binary("/", ROW, 2)).terms
    assert key == Quotient(Affine(((ROW, 1),), 0), 2)


def test_division_of_an_unknown_sign_truncates() -> None:
    ((key, _),) = affine(binary("/", COL, 2)).terms
    assert isinstance(key, Quotient) and key.truncates


def test_multiples_divide_exactly_whatever_the_sign() -> None:
    assert affine(binary("/", mul(4, COL), 2)).coefficients == {COL: 2}
    assert affine(binary("%", mul(4, COL), 2)) == Affine((), 0)


def test_unsigned_difference_keeps_its_wrap_around() -> None:
    i, n = variable("i", UNSIGNED), variable("n", UNSIGNED)
    around = Env({i: Range((Affine((), 0),), ())}, lambda e: True)
    form = to_affine(sub(i, 1), around)
    assert isinstance(form, Affine) and isinstance(form.terms[0][0], Wrapped)
    positive = Env({i: Range((Affine((), 1),), (Affine(((Name(n), 1),), -1),))}, lambda e: True)
    assert to_affine(sub(i, 1), positive) == Affine(((i, 1),), -1)


def test_pointer_wide_wrap_around_cancels_in_subscripts_only() -> None:
    i = variable("i", SIZE_T)
    around = Env({i: Range((Affine((), 0),), ())}, lambda e: True)
    assert to_affine(sub(i, 1), around, offset=True) == Affine(((i, 1),), -1)
    inside = to_affine(sub(i, 1), around)
    assert isinstance(inside, Affine) and isinstance(inside.terms[0][0], Wrapped)


@pytest.mark.parametrize(("target", "taken"), [(LONG, True), (INT, True), (SHORT, False)])
def test_casts_that_keep_the_value(target: Type, taken: bool) -> None:
    assert isinstance(to_affine(Cast(Name(ROW), target), env()), Affine) == taken


def test_narrowing_is_taken_where_the_range_fits() -> None:
    small = env(i=Range((Affine((), 0),), (Affine((), 99),)))
    assert to_affine(Cast(Name(ROW), SHORT), small) == Affine(((ROW, 1),), 0)


def test_values_from_memory_are_unknown_numbers_only_on_request() -> None:
    load = Element(Name(IDX), (Name(ROW),), INT)
    refused = to_affine(load, env())
    assert isinstance(refused, NotAffine)
    form = to_affine(load, env(loads="stable"))
    assert isinstance(form, Affine) and form.terms[0][0] == Loaded(load, True)


def test_invariant_memory_is_a_parameter() -> None:
    load = Element(Name(IDX), (Constant(3),), INT)
    assert affine(load).coefficients == {load: 1}


def test_floats_are_not_affine() -> None:
    assert isinstance(to_affine(Constant(1.5), env()), NotAffine)
    x = variable("x", Type("real", "double", 64))
    assert isinstance(to_affine(Name(x), env()), NotAffine)


def test_minimum_is_a_choice_and_bounds_take_it_apart() -> None:
    least = binary("min", N, add(ROW, 8))
    ((key, _),) = affine(least).terms
    assert isinstance(key, Selected)
    forms, complete = bounds(least, env(), largest=False)
    assert complete and len(forms) == 2
    written = Conditional(binary("<", N, K), Name(N), Name(K), INT)
    assert len(bounds(written, env(), largest=False)[0]) == 2
    assert len(bounds(written, env(), largest=True)[0]) == 1  # the larger of the two has no two bounds


def test_nonnegative_by_bounds() -> None:
    inner = env(j=Range((Affine(((ROW, 1),), 0),), (Affine(((Name(N), 1),), -1),)))
    assert prove_nonnegative(poly_of(affine(sub(COL, ROW))), inner)
    assert not prove_nonnegative(poly_of(affine(sub(ROW, COL))), inner)
    assert prove_nonnegative(poly_of(affine(sub(sub(N, 1), ROW))), inner)
    assert not prove_nonnegative(poly_of(affine(sub(ROW, 1))), inner)


def test_unsigned_values_are_never_negative() -> None:
    size = variable("size", UNSIGNED)
    assert prove_nonnegative({(Name(size),): 2, (): 1}, env())
    assert prove_nonnegative({(Name(size), ROW): 1}, env())
    assert not prove_nonnegative({(Name(size),): 1, (): -1}, env())
    assert not prove_nonnegative({(Name(N),): 1}, env())


def test_a_choice_is_nonnegative_where_both_values_are() -> None:
    for least in (binary("min", ROW, COL), binary("min", COL, ROW)):
        assert not prove_nonnegative(poly_of(affine(least)), env())
    assert prove_nonnegative(poly_of(affine(binary("min", ROW, 5))), env())


def test_a_difference_of_products_may_be_negative() -> None:
    gap = to_poly(sub(mul(ROW, N), mul(ROW, K)), env())
    assert isinstance(gap, dict) and len(gap) == 2
    assert not prove_nonnegative(gap, env())


def test_ring_buffer_index() -> None:
    size = variable("size", UNSIGNED)
    i = variable("i", UNSIGNED)
    inside = Env({i: Range((Affine((), 0),), (Affine(((Name(size), 1),), -1),))}, lambda e: True)
    form = to_affine(binary("%", add(i, 1), size), inside)
    assert isinstance(form, NotAffine)  # size may be 0 for all that is known
    running = Env(inside.indices, inside.invariant, facts=(Affine(((Name(size), 1),), -1),))
    form = to_affine(binary("%", add(i, 1), size), running)
    assert isinstance(form, Affine) and isinstance(form.terms[0][0], Selected)
    loaded = Element(Name(IDX), (Name(i),), INT)
    assert isinstance(to_affine(binary("%", loaded, size), running), NotAffine)


def value(form: Affine, values: dict[str, int]) -> int:
    """The form's value by its own meaning."""
    total = form.constant
    for key, factor in form.terms:
        match key:
            case Symbol(name=name):
                total += factor * values[name]
            case Quotient(numerator=numerator, divisor=divisor, truncates=truncates):
                inner = value(numerator, values)
                total += factor * (int(inner / divisor) if truncates else inner // divisor)
            case Wrapped(form=inner_form, bits=bits):
                total += factor * (value(inner_form, values) % (1 << bits))
            case Selected(test=test, then=then, otherwise=otherwise, equality=equality):
                decides = value(test, values)
                holds = decides == 0 if equality else decides >= 0
                total += factor * value(then if holds else otherwise, values)
            case Name(symbol=symbol):
                total += factor * values[symbol.name]
            case _:
                raise AssertionError(key)
    return total


def expressions() -> list[Expr]:
    leaves: list[Expr | Symbol | int] = [ROW, COL, N, 3, -2]
    found: list[Expr] = []
    for a, b in itertools.product(leaves, repeat=2):
        total, gap = add(a, b), sub(a, b)
        found += [total, gap, binary("/", gap, 3), binary("%", total, 4), binary("&", gap, 7), binary(">>", gap, 1)]
        found += [binary("/", gap, -2), binary("%", gap, -3), binary("<<", gap, 2), binary("min", a, gap)]
        found.append(Conditional(binary("!=", a, b), expr(a), gap, INT))
        found.append(Conditional(binary("<=", a, 0), binary("/", gap, 2), expr(b), INT))
    return found


def test_forms_mean_what_the_language_means() -> None:
    around = env()
    taken = 0
    for e in expressions():
        form = to_affine(e, around)
        if not isinstance(form, Affine):
            continue
        taken += 1
        for i, j, n in itertools.product((0, 1, 4), (-5, -1, 0, 3), (5, 7)):
            values = {"i": i, "j": j, "n": n}
            assert value(form, values) == compiled(e)(values), (e, values)
    assert taken > 200


def test_unsigned_forms_mean_what_the_language_means() -> None:
    i, n = variable("i", UNSIGNED), variable("n", UNSIGNED)
    around = Env({i: Range((Affine((), 0),), (Affine(((Name(n), 1),), -1),))}, lambda e: True)
    cases = [
        sub(i, 1),
        sub(sub(n, i), 1),
        sub(i, n),
        binary("/", sub(i, 2), 2),
        add(sub(i, 3), 4),
        Cast(sub(i, 1), SIZE_T),
    ]
    for e in cases:
        form = to_affine(e, around)
        assert isinstance(form, Affine)
        for values in ({"i": 0, "n": 1}, {"i": 3, "n": 5}, {"i": 1, "n": 9}):
            assert value(form, values) == compiled(e)(values), (e, values)


def test_products_keep_their_monomials() -> None:
    poly = to_poly(mul(add(ROW, 1), N), env())
    assert isinstance(poly, dict)
    assert sorted(len(m) for m in poly) == [1, 2]
