"""An extreme value with its place: each thread finds its own, and they are compared at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp.rewrites.subject import Subject, assuming
from analyzers.text import line_break

_PLAIN = re.compile(r"[A-Za-z_][\w ]*\Z")
_INNER = " " * 8


def fixes(subject: Subject) -> Iterator[Fix]:
    """A region with its own copy of value and place for each thread around the loop, which stays as it is."""
    found = subject.loop.alternatives.extreme
    form = subject.notation.forms.get("extreme")
    if found is None or form is None or not subject.work.pays or not subject.place.own_line:
        return
    names = {symbol: subject.fresh(f"{symbol.name}_of_all") for symbol in (found.best, found.at)}
    if any(s.is_reference or s.type.volatile or not _PLAIN.match(s.type.name) for s in names):
        return
    facts = replace(subject.loop, private=tuple(s for s in subject.loop.private if s not in names))
    # Each thread has to come by its iterations in their order.
    divided = subject.with_facts(facts, found.verdict).divided("nowait", directive="for", schedule="schedule(static)")
    if divided is None:
        return
    own = f"firstprivate({found.best.name}, {found.at.name})"
    loop = subject.of(subject.loop.loop.span).splitlines()
    text = form.substitute(
        best=found.best.name,
        best_of_all=names[found.best],
        value_type=found.best.type.name,
        at=found.at.name,
        at_of_all=names[found.at],
        place_type=found.at.type.name,
        op=found.op,
        earlier="<" if found.rising else ">",
        parallel=subject.notation.directive("parallel", own),
        divided=divided,
        critical=subject.notation.directive("critical"),
        loop="\n".join((loop[0], *(f"{_INNER}{line[_margin(line, subject.place.indent) :]}" for line in loop[1:]))),
    )
    newline = f"{line_break(subject.text)}{subject.place.indent}"
    edit = Edit(subject.loop.loop.span, newline.join(text.splitlines()))
    which = "largest" if found.op == ">" else "smallest"
    note = f"each thread finds its own {which} value; the first of equal ones wins, as before{assuming(found.verdict)}"
    title = f"find `{found.best.name}` and `{found.at.name}` in each thread, then compare them"
    yield Fix(title, (edit,), safe=False, note=note, restructures=True)


def _margin(line: str, indent: str) -> int:
    return len(indent) if line.startswith(indent) else 0
