"""`hpc-ls suggest`: which loops can run in parallel, with which pragma; as text, JSON or a patch, or put in place."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzers.words import counted
from lsp_server import changes
from lsp_server.commands import files, output
from lsp_server.outcomes import Outcome, innermost, place
from lsp_server.patches import Patch, alone, inserted, unified
from lsp_server.settings_edit import write_atomically
from lsp_server.terminal import visible

if TYPE_CHECKING:
    from lsp_server.commands.asking import Asking
    from lsp_server.reporters.json import JsonReporter
    from lsp_server.reporters.loops import LoopReporter


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
    if arguments.rewrite and (arguments.line is None or not patching):
        return output.failed("--rewrite writes one loop differently: add --line N, and --apply or --format diff")
    requests = [
        replace(
            request,
            task=replace(
                request.task,
                options=replace(request.task.options, snippet=arguments.snippet),
                minimum=request.loaded.settings.min_confidence if patching else None,
                lines=range(arguments.line - 1, arguments.line) if arguments.line is not None else None,
                rewrite=arguments.rewrite,
            ),
        )
        for request in found
    ]
    writer = _Writer(arguments)
    if not arguments.model:
        _write(arguments, settings, requests, changed, writer)
        return writer.status
    from lsp_server.commands.asking import Asking
    from models.client import ModelError

    try:
        with Asking() as asking:
            _write(arguments, settings, requests, changed, writer, asking)
    except ModelError as error:
        return output.failed(visible(str(error)))
    return writer.status


def _write(
    arguments: Namespace,
    settings: files.Settings,
    requests: list[files.Request],
    changed: changes.Changes | None,
    writer: _Writer,
    asking: Asking | None = None,
) -> None:
    for request, answer in files.answers(requests, settings, files.jobs(arguments, settings)):
        outcome = answer.outcome
        if changed is not None:
            outcome = files.changed_only(outcome, changed)
        if arguments.line is not None and outcome.error is None:
            outcome = _at_line(outcome, arguments.line - 1)
        if asking is not None:
            outcome = asking.answered(outcome, request.task)
        writer.add(outcome, answer.patch, request.loaded.settings.min_confidence)
    writer.close()


def _at_line(outcome: Outcome, line: int) -> Outcome:
    """Only the loop a person means by this line."""
    if line >= len(outcome.source.line_starts):
        lines = counted(len(outcome.source.line_starts), "line")
        return replace(outcome, loops=(), error=f"has no line {line + 1}, only {lines}")
    loop = innermost(outcome.source, outcome.loops, line)
    if loop is None:
        return replace(outcome, loops=())
    return replace(outcome, loops=(loop if loop.pragma is None else alone(loop),))


class _Writer:
    """What is printed and written file by file."""

    def __init__(self, arguments: Namespace) -> None:
        self._arguments = arguments
        self.status = 0
        self._applied = 0
        self._json: JsonReporter | None = None
        self._text: LoopReporter | None = None
        if arguments.format == "json":
            from lsp_server.reporters.json import JsonReporter

            self._json = JsonReporter(sys.stdout, loops=True).__enter__()
        elif arguments.format == "text" and not arguments.apply:
            from lsp_server.reporters.loops import LoopReporter
            from lsp_server.reporters.text import console_for

            self._text = LoopReporter(console_for(sys.stdout, arguments.color), arguments.line)

    def add(self, outcome: Outcome, patch: Patch | None, minimum: str) -> None:
        if outcome.error is not None:
            self.status = output.FAILED
            if self._json is None:
                output.failed(f"{visible(outcome.name)}: {outcome.error}")
        if self._json is not None:
            self._json.add(outcome)
        if outcome.error is not None:
            return
        if self._text is not None:
            self._text.add(outcome, minimum)
        if self._arguments.rewrite and (patch is None or not patch.applied):
            why = patch.refused[-1][1] if patch is not None else "no loop stands there"
            self.status = output.failed(f"{visible(outcome.name)}:{self._arguments.line}: {why}")
            return
        if self._arguments.format == "diff":
            self._diff(outcome, patch)
        if self._arguments.apply:
            self._apply(outcome, patch)

    def close(self) -> None:
        if self._json is not None:
            self._json.__exit__(None, None, None)
        if self._text is not None:
            self._text.close()
        if self._arguments.apply and self._applied == 0 and self.status == 0:
            sys.stderr.write("hpc-ls: no loop needs a pragma, nothing was changed\n")

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
                self._say(f"{visible(outcome.name)}:{line}  {patch.title or inserted(loop)}")
        self._applied += len(patch.applied)
        for loop, why in patch.refused:
            self._say(f"{place(outcome, loop.span.start)}  left alone: {why}")

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
