"""Scattered updates, each of them atomic (OpenMP 5.2 §15.8.4)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import Assign, Stmt, loops, walk_statements
from analyzers.ir.verdicts import Fix
from analyzers.openmp.rewrites.subject import Subject, assuming

COST = 20.0  # operations of an update that no other thread disturbs


def fixes(subject: Subject) -> Iterator[Fix]:
    """`atomic` before each update that iterations may share, and the loop divided."""
    found = subject.loop.alternatives.atomic
    if found is None or not subject.work.pays or not subject.loop.loop.body.statements:
        return
    if sum(COST * _runs(subject, update) for update in found.updates) > subject.work.each:
        return  # most of the time would go into waiting
    pragma = subject.with_facts(subject.loop, found.verdict).divided()
    places = [_place(subject, update) for update in found.updates]
    if pragma is None or None in places:
        return
    line = subject.notation.directive("atomic")
    edits = (
        subject.above(pragma),
        *(subject.before(at, line) for at in sorted({at for at in places if at is not None})),
    )
    note = f"each update happens at once; threads that meet in one element wait for each other{assuming(found.verdict)}"
    yield Fix("make the updates atomic, and the loop parallel", edits, safe=False, note=note, restructures=True)


def _runs(subject: Subject, update: Stmt) -> float:
    """How often a statement runs in one iteration."""
    count = 1.0
    for inner in loops(subject.loop.loop.body):
        if any(stmt is update for stmt in walk_statements(inner.body)):
            count *= subject.works[id(inner)].trips
    return count


def _place(subject: Subject, update: Stmt) -> int | None:
    """Where the update begins, if it is a statement of its own in the text: `x[k] += e;`."""
    if not isinstance(update, Assign) or update.op is None or update.span.end <= update.span.start:
        return None
    written = subject.of(update.span)
    after = subject.text[update.span.end :].lstrip()[:1]
    whole = subject.of(update.target.span) in (written[: len(subject.of(update.target.span))], written.strip("+-"))
    inner = any(
        stmt is not update and isinstance(stmt, Assign) and stmt.span.contains(update.span)
        for stmt in walk_statements(subject.loop.loop.body)
    )
    headers = (each.header_span for each in (subject.loop.loop, *loops(subject.loop.loop.body)))
    if not whole or inner or after != b";" or any(header.contains(update.span) for header in headers):
        return None
    return update.span.start
