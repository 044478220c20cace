"""What the whole analysis says of the loops of a text."""

from __future__ import annotations

from analyzers.api import Options, analyze, loops_of
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText


def loop_reports(text: str, options: Options | None = None) -> list[LoopReport]:
    """The loops of a C text, in textual order."""
    return [loop for _, loop in loops_of(analyze(SourceText.of(text), "c", options or Options()))]
