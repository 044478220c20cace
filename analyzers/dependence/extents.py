"""How large an array has to be that takes the place of another one in a loop, and whether every iteration fills it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from analyzers.dependence import domains
from analyzers.dependence.affine import to_poly
from analyzers.dependence.beforehand import Steady, is_constant, is_wide, is_written, spelled
from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.dependence.forms import Affine, Poly, add, multiply, poly_of
from analyzers.dependence.polyhedral import Solver
from analyzers.dependence.ranges import Env, least, prove_nonnegative
from analyzers.dependence.sections import NoSectionError, inner_extents
from analyzers.dependence.trips import trip_count
from analyzers.ir.accesses import Access, Guard, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Constant, Expr, Name, Unary, symbols
from analyzers.ir.statements import Block, Loop, LoopHeader
from analyzers.ir.symbols import Symbol, Type
from analyzers.text import NOWHERE

_COUNT = Type("integer", "long", 64)


@dataclass(frozen=True, slots=True)
class Size:
    """`extents[0]` elements, each a row of the other ones, of which number `first` is the first that the loop uses.
    `length` is `extents[0]` as written before the loop; it may be negative, if the loop uses no element, unless it is
    `unsigned`. `elements`: altogether, where that is a number."""

    length: str
    extents: tuple[Expr, ...]
    first: int
    elements: int | None
    unsigned: bool


def size(symbol: Symbol, facts: LoopFacts, function: FunctionFacts) -> Size | None:
    """What the loop uses of an array, or of what a pointer leads to, up to the largest subscript; None where that
    cannot be written, or a subscript may be less than 0."""
    rows = _rows(symbol, function)
    if rows is None:
        return None
    whole = fold(symbol.type.extents[0].size) if symbol.is_array else None
    found = _range(symbol, facts, function) or (None if whole is None else (0, {(): whole}))
    if found is None:
        return None
    first, length = found
    known = [length.get((), 0) if is_constant(length) else None, *map(fold, rows)]
    elements = None if None in known else math.prod(n for n in known if n is not None)
    unsigned = all(isinstance(k, Name) and k.symbol.type.is_unsigned for monomial in length for k in monomial)
    text = spelled(length, any(map(is_wide, _uses(symbol, facts))))
    return Size(text, (_expression(length), *rows), first, elements, unsigned and min(length.values()) >= 0)


def _rows(symbol: Symbol, function: FunctionFacts) -> list[Expr] | None:
    if symbol.is_array:
        sizes = [extent.size for extent in symbol.type.extents[1:]]
        return None if any(fold(each) is None for each in sizes) else [each for each in sizes if each is not None]
    try:
        return inner_extents(symbol, function)
    except NoSectionError:
        return None


def _range(symbol: Symbol, facts: LoopFacts, function: FunctionFacts) -> tuple[int, Poly] | None:
    """A number that no first subscript is smaller than, and one that all are smaller than."""
    steady = Steady.of(facts)
    smallest: list[int] = []
    lengths: list[Poly] = []
    known: dict[Affine, None] = {}
    for access in _uses(symbol, facts):
        env = _environment(access, facts, function, steady)
        step = access.path[0]
        first = to_poly(step.indices[0], env, offset=True) if isinstance(step, Subscripts) else None
        if not isinstance(first, dict) or not prove_nonnegative(first, env):
            return None
        low, high = (_extreme(first, env, largest=largest) for largest in (False, True))
        if high is None:
            return None
        smallest.append(max(low.get((), 0), 0) if low is not None and is_constant(low) else 0)
        lengths.append(add(high, {(): 1}))
        known.update(dict.fromkeys(env.facts))
    length = least(lengths, Env({}, lambda _: True, facts=tuple(known)), -1)
    return None if length is None else (min(smallest), length)


def _uses(symbol: Symbol, facts: LoopFacts) -> list[Access]:
    return [a for a in facts.accesses if a.symbol == symbol and a.path]


def _environment(access: Access, facts: LoopFacts, function: FunctionFacts, steady: Steady) -> Env:
    nest = domains.outermost(access, "a", steady)
    for loop in access.loops[access.loops.index(facts.loop) :]:
        nest = domains.within(nest, loop, function.headers, shared=False)
    return nest.env


def _extreme(poly: Poly, env: Env, *, largest: bool) -> Poly | None:
    """What the value never exceeds (is never less than) while the loops run: each index, inner ones first, at the bound
    that it has."""
    for symbol, known in reversed([*env.indices.items()]):
        factor: Poly = {}
        rest: Poly = {}
        for monomial, value in poly.items():
            others = [key for key in monomial if key != symbol]
            if len(others) + 1 < len(monomial):
                return None
            target = factor if len(others) < len(monomial) else rest
            target[tuple(others)] = value
        if not factor:
            continue
        if prove_nonnegative(factor, env):
            bounds = known.upper if largest else known.lower
        elif prove_nonnegative(add({}, factor, -1), env):
            bounds = known.lower if largest else known.upper
        else:
            return None
        if not bounds:
            return None
        poly = add(rest, multiply(factor, poly_of(bounds[0])))
    return poly if all(is_written(key) for monomial in poly for key in monomial) else None


# Is all of it written?


def refilled(symbol: Symbol, size: Size, facts: LoopFacts, function: FunctionFacts) -> tuple[Expr, ...] | None:
    """Conditions under which every iteration writes all elements of that size, from the first one on, and without which
    it writes none; None where that was not proved. Asked as if an iteration read them all at its end."""
    uses = _uses(symbol, facts)
    writes = [a for a in uses if a.writes]
    level = writes[0].loops.index(facts.loop) + 1
    headers = dict(function.headers)
    sweeps: list[Loop] = []
    counts: list[Symbol] = []
    for number, extent in enumerate(size.extents):
        counts.append(Symbol(f"{symbol.uid}[{number}]", "", _COUNT))
        sweeps.append(Loop("for", (), None, (), Block((), NOWHERE), NOWHERE, NOWHERE))
        first = Constant(0 if number else size.first)
        headers[id(sweeps[-1])] = LoopHeader(counts[-1], first, "<", extent, Constant(1), declares_index=True)
    path = (Subscripts(tuple(Name(count) for count in counts), symbol.is_pointer),)
    order = max(access.order for access in uses) + 1
    read = Access(symbol, path, "read", NOWHERE, (*writes[0].loops[:level], *sweeps), order=order)
    steady = Steady.of(facts)
    solver = Solver(headers, lambda expr: expr == Name(symbol) or steady(expr))  # the loop does not move the pointer
    fills = [write for write in writes if write.kind == "write"]
    for needed in ((), tuple(_nonempty(fills, level, solver))):
        guards = tuple(Guard(condition, True, level) for condition in needed)
        if solver.covered(replace(read, guards=guards), fills, facts.loop):
            return needed
    return None


def _nonempty(fills: Sequence[Access], level: int, solver: Solver) -> Iterator[Expr]:
    """That the loops inside run which do not say what element is written."""
    seen: set[int] = set()
    for write in fills:
        step = write.path[0]
        named = {s for index in step.indices for s in symbols(index)} if isinstance(step, Subscripts) else set()
        for loop in write.loops[level:]:
            header = solver.headers.get(id(loop))
            if header is None or header.index in named or id(loop) in seen or trip_count(header):
                continue
            seen.add(id(loop))
            if solver.invariant(header.lower) and solver.invariant(header.bound):
                yield Binary(header.relation, header.lower, header.bound)


def _expression(poly: Poly) -> Expr:
    terms = [_product([Constant(factor), *map(_value, monomial)]) for monomial, factor in poly.items() if factor]
    return reduce(lambda left, right: Binary("+", left, right, _COUNT), terms, terms.pop(0)) if terms else Constant(0)


def _product(factors: Sequence[Expr]) -> Expr:
    return reduce(lambda left, right: Binary("*", left, right, _COUNT), factors)


def _value(key: object) -> Expr:
    assert isinstance(key, (Name, Binary, Unary))
    return key
