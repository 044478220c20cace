"""What goes to a terminal, without anything that is slow to load."""

from __future__ import annotations

import time
from typing import TextIO

# Characters that would turn what follows around, or drive the terminal.
_HIDDEN = frozenset({*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F})


def visible(text: str) -> str:
    """Text that cannot do anything to a terminal: control characters become pictures of themselves."""
    if text.isprintable():
        return text
    return "".join(
        chr(0x2400 + ord(char)) if ord(char) < 0x20 else "\ufffd" if ord(char) in _HIDDEN else char for char in text
    )


class Progress:
    """How far a long run is, on a terminal only, from half a second on; gone before anything else is printed."""

    def __init__(self, stream: TextIO, total: int, patience: float = 0.5, what: str = "files") -> None:
        self._stream = stream
        self._what = what
        self._total = total
        self._from = time.monotonic() + patience
        self._wanted = total > 1 and stream.isatty()
        self._shown = False

    def tick(self, done: int) -> None:
        """Say that `done` things are done and the next one takes its time."""
        if self._wanted and time.monotonic() >= self._from:
            self._stream.write(f"\r\x1b[K… {done} of {self._total} {self._what}")
            self._stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Leave the line as it was."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
