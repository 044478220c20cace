"""Members that share memory: those of a union, and adjacent bit-fields (C17 §3.14), which the frontends read as one."""

from __future__ import annotations

from dataclasses import replace

from analyzers.dependence.lvalues import type_at
from analyzers.ir.accesses import Access, Member, PathStep, Subscripts
from analyzers.ir.expressions import Constant
from analyzers.ir.symbols import BIT_FIELDS, Type


def as_one(first: Access, second: Access) -> tuple[Access, Access] | None:
    """The accesses as ones to the whole union in which both certainly use a byte in common; None where there is no
    such union. Which union it is, of an array of them, is left to be asked."""
    at = _parting(first, second)
    if at is None or first.symbol is None:
        return None
    (left, one), (right, other) = ((a.path[:at], a.path[at:]) for a in (first, second))
    reach = (_bytes(first, at), _bytes(second, at))
    if one != other and (reach[0] is None or reach[1] is None or not _meet(reach[0], reach[1])):
        return None
    if one == other and len(one) > 1:
        return None  # elements of one member: which of them is another question
    return replace(first, path=left), replace(second, path=right)


def said(first: Access, second: Access) -> str:
    """Why the members that two such accesses name are one place in memory; nothing where it is the same one."""
    at = _parting(first, second)
    if at is None or first.path[at] == second.path[at]:
        return ""
    one, other = (step.name if isinstance(step, Member) else "" for step in (first.path[at], second.path[at]))
    if first.symbol is not None and type_at(first.symbol, first.path[:at]).name == BIT_FIELDS:
        return f"The adjacent bit-fields `{one}` and `{other}` are one memory location (C17 §3.14)"
    return f"`{one}` and `{other}` are members of one union, which share its memory"


def _parting(first: Access, second: Access) -> int | None:
    """Where the paths enter a union that both are in, outside of any member in which they differ."""
    if first.symbol is None or first.symbol != second.symbol:
        return None
    for position, (left, right) in enumerate(zip(first.path, second.path, strict=False)):
        if not (isinstance(left, Member) and isinstance(right, Member)):
            if isinstance(left, Member) or isinstance(right, Member):
                return None
            continue
        if type_at(first.symbol, first.path[:position]).union:
            return position
        if left.name != right.name:
            return None
    return None


def _bytes(access: Access, at: int) -> tuple[int, int | None] | None:
    """Where in the union the access begins and ends; the end, behind that, is None where it is not known."""
    assert access.symbol is not None
    rest: tuple[PathStep, ...] = access.path[at + 1 :]
    kind = type_at(access.symbol, access.path)
    size = _size(kind)
    if not rest:
        return 0, size
    (step, *more) = rest
    if more or size is None or not isinstance(step, Subscripts) or step.through_pointer or len(step.indices) != 1:
        return None
    (index,) = step.indices
    if not isinstance(index, Constant) or not isinstance(index.value, int):
        return None
    return index.value * size, (index.value + 1) * size


def _size(kind: Type) -> int | None:
    return kind.bits // 8 if kind.kind in ("integer", "real", "character") and kind.bits else None


def _meet(one: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    """Do two ranges of bytes overlap for certain?"""
    (low, high) = sorted((one, other), key=lambda r: r[0])
    return low[0] == high[0] or (low[1] is not None and high[0] < low[1])
