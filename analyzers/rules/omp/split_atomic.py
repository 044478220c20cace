"""Two atomic constructs are taken for one.

What it finds
A value is read from a variable in an atomic construct and, changed, written back to the same variable in another one
behind it.

Why it matters
Each of the two is atomic, both together are not: what another thread writes in between is lost. No race detector sees
it, because it is no race.

Example
Bad:

    void count(int n, const int *x, int *hits)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            int now;
            if (x[i] > 0) {
                #pragma omp atomic read
                now = *hits;
                #pragma omp atomic write
                *hits = now + 1;
            }
        }
    }

Good:

    void count(int n, const int *x, int *hits)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            if (x[i] > 0) {
                #pragma omp atomic
                *hits += 1;
            }
        }
    }

Fix
One atomic update, `atomic capture` where the old value is needed too, `atomic compare`, or critical around both.

References
OpenMP 5.2 §15.8.4 (atomic construct), §15.2 (critical construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import Name, walk
from analyzers.ir.statements import Assign, Block, Construct, walk_statements
from analyzers.ir.verdicts import Finding, Related
from analyzers.openmp.constructs import has_one_thread
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel") or has_one_thread(construct.directive):
            continue
        placements = context.phases(construct).placements
        for block in walk_statements(construct.body):
            if isinstance(block, Block):
                for read, write in _pairs(block):
                    at = placements.get(id(write))
                    alone = at is None or at.executor.kind in ("single", "masked", "serial") or at.task is not None
                    if not alone and at is not None and not at.locks - {"atomic"}:
                        yield _finding(context, read, write)


def _pairs(block: Block) -> Iterator[tuple[Construct, Construct]]:
    """An atomic read and the atomic write behind it that stores to the same place what was read, changed."""
    reads: list[tuple[Construct, Assign]] = []
    for stmt in block.statements:
        assign = _assignment(stmt, "read")
        if assign is not None and isinstance(stmt, Construct):
            reads.append((stmt, assign))
        assign = _assignment(stmt, "write")
        if assign is None or not isinstance(stmt, Construct):
            continue
        for read, source in reads:
            uses = any(e == source.target for e in walk(assign.value))
            if source.value == assign.target and uses and isinstance(source.target, Name):
                yield read, stmt


def _assignment(stmt: object, form: str) -> Assign | None:
    if not isinstance(stmt, Construct) or not stmt.directive.has("atomic") or stmt.body is None:
        return None
    if stmt.directive.first(form) is None or len(stmt.body.statements) != 1:
        return None
    (inner,) = stmt.body.statements
    return inner if isinstance(inner, Assign) and inner.op is None else None


def _finding(context: Context, read: Construct, write: Construct) -> Finding:
    assign = _assignment(write, "write")
    assert assign is not None
    written = context.text[assign.target.span.start : assign.target.span.end]
    name = written.decode("utf-8", "replace") or spell(assign.target)
    return _common.finding(
        RULE,
        write.directive.span,
        f"`{name}` is read and written back in two atomic constructs",
        "what another thread wrote in between is lost",
        f"Thread A and thread B both read `{name}`, both change what they read, and the one that writes last undoes "
        "what the other one did: each construct is atomic, the two together are not (OpenMP 5.2 §15.8.4).",
        (),
        (Related(read.directive.span, f"`{name}` is read here"),),
        variable=name,
    )


RULE = Rule(
    "omp-split-atomic",
    "omp",
    "warning",
    "two atomic constructs are taken for one update",
    "OpenMP 5.2 §15.8.4",
    check,
)
