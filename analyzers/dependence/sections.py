"""The part of each array that a loop uses, as a device needs it (OpenMP 5.2 §5.8.3 `map`, §3.2.5 array sections).

A section begins and ends with elements that iterations really use, so that it covers every access and stays inside the
object: what lies between two elements of an object belongs to it. Where that cannot be written down, there is no
section, and the reason says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analyzers.dependence import domains
from analyzers.dependence.affine import to_poly
from analyzers.dependence.beforehand import Steady, is_constant, is_wide, is_written, spelled
from analyzers.dependence.domains import Headers
from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.dependence.forms import Affine, Poly, add, is_parameter, multiply, poly_of
from analyzers.dependence.lvalues import type_at
from analyzers.dependence.ranges import Env, Range, least, prove_nonnegative
from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Constant, Element, Expr, Name, children, symbols
from analyzers.ir.statements import Declare, Loop, expressions, walk_statements
from analyzers.ir.symbols import Symbol

_SCALARS = ("integer", "real", "complex", "logical", "character")
_WIDEST_REAL = 64


class NoSectionError(Exception):
    """What a loop uses cannot be named by sections; the text completes "it stays on the host: ..."."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a loop uses of one object. `text` as it stands in a clause: `a`, `a[0:n]`."""

    symbol: Symbol
    text: str
    read: bool
    written: bool
    filled: bool  # every element of the section is written, and none is read
    swept: tuple[Loop, ...]  # the loops whose indices choose the element
    conditional: bool = False  # only used under conditions on data: that it has all these elements is not proved
    runs: bool = True  # right whatever the sizes; False: right if every loop in it runs at least once


@dataclass(frozen=True, slots=True)
class _Use:
    """One access: the first and the last element of each dimension, and the indices' environment."""

    access: Access
    first: tuple[Poly, ...]
    last: tuple[Poly, ...]
    subscripts: tuple[Poly, ...]
    env: Env


def sections(facts: LoopFacts, function: FunctionFacts) -> tuple[Section, ...]:
    """The sections that a loop of a function uses of the memory that its iterations share, in order of appearance.

    Raises NoSectionError where one cannot be written.
    """
    by_symbol: dict[Symbol, list[Access]] = {}
    own = _own(facts)
    for access in facts.accesses:
        if access.symbol is None:
            raise NoSectionError("it uses memory that has no name here")
        if access.symbol not in own and not _is_plain(access, access.symbol, facts):
            by_symbol.setdefault(access.symbol, []).append(access)
    steady = Steady.of(facts)
    found = tuple(_section(symbol, uses, facts, function, steady) for symbol, uses in by_symbol.items())
    _check_names(facts, own | by_symbol.keys())
    return found


def _own(facts: LoopFacts) -> set[Symbol]:
    """Of what every iteration, or every thread, has its own; a reduced array is mapped like any other."""
    declared = {s.symbol for s in walk_statements(facts.loop) if isinstance(s, Declare) and not s.symbol.is_static}
    reduced = {r.symbol for r in facts.reductions if r.symbol.type.is_scalar}
    indices = set() if facts.header is None else {facts.header.index}
    return {*facts.private, *facts.firstprivate, *declared, *reduced, *indices}


def _is_plain(access: Access, symbol: Symbol, facts: LoopFacts) -> bool:
    """Is it the value of a scalar or a pointer that goes to the device as it is (OpenMP 5.2 §5.8.1: firstprivate)?"""
    if symbol.type.volatile or symbol.type.atomic:
        raise NoSectionError(f"`{symbol.name}` is volatile or atomic")
    if symbol.threadprivate:
        raise NoSectionError(f"of `{symbol.name}` each thread of the host has its own")
    if symbol.storage in ("function", "constant"):
        return True
    if access.path:
        return False
    if symbol.type.kind == "array":
        raise NoSectionError(f"`{symbol.name}` is used as a whole")
    if symbol.type.kind not in (*_SCALARS, "pointer"):
        raise NoSectionError(f"`{symbol.name}` is no number and no array of numbers")
    if access.writes:
        raise NoSectionError(f"`{symbol.name}` is set for the code behind the loop")
    return True


def _check_names(facts: LoopFacts, known: set[Symbol]) -> None:
    """Every pointer that the loop names is one that is mapped: another one would hold an address of the host."""
    for stmt in walk_statements(facts.loop):
        for symbol in (s for expr in expressions(stmt) for s in symbols(expr)):
            if symbol.type.kind in ("pointer", "array", "record", "unknown") and symbol not in known:
                raise NoSectionError(f"`{symbol.name}` leads to memory that has another name here")


# One object


def _section(
    symbol: Symbol, accesses: Sequence[Access], facts: LoopFacts, function: FunctionFacts, steady: Steady
) -> Section:
    headers = function.headers
    read, written = any(a.reads for a in accesses), any(a.writes for a in accesses)
    for access in accesses:
        _check_object(symbol, access)
    swept = _swept(accesses, facts, headers)
    whole = _whole(symbol)
    uses = [_use(a, facts, headers, steady) for a in accesses]
    if whole is not None:
        filled = written and not read and any(u is not None and _fills(u, whole, facts) for u in uses)
        return Section(symbol, symbol.name, read, written, filled, swept)
    lower, upper, conditional = _hull(symbol, [_ranged(u, symbol) for u in uses])
    length = add(add(upper, lower, -1), {(): 1})
    wide = any(is_wide(a) for a in accesses)
    inner = inner_extents(symbol, function)
    text = f"{symbol.name}[{spelled(lower, wide)}:{spelled(length, wide)}]"
    text += "".join(f"[0:{spell(extent)}]" for extent in inner)
    extents = [length, *(_constant(extent) or {} for extent in inner)]
    filled = written and not read and any(u is not None and _fills(u, extents, facts) for u in uses)
    runs = is_constant(lower, length) or (not lower and len(length) == 1 and all(_spans(u, upper) for u in uses))
    return Section(symbol, text, read, written, filled, swept, conditional, runs)


def _spans(use: _Use | None, upper: Poly) -> bool:
    """Does the access alone use the whole section from element 0 on? Then the section is empty where its loops are."""
    return use is not None and not use.first[0] and use.last[0] == upper


def _check_object(symbol: Symbol, access: Access) -> None:
    name = symbol.name
    if symbol.type.wrapped or symbol.type.name.endswith("&") or symbol.type.name.startswith("std::"):
        raise NoSectionError(f"`{name}` is an object of a class: take a pointer to its elements first")
    step = access.path[0]
    if not isinstance(step, Subscripts) or access.call is not None:
        raise NoSectionError(f"`{name}` is a structure: copy what is needed of it to a variable first")
    if len(access.path) > 1:
        raise NoSectionError(f"`{name}` holds pointers or structures, which a copy does not follow")
    if not access.exact:
        raise NoSectionError(f"which elements of `{name}` it uses is not known")
    element = type_at(symbol, access.path)
    if element.kind == "pointer":
        raise NoSectionError(f"`{name}` holds pointers or structures, which a copy does not follow")
    if element.kind not in _SCALARS:
        raise NoSectionError(f"the elements of `{name}` are no numbers")
    if element.kind == "real" and (element.bits or 0) > _WIDEST_REAL:
        raise NoSectionError(f"devices do not know the type of `{name}`, `{element.name}`")
    if element.volatile or element.atomic:
        raise NoSectionError(f"`{name}` is volatile or atomic")


def _whole(symbol: Symbol) -> list[Poly] | None:
    """The extents of an array that the compiler knows the size of; those that are no constants are empty."""
    if not symbol.is_array or symbol.is_reference:
        return None
    if any(extent.size is None or extent.lower is not None for extent in symbol.type.extents):
        raise NoSectionError(f"the size of `{symbol.name}` is not known here")
    sizes = [_constant(extent.size) for extent in symbol.type.extents]
    return [size if size is not None and is_constant(size) else {} for size in sizes]


def _constant(size: Expr | None) -> Poly | None:
    match size:
        case Constant(value=int() as value):
            return {(): value}
        case Name():
            return {(size,): 1}
        case _:
            return None


def _lasts(size: Expr, function: FunctionFacts) -> bool:
    """Has the size the value still that it had where the type was written?"""
    match size:
        case Constant():
            return True
        case Name(symbol=symbol):
            stores = [a.statement for a in function.accesses if a.writes and a.symbol == symbol]
            return not symbol.address_taken and not symbol.is_static and all(isinstance(s, Declare) for s in stores)
        case _:
            return False


def inner_extents(symbol: Symbol, function: FunctionFacts) -> list[Expr]:
    """The sizes of the rows that a pointer leads to, none where it leads to single elements."""
    element = symbol.type.element
    if not symbol.is_pointer or element is None:
        raise NoSectionError(f"`{symbol.name}` is no array and no pointer")
    if element.kind != "array":
        return []
    sizes = [extent.size for extent in element.extents]
    if any(size is None or not _lasts(size, function) for size in sizes):
        raise NoSectionError(f"the rows of `{symbol.name}` have no size that can be written here")
    return [size for size in sizes if size is not None]


def _swept(accesses: Sequence[Access], facts: LoopFacts, headers: Headers) -> tuple[Loop, ...]:
    found: dict[Loop, None] = {}
    for access in accesses:
        named = {s for step in access.path if isinstance(step, Subscripts) for e in step.indices for s in symbols(e)}
        for loop in access.loops[access.loops.index(facts.loop) :]:
            header = headers.get(id(loop))
            if header is None or header.index in named:
                found[loop] = None
    return tuple(found)


# The elements of one access


def _use(access: Access, facts: LoopFacts, headers: Headers, steady: Steady) -> _Use | None:
    """The ranges of the subscripts, None where they cannot be written."""
    nest = domains.outermost(access, "a", steady)
    for loop in access.loops[access.loops.index(facts.loop) :]:
        nest = domains.within(nest, loop, headers, shared=False)
    if not nest.exact or any(step not in (1, -1) for _, step in nest.directions.values()):
        return None
    env = replace(nest.env, loads="none")
    if any(_box(known) is None for known in env.indices.values()):
        return None  # an inner loop that is empty for some iterations leaves out their elements
    (step,) = access.path
    assert isinstance(step, Subscripts)
    polys = []
    for index in step.indices:
        poly = to_poly(index, env, offset=True)
        if not isinstance(poly, dict):
            return None
        polys.append(poly)
    first = [_extreme(poly, env, largest=False) for poly in polys]
    last = [_extreme(poly, env, largest=True) for poly in polys]
    known = [p for p in (*first, *last) if p is not None]
    if len(known) < 2 * len(polys):
        return None
    return _Use(access, tuple(known[: len(polys)]), tuple(known[len(polys) :]), tuple(polys), env)


def _extreme(poly: Poly, env: Env, *, largest: bool) -> Poly | None:
    """The smallest or largest value while the indices run through their ranges, which must be those of a box."""
    for symbol, known in env.indices.items():
        factor: Poly = {}
        rest: Poly = {}
        for monomial, value in poly.items():
            others = list(monomial)
            if symbol in others:
                others.remove(symbol)
                factor[tuple(others)] = value
            else:
                rest[monomial] = value
        if not factor:
            continue
        bounds = _box(known)
        if bounds is None or any(symbol in monomial for monomial in factor):
            return None
        if prove_nonnegative(factor, env):
            bound = bounds[largest]
        elif prove_nonnegative(add({}, factor, -1), env):
            bound = bounds[not largest]
        else:
            return None
        poly = add(rest, multiply(factor, bound))
    return poly if all(is_written(key) for monomial in poly for key in monomial) else None


def _box(known: Range) -> tuple[Poly, Poly] | None:
    """The one lower and the one upper bound of an index, if no other index is in them."""
    if len(known.lower) != 1 or len(known.upper) != 1:
        return None
    both = (*known.lower[0].terms, *known.upper[0].terms)
    if not all(is_parameter(key) for key, _ in both):
        return None
    return poly_of(known.lower[0]), poly_of(known.upper[0])


# All accesses of one object


def _ranged(use: _Use | None, symbol: Symbol) -> _Use:
    if use is None:
        raise NoSectionError(f"which part of `{symbol.name}` it uses cannot be written before the loop")
    return use


def _hull(symbol: Symbol, uses: Sequence[_Use]) -> tuple[Poly, Poly, bool]:
    """The first and the last element of the outermost dimension, and whether they are only used conditionally."""
    facts: tuple[Affine, ...] = tuple(dict.fromkeys(fact for use in uses for fact in use.env.facts))
    env = Env({}, lambda _: True, facts=facts)
    certain = [u for u in uses if not u.access.guards]
    for likely in (certain, [u for u in uses if not any(_chooses(g.condition, u.env) for g in u.access.guards)]):
        lower = least([u.first[0] for u in likely], env, 1)
        upper = least([u.last[0] for u in likely], env, -1)
        if lower is None or upper is None:
            continue
        inside = (
            prove_nonnegative(add(u.first[0], lower, -1), env) and prove_nonnegative(add(upper, u.last[0], -1), env)
            for u in uses
        )
        if all(inside):
            return lower, upper, likely is not certain
    raise NoSectionError(f"which elements of `{symbol.name}` are the first and the last is not known")


def _chooses(condition: Expr, env: Env) -> bool:
    """Does a condition ask where an iteration stands, and not only what the data are?"""
    stack = [condition]
    while stack:
        top = stack.pop()
        if isinstance(top, Name) and top.symbol in env.indices:
            return True
        if not isinstance(top, Element):
            stack.extend(children(top))
    return False


def _fills(use: _Use, extents: Sequence[Poly], facts: LoopFacts) -> bool:
    """Does a write reach every element? Each loop around it must drive the subscripts, like the digits of a number."""
    access = use.access
    if access.kind != "write" or access.guards:
        return False
    around = set(use.env.indices)
    for poly, first, last, extent in zip(use.subscripts, use.first, use.last, extents, strict=True):
        if not extent or add(add(last, first, -1), {(): 1}) != dict(extent):
            return False
        driven = _digits(poly, use.env)
        if driven is None or not driven <= around:
            return False
        around -= driven
    return not around and len(access.loops) - access.loops.index(facts.loop) == len(use.env.indices)


def _digits(poly: Poly, env: Env) -> set[Symbol] | None:
    """The indices in the subscript if it takes every value between its least and its largest: the factor of each is
    the number of values that the ones below it take."""
    factors: dict[Symbol, Poly] = {}
    for monomial, value in poly.items():
        indices = [key for key in monomial if isinstance(key, Symbol)]
        if len(indices) > 1:
            return None
        if indices:
            others = tuple(key for key in monomial if key != indices[0])
            factors.setdefault(indices[0], {})[others] = value
    values: Poly = {(): 1}
    left = dict(factors)
    while left:
        step = next((s for s, f in left.items() if values in (f, add({}, f, -1))), None)
        bounds = None if step is None else _box(env.indices[step])
        if step is None or bounds is None:
            return None
        del left[step]
        values = multiply(values, add(add(bounds[1], bounds[0], -1), {(): 1}))
    return set(factors)
