"""Loops for people at a terminal: the verdict, the pragma in its place, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from analyzers.api import LoopReport
from analyzers.words import counted
from lsp_server.outcomes import Outcome, lines_of, place, pragma_of, verdict_word
from lsp_server.patches import chosen, covered
from lsp_server.reporters.frames import frame
from lsp_server.reporters.text import SURE, paragraph, write
from lsp_server.terminal import visible

if TYPE_CHECKING:
    from lsp_server.proposing import Proposal

LINES = 4  # of a loop that are shown
VERDICTS = {"parallel": "bold green", "serial": "bold yellow", "unknown": "bold cyan"}


class LoopReporter:
    """Prints the offers of each file in full, its other outermost loops in one line, and a line that sums up."""

    def __init__(self, console: Console, line: int | None) -> None:
        self._console = console
        self._line = line  # the user asked for the loop of this line
        self._files = self._loops = self._parallel = self._offered = 0

    def add(self, outcome: Outcome, minimum: str) -> None:
        """The loops of a file; those at least as sure as `minimum` are offered a pragma."""
        if self._line is not None:
            self._one(outcome)
            return
        self._files += 1
        self._loops += len(outcome.loops)
        self._parallel += sum(verdict_word(loop) == "parallel" for loop in outcome.loops)
        offers = chosen(outcome.loops, minimum)
        self._offered += len(offers)
        for loop in offers:
            write(self._console, loop_rows(outcome, loop, self._console.width, offered=True))
            self._console.print()
        settled = [covered(loop) for loop in (*offers, *(o for o in outcome.loops if o.existing is not None))]
        others = [
            loop
            for loop in outcome.loops
            if loop not in offers and not any(span.contains(loop.span) for span in settled)
        ]
        write(self._console, loop_lines(outcome, others))
        if others:
            self._console.print()

    def _one(self, outcome: Outcome) -> None:
        if not outcome.loops:
            self._console.print(f"{visible(outcome.name)}: line {self._line} is in no loop.")
        for loop in outcome.loops:
            offered = (loop.profitable or loop.compound is not None) and loop.existing is None
            write(self._console, loop_rows(outcome, loop, self._console.width, offered=offered))

    def close(self) -> None:
        """Sum up what was printed."""
        if self._files == 0:
            return
        line = f"{counted(self._loops, 'loop')} in {counted(self._files, 'file')}: {self._parallel} can run in parallel"
        offers = f"{counted(self._offered, 'pragma')} offered" if self._offered else "no pragma offered"
        self._console.print(Text(f"{line}, {offers}.", "bold"))
        if self._offered:
            self._console.print(Text("`--apply` inserts them, `--format diff` shows the patch.", "dim"))


def loop_rows(outcome: Outcome, loop: LoopReport, width: int, *, offered: bool) -> list[Text]:
    """A loop in full: the verdict, its lines, with the pragma where one is offered, and the explanation."""
    word = verdict_word(loop)
    head = Text().append({"serial": "not parallel"}.get(word, word), VERDICTS[word])
    head.append("  ").append(place(outcome, loop.span.start), "bold")
    head.append("  ").append(loop.verdict.confidence, SURE[loop.verdict.confidence])
    rows = [head]
    line = outcome.source.line_of(loop.span.start)
    above = _above(outcome, loop) if offered else {}
    context = set(range(line, min(line + LINES, lines_of(outcome.source, loop.span)[-1] + 1)))
    if loop.existing is not None:
        context.update(lines_of(outcome.source, loop.existing))
    rows += frame(outcome.source, [], context, above, width)
    shown = {part.strip() for lines in above.values() for part in lines.split("\n")}
    told = [part for part in (loop.explanation or loop.summary).split("\n") if part.strip() not in shown]
    rows += paragraph("why", "\n".join(told), width)
    if loop.advice and loop.existing is None and not above and loop.advice not in loop.explanation:
        rows += paragraph("note", loop.advice, width)
    proposal = outcome.proposals.get(loop.span.start)
    if proposal is not None:
        rows += paragraph("model", f"proposes `{proposal.pragma}` ({proposal.label})", width)
    rewrites = [fix for fix in loop.fixes if fix.restructures]
    for fix in rewrites:
        rows += paragraph("fix", f"{fix.title}: {fix.note}", width)
    if rewrites:
        command = f"`hpc-ls suggest {visible(outcome.name)} --line {line + 1} --rewrite --format diff` shows the first"
        rows += paragraph("", command, width)
    return rows


def _above(outcome: Outcome, loop: LoopReport) -> dict[int, str]:
    """The lines that the pragma and what goes with it would be, by the line below."""
    if loop.compound is None:
        pragma = pragma_of(loop)
        return {outcome.source.line_of(loop.span.start): loop.indent + pragma} if pragma is not None else {}
    found: dict[int, str] = {}
    for edit in loop.compound.fix.edits:
        lines = [line for line in edit.text.splitlines() if line.strip()]
        if lines and not edit.text.startswith(("\r", "\n")):  # above a line, not behind the last one
            found[outcome.source.line_of(edit.span.start)] = "\n".join(lines)
    return found


def loop_lines(outcome: Outcome, loops: Sequence[LoopReport]) -> list[Text]:
    """Loops in one line each, what is said of them in one column."""
    places = [place(outcome, loop.span.start) for loop in loops]
    column = max(map(len, places), default=0)
    return [
        _loop_line(at.ljust(column), loop, outcome.proposals.get(loop.span.start))
        for at, loop in zip(places, loops, strict=True)
    ]


def _loop_line(at: str, loop: LoopReport, proposal: Proposal | None) -> Text:
    word, _, rest = loop.summary.partition(" · ")
    if loop.advice and verdict_word(loop) == "parallel":
        rest = loop.advice if loop.advice.startswith(rest.removesuffix("…").rstrip()) else f"{rest} · {loop.advice}"
    head, colon, tail = word.partition(":")
    row = Text(f"{at}  ").append(visible(head), VERDICTS[verdict_word(loop)].removeprefix("bold "))
    row.append(visible(f"{colon}{tail} · {rest}" if rest else f"{colon}{tail}"))
    if proposal is not None:
        row.append(visible(f" · the model proposes {proposal.pragma} ({proposal.label})"), "cyan")
    return row
