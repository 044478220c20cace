"""A thread waits for a lock that it holds itself.

What it finds
`omp_set_lock` on a lock that the thread has taken already and not given back, and a call inside a critical construct of
a function that enters a critical construct of the same name.

Why it matters
Nobody else can give the lock back: the thread waits forever, and with it, at the next barrier, the whole team.

Example
Bad:

    #include <omp.h>

    void add(int n, const int *x, int *sum, omp_lock_t *l)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            omp_set_lock(l);
            if (x[i] > 0) {
                omp_set_lock(l);
                *sum += x[i];
                omp_unset_lock(l);
            }
            omp_unset_lock(l);
        }
    }

Good:

    #include <omp.h>

    void add(int n, const int *x, int *sum, omp_lock_t *l)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (x[i] > 0) {
                omp_set_lock(l);
                *sum += x[i];
                omp_unset_lock(l);
            }
        }
    }

Fix
Take the lock once around everything, use a nestable lock (`omp_nest_lock_t`), or give the critical constructs different
names.

References
OpenMP 5.2 §18.9.4 (omp_set_lock), §15.2 (critical construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import calls_of, walk_statements
from analyzers.ir.verdicts import Assumption, Finding
from analyzers.openmp.phases import place
from analyzers.rules.omp import _common, _locks
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    yield from _locks_taken(context)
    yield from _criticals_entered(context)


def _locks_taken(context: Context) -> Iterator[Finding]:
    for taking in _locks.takings(context):
        if taking.call is None or taking.lock not in taking.held or (taking.call.name or "").endswith("nest_lock"):
            continue
        name = taking.lock.partition(":")[2]
        yield _common.finding(
            RULE,
            taking.span,
            f"the lock `{name}` is taken by a thread that holds it",
            "waits for itself forever",
            f"The thread has taken `{name}` already and has not given it back; a lock that is no nestable one is set "
            "by one task at a time, also where that is the same one (OpenMP 5.2 §18.9.4).",
            variable=name,
        )


def _criticals_entered(context: Context) -> Iterator[Finding]:
    function, effects_of = context.facts.function, context.facts.effects
    if not any(effects_of[name].criticals for name in function.callees if name in effects_of):
        return
    placements = place(function).placements
    for stmt in walk_statements(function.body):
        at = placements.get(id(stmt))
        inside = [c for c in at.stack if c.directive.has("critical")] if at is not None else []
        for call in calls_of(stmt) if inside else ():
            effects = context.facts.effects.get(call.name or "")
            for construct in inside:
                clause = construct.directive.first("name")
                name = clause.items[0].text if clause is not None and clause.items else ""
                if effects is None or name not in effects.criticals:
                    continue
                written = _locks.named(f"critical:{name}")
                yield _common.finding(
                    RULE,
                    call.span,
                    f"`{call.name}` enters {written} and is called inside it",
                    "waits for itself forever",
                    f"A thread holds {written} to the end of the construct, and the one inside `{call.name}` waits "
                    "until it is free (OpenMP 5.2 §15.2, §17.1).",
                    confidence="likely",
                    assumptions=(Assumption("condition", f"`{call.name}` gets to its critical construct", "ordinary"),),
                    variable=call.name or "",
                )


RULE = Rule(
    "omp-lock-taken-twice",
    "omp",
    "error",
    "a thread waits for a lock that it holds",
    "OpenMP 5.2 §18.9.4",
    check,
)
