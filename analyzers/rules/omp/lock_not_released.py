"""A lock is taken and not given back.

What it finds
In a parallel region, `omp_set_lock` on a lock that nothing in the function gives back, and a `continue` between the
call that takes a lock and the one that gives it back.

Why it matters
The next thread that wants the lock waits forever.

Example
Bad:

    #include <omp.h>

    void add(int n, const int *x, int *sum, omp_lock_t *l)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            omp_set_lock(l);
            if (x[i] < 0)
                continue;
            *sum += x[i];
            omp_unset_lock(l);
        }
    }

Good:

    #include <omp.h>

    void add(int n, const int *x, int *sum, omp_lock_t *l)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (x[i] < 0)
                continue;
            omp_set_lock(l);
            *sum += x[i];
            omp_unset_lock(l);
        }
    }

Fix
Give the lock back on every way out.

References
OpenMP 5.2 §18.9.5 (omp_unset_lock)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import Jump, Loop, calls_of, walk_statements
from analyzers.ir.verdicts import Finding, Related
from analyzers.openmp.locks import UNSET_LOCK, lock_of
from analyzers.rules.omp import _common, _locks
from analyzers.rules.omp._locks import Taking
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    taken = [t for t in _locks.takings(context) if t.call is not None]
    if not taken:
        return
    body = context.facts.function.body
    calls = [call for stmt in walk_statements(body) for call in calls_of(stmt)]
    released = {lock_of(call) for call in calls if call.name in UNSET_LOCK and call.arguments}
    # Somebody else may give it back: a function that is not known, or one that holds locks.
    helped = any(
        not (call.name or "").startswith("omp_")
        and ((effects := context.facts.effects.get(call.name or "")) is None or effects.unknown or effects.synchronizes)
        for call in calls
    )
    for taking in taken:
        if taking.lock not in released:
            if not helped and taking.at.executor.kind in ("all-threads", "iteration", "section"):
                yield _never(taking)
        else:
            yield from _skipped(context, taking)


def _never(taking: Taking) -> Finding:
    name = taking.lock.partition(":")[2]
    return _common.finding(
        RULE,
        taking.span,
        f"nothing gives the lock `{name}` back",
        "the next thread that wants it waits forever",
        f"`{name}` is taken here, and no `omp_unset_lock` of it is in the function (OpenMP 5.2 §18.9.5).",
        variable=name,
    )


def _skipped(context: Context, taking: Taking) -> Iterator[Finding]:
    """A `continue` of the loop in which the lock is taken, where it is held."""
    name = taking.lock.partition(":")[2]
    loop = _innermost(context, taking)
    if loop is None:
        return
    for stmt in walk_statements(loop.body):
        at = taking.phases.placements.get(id(stmt))
        if not isinstance(stmt, Jump) or stmt.kind != "continue" or at is None or taking.lock not in at.locks:
            continue
        inner = [each for each in at.loops if loop.span.contains(each.span)]
        if stmt.span.start < taking.span.end or (inner and inner[-1] is not loop):
            continue
        yield _common.finding(
            RULE,
            stmt.span,
            f"this way out of the iteration leaves the lock `{name}` taken",
            "the next thread that wants the lock waits forever",
            f"The iteration ends here, before the `omp_unset_lock` of `{name}` (OpenMP 5.2 §18.9.5).",
            (),
            (Related(taking.span, f"`{name}` is taken here"),),
            variable=name,
        )


def _innermost(context: Context, taking: Taking) -> Loop | None:
    around = [s for s in walk_statements(context.facts.function.body) if isinstance(s, Loop)]
    found = [loop for loop in around if loop.body.span.contains(taking.span)]
    return found[-1] if found and taking.lock not in _held_at(taking, found[-1]) else None


def _held_at(taking: Taking, loop: Loop) -> frozenset[str]:
    at = taking.phases.placements.get(id(loop))
    return at.locks if at is not None else frozenset()


RULE = Rule(
    "omp-lock-not-released",
    "omp",
    "error",
    "a lock is taken and not given back",
    "OpenMP 5.2 §18.9.5",
    check,
)
