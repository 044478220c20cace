"""The mutants that are known to race, and where: `confirmed.txt`, which `make confirm` writes.

A line holds the name of a mutant and the lines of its text on which ThreadSanitizer saw the two accesses of a race.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "confirmed.txt"
# Programs that ThreadSanitizer and Archer cannot judge, and why: their mutants are not counted.
BEYOND = {
    "doacross_recurrence": "Archer does not know `ordered depend`",
    "doacross_sweep": "Archer does not know `ordered depend`",
}


def read() -> dict[str, frozenset[int]]:
    """The confirmed mutants by name."""
    rows = (line.split() for line in FILE.read_text(encoding="utf-8").splitlines())
    return {name: frozenset(map(int, lines)) for name, *lines in rows}


def write(confirmed: Mapping[str, frozenset[int]]) -> None:
    """Replace the list; `confirmed` in the order in which it is to stand."""
    rows = (f"{name} {' '.join(map(str, sorted(lines)))}\n" for name, lines in confirmed.items())
    FILE.write_text("".join(rows), encoding="utf-8")
