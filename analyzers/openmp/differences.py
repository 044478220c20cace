"""Two accesses where some values must differ besides: two locks, or two iterations that one thread would run.

`a[i]` under `lock[p(i)]` races only with an access of the same element under another lock. That the values differ is
put into the question as one more subscript: equal elements, and `p(i) = p(i') + d` for some `d > 0`, or `d < 0`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from analyzers.dependence.facts import Conflict
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import ONE, Binary, Constant, Expr, Name
from analyzers.ir.statements import Block, Loop, LoopHeader
from analyzers.ir.symbols import INT, Symbol
from analyzers.text import NOWHERE

MOST = 4  # pairs of values that must differ
_FAR = 1 << 20


def _gap(number: int) -> tuple[Loop, LoopHeader]:
    index = Symbol(f"//gap {number}", f"gap{number}", INT, "local")
    loop = Loop("for", (), None, (), Block((), NOWHERE), NOWHERE, NOWHERE)
    return loop, LoopHeader(index, ONE, "<=", Constant(_FAR), ONE, True)


_GAPS = tuple(_gap(number) for number in range(MOST))
HEADERS = {id(loop): header for loop, header in _GAPS}


def apart(first: Access, second: Access, values: Sequence[tuple[Expr, Expr]]) -> Iterator[tuple[Access, Access]]:
    """The accesses as pairs of which one has to meet, so that both meet where the values of each pair differ. Nothing
    where that cannot be said."""
    if len(values) > MOST or len(first.path) != len(second.path):
        return
    one = replace(first, path=(*first.path, Subscripts(tuple(left for left, _ in values), False)))
    gaps = _GAPS[: len(values)]
    loops = (*second.loops, *(loop for loop, _ in gaps))
    guards = tuple(g if g.depth is not None else replace(g, depth=len(second.loops)) for g in second.guards)
    for signs in product(("+", "-"), repeat=len(values)):
        moved = tuple(
            Binary(sign, right, Name(header.index), INT)  # type: ignore[arg-type]
            for sign, (_, right), (_, header) in zip(signs, values, gaps, strict=True)
        )
        yield one, replace(second, path=(*second.path, Subscripts(moved, False)), loops=loops, guards=guards)


def equal(first: Access, second: Access, value: tuple[Expr, Expr]) -> tuple[Access, Access]:
    """The accesses such that they meet only where a value of the first is one of the second."""
    if len(first.path) != len(second.path):
        return first, second
    one, other = (
        replace(access, path=(*access.path, Subscripts((each,), False)))
        for access, each in zip((first, second), value, strict=True)
    )
    return one, other


def as_asked(conflict: Conflict, values: int) -> Conflict:
    """The conflict without the `values` that were added to the question."""
    witness = conflict.witness
    if witness is None:
        return conflict
    names = {header.index.name for header in HEADERS.values()}
    element = witness.element.rsplit("[", values)[0]
    shown = replace(
        witness,
        first=tuple(v for v in witness.first if v[0] not in names),
        second=tuple(v for v in witness.second if v[0] not in names),
        element=element,
    )
    dependence = conflict.dependence and replace(conflict.dependence, witness=shown)
    return replace(conflict, witness=shown, dependence=dependence)
