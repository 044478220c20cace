"""A variable of the whole team holds what belongs to one iteration.

What it finds
A scalar that is declared outside a parallel loop is written in its iterations: a temporary that should be private,
or a value that is carried from one iteration to the next.

Why it matters
All threads write the one variable. A thread can read what another iteration stored between its own write and its own
read.

Example
Bad:

    void scale(int n, const double *x, double *y)
    {
        double t;
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            t = 2.0 * x[i];
            y[i] = t * t;
        }
    }

Good:

    void scale(int n, const double *x, double *y)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            double t = 2.0 * x[i];
            y[i] = t * t;
        }
    }

Fix
Declare the variable inside the loop, or list it in a private clause; in lastprivate where its last value is used
behind the loop. A value that one iteration hands to the next cannot be private: the loop is serial as it is written.

References
OpenMP 5.2 §5.4.3 (private clause), §5.4.5 (lastprivate clause), §5.1.1 (data-sharing attributes)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding, Fix
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "shared-scalar"):
        race = defect.race
        name = defect.name
        verbs = "write" if race.second.access.writes else "write and read"
        label = f"all threads {verbs} the one `{name}`"
        fix = _fix(defect)
        others = (
            (_repairs.atomic(context, defect), _repairs.critical(context, defect), _repairs.serial(context, defect))
            if fix is None
            else ()
        )
        yield _defects.finding(
            RULE,
            defect,
            label,
            label,
            _consequence(defect, fix is not None),
            _repairs.some(fix, *others),
        )


def _consequence(defect: Defect, temporary: bool) -> str:
    if temporary:
        return "It is written before it is read in every iteration, so each thread can have its own."
    if defect.race.first.access.kind == "update":
        return "An update reads the old value and writes the new one; another thread can come in between."
    if defect.race.first.access is not defect.race.second.access and not defect.race.second.access.writes:
        return "One iteration reads what another one writes, in no defined order."
    return "The value that remains is that of whichever thread writes last."


def _fix(defect: Defect) -> Fix | None:
    loop, symbol = defect.loop, defect.symbol
    if loop is None:
        return None
    if symbol in loop.lastprivate:
        note = "each thread has its own copy; the value of the last iteration is kept"
        return _repairs.clause(defect, "lastprivate", note)
    if symbol in loop.private:
        return _repairs.clause(defect, "private", "each thread has its own copy")
    if symbol in loop.firstprivate:
        note = "each thread has its own copy, which starts with the value from before"
        return _repairs.clause(defect, "firstprivate", note)
    return None


RULE = Rule(
    "race-shared-scalar",
    "race",
    "error",
    "a scalar that each iteration writes is shared by all threads",
    "OpenMP 5.2 §5.1.1",
    check,
)
