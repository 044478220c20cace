"""A loop in three parts: before the pivot, the pivot, behind it (see `dependence.pivots`)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Constant, Expr
from analyzers.ir.statements import Assign, Declare
from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp import canonical
from analyzers.openmp.rewrites.subject import Subject, assuming
from analyzers.text import Span, line_break

_STARTS = 2  # of threads, where the loop as it stands would need one


def fixes(subject: Subject) -> Iterator[Fix]:
    """Threads share the iterations before the pivot, and those behind it."""
    found, loop, header = subject.loop.alternatives.pivot, subject.loop, subject.loop.header
    if found is None or header is None or not subject.place.own_line or not subject.pays(passes=_STARTS):
        return
    if loop.lastprivate or loop.conditional or loop.linear or loop.reductions or canonical.problem(loop):
        return
    pragma = subject.with_facts(loop, found.verdict).divided()
    spans = _bounds(subject)
    if pragma is None or spans is None:
        return
    at, through = found.at.name, header.relation == "<="
    parts = (
        *(pragma, _loop(subject, {spans[1]: f"{at} - 1" if through else at})),
        _loop(subject, {spans[0]: at, spans[1]: at if through else f"{at} + 1"}),
        *(pragma, _loop(subject, {spans[0]: f"{at} + 1"})),
    )
    indent, newline = subject.place.indent, line_break(subject.text)
    lines = [line for part in parts for line in f"{indent}{part}".splitlines()]
    if not subject.in_block:
        inside = "\n".join(f"{subject.step}{line}" for line in lines)
        lines = [f"{indent}{line}" if line in "{}" else line for line in _block(subject, inside)]
    text = newline.join(lines).removeprefix(indent)
    name = header.index.name
    note = f"they meet in the iteration `{name} == {at}` alone{assuming(found.verdict)}"
    title = f"share the iterations before and behind `{name} == {at}`"
    yield Fix(title, (Edit(loop.loop.span, text),), safe=False, note=note, restructures=True)


def _block(subject: Subject, inside: str) -> list[str]:
    return subject.notation.forms["block"].substitute(inside=inside).splitlines()


def _bounds(subject: Subject) -> tuple[Span, Span] | None:
    """Where the header says what the index begins with, and what it is compared with."""
    loop, header = subject.loop.loop, subject.loop.header
    lower = loop.init[0].value if len(loop.init) == 1 and isinstance(loop.init[0], (Assign, Declare)) else None
    if header is None or lower is None or not isinstance(loop.condition, Binary):
        return None
    upper = loop.condition.right
    if not _is(lower, header.lower) or not _is(upper, header.bound):
        return None
    start, end, head = lower.span, upper.span, loop.header_span
    apart = head.start < start.start < start.end < end.start < end.end <= head.end
    return (start, end) if apart else None


def _is(written: Expr, known: Expr) -> bool:
    return written == known or (isinstance(known, Constant) and fold(written) == known.value)


def _loop(subject: Subject, changed: dict[Span, str]) -> str:
    """The text of the loop with other bounds."""
    whole = subject.loop.loop.span
    text, at = "", whole.start
    for span in sorted(changed, key=lambda span: span.start):
        text += subject.of(Span(at, span.start)) + changed[span]
        at = span.end
    return text + subject.of(Span(at, whole.end))
