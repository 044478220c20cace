"""Two tasks, or a task and the code behind it, use the same memory in no defined order.

What it finds
A task writes a shared variable that another task, or the code that created it, uses before a taskwait, the end of a
taskgroup, a barrier or a `depend` clause orders the two.

Why it matters
A task runs when a thread has time for it: at once, later, or at the next barrier. What is read beside it is chance.

Example
Bad:

    int twice(int n)
    {
        int a = 0, b = 0;
        #pragma omp parallel
        #pragma omp single
        {
            #pragma omp task
            a = n * n;
            #pragma omp task
            b = a + 1;
            #pragma omp taskwait
        }
        return b;
    }

Good:

    int twice(int n)
    {
        int a = 0, b = 0;
        #pragma omp parallel
        #pragma omp single
        {
            #pragma omp task depend(out: a)
            a = n * n;
            #pragma omp task depend(in: a)
            b = a + 1;
            #pragma omp taskwait
        }
        return b;
    }

Fix
Put a taskwait between them, or name the storage in depend clauses of both tasks.

References
OpenMP 5.2 §12.5 (task construct), §15.5 (taskwait construct), §15.9.5 (depend clause)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.race import _defects, _repairs
from analyzers.rules.race import _words as words
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for defect in _defects.of(context, "unordered-tasks"):
        race = defect.race
        element = words.element(race)
        both = race.first.executor.kind == race.second.executor.kind == "task"
        other = "another task" if both else "the code beside it"
        yield _defects.finding(
            RULE,
            defect,
            f"nothing orders the task that {words.verb(race.first.access)} `{defect.name}` and {other}"
            if race.first.executor.kind == "task"
            else f"`{defect.name}` is used beside a task that uses it too",
            f"this may run before, after or while {other} uses `{element}`",
            "A task runs at any time before the next taskwait, barrier or end of a taskgroup, and no depend clause "
            "names the storage in both.",
            _repairs.some(_repairs.depend(context, defect), _repairs.taskwait(context, defect)),
        )


RULE = Rule(
    "race-unordered-tasks",
    "race",
    "error",
    "tasks use the same memory in no defined order",
    "OpenMP 5.2 §12.5",
    check,
)
