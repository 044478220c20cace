"""What the questions about one function may cost: counted, not timed, so that every run on every machine ends alike."""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE = 6  # questions without an answer in time, after which less time is given to each


@dataclass(slots=True)
class Allowance:
    """Units of work that are left, a unit being about one constraint that isl is given (20 µs). A question may take
    more than is left: the next one is not asked."""

    left: int
    _whole: Allowance | None = None
    _unanswered: int = 0

    @property
    def spent(self) -> bool:
        return self.left <= 0 or (self._whole is not None and self._whole.spent)

    @property
    def patient(self) -> bool:
        """Is a hard question worth its full time? Where many were in vain the next ones will be too."""
        return self._unanswered < PATIENCE and (self._whole is None or self._whole.patient)

    def spend(self, units: int) -> None:
        self.left -= units
        if self._whole is not None:
            self._whole.spend(units)

    def in_vain(self) -> None:
        """A question took all the time that it was given."""
        self._unanswered += 1
        if self._whole is not None:
            self._whole.in_vain()

    def share(self, part: float) -> Allowance:
        """A part of what is left, so that one hard loop leaves something for those after it."""
        return Allowance(int(max(self.left, 0) * part), self)
