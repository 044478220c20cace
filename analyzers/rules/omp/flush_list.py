"""A flush with a list leaves out what it should make visible.

What it finds
Between the store to a shared variable and the store to a flag that tells of it, a flush that names one of the two only.

Why it matters
A flush with a list orders only what the list names. The flag may be seen before the data.

Example
Bad:

    void hand_over(int *box, int *ready)
    {
        int data = 0, flag = 0;
        #pragma omp parallel sections shared(data, flag)
        {
            #pragma omp section
            {
                data = 42;
                #pragma omp flush(flag)
                #pragma omp atomic write
                flag = 1;
            }
            #pragma omp section
            {
                #pragma omp atomic read
                *ready = flag;
            }
        }
        *box = data;
    }

Good:

    void hand_over(int *box, int *ready)
    {
        int data = 0, flag = 0;
        #pragma omp parallel sections shared(data, flag)
        {
            #pragma omp section
            {
                data = 42;
                #pragma omp flush
                #pragma omp atomic write
                flag = 1;
            }
            #pragma omp section
            {
                #pragma omp atomic read
                *ready = flag;
            }
        }
        *box = data;
    }

Fix
Remove the list: a flush without one orders everything. Better, let the atomic construct do it: `atomic write release`.

References
OpenMP 5.2 §15.8.5 (flush construct), §1.4.4 (the flush operation)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.directives import Clause
from analyzers.ir.expressions import Name
from analyzers.ir.statements import Assign, Block, Construct, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.openmp.sharing import listed, scopes, storage
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.text import Span


def check(context: Context) -> Iterator[Finding]:
    table = scopes(context.facts.function)
    for site in _common.sites(context):
        region = site.construct
        if region is None or region.body is None or not site.directive.has("parallel"):
            continue
        for block in walk_statements(region.body):
            for before, flush, behind in _between(block):
                data, flag = _stored(before), _stored(behind)
                clause = flush.directive.first("list")
                if data is None or flag is None or clause is None or data == flag:
                    continue
                # Private copies are seen by nobody else.
                shared = [
                    storage(s, (*site.outside, region), table).sharing.attribute == "shared" for s in (data, flag)
                ]
                named = set(listed(clause))
                wanted = (data,) if isinstance(behind, Construct) else (data, flag)  # an atomic store flushes its own
                left_out = [s.name for s in wanted if s not in named]
                if all(shared) and len(left_out) == 1:
                    yield _finding(flush, clause, data.name, flag.name, left_out[0])


def _between(block: Stmt) -> Iterator[tuple[Stmt, Construct, Stmt]]:
    """Each flush of a block with the statement before and the one behind it."""
    if not isinstance(block, Block):
        return
    rows = block.statements
    for before, flush, behind in zip(rows, rows[1:], rows[2:], strict=False):
        if isinstance(flush, Construct) and flush.directive.has("flush"):
            yield before, flush, behind


def _stored(stmt: Stmt) -> Symbol | None:
    """The variable that an assignment stores to, also an atomic one."""
    if isinstance(stmt, Construct) and stmt.directive.has("atomic") and stmt.body is not None:
        stmt = stmt.body.statements[0] if len(stmt.body.statements) == 1 else stmt
    return stmt.target.symbol if isinstance(stmt, Assign) and isinstance(stmt.target, Name) else None


def _finding(flush: Construct, clause: Clause, data: str, flag: str, left_out: str) -> Finding:
    fix = Fix(
        "flush everything",
        (Edit(Span(flush.directive.name_span.end, max(clause.span.end, flush.directive.name_span.end)), ""),),
        True,
        "a flush without a list orders all that the thread did",
    )
    return _common.finding(
        RULE,
        flush.directive.span,
        f"the flush between `{data}` and `{flag}` does not name `{left_out}`",
        f"`{left_out}` is not ordered by it",
        f"A flush with a list orders only what the list names: another thread may see the new `{flag}` and the old "
        f"`{data}` (OpenMP 5.2 §15.8.5).",
        (fix,),
        variable=left_out,
    )


RULE = Rule(
    "omp-flush-list",
    "omp",
    "warning",
    "a flush with a list leaves out the flag or the data",
    "OpenMP 5.2 §15.8.5",
    check,
)
