"""What a text becomes once edits of the analysis are in it."""

from __future__ import annotations

from collections.abc import Iterable

from analyzers.ir.verdicts import Edit


def applied(data: bytes, edits: Iterable[Edit], start: int = 0) -> bytes:
    """The text after the edits, whose spans count from `start`."""
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end), reverse=True):
        data = data[: start + edit.span.start] + edit.text.encode() + data[start + edit.span.end :]
    return data
