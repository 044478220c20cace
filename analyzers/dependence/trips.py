"""How often a counted loop runs."""

from __future__ import annotations

from analyzers.dependence.affine import constant_value
from analyzers.ir.statements import LoopHeader


def trip_count(header: LoopHeader) -> int | None:
    """The number of iterations (OpenMP 5.2 §4.4.1) where lower bound, bound and step are constants."""
    lower, bound, step = (constant_value(e) for e in (header.lower, header.bound, header.step))
    if lower is None or bound is None or not step:
        return None
    if header.relation == "!=":
        return max((bound - lower) // step, 0)
    distance = bound - lower if step > 0 else lower - bound
    if header.relation in ("<=", ">="):
        distance += 1
    return max(-(-distance // abs(step)), 0)
