"""What every command says on its two streams in the same way."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable

from lsp_server.reporters import Reporter
from lsp_server.settings import SettingProblem

FAILED = 2
_OPTIONS = {"defines": "-D", "include-paths": "-I"}


def failed(message: str) -> int:
    """Say why nothing could be done; the exit status."""
    sys.stderr.write(f"hpc-ls: {message}\n")
    return FAILED


def told(problems: Iterable[SettingProblem]) -> bool:
    """Report bad settings. False when the command line itself is wrong, which is no reason to guess."""
    good = True
    for problem in problems:
        if problem.layer == "command line":
            key = problem.message.split('"')[1]
            quoted = f'"{key}"'
            option = _OPTIONS.get(key, f"--{key}")
            sys.stderr.write(f"hpc-ls: {problem.message.replace(quoted, option, 1)}\n")
            good = False
        else:
            sys.stderr.write(f"hpc-ls: {problem}\n")
    return good


def reporter(arguments: Namespace) -> Reporter:
    """The reporter for `--format`, loaded only when it is asked for."""
    if arguments.format == "json":
        from lsp_server.reporters.json import JsonReporter

        return JsonReporter(sys.stdout, loops=arguments.command == "suggest")
    if arguments.format == "sarif":
        from lsp_server.reporters.sarif import SarifReporter

        return SarifReporter(sys.stdout)
    if arguments.format == "github":
        from lsp_server.reporters.github import GithubReporter

        return GithubReporter(sys.stdout)
    from lsp_server.reporters.text import TextReporter

    return TextReporter(sys.stdout, sys.stderr, arguments.color)
