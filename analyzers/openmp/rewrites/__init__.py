"""Loops that are parallel once they are written a little differently: exact edits, each with what makes it legal.

Nothing here is put in unasked. A rewrite is offered where the loop itself has no pragma, where what it rests on was
proved or is an ordinary assumption (`dependence.alternatives`), and where it pays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzers.ir.verdicts import Fix
from analyzers.openmp.rewrites import atomic, extreme, pivot, scan, split, work_arrays
from analyzers.openmp.rewrites.subject import Subject

__all__ = ["Subject", "of"]

_REWRITES: tuple[Callable[[Subject], Iterator[Fix]], ...] = (
    work_arrays.fixes,
    scan.fixes,
    extreme.fixes,
    pivot.fixes,
    split.fixes,
    atomic.fixes,
)


def of(subject: Subject) -> tuple[Fix, ...]:
    """The rewrites of one loop, the best first."""
    if subject.place.problem is not None or subject.loop.verdict.counts_as_parallel:
        return ()
    return tuple(fix for rewrite in _REWRITES for fix in rewrite(subject))
