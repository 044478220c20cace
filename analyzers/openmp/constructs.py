"""What single constructs mean for the threads: barriers at their ends, tasks that run at once, one thread only."""

from __future__ import annotations

from analyzers.ir.directives import BARRIER_AT_END, TEAM_MAKERS, Directive
from analyzers.ir.expressions import Constant
from analyzers.ir.statements import Construct, Stmt, substatements


def has_nowait(directive: Directive) -> bool:
    """Does nobody wait at its end for certain? `nowait` may have a condition (OpenMP 6.0 §17.6)."""
    clause = directive.first("nowait")
    return clause is not None and (not clause.items or bool(clause.constant))


def is_run_by_each(directive: Directive) -> bool:
    """Does each thread that comes to the loop run all of it (OpenMP 5.2 §11.7.1: `bind(thread)`)?"""
    clause = directive.first("bind") if directive.has("loop") else None
    return clause is not None and "thread" in clause.modifiers


def waits_at_end(directive: Directive) -> bool:
    """Does the team meet at the end of the construct?"""
    return directive.has(*BARRIER_AT_END) and not has_nowait(directive) and not is_run_by_each(directive)


def is_deferred_target(directive: Directive) -> bool:
    """Does the device work on it while the host goes on (OpenMP 5.2 §13.8: the target task of `nowait`)?"""
    return directive.has("target") and has_nowait(directive)


def is_undeferred(directive: Directive) -> bool:
    """Does the task run at once, before the code behind it (OpenMP 5.2 §12.5: `if` false)?"""
    if directive.has("target"):
        return False  # there `if` decides on which device it runs
    for clause in directive.all("if"):
        if clause.modifiers and clause.modifiers[0] not in ("task", "taskloop"):
            continue
        for item in clause.items:
            if isinstance(item.expr, Constant) and item.expr.value == 0:
                return True
    return False


def is_final(directive: Directive) -> bool:
    """Is it a final task for certain (OpenMP 5.2 §12.3)?"""
    clause = directive.first("final")
    condition = clause.items[0].expr if clause is not None and clause.items else None
    return isinstance(condition, Constant) and condition.value != 0


def has_one_thread(directive: Directive) -> bool:
    """`num_threads(1)` or `if(0)`: the region has one thread (OpenMP 5.2 §10.1.1)."""
    for clause in directive.all("num_threads", "if"):
        if clause.name == "if" and clause.modifiers and clause.modifiers[0] != "parallel":
            continue
        for item in clause.items:
            if isinstance(item.expr, Constant) and item.expr.value == (1 if clause.name == "num_threads" else 0):
                return True
    return False


def holds_barrier(body: Stmt) -> bool:
    """Does the team meet at a barrier in it?"""
    stack: list[Stmt] = [body]
    while stack:
        top = stack.pop()
        if isinstance(top, Construct):
            directive = top.directive
            if directive.has(*TEAM_MAKERS, "task"):
                continue
            if directive.has("barrier") or waits_at_end(directive):
                return True
        stack.extend(substatements(top))
    return False
