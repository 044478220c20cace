"""Some threads of the team never reach the barrier.

What it finds
A barrier, or a worksharing construct with its barrier, under a condition on the number of the thread.

Why it matters
All threads of the team must pass the same barriers. Where only some come, they wait forever.

Example
Bad:

    #include <omp.h>

    void start(double *x)
    {
        #pragma omp parallel
        {
            if (omp_get_thread_num() == 0) {
                x[0] = 1.0;
                #pragma omp barrier
            }
        }
    }

Good:

    #include <omp.h>

    void start(double *x)
    {
        #pragma omp parallel
        {
            if (omp_get_thread_num() == 0)
                x[0] = 1.0;
            #pragma omp barrier
        }
    }

Fix
Move the construct out of the condition, so that all threads meet it.

References
OpenMP 5.2 §15.3.1 (barrier construct), §11 (worksharing constructs)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.directives import TEAM_MAKERS, WORKSHARING
from analyzers.ir.statements import Construct, walk_statements
from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule

_TOGETHER = WORKSHARING | {"barrier"}


def check(context: Context) -> Iterator[Finding]:
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel"):
            continue
        placements = context.phases(construct).placements
        for stmt in walk_statements(construct.body):
            if not isinstance(stmt, Construct) or not stmt.directive.has(*_TOGETHER):
                continue
            at = placements.get(id(stmt))
            if at is None or at.executor.kind != "masked" or at.executor.construct is not None:
                continue
            if stmt.directive.has(*TEAM_MAKERS) or any(c.directive.has("parallel") for c in at.stack[1:]):
                continue
            yield _common.finding(
                RULE,
                stmt.directive.name_span,
                f"`{stmt.directive.name}` is met by one thread only",
                "the other threads of the team never come here",
                "Every thread of the team must meet the same barriers and worksharing constructs (OpenMP 5.2 §15.3.1).",
                variable=stmt.directive.name,
            )


RULE = Rule(
    "omp-divergent-barrier",
    "omp",
    "error",
    "a barrier that not all threads reach",
    "OpenMP 5.2 §15.3.1",
    check,
)
