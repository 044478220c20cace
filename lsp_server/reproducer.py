"""The text that "copy a reproducer" copies: a small program with one race, ready for ThreadSanitizer."""

from __future__ import annotations

import re
import textwrap
from typing import Protocol

from analyzers import api
from analyzers.api import Draft, Finding, NotReproducibleError, SourceText
from lsp_server.minimize import applied, tidied

# What stood beside things that are gone: a semicolon, a directive about them.
_REST = re.compile(
    rb"^(?:;|#[ \t]*pragma[ \t]+omp[ \t]+(?:threadprivate|groupprivate)[ \t]*\(([^)\n]*)\).*)\n", re.MULTILINE
)
_NAME = re.compile(rb"\w+")
COMMANDS = (
    "clang -g -fopenmp -fsanitize=thread reproducer.c -o reproducer",
    "OMP_NUM_THREADS=4 TSAN_OPTIONS=ignore_noninstrumented_modules=1 ./reproducer",
)


class Drafts(Protocol):
    """What is needed of an analyzer."""

    def reproducer(self, at: int) -> Draft: ...


def reproducer(analyzer: Drafts, at: int) -> str:
    """The program for the race whose finding begins at byte `at` of the analyzer's version.

    Raises NotReproducibleError, also where the analysis does not find the race in the program that it made.
    """
    made = analyzer.reproducer(at)
    text, place = tidied(*_shortened(made.text, made.place, made.main))
    text, place = _without_rests(text, place)
    race = _race(text, place)
    if race is None:
        raise NotReproducibleError("the race is not to be found in the region by itself")
    return f"{_head(race, made.told)}{text.decode('utf-8', 'replace')}"


def _shortened(text: bytes, place: int, main: int) -> tuple[bytes, int]:
    """Without comments and what `main` does not need, also by way of others; where the place is then."""
    while True:
        for change in api.pieces(text, "c", main).first:
            made, moved = applied(text, main, change), applied(text, place, change)
            if made is not None and moved is not None and made[0] != text:
                text, main, place = *made, moved[1]
                break
        else:
            return text, place


def _without_rests(text: bytes, place: int) -> tuple[bytes, int]:
    for match in reversed(list(_REST.finditer(text))):
        others = text[: match.start()] + text[match.end() :]
        if match[1] is None or not all(re.search(rb"\b%b\b" % name, others) for name in _NAME.findall(match[1])):
            text, place = others, place - len(match[0]) * (match.start() < place)
    return text, place


def _race(text: bytes, place: int) -> Finding | None:
    report = api.analyze(SourceText.of(text), "c")
    return next(
        (
            finding
            for placed in report.functions
            for finding in placed.result.findings
            if finding.category == "race" and placed.start + finding.span.start == place
        ),
        None,
    )


def _head(race: Finding, told: str) -> str:
    """What the program shows, and how it is compiled and run."""
    words = textwrap.wrap(f"{race.rule}: {told}.".replace("*/", "* /"), 100)
    return "/* " + "\n   ".join([*words, *COMMANDS]) + " */\n"
