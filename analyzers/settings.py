"""What the user decided about the analysis."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from analyzers.costs import DEFAULTS, Costs

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
    database: str = ""  # compile_commands.json or its folder; "": looked for
    offload: bool = False  # also propose what a device can do
    loops: bool = True  # loops are reported too, not only findings
    snippet: bool = False  # a bare loop without declarations: undeclared names are distinct objects
    costs: Costs = DEFAULTS  # of threads and arithmetic on the machine that the code is for
    budget: int = 90_000  # what questions about one function may cost (`dependence.allowance`), then UNKNOWN

    def runs(self, code: str) -> bool:
        """Whether the rule of this code is to speak."""
        return is_chosen(code, self.select, self.ignore)


def family_of(code: str) -> str:
    """The first word of a rule's code: `race` of `race-missing-reduction`."""
    return code.partition("-")[0]


def stands_for(name: str, code: str) -> bool:
    """Whether a name that a person wrote (a code, a family or `all`) means the rule of this code."""
    return name in (code, family_of(code), "all")


def is_chosen(code: str, chosen: Collection[str], ignored: Collection[str]) -> bool:
    """Whether a rule speaks. Both collections hold codes, families and `all`; nothing chosen is everything. A code that
    is named wins over a family that is ignored, as the more specific of the two. Unknown names choose nothing."""
    if code in ignored:
        return False
    if code in chosen:
        return True
    return (not chosen or any(stands_for(n, code) for n in chosen)) and not any(stands_for(n, code) for n in ignored)
