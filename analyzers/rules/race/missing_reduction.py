"""Every thread adds to the same variable, and additions are lost.

What it finds
A variable declared outside a parallel region is combined with a value by one operator (`+`, `*`, `max`, ...) in
every iteration, or by every thread, without a reduction clause and without mutual exclusion.

Why it matters
An update reads the old value and writes the new one. Two threads can read the same old value; both add, and one of
the additions is gone. The result changes from run to run, usually by a little, which makes it hard to see.

Example
Bad:

    double energy(int n, const double *m, const double *v)
    {
        double total = 0.0;
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            total += 0.5 * m[i] * v[i] * v[i];
        return total;
    }

Good:

    double energy(int n, const double *m, const double *v)
    {
        double total = 0.0;
        #pragma omp parallel for reduction(+:total)
        for (int i = 0; i < n; i++)
            total += 0.5 * m[i] * v[i] * v[i];
        return total;
    }

Fix
Add a reduction clause: each thread combines into its own copy, and the copies are combined at the end. Floating-point
sums may then differ in the last digits from the serial order.

References
OpenMP 5.2 §5.5.8 (reduction clause), §1.4.1 (data races)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Fix
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule

_VERBS = {"+": "adds to", "*": "multiplies", "min": "lowers", "max": "raises"}
_LOST = {"+": "both add, and one addition is lost", "*": "both multiply, and one factor is lost"}


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "missing-reduction"):
        op = defect.op or "+"
        verb = _VERBS.get(op, "updates")
        label = f"every thread {verb} the same `{defect.name}`"
        lost = _LOST.get(op, "both combine it with their own, and one contribution is lost")
        why = f"Both threads can read the old value, {lost}."
        fixes = _fixes(context, defect, op)
        yield _defects.finding(RULE, defect, label, label, why, fixes, operator=op)


def _fixes(context: Context, defect: Defect, op: str) -> tuple[Fix, ...]:
    reduction = defect.reduction
    item = reduction.item if reduction is not None else defect.name
    floating = reduction.floating if reduction is not None else defect.symbol.type.kind in ("real", "complex")
    note = "each thread combines into its own copy; the copies are combined at the end"
    if floating and op in ("+", "*"):
        note += "; floating-point results may differ in the last digits from the serial order"
    return _repairs.some(
        _repairs.clause(defect, "reduction", note, item, op),
        _repairs.atomic(context, defect),
        _repairs.critical(context, defect),
    )


RULE = Rule(
    "race-missing-reduction",
    "race",
    "error",
    "every thread combines into the same variable without a reduction",
    "OpenMP 5.2 §5.5.8",
    check,
)
