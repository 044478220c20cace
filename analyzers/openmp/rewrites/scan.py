"""A running total as a scan (OpenMP 5.2 §5.6)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Fix
from analyzers.openmp.rewrites.subject import Subject, assuming

PASSES = 2.0  # over the iterations: run-time libraries add up the parts first


def fixes(subject: Subject) -> Iterator[Fix]:
    """`reduction(inscan, +:s)` on the loop and `scan` between the update of `s` and its use."""
    found = subject.loop.alternatives.scan
    if found is None or not subject.has_block or subject.loop.reductions or subject.loop.linear:
        return
    if not subject.pays(passes=PASSES):
        return
    start = subject.boundary(found.at)
    clause = f"reduction(inscan, {found.op}:{found.total.name})"
    pragma = subject.with_facts(subject.loop, found.verdict).divided(clause, schedule="")  # none may stand beside it
    if start is None or pragma is None:
        return
    word = "inclusive" if found.inclusive else "exclusive"
    line = subject.notation.directive("scan", f"{word}({found.total.name})")
    note = (
        f"the threads add up their parts first, then all of them again with what came before{assuming(found.verdict)}"
    )
    edits = (subject.above(pragma), subject.before(start, line))
    yield Fix("rewrite as scan", edits, safe=False, note=note, restructures=True)
