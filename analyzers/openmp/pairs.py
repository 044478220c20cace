"""Which accesses of one variable are compared with each other, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers.dependence.facts import Conflict
from analyzers.ir.verdicts import Witness
from analyzers.openmp.candidates import Candidate


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """One of each set of candidates that would answer every question alike, but for where they stand on a line."""
    kept: list[Candidate] = []
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for c in candidates:
        # Identities first: comparing expressions is cheap, hashing deep ones is not.
        key = (c.access.kind, c.access.exact, c.atomic, tuple(map(id, c.access.loops)), tuple(map(id, c.place.stack)))
        others = alike.setdefault(key, [])
        if any(
            c.access.path == o.access.path and c.access.guards == o.access.guards and c.place == o.place for o in others
        ):
            continue
        others.append(c)
        kept.append(c)
    return kept


def in_order(conflict: Conflict, one: Candidate, other: Candidate) -> Witness | None:
    """The witness with the iteration of the first access first, which need not be the one that comes first."""
    witness, dependence = conflict.witness, conflict.dependence
    if witness is None or dependence is None or dependence.source == one.access.span:
        return witness
    if dependence.source != other.access.span:
        return witness
    return replace(witness, first=witness.second, second=witness.first)


def pairs(members: Sequence[Candidate]) -> Iterator[tuple[Candidate, Candidate]]:
    """Every pair with a write, the write first; a write and a read before two writes, each with itself last."""
    writes = [c for c in members if c.access.writes]
    reads = [c for c in members if not c.access.writes]
    for write in writes:
        for read in reads:
            yield write, read
    for at, write in enumerate(writes):
        yield write, write
        for other in writes[at + 1 :]:
            yield write, other
