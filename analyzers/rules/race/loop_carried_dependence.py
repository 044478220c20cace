"""An iteration of a parallel loop needs what another iteration writes.

What it finds
Two different iterations of a loop whose iterations are shared among threads touch the same element of an array, and
one of them writes it.

Why it matters
The iterations run in any order and at the same time. Whether an iteration sees the old or the new value of the
element depends on chance.

Example
Bad:

    void prefix(int n, double *u)
    {
        #pragma omp parallel for
        for (int i = 1; i < n; i++)
            u[i] = u[i] + u[i - 1];
    }

Good:

    void shift(int n, const double *u, double *v)
    {
        #pragma omp parallel for
        for (int i = 1; i < n; i++)
            v[i] = u[i] + u[i - 1];
    }

Fix
Write to another array than the one that is read, parallelize a loop that carries no dependence, or state the order
with `ordered` or a scan. A prefix sum is `reduction(inscan, +:s)` with a scan directive.

References
OpenMP 5.2 §1.4.1 (data races), §5.6 (scan directive), §15.10 (ordered construct)
R. Allen, K. Kennedy, Optimizing Compilers for Modern Architectures, 2002, §2.2
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule

_KINDS = {"flow": "reads what an earlier one writes", "anti": "overwrites what an earlier one reads"}


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "loop-carried-dependence"):
        dependence = defect.race.dependence
        facts: dict[str, str] = {"dependence": dependence.kind} if dependence is not None else {}
        if dependence is not None and dependence.distance is not None:
            facts["distance"] = str(dependence.distance)
        yield _defects.finding(
            RULE,
            defect,
            f"iterations that run at the same time use the same element of `{defect.name}`",
            _label(defect),
            _order(defect),
            _repairs.some(
                _repairs.atomic(context, defect), _repairs.ordered(context, defect), _repairs.serial(context, defect)
            ),
            **facts,
        )


def _label(defect: Defect) -> str:
    witness = defect.race.witness
    if witness is None:
        return f"two iterations touch the same element of `{defect.name}`"
    first, second = words.iteration(witness.first), words.iteration(witness.second)
    return f"iterations {first} and {second} both touch `{witness.element}`"


def _order(defect: Defect) -> str:
    dependence = defect.race.dependence
    if dependence is None or dependence.kind not in _KINDS:
        return ""
    distance = f" (distance {dependence.distance})" if dependence.distance is not None else ""
    return f"In serial order an iteration {_KINDS[dependence.kind]}{distance}; threads keep no such order."


RULE = Rule(
    "race-loop-carried-dependence",
    "race",
    "error",
    "an iteration of a parallel loop uses an element that another iteration writes",
    "OpenMP 5.2 §1.4.1",
    check,
)
