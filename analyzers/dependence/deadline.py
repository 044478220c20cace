"""How long an analysis may go on, in processor time: a busy machine changes no verdict."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a time budget. Asking the processor clock is a system call; while the wall clock has not reached the
    end, the processor clock cannot have either."""

    wall: float  # of time.monotonic()
    processor: float  # of time.process_time()

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds, time.process_time() + seconds)

    @property
    def passed(self) -> bool:
        return time.monotonic() > self.wall and time.process_time() > self.processor

    def share(self, part: float) -> Deadline:
        """A part of the time that is left, so that one hard question leaves something for those after it."""
        left = self.processor - time.process_time()
        return Deadline.after(max(left, 0.0) * part)
