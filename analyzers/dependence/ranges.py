"""What is known of values where an expression stands, and proofs that they are not negative."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzers.dependence.forms import (
    Affine,
    Key,
    Loaded,
    Monomial,
    Poly,
    Quotient,
    Selected,
    Wrapped,
    add,
    multiply,
    poly_of,
)
from analyzers.ir.expressions import Expr
from analyzers.ir.symbols import Symbol


@dataclass(frozen=True, slots=True)
class Range:
    """Affine bounds of an index while its body runs, both inclusive; each alternative holds."""

    lower: tuple[Affine, ...] = ()
    upper: tuple[Affine, ...] = ()


@dataclass(frozen=True, slots=True)
class Env:
    """What is known where an expression stands: the indices of the surrounding loops, outermost first, and which
    expressions keep their value throughout the region under study.

    `fixed` are indices that are the same in all executions compared. `loads`: values from memory that may change are
    taken as unknown numbers, "stable" only where nothing in the region writes them. `facts` are never negative: that
    the surrounding loops run says something about sizes.
    """

    indices: Mapping[Symbol, Range]
    invariant: Callable[[Expr], bool]
    fixed: frozenset[Symbol] = frozenset()
    loads: str = "none"  # "none", "stable", "all"
    facts: tuple[Affine, ...] = ()


def prove_nonnegative(poly: Mapping[Monomial, int], env: Env) -> bool:
    """Is the value never negative while the surrounding loops run? True only where their bounds prove it."""
    goal = {m: f for m, f in poly.items() if f}
    return _obviously(goal, env) or _bounded_below(goal, tuple(reversed(tuple(env.indices))), env, 0)


def least(candidates: Sequence[Poly], env: Env, sign: int) -> Poly | None:
    """The one that is proved to be no larger (`sign` -1: no smaller) than the others."""
    for candidate in candidates:
        if all(prove_nonnegative(add({}, add(other, candidate, -1), sign), env) for other in candidates):
            return candidate
    return None


def _bounded_below(goal: Poly, order: tuple[Symbol, ...], env: Env, at: int) -> bool:
    """Replaces each index, inner ones first, by the bound that makes the value smallest."""
    for position in range(at, len(order)):
        symbol = order[position]
        factor = goal.get((symbol,), 0)
        products = [m for m in goal if len(m) > 1 and symbol in m]
        if not factor and not products:
            continue
        known = env.indices[symbol]
        rest = {m: f for m, f in goal.items() if symbol not in m}
        with_index = {m: f for m, f in goal.items() if symbol in m}
        if not (_monotone(with_index, symbol, env, 1) or _monotone(with_index, symbol, env, -1)):
            return False
        rising = _monotone(with_index, symbol, env, 1)
        for bound in known.lower if rising else known.upper:
            replaced = dict(rest)
            for monomial, f in with_index.items():
                others = list(monomial)
                others.remove(symbol)
                replaced = add(replaced, multiply({tuple(others): f}, poly_of(bound)))
            if _obviously(replaced, env) or _bounded_below(replaced, order, env, position + 1):
                return True
        return False
    return _obviously(goal, env)


def _monotone(terms: Mapping[Monomial, int], symbol: Symbol, env: Env, sign: int) -> bool:
    """Does each term grow (or, `sign` -1, fall) with the index?"""
    for monomial, factor in terms.items():
        others = list(monomial)
        others.remove(symbol)
        if symbol in others or factor * sign < 0 or not all(_never_negative(k, env) for k in others):
            return False
    return True


def _obviously(goal: Mapping[Monomial, int], env: Env) -> bool:
    if _sum_of_nonnegative(goal, env):
        return True
    for fact in env.facts:
        # Take the fact away as often as its first parameter occurs.
        for key, factor in fact.terms:
            times = goal.get((key,), 0) // factor
            if times > 0 and _sum_of_nonnegative(add(goal, poly_of(fact), -times), env):
                return True
    return False


def _sum_of_nonnegative(goal: Mapping[Monomial, int], env: Env) -> bool:
    return all(f >= 0 and all(_never_negative(k, env) for k in m) for m, f in goal.items())


def _never_negative(key: Key, env: Env) -> bool:
    match key:
        case Wrapped():
            return True
        case Quotient(numerator=numerator):
            # What is known of the quotient itself says nothing new of it: `i - 9 * (i / 9)` is one of the facts.
            others = tuple(fact for fact in env.facts if all(k != key for k, _ in fact.terms))
            return prove_nonnegative(poly_of(numerator), replace(env, facts=others))
        case Selected(test=test, then=then, otherwise=otherwise, equality=equality):
            chosen = env if equality else replace(env, facts=(*env.facts, test))
            return prove_nonnegative(poly_of(then), chosen) and prove_nonnegative(poly_of(otherwise), env)
        case Loaded(expr=expr):
            return expr.type.is_unsigned
        case Symbol():
            known = env.indices.get(key)
            if key.type.is_unsigned or known is None:
                return key.type.is_unsigned
            outer = tuple(s for s in reversed(tuple(env.indices)) if s != key)
            return any(_bounded_below(poly_of(b), outer, env, 0) for b in known.lower if key not in dict(b.terms))
        case _:
            return key.type.is_unsigned or any(fact.terms == ((key, 1),) and fact.constant <= 0 for fact in env.facts)
