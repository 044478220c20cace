"""Arrays of several dimensions that are also used as one long row: `double *p = &m[0][0]; ... p[k]` beside `m[i][j]`.

C17 §6.5.6 keeps `p` inside the first row; people and compilers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzers.dependence.lvalues import FIRST_ROW, is_zero, type_at
from analyzers.ir.accesses import Access, PathStep, Subscripts
from analyzers.ir.expressions import Expr, Opaque
from analyzers.ir.symbols import Type


def spread(written: Sequence[Access], resolved: Sequence[Access]) -> tuple[Access, ...]:
    """The resolved accesses. Those to the first row of an array that were made by a pointer to its elements may be
    anywhere in the array, where others go to other rows."""
    rows: set[object] = set()
    flat: dict[int, tuple[PathStep, ...]] = {}
    for before, access in zip(written, resolved, strict=True):
        array, (*outer, last) = _split(access.path)
        if access.symbol is None or not _has_rows(type_at(access.symbol, array)):
            continue
        if not (all(map(is_zero, outer)) if outer else is_zero(last)):
            rows.add((access.symbol, array))  # to one of them as a whole, or to its elements
        elif (
            outer
            and (before.symbol is not access.symbol or any(each is FIRST_ROW for each in outer))
            and not is_zero(last)
        ):
            flat[id(access)] = array
    if not any((a.symbol, flat[id(a)]) in rows for a in resolved if id(a) in flat):
        return tuple(resolved)
    return tuple(
        _anywhere(a, flat[id(a)]) if id(a) in flat and (a.symbol, flat[id(a)]) in rows else a for a in resolved
    )


def _has_rows(kind: Type) -> bool:
    if kind.kind == "pointer":
        return kind.element is not None and kind.element.kind == "array"
    return kind.kind == "array" and len(kind.extents) > 1


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
