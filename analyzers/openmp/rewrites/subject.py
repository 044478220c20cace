"""The loop that is to be rewritten, and its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.ir.notation import Notation
from analyzers.ir.statements import Block, Stmt, walk_statements
from analyzers.ir.verdicts import Edit, Verdict
from analyzers.openmp import edits, synthesis
from analyzers.openmp.cost import Work
from analyzers.openmp.edits import Place
from analyzers.openmp.nests import Nests
from analyzers.text import Span, line_break, line_start

TANGIBLE = (
    20.0  # operations of an iteration, of which one does not know how many there are, that make a rewrite worth it
)
STEP = " " * 4  # where the text shows none
_DIRECTIVE = re.compile(rb"^[ \t]*#", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Subject:
    """One loop; `text` is that of its function."""

    function: FunctionFacts
    loop: LoopFacts
    nests: Nests[LoopFacts]
    works: Mapping[int, Work]
    place: Place
    text: bytes

    @property
    def notation(self) -> Notation:
        return self.function.function.notation

    @property
    def work(self) -> Work:
        return self.works[id(self.loop.loop)]

    def pays(self, each: float | None = None, passes: float = 1.0) -> bool:
        """Is it worth another form of the loop? `each`: operations of an iteration that the threads share; `passes`:
        over the iterations."""
        each = self.work.each if each is None else each
        enough = each * self.work.trips >= passes * self.work.enough
        return enough and (self.work.bounded or each >= TANGIBLE)

    @property
    def body(self) -> tuple[Stmt, ...]:
        return self.loop.loop.body.statements

    def of(self, span: Span) -> str:
        """The text of a piece of the function."""
        return self.text[span.start : span.end].decode("utf-8", "replace")

    def with_facts(self, facts: LoopFacts, verdict: Verdict) -> Subject:
        """The loop as it would be."""
        return replace(self, loop=replace(facts, verdict=verdict))

    def divided(self, *more: str, directive: str = "parallel for", schedule: str | None = None) -> str | None:
        """The directive that divides the loop, with `more` clauses."""
        facts, work = self.loop, self.work
        return synthesis.divided(facts, self.nests, work, self.notation, *more, directive=directive, schedule=schedule)

    def above(self, pragma: str) -> Edit:
        """The edit that puts a directive above the loop."""
        (edit,) = edits.insertion(self.text, self.place, pragma, safe=False).edits
        return edit

    def before(self, at: int, line: str) -> Edit:
        """The edit that puts a line of its own in front of what begins at `at`."""
        start = line_start(self.text, at)
        blank = self.text[start:at]
        newline = line_break(self.text)
        if not blank.strip():
            return Edit(Span(start, start), f"{blank.decode('utf-8', 'replace')}{line}{newline}")
        return Edit(Span(at, at), f"{newline}{self.place.indent}{line}{newline}{self.place.indent}")

    @property
    def in_block(self) -> bool:
        """May other statements stand beside the loop?"""
        loop = self.loop.loop
        blocks = (s for s in (self.function.function.body, *walk_statements(self.function.function.body)))
        around = next((b for b in blocks if isinstance(b, Block) and any(s is loop for s in b.statements)), None)
        return around is not None and self._is_braced(around)

    @property
    def has_braces(self) -> bool:
        """Is the body a block in the text too?"""
        return self._is_braced(self.loop.loop.body)

    @property
    def has_block(self) -> bool:
        """And free of lines of the preprocessor?"""
        body = self.loop.loop.body
        return self.has_braces and _DIRECTIVE.search(self.text, body.span.start, body.span.end) is None

    def _is_braced(self, block: Block) -> bool:
        opens = self.notation.block_opens
        return bool(opens) and self.text.startswith(opens, block.span.start)

    @property
    def step(self) -> str:
        """How far the body is indented."""
        indent = self.place.indent
        body = self.loop.loop.body.statements
        start = line_start(self.text, body[0].span.start) if body else 0
        within = self.text[start : body[0].span.start].decode("utf-8", "replace") if body else ""
        return within[len(indent) :] if within.startswith(indent) and within[len(indent) :].isspace() else STEP

    def fresh(self, name: str) -> str:
        """A name that the function does not use: this one, if it does not."""
        while re.search(rb"\b" + re.escape(name.encode()) + rb"\b", self.text):
            name += "_"
        return name

    def boundary(self, at: int) -> int | None:
        """Where the text of statement `at` of the body begins; None where it is not apart from the one before."""
        before, after = self.body[at - 1], self.body[at]
        ends = self.notation.ends
        if ends is None or not self.loop.loop.body.span.start < before.span.end <= after.span.start:
            return None
        if any(stmt.span.end > after.span.start for stmt in self.body[:at]):
            return None
        between = self.text[before.span.end : after.span.start]
        closed = self.text[before.span.end - 1 : before.span.end] in (b";", b"}")
        match = ends.match(between)
        rest = between if match is None else between[match.end() :]
        if (match is None and not closed) or rest.replace(b"*/", b"\n").rsplit(b"\n", 1)[-1].strip():
            return None
        return after.span.start


def assuming(verdict: Verdict) -> str:
    """What a verdict rests on, as a part of a note."""
    return "".join(f"; assuming {assumption.text}" for assumption in verdict.assumptions)
