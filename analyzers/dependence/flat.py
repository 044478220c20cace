"""Arrays of several dimensions that are also used as one long row: `double *p = &m[0][0]; ... p[k]` beside `m[i][j]`.

C17 §6.5.6 keeps `p` inside the first row; people and compilers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers.dependence.lvalues import FIRST_ROW, is_zero
from analyzers.ir.accesses import Access, PathStep, Subscripts
from analyzers.ir.expressions import Expr, Opaque


def spread(written: Sequence[Access], resolved: Sequence[Access]) -> tuple[Access, ...]:
    """The resolved accesses. Those to the first row of an array that were made by a pointer to its elements may be
    anywhere in the array, where others go to other rows."""
    rows: set[object] = set()
    flat: dict[int, tuple[PathStep, ...]] = {}
    for before, access in zip(written, resolved, strict=True):
        array, (*outer, last) = _split(access.path)
        if not outer and not is_zero(last):
            rows.add((access.symbol, array))  # one of them as a whole, or of an array that has but one
        elif not outer:
            continue
        elif not all(map(is_zero, outer)):
            rows.add((access.symbol, array))
        elif (before.symbol is not access.symbol or any(each is FIRST_ROW for each in outer)) and not is_zero(last):
            flat[id(access)] = array
    if not any((a.symbol, flat[id(a)]) in rows for a in resolved if id(a) in flat):
        return tuple(resolved)
    return tuple(
        _anywhere(a, flat[id(a)]) if id(a) in flat and (a.symbol, flat[id(a)]) in rows else a for a in resolved
    )


def _split(path: tuple[PathStep, ...]) -> tuple[tuple[PathStep, ...], list[Expr]]:
    """What leads to an array, and the subscripts in it."""
    at = len(path)
    indices: list[Expr] = []
    while at and isinstance(step := path[at - 1], Subscripts):
        indices[:0] = step.indices
        at -= 1
        if step.through_pointer:
            break
    return path[:at], indices or [Opaque("")]


def _anywhere(access: Access, array: tuple[PathStep, ...]) -> Access:
    step = access.path[len(array)]
    through = isinstance(step, Subscripts) and step.through_pointer
    return replace(access, path=(*array, Subscripts((Opaque("?"),), through)), exact=False, reason="pointer-cast")
