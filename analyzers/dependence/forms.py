"""Affine forms and polynomials over loop indices, parameters and the values derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Union

from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import Binary, Conditional, Constant, Expr, Name
from analyzers.ir.symbols import INT, Symbol, Type


@dataclass(frozen=True, slots=True)
class Affine:
    """`constant` + the sum of coefficient times key."""

    terms: tuple[tuple[Key, int], ...]
    constant: int
    _hash: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        """Computed once: forms are keys, and derived values hold forms in forms."""
        if not self._hash:
            self._hash.append(hash((self.terms, self.constant)))
        return self._hash[0]

    @property
    def coefficients(self) -> Mapping[Key, int]:
        return dict(self.terms)

    @property
    def is_constant(self) -> bool:
        return not self.terms


@dataclass(frozen=True, slots=True)
class Quotient:
    """numerator / divisor, divisor positive: rounded down, or (`truncates`) toward zero."""

    numerator: Affine
    divisor: int
    truncates: bool = False


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The value of an unsigned computation: `form` modulo 2**bits."""

    form: Affine
    bits: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """A value read from memory that is not the same in all iterations. `stable`: nothing in the region writes it, so
    that the same place holds the same value throughout."""

    expr: Expr
    stable: bool


@dataclass(frozen=True, slots=True)
class Selected:
    """`then` where `test` >= 0 (`equality`: == 0), elsewhere `otherwise`."""

    test: Affine
    then: Affine
    otherwise: Affine
    equality: bool = False


# The Symbol of a surrounding loop's index, a loop-invariant expression by its structure, or a derived value.
Key = Union[Symbol, Expr, Quotient, Wrapped, Selected, Loaded]  # noqa: UP007  (read at run time on 3.10)
Monomial = tuple[Key, ...]  # sorted by `rank`; the empty one is the constant
Poly = dict[Monomial, int]


@dataclass(frozen=True, slots=True)
class NotAffine:
    """Why an expression has no affine form. `poly` is set where only products of variables are in the way."""

    code: str  # "indirect-subscript", "not-affine", "product", "varies", "cast", "pointer-varies"
    text: str  # completes "`i * j` is ..."
    expr: Expr | None = None
    poly: Mapping[Monomial, int] | None = field(default=None, compare=False, hash=False)


def constant(value: int) -> Affine:
    return Affine((), value)


def single(key: Key) -> Affine:
    return Affine(((key, 1),), 0)


def combine(first: Affine, second: Affine, factor: int = 1) -> Affine:
    """first + factor * second."""
    total = dict(first.terms)
    for key, value in second.terms:
        new = total.get(key, 0) + factor * value
        if new:
            total[key] = new
        else:
            total.pop(key, None)
    return made(total, first.constant + factor * second.constant)


def made(terms: Mapping[Key, int], value: int) -> Affine:
    """The form in its one normal order."""
    present = [(k, f) for k, f in terms.items() if f]
    if len(present) > 1:
        present.sort(key=_order)
    return Affine(tuple(present), value)


def _order(term: tuple[Key, int]) -> str:
    return rank(term[0])


def rank(key: Key) -> str:
    """An order of keys that is the same in every run: texts are made from it. (Two keys of one rank are only told apart
    too often, which is safe.)"""
    if isinstance(key, Symbol):
        return key.uid
    if isinstance(key, Name):
        return key.symbol.uid
    return _spelled(key)


@lru_cache(maxsize=2048)  # of derived values in derived values, a long text that is asked for in each comparison
def _spelled(key: Key) -> str:
    return spell(key_expr(key))


def add(first: Mapping[Monomial, int], second: Mapping[Monomial, int], factor: int = 1) -> Poly:
    """first + factor * second, without zero terms."""
    total = dict(first)
    for monomial, value in second.items():
        new = total.get(monomial, 0) + factor * value
        if new:
            total[monomial] = new
        else:
            total.pop(monomial, None)
    return total


def multiply(first: Mapping[Monomial, int], second: Mapping[Monomial, int]) -> Poly:
    total: Poly = {}
    for a, x in first.items():
        for b, y in second.items():
            monomial = tuple(sorted((*a, *b), key=rank)) if a and b else a or b
            new = total.get(monomial, 0) + x * y
            if new:
                total[monomial] = new
            else:
                total.pop(monomial, None)
    return total


def poly_of(form: Affine) -> Poly:
    poly: Poly = {(key,): factor for key, factor in form.terms}
    if form.constant:
        poly[()] = form.constant
    return poly


def parts(key: Key) -> tuple[Affine, ...]:
    """The forms that a derived value is computed from."""
    match key:
        case Quotient(numerator=form) | Wrapped(form=form):
            return (form,)
        case Selected(test=test, then=then, otherwise=otherwise):
            return (test, then, otherwise)
        case _:
            return ()


def is_parameter(key: Key) -> bool:
    """Does the key keep its value throughout the region?"""
    if isinstance(key, (Symbol, Loaded)):
        return False
    return all(is_parameter(k) for form in parts(key) for k, _ in form.terms)


def from_poly(poly: Mapping[Monomial, int], expr: Expr | None = None) -> Affine | NotAffine:
    """Affine where no monomial multiplies an index; products of parameters alone are parameters."""
    terms: dict[Key, int] = {}
    for monomial, factor in poly.items():
        if not monomial or not factor:
            continue
        if len(monomial) == 1:
            terms[monomial[0]] = terms.get(monomial[0], 0) + factor
        elif all(is_parameter(k) for k in monomial):
            key = product(monomial)
            terms[key] = terms.get(key, 0) + factor
        else:
            return NotAffine("product", "a product of variables", expr, poly)
    return made(terms, poly.get((), 0))


def product(monomial: Monomial) -> Expr:
    """The product of parameters as one parameter."""
    result: Expr | None = None
    for key in monomial:
        factor = to_expr(single(key))
        result = factor if result is None else Binary("*", result, factor, _wider(result.type, factor.type))
    assert result is not None
    return result


def _wider(first: Type, second: Type) -> Type:
    return first if (first.bits or 0) >= (second.bits or 0) else second


def to_expr(form: Affine) -> Expr:
    """An expression with the value of the form, for people and for structural parameters."""
    total: Expr | None = None
    for key, factor in sorted(form.terms, key=lambda term: term[1] < 0):
        base = key_expr(key)
        size = abs(factor)
        term = base if size == 1 else Binary("*", Constant(size), base, base.type)
        if total is None:
            total = term if factor > 0 else Binary("-", Constant(0), term, term.type)
        else:
            total = Binary("+" if factor > 0 else "-", total, term, _wider(total.type, term.type))
    if total is None:
        return Constant(form.constant)
    if not form.constant:
        return total
    return Binary("+" if form.constant > 0 else "-", total, Constant(abs(form.constant)), total.type)


def key_expr(key: Key) -> Expr:
    match key:
        case Symbol():
            return Name(key)
        case Quotient(numerator=numerator, divisor=divisor):
            return Binary("/", to_expr(numerator), Constant(divisor), INT)
        case Wrapped(form=form):
            return to_expr(form)
        case Selected(test=test, then=then, otherwise=otherwise, equality=equality):
            decides = Binary("==" if equality else ">=", to_expr(test), Constant(0), INT)
            return Conditional(decides, to_expr(then), to_expr(otherwise), INT)
        case Loaded(expr=expr):
            return expr
        case _:
            return key


def substitute(form: Affine, values: Mapping[Key, Affine]) -> Affine:
    """The form with keys replaced (not those inside derived values)."""
    total = constant(form.constant)
    for key, factor in form.terms:
        total = combine(total, values.get(key, single(key)), factor)
    return total
