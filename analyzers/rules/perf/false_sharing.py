"""Threads write neighbouring elements of an array again and again, and their cores fight for the cache line.

What it finds
Inside a loop of a parallel region, an element chosen by the thread's own number (`partial[omp_get_thread_num()]`) is
written, and the elements of neighbouring threads are closer than 64 bytes. The program is correct; it is slow.

Why it matters
A core that writes needs the whole cache line for itself. When eight threads add to eight neighbouring doubles, the line
travels between the cores with every addition: the loop can be slower than the serial one.

Example
Bad:

    #include <omp.h>

    double sum(int n, const double *x)
    {
        double partial[64] = {0}, total = 0.0;
        #pragma omp parallel
        {
            int t = omp_get_thread_num();
            #pragma omp for
            for (int i = 0; i < n; i++)
                partial[t] += x[i];
        }
        for (int t = 0; t < 64; t++)
            total += partial[t];
        return total;
    }

Good:

    double sum(int n, const double *x)
    {
        double total = 0.0;
        #pragma omp parallel for reduction(+:total)
        for (int i = 0; i < n; i++)
            total += x[i];
        return total;
    }

Fix
Use a reduction, or add up in a variable that is declared in the region and store it once after the loop.

References
OpenMP 5.2 §5.5.8 (reduction clause)
J. Torrellas, M. S. Lam, J. L. Hennessy, "False Sharing and Spatial Locality in Multiprocessor Caches", IEEE
  Transactions on Computers 43(6), 1994
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Call, Expr, Name
from analyzers.ir.statements import Assign, Declare, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding
from analyzers.openmp.facts import Region
from analyzers.rules.registry import Context, Rule

LINE = 64  # bytes of a cache line


def check(context: Context) -> Iterator[Finding]:
    for region in context.openmp.regions:
        if not region.construct.directive.has("parallel"):
            continue
        numbers = _thread_numbers(region)
        for placed in region.accesses:
            access = placed.access
            distance = _distance(access, numbers)
            inside = any(region.construct.span.contains(loop.span) for loop in access.loops)
            if access.symbol is None or distance is None or not inside:
                continue
            name = access.symbol.name
            yield Finding(
                RULE.code,
                RULE.category,
                RULE.severity,
                "likely",
                access.span,
                f"false sharing: the elements of `{name}` that neighbouring threads write are {distance} bytes apart",
                label="the threads fight for one cache line",
                why=f"A cache line holds {LINE} bytes, and a core needs all of it to write. Here several threads write "
                "into the same line in every iteration.",
                facts={"variable": name, "bytes": str(distance)},
            )


def _thread_numbers(region: Region) -> frozenset[Symbol]:
    """The variables of the region that hold the thread's number and nothing else."""
    body = region.construct.body
    if body is None:
        return frozenset()
    holds: dict[Symbol, bool] = {}
    for stmt in walk_statements(body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None:
                holds[symbol] = holds.get(symbol, True) and _is_number(value)
            case Assign(target=Name(symbol=symbol), value=value, op=op):
                holds[symbol] = holds.get(symbol, True) and op is None and _is_number(value)
    return frozenset(symbol for symbol, number in holds.items() if number)


def _is_number(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.name == "omp_get_thread_num"


def _distance(access: Access, numbers: frozenset[Symbol]) -> int | None:
    """Bytes between the elements of neighbouring threads, where that is less than a cache line."""
    symbol = access.symbol
    if symbol is None or not access.writes or len(access.path) != 1 or not isinstance(access.path[0], Subscripts):
        return None
    if not access.path[0].indices:  # a called function reaches all of it
        return None
    first, *rest = access.path[0].indices
    mine = _is_number(first) or (isinstance(first, Name) and first.symbol in numbers)
    element = symbol.type.element
    if not mine or element is None or element.bits is None:
        return None
    distance = element.bits // 8
    for extent in symbol.type.extents[1:] if symbol.is_array else ():
        size = fold(extent.size)
        if size is None:
            return None
        distance *= size
    return distance if distance < LINE and (symbol.is_array or not rest) else None


RULE = Rule(
    "perf-false-sharing",
    "perf",
    "information",
    "threads write neighbouring elements in a loop",
    "OpenMP 5.2 §1.4.1",
    check,
)
