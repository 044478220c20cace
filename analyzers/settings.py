"""What the user decided about the analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["c", "cpp", "fortran"]


@dataclass(frozen=True, slots=True)
class Options:
    """Part of every cache key, so it is hashable."""

    select: frozenset[str] = frozenset()  # rule codes or families to run; empty: all
    ignore: frozenset[str] = frozenset()
    assume_no_alias: bool = False  # pointers that may overlap by type are taken as distinct, without naming it
    independent: frozenset[str] = frozenset()  # functions the user vouches for
    defines: tuple[tuple[str, str], ...] = ()  # -D
    include_paths: tuple[str, ...] = ()
    snippet: bool = False  # a bare loop without declarations: undeclared names are distinct objects
    budget: float = 2.0  # seconds of processor time for one function, then UNKNOWN
