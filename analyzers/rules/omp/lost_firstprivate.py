"""A copy is written, and the original is read behind the construct as if it had got the value.

What it finds
A scalar that is firstprivate in a construct (in a task also by the implicit rule), is only written or updated in it,
never read, and is read behind it.

Why it matters
The copy vanishes with the construct. What is read behind it is the value from before: the work was lost.

Example
Bad:

    int count(int n, const int *x)
    {
        int hits = 0;
        #pragma omp parallel for firstprivate(hits)
        for (int i = 0; i < n; i++)
            if (x[i] > 0)
                hits++;
        return hits;
    }

    long fib(int n)
    {
        long a = 0, b = 0;
        if (n < 2)
            return n;
        #pragma omp task
        a = fib(n - 1);
        b = fib(n - 2);
        #pragma omp taskwait
        return a + b;
    }

Good:

    int count(int n, const int *x)
    {
        int hits = 0;
        #pragma omp parallel for reduction(+:hits)
        for (int i = 0; i < n; i++)
            if (x[i] > 0)
                hits++;
        return hits;
    }

    long fib(int n)
    {
        long a = 0, b = 0;
        if (n < 2)
            return n;
        #pragma omp task shared(a)
        a = fib(n - 1);
        b = fib(n - 2);
        #pragma omp taskwait
        return a + b;
    }

Fix
Combine the copies with reduction, keep the value of the last iteration with lastprivate, or share the variable of a
task and wait for it.

References
OpenMP 5.2 §5.4.4 (firstprivate clause), §5.1.1 (data-sharing attributes of tasks)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.accesses import Access
from analyzers.ir.statements import Construct
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Fix, Related
from analyzers.openmp import clauses
from analyzers.openmp.sharing import declared_inside, mentioned, scopes, storage
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule, Site

_REDUCIBLE = ("+", "-", "*", "&", "|", "^")


def check(context: Context) -> Iterator[Finding]:
    table = scopes(context.facts.function)
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None or site.directive.problem is not None:
            continue
        task = site.directive.has("task")
        # What a clause of a task says is meant; what the implicit rule says, often not.
        if (site.directive.first("default") is not None) if task else (site.directive.first("firstprivate") is None):
            continue
        inside = declared_inside(construct.body)
        for symbol in mentioned(construct.body):
            if symbol in inside or not symbol.type.is_scalar or symbol.is_static or symbol.address_taken:
                continue
            found = storage(symbol, (*site.outside, construct), table)
            if found.sharing.attribute != "firstprivate" or found.owner != len(site.outside):
                continue
            if task and found.sharing.origin == "explicit":
                continue
            lost = _lost(context, construct, symbol)
            if lost is not None and site.directive.first("lastprivate") is None:
                yield _finding(site, symbol, *lost, found.sharing.why)


def _lost(context: Context, construct: Construct, symbol: Symbol) -> tuple[Access, Access] | None:
    """The last write in the construct and the read behind it, where nothing in between uses or writes the value."""
    mine = [a for a in context.accesses_to(symbol) if not a.path]
    inside = [a for a in mine if construct.span.contains(a.span) and a.span.start > construct.directive.span.end]
    behind = [a for a in mine if a.span.start >= construct.span.end]
    writes = [a for a in inside if a.writes]
    # `x = x + 1` is a read and a write of one statement, as an update is.
    used = [a for a in inside if a.kind == "read" and not any(w.statement is a.statement for w in writes)]
    if not writes or used or not behind or any(a.call is not None for a in (*inside, *behind)):
        return None
    first = min(behind, key=lambda a: a.order)
    return (writes[-1], first) if first.kind == "read" else None


def _finding(site: Site, symbol: Symbol, write: Access, read: Access, why: str) -> Finding:
    task = site.directive.has("task")
    return _common.finding(
        RULE,
        write.span,
        f"`{symbol.name}` is firstprivate here, and what is written to the copy is lost",
        "this value does not leave the construct",
        f"`{symbol.name}` is firstprivate because {why}: the copy vanishes with the construct, and what is read behind "
        f"it is the value from before (OpenMP 5.2 {'§5.1.1' if task else '§5.4.4'}).",
        _fixes(site, symbol, write, task),
        (Related(read.span, f"`{symbol.name}` is read here"),),
        variable=symbol.name,
        attribute="firstprivate",
    )


def _fixes(site: Site, symbol: Symbol, write: Access, task: bool) -> tuple[Fix, ...]:
    directive = site.directive
    if task:
        edits = clauses.move(directive, symbol, "shared", symbol.name)
        return (Fix(f"add `shared({symbol.name})`", edits, False, "the task writes the original; wait for it"),)
    if write.op not in _REDUCIBLE or not clauses.takes(directive, "reduction"):
        return ()
    op = "+" if write.op == "-" else write.op
    edits = clauses.move(directive, symbol, "reduction", symbol.name, op)
    note = "the copies are combined at the end"
    return (Fix(f"move `{symbol.name}` to `reduction({op}:{symbol.name})`", edits, True, note),)


RULE = Rule(
    "omp-lost-firstprivate",
    "omp",
    "warning",
    "what is written to a firstprivate copy is lost",
    "OpenMP 5.2 §5.4.4",
    check,
)
