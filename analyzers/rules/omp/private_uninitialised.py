"""A private copy is read before it has a value.

What it finds
A variable in a private clause (or private by `default(private)`) that the region reads before it writes it, on every
path.

Why it matters
A private copy starts without a value; the one from before the region is not there. The program works until the memory
of the copy holds something else.

Example
Bad:

    void shift(int n, double *x)
    {
        double offset = 3.0;
        #pragma omp parallel for private(offset)
        for (int i = 0; i < n; i++)
            x[i] = x[i] + offset;
    }

Good:

    void shift(int n, double *x)
    {
        double offset = 3.0;
        #pragma omp parallel for firstprivate(offset)
        for (int i = 0; i < n; i++)
            x[i] = x[i] + offset;
    }

Fix
List the variable in firstprivate, which copies the value, or leave it shared where it is only read.

References
OpenMP 5.2 §5.3 (list item privatization), §5.4.3 (private clause), §5.4.4 (firstprivate clause)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.accesses import Access
from analyzers.ir.statements import Construct
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Fix
from analyzers.openmp import clauses
from analyzers.openmp.sharing import listed
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None or site.directive.problem is not None:
            continue
        for clause in site.directive.all("private"):
            for symbol in listed(clause):
                read = _first_read(context, construct, symbol)
                if read is None:
                    continue
                edits = clauses.move(site.directive, symbol, "firstprivate", symbol.name)
                allowed = clauses.takes(site.directive, "firstprivate")
                fix = Fix(
                    f"move `{symbol.name}` to `firstprivate({symbol.name})`",
                    edits,
                    True,
                    "copies the value from before",
                )
                yield _common.finding(
                    RULE,
                    read.span,
                    f"the private copy of `{symbol.name}` is read before it has a value",
                    "no value yet",
                    f"`{symbol.name}` is private: each thread has a copy that starts without a value "
                    "(OpenMP 5.2 §5.3).",
                    (fix,) if allowed else (),
                    variable=symbol.name,
                    attribute="private",
                )


def _first_read(context: Context, construct: Construct, symbol: Symbol) -> Access | None:
    """The read with which the construct surely begins its use of a scalar: the first access of all, under no condition
    of its own."""
    if not (symbol.type.is_scalar or symbol.is_pointer):
        return None
    assert construct.body is not None
    inside = [a for a in context.accesses_to(symbol) if not a.path and construct.body.span.contains(a.span)]
    if not inside or symbol.address_taken:
        return None
    first = min(inside, key=lambda a: a.order)
    if not first.reads or not first.exact or first.call is not None:  # a callee that gets its address may set it
        return None
    if not any(a.writes for a in inside):
        return first
    # A write in an earlier iteration of a loop of the region may come before the read in a later one; the very first
    # iteration still reads nothing.
    return first if not first.guards or first.kind == "update" else None


RULE = Rule(
    "omp-private-uninitialised",
    "omp",
    "warning",
    "a private copy is read before it has a value",
    "OpenMP 5.2 §5.3",
    check,
)
