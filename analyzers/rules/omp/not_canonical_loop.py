"""The loop has not the form that the directive needs.

What it finds
A loop under a worksharing, simd, distribute or taskloop directive whose number of iterations cannot be computed
before it starts: a condition that is no comparison of the index with an invariant bound, an index that the body
changes, a `break`, or a `return`.

Why it matters
The iterations are divided among threads before the first one runs. Compilers refuse the loop, or its result is
undefined.

Example
Bad:

    int find(int n, const int *x, int wanted)
    {
        int at = -1;
        #pragma omp parallel for lastprivate(at)
        for (int i = 0; i < n; i++) {
            at = i;
            if (x[i] == wanted)
                break;
        }
        return at;
    }

Good:

    int find(int n, const int *x, int wanted)
    {
        int at = n;
        #pragma omp parallel for reduction(min:at)
        for (int i = 0; i < n; i++)
            if (x[i] == wanted && i < at)
                at = i;
        return at;
    }

Fix
Write the loop as `for (index = first; index < bound; index += step)` with a bound and a step that stay the same, and
let every iteration run; a search becomes a reduction.

References
OpenMP 5.2 §4.4.1 (canonical loop nest form), §16.1 (cancel construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.expressions import Binary, Cast, Expr, Name, symbols
from analyzers.ir.statements import Assign, Jump, Loop, Stmt, Switch, substatements, walk_statements
from analyzers.ir.verdicts import Finding
from analyzers.openmp.sharing import associated_loops, index_of
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.text import Span


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None:
            continue
        for loop in associated_loops(construct):
            found = _defect(loop)
            if found is None:
                continue
            span, message, label = found
            yield _common.finding(
                RULE,
                span,
                message,
                label,
                "The number of iterations must be known before the loop starts, because they are divided then "
                "(OpenMP 5.2 §4.4.1).",
                variable=site.directive.name,
            )


def _defect(loop: Loop) -> tuple[Span, str, str] | None:
    if loop.tainted is not None:
        return None
    if loop.kind != "for":
        return loop.header_span, "the directive needs a counted loop", "not a for loop"
    exit_ = _early_exit(loop)
    if exit_ is not None:
        return (
            exit_.span,
            f"`{exit_.kind}` leaves a loop whose iterations are shared out",
            "the other iterations run on",
        )
    index = index_of(loop)
    if loop.condition is None:
        return loop.header_span, "the loop has no condition", "its end is not known"
    if index is None or not loop.step:
        return loop.header_span, "the loop does not count with one variable", "no index"
    if not _compares(loop, index.uid):
        return (
            loop.condition.span,
            f"the condition does not compare `{index.name}` with a bound",
            "its end is not known",
        )
    for stmt in walk_statements(loop.body):
        if isinstance(stmt, Assign) and isinstance(stmt.target, Name) and stmt.target.symbol == index:
            return stmt.span, f"the index `{index.name}` is changed inside the loop", "the count is no longer known"
    return None


def _compares(loop: Loop, uid: str) -> bool:
    condition = loop.condition
    if not isinstance(condition, Binary) or condition.op not in ("<", "<=", ">", ">=", "!="):
        return False
    return _is_index(condition.left, uid) != _is_index(condition.right, uid)


def _is_index(expr: Expr, uid: str) -> bool:
    """The index, perhaps with a constant added."""
    while isinstance(expr, (Cast, Binary)):
        if isinstance(expr, Binary):
            if expr.op not in ("+", "-"):
                return False
            expr = expr.left if any(s.uid == uid for s in symbols(expr.left)) else expr.right
        else:
            expr = expr.operand
    return isinstance(expr, Name) and expr.symbol.uid == uid


def _early_exit(loop: Loop) -> Jump | None:
    """The first jump that leaves the loop."""
    stack: list[tuple[Stmt, bool]] = [(loop.body, False)]
    while stack:
        stmt, nested = stack.pop()
        if isinstance(stmt, Jump) and (stmt.kind == "return" or (stmt.kind == "break" and not nested)):
            return stmt
        nested = nested or isinstance(stmt, (Loop, Switch))
        stack.extend((s, nested) for s in reversed(substatements(stmt)))
    return None


RULE = Rule(
    "omp-not-canonical-loop",
    "omp",
    "error",
    "a loop whose iterations cannot be counted before it starts",
    "OpenMP 5.2 §4.4.1",
    check,
)
