"""When do two executions touch the same element? Their subscripts made equal, dimension by dimension.

Subscripts of a multi-dimensional array are compared one by one: each is in its declared range (C17 §6.5.6 p8).
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.dependence.affine import to_affine, to_poly
from analyzers.dependence.delinearize import Delinearized, delinearize
from analyzers.dependence.domains import Constraint, Instance, Linear, Subscript, plus
from analyzers.dependence.forms import Affine, Loaded, NotAffine, combine, constant, to_expr
from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import Element, Expr, Name, root
from analyzers.ir.verdicts import Assumption

_STENCIL = 4  # points on each side of the one that is computed


@dataclass(frozen=True, slots=True)
class Equations:
    """Two executions touch one element where each linear is zero. Not `exact`: perhaps not even then, for `reason`."""

    linears: tuple[Linear, ...]
    exact: bool = True
    reason: NotAffine | None = None
    assumption: Assumption | None = None  # what the equations rely on
    disjoint: bool = False


def equate(a: Instance, b: Instance) -> Equations:
    linears: list[Linear] = []
    exact, reason = True, None
    assumptions: list[Assumption] = []
    for left, right in zip(a.steps, b.steps, strict=False):
        if isinstance(left, str) or isinstance(right, str):
            if isinstance(left, str) and isinstance(right, str):
                if left != right:
                    return Equations((), disjoint=True)
                continue
            exact = False
            break
        for x, y in zip(left, right, strict=False):
            why = x.reason or y.reason
            if x.linear is not None and y.linear is not None:
                linears.append(plus(x.linear, y.linear, -1))
            else:
                split = _delinearized(a, b, x, y)
                if split is not None:
                    pair, needed, why = split
                    linears.extend(pair)
                    if needed is not None:
                        assumptions.append(needed)
            if why is not None:
                exact = False
                reason = reason or why
        if len(left) != len(right):
            exact = False
            break
    return Equations(tuple(linears), exact, reason, _joined(assumptions))


def _delinearized(
    a: Instance, b: Instance, x: Subscript, y: Subscript
) -> tuple[list[Linear], Assumption | None, NotAffine | None] | None:
    """The subscripts split by symbolic strides, with the assumption that this needs."""
    if (x.linear or y.linear) is None and (x.reason is None or x.reason.poly is None):
        return None
    polys = []
    for side, subscript in ((a, x), (b, y)):
        if subscript.reason is not None and subscript.reason.code == "pointer-varies":
            return None
        poly = to_poly(subscript.expr, side.env, offset=True)
        if isinstance(poly, NotAffine):
            return None
        polys.append((poly, side.env))
    split = delinearize(polys)
    if isinstance(split, NotAffine):
        return None
    first, second = split
    loaded = next(
        (k for form in (*first.subscripts, *second.subscripts) for k, _ in form.terms if isinstance(k, Loaded)), None
    )
    why = None if loaded is None else NotAffine("indirect-subscript", "a value from memory", loaded.expr)
    pairs = zip(first.subscripts, second.subscripts, strict=True)
    return [plus(a.linear(p), b.linear(q), -1) for p, q in pairs], _range_assumption(first, second), why


def _range_assumption(*sides: Delinearized) -> Assumption | None:
    texts: dict[str, None] = {}
    borders = [each.border for side in sides for each in side.open]
    for side in sides:
        for each in side.open:
            extent = spell(to_expr(each.extent))
            if each.border is not None:
                key = each.border[0]
                least = max(border[1] for border in borders if border is not None and border[0] == key)
                texts[f"`{spell(to_expr(Affine(((key, 1),), 0)))} >= {least}`"] = None
            elif each.last is None:
                texts[f"`0 <= {spell(to_expr(each.subscript))} < {extent}`"] = None
            else:
                texts[f"`{_at_most(combine(each.last, constant(1)), each.extent)}`"] = None
    # That a border is no wider than nothing, or than the stencil that needs it, is what programs take for granted.
    narrow = all(border is not None and border[1] <= _STENCIL for border in borders)
    return Assumption("condition", " and ".join(texts), "ordinary" if narrow else "strong") if texts else None


def _at_most(first: Affine, second: Affine) -> str:
    """`first <= second`, without what stands on both sides."""
    if not {key for key, _ in first.terms} & {key for key, _ in second.terms}:
        return f"{spell(to_expr(first))} <= {spell(to_expr(second))}"
    room = combine(second, first, -1)
    wanted = Affine(tuple((key, -factor) for key, factor in room.terms if factor < 0), 0)
    given = Affine(tuple((key, factor) for key, factor in room.terms if factor > 0), 0)
    if not wanted.terms:
        return f"{spell(to_expr(given))} >= {-room.constant}"
    return f"{spell(to_expr(wanted))} <= {spell(to_expr(combine(given, constant(room.constant))))}"


def _joined(assumptions: list[Assumption]) -> Assumption | None:
    if len(assumptions) < 2:
        return assumptions[0] if assumptions else None
    texts = dict.fromkeys(a.text for a in assumptions)
    ordinary = all(a.strength == "ordinary" for a in assumptions)
    return Assumption("condition", " and ".join(texts), "ordinary" if ordinary else "strong")


@dataclass(frozen=True, slots=True)
class Indirection:
    """Two values loaded from one array: `place` == 0 where they come from the same place, `value` == 0 where equal."""

    place: tuple[Linear, ...]
    value: Linear
    array: str


def indirections(a: Instance, b: Instance) -> list[Indirection]:
    """The pairs of values that two executions load from an array which nothing in the region writes."""
    found = []
    for x, mine in a.loads.items():
        for y, theirs in b.loads.items():
            if not (x.stable and y.stable and isinstance(x.expr, Element) and isinstance(y.expr, Element)):
                continue
            if x.expr.base != y.expr.base or len(x.expr.subscripts) != len(y.expr.subscripts):
                continue
            place = [_gap(a, b, p, q) for p, q in zip(x.expr.subscripts, y.expr.subscripts, strict=True)]
            known = [linear for linear in place if linear is not None]
            if len(known) < len(place) or not _is_plain(x.expr.base):
                continue
            found.append(Indirection(tuple(known), {mine: 1, theirs: -1}, spell(x.expr.base)))
    return found


def _is_plain(base: Expr) -> bool:
    """Is the array one object for all iterations: no subscript on the way to it?"""
    while base != root(base):
        base = base.base if not isinstance(base, Name) and hasattr(base, "base") else root(base)
        if isinstance(base, Element):
            return False
    return isinstance(base, Name)


def _gap(a: Instance, b: Instance, p: Expr, q: Expr) -> Linear | None:
    first, second = to_affine(p, a.env, offset=True), to_affine(q, b.env, offset=True)
    if not (isinstance(first, Affine) and isinstance(second, Affine)):
        return None
    if any(isinstance(k, Loaded) and not k.stable for f in (first, second) for k, _ in f.terms):
        return None
    return plus(a.linear(first), b.linear(second), -1)


def no_duplicates(pairs: list[Indirection]) -> list[tuple[tuple[Constraint, ...], ...]]:
    """For each pair: the same place and value, or different values."""
    ways: list[tuple[tuple[Constraint, ...], ...]] = []
    for pair in pairs:
        same = (*(Constraint(linear, True) for linear in pair.place), Constraint(pair.value, True))
        less = (Constraint(plus({None: -1}, pair.value, -1)),)
        more = (Constraint(plus(pair.value, {None: -1})),)
        ways.append((same, less, more))
    return ways
