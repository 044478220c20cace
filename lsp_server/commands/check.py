"""`hpc-ls check`: findings, their exit status, the baseline."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from analyzers.words import counted
from lsp_server import baseline, changes
from lsp_server.commands import files, output
from lsp_server.outcomes import Outcome, presented

FOUND = 1
# Advice (information, hint) is shown and fails nothing: a slow loop is no reason to stop a build.
FAILING = ("error", "warning")


def run(arguments: Namespace, command_line: Mapping[str, object]) -> int:
    """Analyse and report; 0 no errors or warnings, 1 some, 2 a file or the request could not be handled."""
    settings = files.Settings(command_line)
    try:
        accepted = baseline.load(arguments.baseline) if arguments.baseline and not arguments.write_baseline else {}
        found, changed = files.requests(arguments, settings)
    except (changes.GitError, baseline.BaselineError) as error:
        return output.failed(str(error))
    if not output.told(settings.problems):
        return output.FAILED
    outcomes = _outcomes(arguments, settings, found, changed, accepted)
    if arguments.write_baseline:
        return _write_baseline(arguments.baseline, list(outcomes))
    status = 0
    with output.reporter(arguments) as reporter:
        for outcome in outcomes:
            reporter.add(outcome)
            status = max(status, _status(outcome))
    return status


def _status(outcome: Outcome) -> int:
    if outcome.error is not None:
        return output.FAILED
    return FOUND if any(located.finding.severity in FAILING for located in outcome.findings) else 0


def _outcomes(
    arguments: Namespace,
    settings: files.Settings,
    found: list[files.Request],
    changed: changes.Changes | None,
    accepted: dict[str, set[str]],
) -> Iterator[Outcome]:
    """What is to be reported of each file."""
    place = arguments.baseline
    for request, answer in files.answers(found, settings, files.jobs(arguments, settings)):
        outcome = answer.outcome
        if outcome.error is None:
            outcome = replace(outcome, findings=presented(outcome.findings, request.loaded.settings))
            if place is not None and accepted:
                outcome = replace(outcome, findings=baseline.without(outcome, accepted, place.parent))
            if changed is not None:
                outcome = files.changed_only(outcome, changed)
        yield outcome


def _write_baseline(path: Path | None, outcomes: list[Outcome]) -> int:
    if path is None:
        return output.failed("--write-baseline needs `--baseline FILE` to say where")
    try:
        count = baseline.write(path, [outcome for outcome in outcomes if outcome.error is None])
    except OSError as error:
        return output.failed(f"{path} cannot be written: {error.strerror}")
    for outcome in outcomes:
        if outcome.error is not None:
            sys.stderr.write(f"hpc-ls: {outcome.name}: {outcome.error}\n")
    sys.stdout.write(f"{counted(count, 'finding')} accepted in {path}\n")
    return output.FAILED if any(outcome.error is not None for outcome in outcomes) else 0
