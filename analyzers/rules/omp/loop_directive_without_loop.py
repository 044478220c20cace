"""A loop directive stands before something that is no loop.

What it finds
A directive that is about a loop (`for`, `simd`, `distribute`, `taskloop`, ...) before another statement, or at the
end of a block.

Why it matters
The program does not compile: the directive needs the loop whose iterations it is about directly behind it.

Example
Bad:

    void clear(int n, double *x)
    {
        #pragma omp parallel for
        {
            for (int i = 0; i < n; i++)
                x[i] = 0.0;
        }
    }

Good:

    void clear(int n, double *x)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++)
            x[i] = 0.0;
    }

Fix
Put the directive directly before the loop, without braces or other statements between them.

References
OpenMP 5.2 §4.4 (loop concepts)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import Block, Construct, Declare, Loop, Stmt, Unknown
from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.standards.openmp import association


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        directive, construct = site.directive, site.construct
        if (
            construct is None
            or directive.problem is not None
            or association(directive.name) != "loop"
            or _governs_loop(construct)
        ):
            continue
        yield _common.finding(
            RULE,
            directive.name_span,
            f"`{directive.name}` is about a loop, and none follows",
            "no loop directly behind it",
            "The directive applies to the loop that stands directly behind it, without braces in between "
            "(OpenMP 5.2 §4.4.1).",
            variable=directive.name,
        )


def _governs_loop(construct: Construct) -> bool:
    if construct.body is None:
        return False
    return any(_is_loop(s) for s in construct.body.statements)


def _is_loop(stmt: Stmt) -> bool:
    if isinstance(stmt, Loop):
        return stmt.kind == "for" or stmt.header is not None
    # A loop transformation yields loops; what could not be read may be one; a loop may come with its declarations.
    if isinstance(stmt, Construct):
        return association(stmt.directive.name) == "loop"
    if isinstance(stmt, Block) and any(isinstance(s, Declare) for s in stmt.statements):
        return any(isinstance(s, Loop) for s in stmt.statements)
    return isinstance(stmt, Unknown)


RULE = Rule(
    "omp-loop-directive-without-loop",
    "omp",
    "error",
    "a loop directive before something that is no loop",
    "OpenMP 5.2 §4.4.1",
    check,
)
