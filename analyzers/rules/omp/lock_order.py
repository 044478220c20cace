"""Two threads take the same locks in opposite order.

What it finds
In one parallel region, code that takes a lock (or enters a critical construct) while it holds another one, and code
that takes the two the other way round and may run at the same time.

Why it matters
One thread holds the first and waits for the second, another one holds the second and waits for the first: both wait
forever. It happens rarely, and then in production.

Example
Bad:

    void move(int n, int *from, int *to)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (i % 2 == 0) {
                #pragma omp critical(source)
                {
                    *from -= 1;
                    #pragma omp critical(target)
                    *to += 1;
                }
            } else {
                #pragma omp critical(target)
                {
                    *to -= 1;
                    #pragma omp critical(source)
                    *from += 1;
                }
            }
        }
    }

Good:

    void move(int n, int *from, int *to)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            int step = i % 2 == 0 ? 1 : -1;
            #pragma omp critical(source)
            {
                *from -= step;
                #pragma omp critical(target)
                *to += step;
            }
        }
    }

Fix
Take the locks in the same order everywhere, or one lock for both.

References
OpenMP 5.2 §15.2 (critical construct), §18.9 (lock routines)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Related
from analyzers.openmp.concurrency import modes
from analyzers.rules.omp import _common, _locks
from analyzers.rules.omp._locks import Taking
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    nested = [(taking, held) for taking in _locks.takings(context) for held in sorted(taking.held) if _waits(held)]
    told: set[frozenset[str]] = set()
    for number, (first, outer) in enumerate(nested):
        for second, other in nested[number + 1 :]:
            pair = frozenset({first.lock, outer})
            if second.phases is not first.phases or (second.lock, other) != (outer, first.lock) or pair in told:
                continue
            if len(pair) == 2 and modes(first.at, second.at, first.phases, False):
                told.add(pair)
                yield _finding(first, outer, second)


def _waits(lock: str) -> bool:
    return lock.startswith(("lock:", "critical:")) and "[" not in lock


def _finding(first: Taking, outer: str, second: Taking) -> Finding:
    inner, held = _locks.named(first.lock), _locks.named(outer)
    return _common.finding(
        RULE,
        second.span,
        f"{held} and {inner} are taken in two different orders",
        f"takes {held} while it holds {inner}",
        f"Thread A holds {held} and waits for {inner} while thread B holds {inner} and waits for {held}: both wait "
        "forever (OpenMP 5.2 §15.2).",
        (),
        (Related(first.span, f"takes {inner} while it holds {held}"),),
        variable=outer.partition(":")[2] or "critical",
    )


RULE = Rule(
    "omp-lock-order",
    "omp",
    "warning",
    "two threads take the same locks in opposite order",
    "OpenMP 5.2 §15.2",
    check,
)
