"""One access to a shared variable is protected, another one is not.

What it finds
A variable is updated in a critical or atomic construct or under a lock, and read or written elsewhere in the region
without that protection, or under another one.

Why it matters
Mutual exclusion works only if every access takes part. The unprotected one runs into the middle of the protected
ones.

Example
Bad:

    int count(int n, const int *x, int *last)
    {
        int hits = 0;
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (x[i] > 0) {
                #pragma omp atomic
                hits++;
            }
            last[i] = hits;
        }
        return hits;
    }

Good:

    int count(int n, const int *x)
    {
        int hits = 0;
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (x[i] > 0) {
                #pragma omp atomic
                hits++;
            }
        }
        return hits;
    }

Fix
Protect every access in the same way: with the same critical name, the same lock, or atomic for all of them.

References
OpenMP 5.2 §15.2 (critical construct), §15.8.4 (atomic construct), §1.4.1 (data races)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.openmp.facts import PlacedAccess
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "unprotected-update"):
        first, second = defect.race.first, defect.race.second
        bare = second if first.locks else first
        held = first if first.locks else second
        protection = _protection(held)
        name = defect.name
        if bare.locks:
            other = _protection(bare)
            yield _defects.finding(
                RULE,
                defect,
                f"`{name}` is protected by {_protection(first)} in one place and by {_protection(second)} in another",
                "the two do not exclude each other",
                f"Threads that hold {protection} and {other} run at the same time.",
                protection=f"{protection}, {other}",
            )
            continue
        fix = _repairs.atomic_access(context, bare) if protection == "atomic" else None
        yield _defects.finding(
            RULE,
            defect,
            f"`{name}` is protected by {protection} in one place and not in another",
            f"this access {'is' if first is held else 'is not'} protected",
            f"One of them holds {protection} and the other one nothing: only accesses that all take part exclude each "
            "other.",
            _repairs.some(fix, _repairs.same_critical(context, bare, held)),
            protection=protection,
        )


def _protection(placed: PlacedAccess) -> str:
    lock = sorted(placed.locks)[0]
    if placed.access.call and ":" not in lock:
        return f"a construct inside `{placed.access.call}`"
    kind, _, name = lock.partition(":")
    if kind == "lock":
        return f"the lock `{name}`"
    if kind == "critical":
        return f"critical({name})" if name else "critical"
    return kind


RULE = Rule(
    "race-unprotected-update",
    "race",
    "error",
    "a shared variable is protected in one place and not in another",
    "OpenMP 5.2 §15.2",
    check,
)
