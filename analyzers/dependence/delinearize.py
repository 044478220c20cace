"""Linearised subscripts with symbolic sizes: `a[i*n + j]` is `a[i][j]` where `0 <= j < n`.

Strides are the factors of the indices, polynomials in the parameters; they must form a chain of divisors (Maslov 1992;
Grosser et al., ICS 2015). The inner subscripts are proved in range from the loop bounds; otherwise what is missing is
the assumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd

from analyzers.dependence.forms import (
    Affine,
    Key,
    Monomial,
    NotAffine,
    Poly,
    add,
    combine,
    constant,
    from_poly,
    is_parameter,
    multiply,
    rank,
    substitute,
)
from analyzers.dependence.ranges import Env, prove_nonnegative

_ONE: Poly = {(): 1}
_MISFIT = NotAffine("product", "not a sum of subscripts times sizes")


@dataclass(frozen=True, slots=True)
class Open:
    """An inner subscript that was not proved to stay in `0 .. extent - 1`. `first`: the smallest value it takes, not
    proved not to be negative. `last`: it surely is not negative, and this is the largest value it takes. `border`: it
    stays in there if this parameter is at least that number."""

    subscript: Affine
    extent: Affine
    last: Affine | None = None
    first: Affine | None = None
    border: tuple[Key, int] | None = None


@dataclass(frozen=True, slots=True)
class Delinearized:
    """Subscripts, outermost first. They tell elements apart if every inner one is in range; `open`: not proved."""

    subscripts: tuple[Affine, ...]
    open: tuple[Open, ...] = ()


def delinearize(polys: Sequence[tuple[Mapping[Monomial, int], Env]]) -> tuple[Delinearized, ...] | NotAffine:
    """Splits the subscripts of several accesses to one object by the same strides.

    Where they are not in range as they stand, all may be moved by the same distance: `a[first + i * n + j]`."""
    found = _split(polys)
    start = None if isinstance(found, NotAffine) else next((o.first for each in found for o in each.open), None)
    if start is None or not start.terms:
        return found
    distance: Poly = {**{(key,): factor for key, factor in start.terms}, (): start.constant}
    moved = _split([(add(poly, distance, -1), env) for poly, env in polys])
    return found if isinstance(moved, NotAffine) or any(each.open for each in moved) else moved


def _split(polys: Sequence[tuple[Mapping[Monomial, int], Env]]) -> tuple[Delinearized, ...] | NotAffine:
    split = [_by_index(poly) for poly, _ in polys]
    strides: list[Poly] = [_ONE]
    for each in split:
        if each is None:
            return _MISFIT
        for factor in each[0].values():
            reduced = _primitive(factor)
            if reduced not in strides and add({}, reduced, -1) not in strides:
                strides.append(reduced)
    strides.sort(key=lambda p: (max(len(m) for m in p), len(p)))
    extents = []
    for smaller, larger in pairwise(strides):
        extent = exact_quotient(larger, smaller)
        if extent is None:
            return _MISFIT
        extents.append(extent)
    results = []
    for each, (_, env) in zip(split, polys, strict=True):
        assert each is not None
        digits = _digits(*each, strides)
        result = None if digits is None else _bounded(digits, extents, env)
        if result is None:
            return _MISFIT
        results.append(result)
    return tuple(results)


def _by_index(poly: Mapping[Monomial, int]) -> tuple[dict[Key, Poly], Poly] | None:
    """The factor of each index, and what has no index; None where indices multiply each other."""
    factors: dict[Key, Poly] = {}
    rest: Poly = {}
    for monomial, value in poly.items():
        varying = [k for k in monomial if not is_parameter(k)]
        if len(varying) > 1:
            return None
        if not varying:
            rest[monomial] = value
            continue
        others = list(monomial)
        others.remove(varying[0])
        factors.setdefault(varying[0], {})[tuple(others)] = value
    return factors, rest


def _primitive(factor: Poly) -> Poly:
    """The factor without its integer content, and with the sign that makes it look like a size."""
    content = gcd(*factor.values())
    signs = [value > 0 for monomial, value in factor.items() if monomial]
    if sum(signs) * 2 < len(signs) or (not signs and factor[()] < 0):
        content = -content
    return {m: f // content for m, f in factor.items()}


def _leading(poly: Mapping[Monomial, int]) -> Monomial:
    return max(poly, key=lambda m: (len(m), tuple(map(rank, m))))


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    rest = list(monomial)
    for key in factor:
        if key not in rest:
            return None
        rest.remove(key)
    return tuple(rest)


def divide(poly: Mapping[Monomial, int], divisor: Poly) -> tuple[Poly, Poly]:
    """Quotient and remainder by the leading term of the divisor."""
    quotient: Poly = {}
    rest = dict(poly)
    lead = _leading(divisor)
    for _ in range(16):
        step = None
        for monomial, value in rest.items():
            ratio = _without(monomial, lead)
            if ratio is not None and value % divisor[lead] == 0:
                step = {ratio: value // divisor[lead]}
                break
        if step is None:
            break
        quotient = add(quotient, step)
        rest = add(rest, multiply(step, divisor), -1)
    return quotient, rest


def exact_quotient(poly: Mapping[Monomial, int], divisor: Poly) -> Poly | None:
    quotient, rest = divide(poly, divisor)
    return None if rest else quotient


def _digits(factors: Mapping[Key, Poly], rest: Poly, strides: Sequence[Poly]) -> list[Poly] | None:
    """The subscript of each stride, innermost first."""
    digits: list[Poly] = [{} for _ in strides]
    for key, factor in factors.items():
        for place in range(len(strides) - 1, -1, -1):
            times = exact_quotient(factor, strides[place])
            if times is not None and set(times) <= {()}:
                digits[place] = add(digits[place], multiply(times, {(key,): 1}))
                break
        else:
            return None
    for place in range(len(strides) - 1, 0, -1):
        quotient, rest = divide(rest, strides[place])
        digits[place] = add(digits[place], quotient)
    digits[0] = add(digits[0], rest)
    return digits


def _bounded(digits: list[Poly], extents: Sequence[Poly], env: Env) -> Delinearized | None:
    missing: list[Open] = []
    subscripts: list[Affine] = []
    for place, digit in enumerate(digits):
        moved: tuple[Poly, int] | None = (digits[place], 0)
        if place < len(extents):
            moved = _in_range(digits[place], extents[place], env)
            if moved is not None:
                digit = moved[0]
                digits[place + 1] = add(digits[place + 1], _ONE, -moved[1])
        form = from_poly(digit)
        if isinstance(form, NotAffine):
            return None
        if moved is None:
            extent = from_poly(extents[place])
            if isinstance(extent, NotAffine):
                return None
            if form.is_constant and form.constant < 0:
                return None
            last = _end(form, env, upper=True)
            if prove_nonnegative(digit, env):
                room = None if last is None else combine(extent, last, -1)
                if room is not None and room.is_constant and room.constant < 1:  # it leaves the row
                    return None
                missing.append(Open(form, extent, last))
            else:
                first = _end(form, env, upper=False)
                missing.append(Open(form, extent, first=first, border=_border(first, last, extent)))
        subscripts.append(form)
    return Delinearized(tuple(reversed(subscripts)), tuple(missing))


def _border(first: Affine | None, last: Affine | None, extent: Affine) -> tuple[Key, int] | None:
    """The parameter that the loops leave free at the ends of a row, `h` of `for (k = h; k < n - h; k++)`, and how large
    it has to be: then nothing else is missing."""
    if first is None or last is None:
        return None
    needed = (first, combine(combine(extent, last, -1), constant(-1)))  # neither may be negative
    if any(not form.terms and form.constant < 0 for form in needed):
        return None
    free = [form for form in needed if form.terms]
    if len({form.terms for form in free}) != 1 or len(free[0].terms) != 1:
        return None
    ((parameter, factor),) = free[0].terms
    return (parameter, max(-form.constant for form in free)) if factor == 1 else None


def _end(form: Affine, env: Env, *, upper: bool) -> Affine | None:
    """The largest or the smallest value of a subscript in terms of parameters."""
    for symbol in reversed(tuple(env.indices)):
        factor = dict(form.terms).get(symbol, 0)
        ends = env.indices[symbol].upper if (factor > 0) is upper else env.indices[symbol].lower
        if factor and not ends:
            return None
        if factor:
            form = substitute(form, {symbol: ends[0]})
    return form if all(is_parameter(k) for k, _ in form.terms) else None


def _in_range(digit: Poly, extent: Poly, env: Env) -> tuple[Poly, int] | None:
    """The digit moved into `0 <= digit < extent` and by how many extents it moved; None where that is not proved."""
    for carry in (0, 1, -1):
        moved = add(digit, extent, carry)
        if prove_nonnegative(moved, env) and prove_nonnegative(add(add(extent, moved, -1), _ONE, -1), env):
            return moved, carry
    return None
