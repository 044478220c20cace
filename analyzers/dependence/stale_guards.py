"""A guard speaks of the values that its condition read, and of what follows only while nothing changes them.

`if (n < 0) { n = -n; for (i = 0; i < n; i++) ... }`: the loop runs with an `n` that is not negative. There the guard
says no more than that something decided whether the loop runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzers.dependence.lvalues import type_at
from analyzers.ir.accesses import Access, Guard, Subscripts
from analyzers.ir.expressions import Element, Field, Name, Opaque, walk
from analyzers.ir.pointers import may_share_memory
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type

_NONE: frozenset[int] = frozenset()


def forget(accesses: Sequence[Access], tested: Mapping[int, int], *, jumps: bool) -> tuple[Access, ...]:
    """The accesses (in their order), with an unknown condition in place of each that may have changed in between.

    `tested`: how many accesses came before a condition was evaluated, by its `id()`; `jumps`: the function contains a
    `goto`, so that anything may come before anything.
    """
    guards = {id(g): g for access in accesses for g in access.guards}
    writes = _Writes.of(accesses)
    changes: dict[int, _Changes] = {}
    after: dict[tuple[int, bool], list[Access]] = {}  # guards share their conditions
    for key, guard in guards.items():
        same = (id(guard.condition), guard.positive)
        found = after.get(same)
        if found is None:
            found = after[same] = writes.after(0 if jumps else tested.get(id(guard.condition), 0), guard)
        if found:
            changes[key] = _Changes.of(guard, found, everywhere=jumps)
    if not changes:
        return tuple(accesses)
    return tuple(
        replace(access, guards=tuple(_now(g, access, changes) for g in access.guards))
        if any(id(g) in changes for g in access.guards)
        else access
        for access in accesses
    )


def _now(guard: Guard, access: Access, changes: Mapping[int, _Changes]) -> Guard:
    changed = changes.get(id(guard))
    return guard if changed is None or not changed.reach(access) else changed.left


@dataclass(frozen=True, slots=True)
class _Changes:
    """The writes that may change what one guard read: the first of them, and the loops around them that run below the
    guard, where a write also comes before what stands above it. `left`: what remains of the guard."""

    first: int
    depth: int
    loops: frozenset[int]
    left: Guard

    @staticmethod
    def of(guard: Guard, writes: Sequence[Access], *, everywhere: bool) -> _Changes:
        depth = 0 if guard.depth is None else guard.depth
        loops = frozenset(id(w.loops[depth]) for w in writes if len(w.loops) > depth)
        unknown = Opaque("…", None, (guard.condition,), guard.condition.type, guard.condition.span)
        return _Changes(
            -1 if everywhere else min(w.order for w in writes), depth, loops, replace(guard, condition=unknown)
        )

    def reach(self, access: Access) -> bool:
        return self.first < access.order or (
            len(access.loops) > self.depth and id(access.loops[self.depth]) in self.loops
        )


@dataclass(frozen=True, slots=True)
class _Writes:
    """The writes of a function: to variables by name; by type to what is behind pointers, and to variables that
    pointers may lead to; and to anything."""

    named: Mapping[Symbol, list[Access]]
    behind: Mapping[Type, list[Access]]
    reachable: Mapping[Type, list[Access]]
    anything: list[Access]
    excluded: Mapping[tuple[int, bool], Collection[int]]  # what runs only with a condition's outcome

    @staticmethod
    def of(accesses: Iterable[Access]) -> _Writes:
        named: dict[Symbol, list[Access]] = {}
        behind: dict[Type, list[Access]] = {}
        reachable: dict[Type, list[Access]] = {}
        anything: list[Access] = []
        excluded: dict[tuple[int, bool], set[int]] = {}
        for write in accesses:
            if not write.writes:
                continue
            for guard in write.guards:
                excluded.setdefault((id(guard.condition), guard.positive), set()).add(id(write))
            symbol = write.symbol
            through = any(isinstance(step, Subscripts) and step.through_pointer for step in write.path)
            if symbol is not None and not through:
                named.setdefault(symbol, []).append(write)
            if symbol is None:
                anything.append(write)
            elif through or _is_reachable(symbol) or symbol.is_array:
                kinds = [type_at(symbol, write.path[:length]) for length in range(len(write.path) + 1)]
                by_address = write.call is not None and through  # of a type that the callee chooses
                written = UNKNOWN_TYPE if by_address or any(kind.union for kind in kinds) else kinds[-1]
                (behind if through else reachable).setdefault(written, []).append(write)
        return _Writes(named, behind, reachable, anything, excluded)

    def after(self, order: int, guard: Guard) -> list[Access]:
        """Those from `order` on that may change what the guard read, other than where the guard does not hold."""
        parts = list(walk(guard.condition))
        names = frozenset(part.symbol for part in parts if isinstance(part, Name))
        found = [w for name in names for w in self.named.get(name, ())]
        loads = [part.type for part in parts if isinstance(part, (Element, Field))]
        # Records and arrays are on the way to a member or an element.
        shared = [kind for kind in loads if kind.kind not in ("record", "array")]
        shared += [name.type for name in names if _is_reachable(name)]
        if shared:
            found += self.anything
            for written, writes in (*self.behind.items(), *(self.reachable.items() if loads else ())):
                if any(may_share_memory(written, kind) for kind in shared):
                    found += writes
        excluded: Collection[int] = self.excluded.get((id(guard.condition), not guard.positive), _NONE)
        return [w for w in found if w.order >= order and id(w) not in excluded]


def _is_reachable(symbol: Symbol) -> bool:
    """May it be written without being named?"""
    return symbol.is_static or symbol.address_taken or symbol.is_reference
