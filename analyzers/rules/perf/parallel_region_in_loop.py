"""A parallel region is entered again and again by a loop that could be the parallel one itself.

What it finds
A `parallel for` inside a serial loop whose own iterations are independent, proved by the dependence analysis. The outer
loop has enough iterations to keep the threads busy.

Why it matters
Each iteration of the outer loop starts and joins a team of threads: some 5 to 20 microseconds every time, and the
caches of the cores hold other data afterwards. With the pragma on the outer loop this happens once.

Example
Bad:

    static double a[1000][1000];

    void clear(void)
    {
        for (int i = 0; i < 1000; i++) {
            #pragma omp parallel for
            for (int j = 0; j < 1000; j++)
                a[i][j] = 0.0;
        }
    }

Good:

    static double a[1000][1000];

    void clear(void)
    {
        #pragma omp parallel for
        for (int i = 0; i < 1000; i++) {
            for (int j = 0; j < 1000; j++)
                a[i][j] = 0.0;
        }
    }

Fix
Move the pragma to the outer loop. Inner loop indices that are declared outside then need `private`.

References
OpenMP 5.2 §10.1 (parallel construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Related
from analyzers.openmp import canonical, cost, synthesis
from analyzers.rules.registry import Context, Rule

_MOST = 400  # accesses of the outer loop: to decide a larger one costs more than the hint is worth


def check(context: Context) -> Iterator[Finding]:
    parallel = [
        (loop, governed)
        for loop in context.facts.shapes
        if loop.parent is not None and (governed := loop.governed_by) is not None and governed.directive.has("parallel")
    ]
    if not parallel:
        return
    works = cost.works(context.facts, context.costs)
    shapes = {id(shape.loop): shape for shape in context.facts.shapes}
    for loop, governed in parallel:
        outer, work = shapes[id(loop.parent)], works[id(loop.parent)]
        if outer.governed_by is not None or len(outer.accesses) > _MOST or canonical.problem(outer) is not None:
            continue
        if work.counted and work.trips < synthesis.THREADS:
            continue
        decided = context.facts.about(outer.loop)
        if decided is None or decided.verdict.status != "parallel":
            continue
        index = outer.header.index.name if outer.header else "outer"
        yield Finding(
            RULE.code,
            RULE.category,
            RULE.severity,
            "proved",
            governed.directive.name_span,
            f"this starts a team of threads in every iteration of the loop over `{index}`, which is parallel itself",
            label=f"entered once for each `{index}`",
            why="Starting and joining the team costs some microseconds each time. The outer loop carries no "
            "dependence: one region around it does the same work.",
            related=(Related(outer.loop.header_span, "this loop can be the parallel one"),),
            facts={"loop": index},
        )


RULE = Rule(
    "perf-parallel-region-in-loop",
    "perf",
    "information",
    "a parallel region inside a loop that could be parallel itself",
    "OpenMP 5.2 §10.1",
    check,
)
