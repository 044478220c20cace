"""A private variable is used behind the region as if it had kept its value.

What it finds
A variable in a private clause that the region writes and the code behind it reads before writing it again.

Why it matters
The private copies vanish at the end of the construct. What is read behind is the value from before, not the one of
the last iteration.

Example
Bad:

    double last(int n, const double *x)
    {
        double v = 0.0;
        #pragma omp parallel for private(v)
        for (int i = 0; i < n; i++)
            v = x[i] * x[i];
        return v;
    }

Good:

    double last(int n, const double *x)
    {
        double v = 0.0;
        #pragma omp parallel for lastprivate(v)
        for (int i = 0; i < n; i++)
            v = x[i] * x[i];
        return v;
    }

Fix
List the variable in lastprivate, which keeps the value of the last iteration.

References
OpenMP 5.2 §5.4.5 (lastprivate clause), §5.3 (list item privatization)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.accesses import Access
from analyzers.ir.statements import Construct, Declare
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Fix, Related
from analyzers.openmp import clauses
from analyzers.openmp.sharing import associated_loops, index_of, listed
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None or not associated_loops(construct) or site.loops:
            continue
        indices = {index_of(loop) for loop in associated_loops(construct)}
        for clause in site.directive.all("private"):
            for symbol in listed(clause):
                if symbol in indices or not clauses.takes(site.directive, "lastprivate"):
                    continue
                found = _lost(context, construct, symbol)
                if found is None:
                    continue
                written, read = found
                edits = clauses.move(site.directive, symbol, "lastprivate", symbol.name)
                note = "keeps the value of the last iteration"
                yield _common.finding(
                    RULE,
                    written.span,
                    f"`{symbol.name}` is private here, and its value is lost at the end of the loop",
                    "this value does not leave the loop",
                    f"The copies of `{symbol.name}` vanish with the construct; what is read behind it is the value "
                    "from before (OpenMP 5.2 §5.3).",
                    (Fix(f"move `{symbol.name}` to `lastprivate({symbol.name})`", edits, True, note),),
                    (Related(read.span, f"`{symbol.name}` is read here"),),
                    variable=symbol.name,
                    attribute="private",
                )


def _lost(context: Context, construct: Construct, symbol: Symbol) -> tuple[Access, Access] | None:
    """The last unconditional write in the construct and the read behind it that no write comes before."""
    if symbol.address_taken or symbol.is_static or not symbol.type.is_scalar:
        return None
    mine = [a for a in context.accesses_to(symbol) if not a.path]
    inside = [a for a in mine if construct.span.contains(a.span)]
    behind = [a for a in mine if a.span.start >= construct.span.end]
    writes = [a for a in inside if a.writes and a.exact]
    if not writes or not behind:
        return None
    first = min(behind, key=lambda a: a.order)
    outer = next((a.guards for a in inside), ())
    if first.kind != "read" or not first.exact or len(first.guards) > len(outer):
        return None
    # The value from before may be what is meant: then the loop only borrows the variable.
    before = [a for a in mine if a.span.end <= construct.span.start]
    if any(a.reads or not isinstance(a.statement, Declare) for a in before):
        return None
    return writes[-1], first


RULE = Rule(
    "omp-missing-lastprivate",
    "omp",
    "warning",
    "a private variable is read behind the loop as if it had kept its value",
    "OpenMP 5.2 §5.4.5",
    check,
)
