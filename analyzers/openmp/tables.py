"""Elements that are looked up in a table whose values stand in the text: `u[offset[i]]`. Every iteration is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzers.dependence import answers, witness
from analyzers.dependence.facts import Conflict
from analyzers.dependence.spelling import spell_access
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Element, Expr, Name, walk
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, Witness

_MOST = 2_000  # iterations


def meet(
    first: Access, second: Access, loop: Loop, headers: Mapping[int, LoopHeader]
) -> tuple[Conflict, tuple[Assumption, ...]] | None:
    """The proof that two iterations of `loop`, which nothing surrounds, use one element: with the assumption on which
    the values rest. A conflict with status "none" where all of them use different ones."""
    header = headers.get(id(loop))
    tables = {*_tables(first), *_tables(second)}
    if header is None or not tables or not all(a.exact and a.loops == (loop,) for a in (first, second)):
        return None
    values = _values(header)
    if values is None:
        return None
    places: dict[tuple[str | int, ...], list[int]] = {}
    complete = True
    for value in values:
        place = _place(second, header, value, headers)
        complete = complete and place is not None
        if place is not None and len(places.setdefault(place, [])) < 2:
            places[place].append(value)
    relied = tuple(_unchanged(table) for table in sorted(tables, key=lambda s: s.name) if _is_open(table))
    for one in values:
        place = _place(first, header, one, headers)
        complete = complete and place is not None
        other = None if place is None else next((v for v in places.get(place, ()) if v != one), None)
        if other is not None:
            return Conflict("proved", *_example(first, second, header, one, other)), relied
    return (Conflict("none"), relied) if complete else None


def _example(first: Access, second: Access, header: LoopHeader, one: int, other: int) -> tuple[Dependence, Witness]:
    """Two iterations that meet, and the dependence between them."""
    forward = (one < other) == ((fold(header.step) or 0) > 0)
    pair = (((header.index.name, one),), ((header.index.name, other),))
    shown = spell_access(first, lambda e: str(witness.evaluate(e, {header.index: one})))
    example = Witness(*(pair if forward else pair[::-1]), shown)
    return answers.dependence(first, second, forward, None, example), example


def _tables(access: Access) -> Iterator[Symbol]:
    for step in access.path:
        if isinstance(step, Subscripts):
            for part in (p for index in step.indices for p in walk(index)):
                if isinstance(part, Element) and isinstance(part.base, Name) and part.base.symbol.values:
                    yield part.base.symbol


def _values(header: LoopHeader) -> range | None:
    """The values of the index."""
    low, bound, step = fold(header.lower), fold(header.bound), fold(header.step)
    if low is None or bound is None or not step or header.relation == "!=":
        return None
    end = bound + (1 if step > 0 else -1) * (header.relation in ("<=", ">="))
    values = range(low, end, step)
    return values if len(values) <= _MOST else None


def _place(
    access: Access, header: LoopHeader, value: int, headers: Mapping[int, LoopHeader]
) -> tuple[str | int, ...] | None:
    """The element that an iteration uses; None where that cannot be told."""
    binding: dict[Symbol | Expr, int] = {header.index: value}
    return witness.element(access, binding) if witness.runs(access, headers, binding) else None


def _is_open(table: Symbol) -> bool:
    return table.storage == "global" and not table.internal and not (table.type.element or table.type).const


def _unchanged(table: Symbol) -> Assumption:
    return Assumption("condition", f"no other file changes `{table.name}`", "ordinary", (table.name,))
