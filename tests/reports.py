"""What the whole analysis says of the loops of a text."""

from __future__ import annotations

from typing import Literal

from analyzers.api import Options, analyze, loops_of
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText


def loop_reports(text: str, options: Options | None = None, language: Literal["c", "cpp"] = "c") -> list[LoopReport]:
    """The loops of a text, in textual order."""
    return [loop for _, loop in loops_of(analyze(SourceText.of(text), language, options or Options()))]
