"""Calls that have nothing to do with each other run one after the other.

What it finds
Two or more calls beside each other, of functions of this file with loops in loops, that write different memory: a
`sections` construct could run them at the same time. Shown on request only (`--min-confidence possible`): how long the
calls take is not known, and where the loops inside them can run in parallel, that is the better place.

Why it matters
While one call runs, all other cores wait.

Example
Bad:

    static void blur(int n, const double *restrict from, double *restrict to)
    {
        for (int k = 0; k < 100; k++)
            for (int i = 1; i < n; i++)
                to[i] = 0.5 * (to[i - 1] + from[i]);
    }

    void channels(int n, const double *restrict from, double *restrict red, double *restrict blue)
    {
        blur(n, from, red);
        blur(n, from, blue);
    }

Good:

    static void blur(int n, const double *restrict from, double *restrict to)
    {
        for (int k = 0; k < 100; k++)
            for (int i = 1; i < n; i++)
                to[i] = 0.5 * (to[i - 1] + from[i]);
    }

    void channels(int n, const double *restrict from, double *restrict red, double *restrict blue)
    {
        #pragma omp parallel sections
        {
            #pragma omp section
            blur(n, from, red);
            #pragma omp section
            blur(n, from, blue);
        }
    }

Fix
Put the calls into the sections of a `parallel sections` construct.

References
OpenMP 5.2 §11.3 (sections construct)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.statements import Construct, walk_statements
from analyzers.ir.verdicts import Finding, Fix
from analyzers.openmp import calls, tasks
from analyzers.openmp.calls import Site
from analyzers.rules.registry import Context, Rule
from analyzers.words import listed

LOOPS = 2  # in each other: fewer are over too soon to start threads for them


def check(context: Context) -> Iterator[Finding]:
    facts = context.facts
    function = facts.function
    large = {name for name in function.callees if _is_large(context, name)} - {function.name}
    if not large or any(isinstance(stmt, Construct) for stmt in walk_statements(function.body)):
        return
    rows = calls.runs(function.body, context.text, lambda call: call.name in large)
    for sites in (group for row in rows for group in _groups(row, facts)):
        assumed = calls.independent(sites, facts) or ()
        names = listed([f"`{name}`" for name in dict.fromkeys(site.call.name for site in sites)])
        edit = tasks.sections(context.text, sites, function)
        yield Finding(
            RULE.code,
            RULE.category,
            RULE.severity,
            "possible",
            sites[0].call.span,
            f"{len(sites)} calls in a row ({names}) have nothing to do with each other",
            label="the next call waits for this one",
            why="They write different memory"
            + (f", if {listed([a.text for a in assumed])}." if assumed else ".")
            + " Where their own loops can run in parallel, that is the better place.",
            fixes=(Fix("run the calls in `parallel sections`", (edit,), safe=False, note="pays for long calls only"),),
            facts={"calls": str(len(sites))},
            assumptions=assumed,
        )


def _groups(row: Sequence[Site], facts: FunctionFacts) -> Iterator[list[Site]]:
    """The row cut where a call needs what one before it does; variables that a section declares would end with it."""
    group: list[Site] = []
    for site in row:
        if not site.kind and (not group or _fits([*group, site], facts)):
            group.append(site)
            continue
        if len(group) > 1:
            yield group
        group = [] if site.kind else [site]
    if len(group) > 1:
        yield group


def _fits(sites: Sequence[Site], facts: FunctionFacts) -> bool:
    assumed = calls.independent(sites, facts)
    return assumed is not None and all(a.kind != "condition" for a in assumed)


def _is_large(context: Context, name: str) -> bool:
    effect = context.facts.effects.get(name)
    return effect is not None and effect.nesting >= LOOPS and calls.harmless(effect)


RULE = Rule(
    "perf-serial-calls",
    "perf",
    "hint",
    "calls that have nothing to do with each other run one after the other",
    "OpenMP 5.2 §11.3",
    check,
)
