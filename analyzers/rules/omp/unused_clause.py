"""A clause says something that has no effect.

What it finds
A variable that is private, firstprivate, lastprivate or in a reduction of a construct that never names it, an `ordered`
clause of a loop without an ordered region, and `simdlen` above `safelen`.

Why it matters
Something was renamed, or another variable was meant. `ordered` costs time even where nothing uses it.

Example
Bad:

    void scale(int n, const double *x, double *y)
    {
        double t = 0.0;
        int unused = 0;
        #pragma omp parallel for private(t, unused)
        for (int i = 0; i < n; i++) {
            t = 2.0 * x[i];
            y[i] = t;
        }
    }

Good:

    void scale(int n, const double *x, double *y)
    {
        double t = 0.0;
        #pragma omp parallel for private(t)
        for (int i = 0; i < n; i++) {
            t = 2.0 * x[i];
            y[i] = t;
        }
    }

Fix
Remove what is not needed, or name the variable that was meant.

References
OpenMP 5.2 §5.4 (data-sharing clauses), §4.4.4 (ordered clause), §10.4 (simd construct)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.ir.directives import Clause
from analyzers.ir.expressions import Name, symbols
from analyzers.ir.statements import Construct, Unknown, calls_of, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.openmp import clauses
from analyzers.openmp.sharing import associated_loops, index_of, mentioned
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule, Site

_WORD = re.compile(rb"[A-Za-z_]\w*")
_NO_CODE = re.compile(rb"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_LISTS = ("private", "firstprivate", "lastprivate", "reduction")


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        if construct is None or construct.body is None or site.directive.problem is not None or site.directive.unknown:
            continue
        if any(isinstance(s, Unknown) for s in walk_statements(construct.body)) or site.directive.may_hold_macros:
            continue
        yield from _never_named(context, site, construct)
        yield from _nothing_ordered(context, site, construct)
        yield from _more_than_safe(site)


def _never_named(context: Context, site: Site, construct: Construct) -> Iterator[Finding]:
    assert construct.body is not None
    # Macros and the branches of #if that are not read now may name it too.
    body = context.text[construct.directive.span.end : construct.span.end]
    words = set(_WORD.findall(_NO_CODE.sub(b" ", body)))
    named = set(mentioned(construct.body))
    named |= {s for loop in associated_loops(construct) if (s := index_of(loop)) is not None}
    for stmt in (construct, *walk_statements(construct.body)):
        if isinstance(stmt, Construct):
            named.update(_in_clauses(stmt, stmt is construct))
    for clause in site.directive.all(*_LISTS):
        if not clauses.takes(site.directive, clause.name):
            continue
        for position, item in enumerate(clause.items):
            symbol = item.expr.symbol if isinstance(item.expr, Name) else None
            if symbol is None or symbol in named or symbol.name.encode() in words or symbol.type.kind == "unknown":
                continue
            yield _common.finding(
                RULE,
                item.span,
                f"`{symbol.name}` is in `{clause.name}`, and the construct never names it",
                "no effect",
                f"`{clause.name}` is about what the construct does with `{symbol.name}`: nothing (OpenMP 5.2 §5.4).",
                (_without(site, clause, position),),
                variable=symbol.name,
                attribute=clause.name,
            )


def _in_clauses(construct: Construct, own: bool) -> Iterator[Symbol]:
    """The names in the clauses of a construct, of the one itself in those that are no lists of attributes."""
    for clause in construct.directive.clauses:
        if own and clause.name in _LISTS:
            continue
        for item in (*clause.items, *clause.trailing):
            if item.expr is not None:
                yield from symbols(item.expr)


def _without(site: Site, clause: Clause, position: int) -> Fix:
    note = "nothing else changes"
    if len(clause.items) == 1:
        edit = clauses.remove(site.directive, clause)
        return Fix(f"remove `{clause.name}({clause.items[0].text})`", (edit,), True, note)
    span = clauses.item_span(clause, position)
    return Fix(f"remove `{clause.items[position].text}` from `{clause.name}`", (Edit(span, ""),), True, note)


def _nothing_ordered(context: Context, site: Site, construct: Construct) -> Iterator[Finding]:
    clause = site.directive.first("ordered")
    if clause is None or clause.items or construct.body is None:
        return
    inside = list(walk_statements(construct.body))
    if any(isinstance(s, Construct) and s.directive.has("ordered") for s in inside):
        return
    calls = [call for stmt in inside for call in calls_of(stmt)]
    effects = [context.facts.effects.get(call.name or "") for call in calls]
    if any(e is None or e.unknown is not None or e.synchronizes for e in effects):
        return  # it may be in there
    yield _common.finding(
        RULE,
        clause.span,
        "`ordered` on a loop without an ordered region",
        "nothing uses the order",
        "The clause lets an `ordered` region of the loop run in the order of the iterations; there is none "
        "(OpenMP 5.2 §4.4.4).",
        (Fix("remove `ordered`", (clauses.remove(site.directive, clause),), True, "nothing else changes"),),
        variable="ordered",
    )


def _more_than_safe(site: Site) -> Iterator[Finding]:
    safe, wanted = site.directive.first("safelen"), site.directive.first("simdlen")
    if safe is None or wanted is None or safe.constant is None or wanted.constant is None:
        return
    if wanted.constant > safe.constant:
        yield _common.finding(
            RULE,
            wanted.span,
            f"`simdlen({wanted.constant})` asks for more lanes than `safelen({safe.constant})` allows",
            "more than is safe",
            "The argument of simdlen may not be greater than that of safelen (OpenMP 5.2 §10.4).",
            variable="simdlen",
        )


RULE = Rule(
    "omp-unused-clause",
    "omp",
    "information",
    "a clause says something that has no effect",
    "OpenMP 5.2 §5.4",
    check,
)
