"""Linearised subscripts with symbolic sizes: `a[i*n + j]` is `a[i][j]` where `0 <= j < n`.

Strides are the parameter products that multiply indices; they must form a chain of divisors (Maslov 1992; Grosser et al.,
ICS 2015). The inner subscripts are proved in range from the loop bounds; otherwise what is missing is the assumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzers.dependence.affine import (
    Affine,
    Env,
    FloorDiv,
    Key,
    Monomial,
    NotAffine,
    Poly,
    add,
    from_poly,
    multiply,
    poly_of,
    prove_nonnegative,
    to_expr,
)
from analyzers.ir.expressions import Expr
from analyzers.ir.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Bounded:
    """An inner subscript that should stay in `0 .. extent-1`, and whether that is proved."""

    subscript: Affine
    extent: Monomial
    proved: bool


@dataclass(frozen=True, slots=True)
class Delinearized:
    """Subscripts, outermost first. They separate elements only if every inner one is in range: `open` are those not proved."""

    subscripts: tuple[Affine, ...]
    open: tuple[Bounded, ...] = ()


def delinearize(polys: Sequence[tuple[Mapping[Monomial, int], Env]]) -> tuple[Delinearized, ...] | NotAffine:
    """Splits the subscripts of several accesses to one object by the same strides."""
    strides: set[Monomial] = set()
    for poly, env in polys:
        strides |= _strides(poly, env)
    chain = sorted(strides | {()}, key=len)
    for smaller, larger in zip(chain, chain[1:]):
        if _without(larger, smaller) is None or len(smaller) == len(larger):
            return NotAffine("product", "strides that do not divide each other")
    extents = [_without(larger, smaller) or () for smaller, larger in zip(chain, chain[1:])]
    results = []
    for poly, env in polys:
        result = _split(poly, env, chain, extents)
        if isinstance(result, NotAffine):
            return result
        results.append(result)
    return tuple(results)


def _parameters(monomial: Monomial, env: Env) -> Monomial:
    return tuple(k for k in monomial if not isinstance(k, (Symbol, FloorDiv)))


def _strides(poly: Mapping[Monomial, int], env: Env) -> set[Monomial]:
    return {_parameters(m, env) for m in poly if any(isinstance(k, (Symbol, FloorDiv)) for k in m)}


def _without(monomial: Monomial, factor: Monomial) -> Monomial | None:
    """The monomial divided by a factor, None where it does not divide."""
    rest = list(monomial)
    for key in factor:
        if key not in rest:
            return None
        rest.remove(key)
    return tuple(rest)


def _split(
    poly: Mapping[Monomial, int], env: Env, chain: Sequence[Monomial], extents: Sequence[Monomial]
) -> Delinearized | NotAffine:
    digits: list[Poly] = [{} for _ in chain]
    for monomial, factor in poly.items():
        for place in range(len(chain) - 1, -1, -1):
            rest = _without(monomial, chain[place])
            if rest is not None:
                digits[place] = add(digits[place], {rest: factor})
                break
    open_: list[Bounded] = []
    subscripts: list[Affine] = []
    for place in range(len(chain)):
        digit = digits[place]
        if place < len(extents):
            extent: Poly = {extents[place]: 1}
            shifted = _in_range(digit, extent, env)
            if shifted is not None:
                digit, carry = shifted
                digits[place + 1] = add(digits[place + 1], {(): 1}, -carry)
        form = from_poly(digit, env)
        if isinstance(form, NotAffine):
            return form
        if place < len(extents) and shifted is None:
            open_.append(Bounded(form, extents[place], False))
        subscripts.append(form)
    return Delinearized(tuple(reversed(subscripts)), tuple(open_))


def _in_range(digit: Poly, extent: Poly, env: Env) -> tuple[Poly, int] | None:
    """The digit moved into `0 <= digit < extent` and by how many extents it moved; None where that is not proved."""
    for carry in (0, 1, -1):
        moved = add(digit, extent, carry)
        if prove_nonnegative(moved, env) and prove_nonnegative(add(add(extent, moved, -1), {(): -1}), env):
            return moved, carry
    return None


def extent_expr(extent: Monomial) -> Expr:
    """The size of an inner dimension as an expression."""
    form = Affine(((_as_key(extent), 1),), 0)
    return to_expr(form)


def _as_key(extent: Monomial) -> Key:
    product = from_poly({extent: 1}, Env({}, lambda e: True))
    assert isinstance(product, Affine)
    return product.terms[0][0]


__all__ = ["Bounded", "Delinearized", "delinearize", "extent_expr", "multiply", "poly_of"]
