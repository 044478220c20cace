"""A parallel loop has so little work that starting the threads takes longer than the loop.

What it finds
A `parallel for` whose work is bounded: the number of iterations follows from constants or from the sizes of arrays, and
all of them together take fewer operations than it costs to start and join a team of threads.

Why it matters
Entering and leaving a parallel region takes some 5 to 20 microseconds. A loop of a few thousand operations is over in
less, so the pragma makes the program slower, and more so with more threads.

Example
Bad:

    void legend(double shade[8])
    {
        #pragma omp parallel for
        for (int k = 0; k < 8; k++)
            shade[k] = (k + 1) / 8.0;
    }

Good:

    void scale(int n, double *shade)
    {
        #pragma omp parallel for
        for (int k = 0; k < n; k++)
            shade[k] = (k + 1) / 8.0;
    }

Fix
Remove the pragma, or give it an `if` clause, so that only large loops start threads. If the loop stands among others,
put one parallel region around all of them and share out the work with `for`.

References
OpenMP 5.2 §3.4 (if clause), §10.1 (parallel construct)
J. M. Bull, "Measuring Synchronisation and Scheduling Overheads in OpenMP", EWOMP 1999
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.dependence.facts import LoopShape
from analyzers.ir.verdicts import Finding
from analyzers.openmp import cost
from analyzers.openmp.cost import Work
from analyzers.openmp.synthesis import readable
from analyzers.rules.registry import Context, Rule

CERTAIN = 0.1  # of the work that pays: a hint must be right on other machines too


def check(context: Context) -> Iterator[Finding]:
    parallel = [loop for loop in context.facts.shapes if _starts_team(loop)]
    works = cost.works(context.facts, context.costs) if parallel else {}
    for loop in parallel:
        work = works[id(loop.loop)]
        if loop.governed_by is None or not too_small(work):
            continue
        yield Finding(
            RULE.code,
            RULE.category,
            RULE.severity,
            "likely",
            loop.governed_by.directive.name_span,
            f"too little work for threads: {size(work)}",
            label="starting the threads takes longer than the loop",
            why=f"{size(work)[:1].upper()}{size(work)[1:]} are done in a few microseconds, about what it takes to "
            "start and join a team of threads.",
            facts={"operations": f"{work.operations:.0f}"},
        )


def too_small(work: Work) -> bool:
    """Is the work of the loop known to be too little, also where threads start ten times as fast?"""
    return work.bounded and work.operations < CERTAIN * work.costs.pays


def size(work: Work) -> str:
    return f"{readable(work.trips)} iterations of about {readable(work.each)} operations"


def _starts_team(loop: LoopShape) -> bool:
    governed = loop.governed_by
    return governed is not None and governed.directive.has("parallel") and governed.directive.first("if") is None


RULE = Rule(
    "perf-too-small-parallel-loop",
    "perf",
    "hint",
    "a parallel loop has less work than it costs to start the threads",
    "OpenMP 5.2 §10.1",
    check,
)
