"""A loop cut in two, one of which is parallel (loop distribution, see `dependence.distribution`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzers.dependence.facts import LoopFacts
from analyzers.ir.expressions import symbols
from analyzers.ir.statements import Block, Declare, Stmt, expressions, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp import cost
from analyzers.openmp.rewrites.subject import Subject, assuming
from analyzers.text import Span, line_break, line_start

MOST = 0.6  # of the work, which the rest of it would hold up otherwise


def fixes(subject: Subject) -> Iterator[Fix]:
    """The loop ends before one of its statements and begins anew, with a pragma on the part that is parallel."""
    if not (subject.has_block and subject.place.own_line and subject.loop.alternatives.splits and subject.in_block):
        return
    for found in subject.loop.alternatives.splits:
        part = subject.body[: found.at] if found.first else subject.body[found.at :]
        start = subject.boundary(found.at)
        form = subject.notation.forms.get("next loop")
        if start is None or form is None or not _pays(subject, part):
            continue
        if not found.first and _index_lasts(subject.loop):
            continue
        pragma = subject.with_facts(_restricted(subject.loop, part), found.verdict).divided()
        if pragma is None:
            continue
        which, line = ("first", "") if found.first else ("second", f"{pragma}\n")
        text = form.substitute(line=line, head=subject.of(subject.loop.loop.header_span))
        edits = (*((subject.above(pragma),) if found.first else ()), _cut(subject, start, text))
        note = f"what the {which} loop does needs nothing of later iterations of the other{assuming(found.verdict)}"
        title = f"split the loop in two, the {which} of which is parallel"
        yield Fix(title, edits, safe=False, note=note, restructures=True)


def _pays(subject: Subject, part: tuple[Stmt, ...]) -> bool:
    """Is the part most of the work, and enough?"""
    each, _ = cost.of(Block(part, subject.loop.loop.body.span), subject.works, subject.work.costs)
    return each >= MOST * subject.work.each and subject.pays(each)


def _index_lasts(loop: LoopFacts) -> bool:
    return loop.header is not None and loop.header.index in loop.lastprivate


def _restricted(loop: LoopFacts, part: Iterable[Stmt]) -> LoopFacts:
    """The facts of a loop over these statements alone."""
    inside = [stmt for each in part for stmt in walk_statements(each)]
    named = {symbol for stmt in inside for expr in expressions(stmt) for symbol in symbols(expr)}
    named |= {stmt.symbol for stmt in inside if isinstance(stmt, Declare)}

    def kept(listed: Iterable[Symbol]) -> tuple[Symbol, ...]:
        return tuple(symbol for symbol in listed if symbol in named)

    return replace(
        loop,
        private=kept(loop.private),
        firstprivate=kept(loop.firstprivate),
        lastprivate=kept(loop.lastprivate),
        conditional=kept(loop.conditional),
        linear=tuple(pair for pair in loop.linear if pair[0] in named),
        reductions=tuple(reduction for reduction in loop.reductions if reduction.symbol in named),
        collapse=1,
    )


def _cut(subject: Subject, at: int, text: str) -> Edit:
    """The edit that puts the end of one loop and the head of the next in front of what begins at `at`."""
    newline = line_break(subject.text)
    lines = [f"{subject.place.indent}{line}" for line in text.splitlines()]
    start = line_start(subject.text, at)
    if subject.text[start:at].strip():
        return Edit(Span(at, at), newline + newline.join(lines) + newline + subject.place.indent)
    return Edit(Span(start, start), newline.join(lines) + newline)
