"""`hpc-ls suggest`: which loops can run in parallel, with which pragma; as text, JSON or a patch, or put in place."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace

from rich.text import Text

from analyzers.api import LoopReport
from lsp_server import changes
from lsp_server.commands import files, output
from lsp_server.outcomes import Outcome, pragma_of, verdict_word
from lsp_server.patches import Patch, chosen, unified
from lsp_server.reporters import text
from lsp_server.reporters.frames import visible
from lsp_server.settings_edit import write_atomically


def run(arguments: Namespace, command_line: Mapping[str, object]) -> int:
    """0 whether or not there are suggestions, 2 when a file or the request could not be handled."""
    settings = files.Settings(command_line)
    try:
        found, changed = files.requests(arguments, settings)
    except changes.GitError as error:
        return output.failed(str(error))
    if not output.told(settings.problems):
        return output.FAILED
    patching = arguments.apply or arguments.format == "diff"
    requests = [
        replace(
            request,
            task=replace(
                request.task,
                options=replace(request.task.options, snippet=arguments.snippet),
                minimum=request.loaded.settings.min_confidence if patching else None,
                lines=range(arguments.line - 1, arguments.line) if arguments.line is not None else None,
            ),
        )
        for request in found
    ]
    writer = _Writer(arguments)
    for request, answer in files.answers(requests, files.jobs(arguments, settings)):
        outcome = answer.outcome
        if changed is not None:
            outcome = files.changed_only(outcome, changed)
        if arguments.line is not None and outcome.error is None:
            outcome = _at_line(outcome, arguments.line - 1)
        writer.add(outcome, answer.patch, request.loaded.settings.min_confidence)
    writer.close()
    return writer.status


def _at_line(outcome: Outcome, line: int) -> Outcome:
    """Only the loop a person means by this line."""
    if line >= len(outcome.source.line_starts):
        lines = text.counted(len(outcome.source.line_starts), "line")
        return replace(outcome, loops=(), error=f"has no line {line + 1}, only {lines}")
    loop = text.innermost(outcome.source, outcome.loops, line)
    return replace(outcome, loops=() if loop is None else (loop,))


class _Writer:
    """What is printed and written file by file."""

    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self.status = 0
        self._console = text.console_for(sys.stdout, arguments.color)
        self._json = None
        if arguments.format == "json":
            from lsp_server.reporters.json import JsonReporter

            self._json = JsonReporter(sys.stdout, loops=True).__enter__()
        self._files = self._loops = self._parallel = self._offered = self._applied = 0

    def add(self, outcome: Outcome, patch: Patch | None, minimum: str) -> None:
        if outcome.error is not None:
            self.status = output.FAILED
            if self._json is None:
                output.failed(f"{visible(outcome.name)}: {outcome.error}")
        if self._json is not None:
            self._json.add(outcome)
        if outcome.error is None:
            self._files += 1
            if self._arguments.format == "diff":
                self._diff(outcome, patch)
            if self._arguments.apply:
                self._apply(outcome, patch)
            elif self._arguments.format == "text":
                self._show(outcome, minimum)

    def close(self) -> None:
        if self._json is not None:
            self._json.__exit__(None, None, None)
        elif self._arguments.apply:
            if self._files and self._applied == 0:
                sys.stderr.write("hpc-ls: no loop needs a pragma, nothing was changed\n")
        elif self._arguments.format == "text" and self._files:
            self._sum_up()

    def _show(self, outcome: Outcome, minimum: str) -> None:
        width = self._console.width
        if self._arguments.line is not None:
            if not outcome.loops:
                self._console.print(f"{visible(outcome.name)}: line {self._arguments.line} is in no loop.")
            for loop in outcome.loops:
                text.write(
                    self._console,
                    text.loop_rows(outcome, loop, width, offered=loop.profitable and loop.existing is None),
                )
            return
        self._loops += len(outcome.loops)
        self._parallel += sum(verdict_word(loop) == "parallel" for loop in outcome.loops)
        offers = chosen(outcome.loops, minimum)
        self._offered += len(offers)
        others: list[LoopReport] = []
        for loop in outcome.loops:
            if loop in offers:
                text.write(self._console, text.loop_rows(outcome, loop, width, offered=True))
                self._console.print()
                continue
            around = (*offers, *(other for other in outcome.loops if other.existing is not None))
            if not any(other.span.contains(loop.span) for other in around):
                others.append(loop)
        text.write(self._console, text.loop_lines(outcome, others))
        if others:
            self._console.print()

    def _sum_up(self) -> None:
        if self._arguments.line is not None:
            return
        loops = text.counted(self._loops, "loop")
        line = f"{loops} in {text.counted(self._files, 'file')}: {self._parallel} can run in parallel"
        offers = f", {text.counted(self._offered, 'pragma')} offered" if self._offered else ", no pragma offered"
        self._console.print(Text(f"{line}{offers}.", "bold"))
        if self._offered:
            self._console.print(Text("`--apply` inserts them, `--format diff` shows the patch.", "dim"))

    def _diff(self, outcome: Outcome, patch: Patch | None) -> None:
        if patch is None or not patch.applied:
            return
        if outcome.path is None:
            self.status = output.failed("standard input has no name for a patch; use --apply to print the new text")
            return
        if outcome.codec.encoding.startswith("utf-16") or outcome.codec.encoding.startswith("utf-32"):
            self.status = output.failed(f"{outcome.name}: no patch format knows {outcome.codec.encoding}; use --apply")
            return
        before, after = outcome.codec.encode(outcome.source), outcome.codec.encode(patch.text)
        sys.stdout.flush()
        sys.stdout.buffer.write(unified(outcome.path, before, after))
        sys.stdout.buffer.flush()

    def _apply(self, outcome: Outcome, patch: Patch | None) -> None:
        if patch is None:
            return
        if outcome.path is None:
            sys.stdout.buffer.write(outcome.codec.encode(patch.text))
            sys.stdout.buffer.flush()
        else:
            if not self._write(outcome, patch):
                return
            for loop in patch.applied:
                line = outcome.source.line_of(loop.span.start) + 1
                self._say(f"{visible(outcome.name)}:{line}  {pragma_of(loop)}")
        self._applied += len(patch.applied)
        for loop, why in patch.refused:
            self._say(f"{text.place(outcome, loop.span.start)}  left alone: {why}")

    def _write(self, outcome: Outcome, patch: Patch) -> bool:
        """Put the new text in place unless somebody changed the file meanwhile."""
        assert outcome.path is not None
        if not patch.applied:
            return True
        try:
            if outcome.path.read_bytes() != outcome.codec.encode(outcome.source):
                self.status = output.failed(f"{outcome.name}: changed while it was analysed; nothing was written")
                return False
            write_atomically(outcome.path, outcome.codec.encode(patch.text))
        except OSError as error:
            self.status = output.failed(f"{outcome.name}: cannot be written: {error.strerror}")
            return False
        return True

    def _say(self, line: str) -> None:
        """News of --apply: on standard output, unless a document is printed there."""
        stream = sys.stdout if self._arguments.format == "text" and "-" not in self._arguments.paths else sys.stderr
        stream.write(f"{line}\n")
