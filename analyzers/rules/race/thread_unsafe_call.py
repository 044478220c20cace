"""A function with hidden state is called by several threads at the same time.

What it finds
Inside a parallel region, outside single, master and critical, a function is called that keeps its state in
static storage: `rand`, `strtok`, `asctime`, or a function of the file with a static local variable that it writes.

Why it matters
The calls race on the hidden state. `rand` then repeats numbers or slows down on a lock; `strtok` and `asctime` mix up
the texts of the threads.

Example
Bad:

    #include <stdlib.h>

    void fill(int n, int *x)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            x[i] = rand();
    }

Good:

    #include <stdlib.h>

    void fill(int n, int *x)
    {
        #pragma omp parallel
        {
            unsigned seed = 1;
            #pragma omp for
            for (int i = 0; i < n; i++)
                x[i] = rand_r(&seed);
        }
    }

Fix
Call the reentrant variant with a state of the thread's own (`rand_r`, `strtok_r`, `asctime_r`), or let one thread
call.

References
POSIX.1-2017 §2.9.1 (Thread-Safety)
OpenMP 5.2 §1.7 (thread safety of library routines)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.dependence.surroundings import taken_for, unread
from analyzers.ir.statements import calls_of, walk_statements
from analyzers.ir.verdicts import Assumption, Confidence, Finding
from analyzers.openmp.constructs import has_one_thread
from analyzers.rules.registry import Context, Rule

_ALONE = ("single", "masked", "section", "serial")


def check(context: Context) -> Iterator[Finding]:
    told: set[str] = set()
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel") or has_one_thread(construct.directive):
            continue
        placements = context.phases(construct).placements
        for stmt in walk_statements(construct.body):
            at = placements.get(id(stmt))
            if at is None or at.locks or at.executor.kind in _ALONE or at.task is not None:
                continue
            for call in calls_of(stmt):
                effects = context.facts.effects.get(call.name or "")
                state = effects.state if effects is not None and not effects.synchronizes else None
                if (
                    call.name is None
                    or call.name.startswith("omp_")
                    or state is None
                    or "threadprivate" in state
                    or call.name in told
                ):
                    continue
                told.add(call.name)
                confidence: Confidence = "proved" if effects is not None and effects.trusted else "likely"
                basis = sorted(effects.basis) if effects is not None else ()
                assumed = tuple(taken_for(each) for each in basis if not each.certain)
                if unread(state) is not None:
                    confidence = "possible"
                    assumed = (*assumed, Assumption("condition", f"somebody reads {state}", "strong"))
                yield Finding(
                    RULE.code,
                    RULE.category,
                    RULE.severity,
                    confidence,
                    call.span,
                    f"`{call.name}` is called by several threads at once and changes {state}",
                    f"every call changes {state}",
                    f"The function keeps {state} in static storage, which all threads share. Calls at the same time "
                    "race on it.",
                    facts={"variable": call.name, "state": state, "section": RULE.section, "kind": "call"},
                    assumptions=assumed,
                )


RULE = Rule(
    "race-thread-unsafe-call",
    "race",
    "warning",
    "a function with hidden state is called by several threads",
    "OpenMP 5.2 §1.7",
    check,
)
