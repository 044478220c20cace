"""What each variable is in a loop: one line of the hover for each that matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from analyzers.dependence.spelling import spell_access
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Role, RoleKind

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts


def roles_of(parts: Parts) -> tuple[Role, ...]:
    """The roles, what is in the way first, then what needs a clause, then the rest; one for each name."""
    found: dict[str, Role] = {}
    for role in _roles(parts):
        found.setdefault(role.name, role)
    return tuple(found.values())


def _roles(parts: Parts) -> Iterator[Role]:
    scalars = parts.scalars
    reasons = {r.subject: r.text for r in parts.obstacles.reasons if r.subject is not None}
    for symbol in sorted(parts.obstacles.symbols, key=lambda s: s.uid):
        yield Role(symbol.name, "conflict", reasons.get(symbol.name, "two iterations may use the same element"))
    for reduction in (*parts.reductions, *parts.array_reductions):
        why = "every iteration only adds to it" if reduction.op == "+" else f"only combined by `{reduction.op}`"
        yield Role(reduction.symbol.name, "reduction", why, reduction.op, reduction.item)
    if parts.header is not None:
        kind: RoleKind = "lastprivate" if scalars.index_live else "index"
        why = "the loop index, and its value is used after the loop" if scalars.index_live else "the loop index"
        yield Role(parts.header.index.name, kind, why)
    both = [s for s in scalars.firstprivate if s in scalars.lastprivate]
    yield from _each(both, "lastprivate", "partly written in every iteration, and used after the loop")
    yield from _each(scalars.firstprivate, "firstprivate", "every iteration reads the value from before the loop")
    yield from _each(scalars.lastprivate, "lastprivate", "written in every iteration, and used after the loop")
    yield from _each(scalars.conditional, "lastprivate", "the last iteration that writes it decides what it is after")
    yield from _each(scalars.private, "private", "written before it is read in every iteration")
    yield from _each(parts.private_arrays, "private", "a work array: every iteration writes what it reads")
    yield from _each(
        parts.lasting_arrays, "lastprivate", "every iteration writes the same elements and reads no others"
    )
    yield from _each(
        parts.thread_arrays, "private", "a work array of each thread: every iteration writes what it reads"
    )
    yield from _each(parts.linear, "linear", "moves by the same amount in every iteration")
    written = [a for a in parts.shared if a.writes and a.symbol is not None]
    yield from _each(parts.protected, "shared-distinct", "only touched under `atomic` or `critical`")
    for access in written:
        if access.symbol is not None:
            yield Role(
                access.symbol.name, "shared-distinct", f"no two iterations touch the same {spell_access(access)}"
            )
    yield from _each(sorted(parts.local, key=lambda s: s.uid), "local", "declared inside the loop")
    for access in parts.shared:
        if access.symbol is not None and access.path and not access.writes:
            yield Role(access.symbol.name, "shared-read", "only read")


def _each(symbols: Iterable[Symbol], kind: RoleKind, why: str) -> Iterator[Role]:
    return (Role(symbol.name, kind, why) for symbol in symbols)
