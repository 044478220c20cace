"""A reduction variable is read before the copies are combined.

What it finds
In a construct with a reduction, the variable is stored into an array or into another variable from outside.

Why it matters
In the construct the name means a copy of the thread, which starts at the neutral value of the operator and has seen the
thread's own iterations only. What is stored depends on the number of threads and on who did what.

Example
Bad:

    int running(int n, const int *x, int *sums)
    {
        int s = 0;
        #pragma omp parallel for reduction(+:s)
        for (int i = 0; i < n; i++) {
            s += x[i];
            sums[i] = s;
        }
        return s;
    }

Good:

    int running(int n, const int *x, int *sums)
    {
        int s = 0;
        #pragma omp parallel for reduction(inscan, +:s)
        for (int i = 0; i < n; i++) {
            s += x[i];
            #pragma omp scan inclusive(s)
            sums[i] = s;
        }
        return s;
    }

Fix
Read the variable behind the construct; for running sums use a scan (`reduction(inscan, ...)`).

References
OpenMP 5.2 §5.5.8 (reduction clause), §5.6 (scan directive)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Call, Element, Expr, Field, Name, children, root
from analyzers.ir.statements import Assign, Construct, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Related
from analyzers.openmp.sharing import declared_inside, listed
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None or site.directive.problem is not None:
            continue
        reduced = {
            symbol: item.span
            for clause in site.directive.all("reduction")
            if not {"inscan", "task"} & set(clause.modifiers)
            for item in clause.items
            for symbol in listed(clause)
            if isinstance(item.expr, Name) and item.expr.symbol == symbol
        }
        if not reduced:
            continue
        inside = declared_inside(construct.body)
        for stmt in walk_statements(construct.body):
            if not isinstance(stmt, Assign) or not isinstance(stmt.value, (Name, Element, Field)):
                continue
            symbol = stmt.value.symbol if isinstance(stmt.value, Name) else None
            if symbol is None or symbol not in reduced or not _goes_out(stmt.target, inside, reduced):
                continue
            read = _changed_before(context, construct, symbol, stmt)
            if read is not None:
                yield _common.finding(
                    RULE,
                    stmt.value.span if stmt.value.span.end else stmt.span,
                    f"`{symbol.name}` is stored before the threads' copies are combined",
                    "a partial result of one thread",
                    f"Until the end of the construct `{symbol.name}` is a copy that has seen only what this thread did "
                    "(OpenMP 5.2 §5.5.8).",
                    (),
                    (Related(reduced[symbol], "the reduction"),),
                    variable=symbol.name,
                    attribute="reduction",
                )


def _goes_out(target: Expr, inside: frozenset[Symbol], reduced: Collection[Symbol]) -> bool:
    """Is the value stored where others see it?"""
    base = root(target)
    if not isinstance(base, Name) or base.symbol in inside or base.symbol in reduced:
        return False
    # An element that a thread's number chooses is the way by which people combine by hand.
    return isinstance(target, Element) and not any(isinstance(e, Call) for e in children(target))


def _changed_before(context: Context, construct: Construct, symbol: Symbol, stmt: Assign) -> Access | None:
    """An update of the variable in an innermost loop of the construct that also holds the statement."""
    updates = [
        a
        for a in context.facts.accesses
        if a.symbol == symbol and a.writes and not a.path and construct.span.contains(a.span)
    ]
    mine = [a for a in context.facts.accesses if a.statement is stmt and a.symbol == symbol]
    for update in updates:
        if any(a.loops and a.loops[-1] in update.loops and not update.guards[len(a.guards) :] for a in mine):
            return update
    return None


RULE = Rule(
    "omp-reduction-read",
    "omp",
    "warning",
    "a reduction variable is stored before the copies are combined",
    "OpenMP 5.2 §5.5.8",
    check,
)
