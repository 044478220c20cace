"""From a race to a small program that has it: values for what comes from outside, sizes for what is pointed to."""

from __future__ import annotations

from dataclasses import dataclass


class NotReproducibleError(Exception):
    """Why no program can be made, as a sentence."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A program, where in it the first access of the race stands and where `main`, and what happens, as a sentence."""

    text: bytes
    place: int
    main: int
    told: str
