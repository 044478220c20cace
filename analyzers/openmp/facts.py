"""What the OpenMP rooms find out about the directives of a function: the input of `rules/race` and `rules/omp`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzers.ir.accesses import Access
from analyzers.ir.statements import Construct, Loop
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Confidence, Dependence, Witness

Attribute = Literal[
    "shared", "private", "firstprivate", "lastprivate", "reduction", "linear", "threadprivate", "copyprivate"
]
Origin = Literal["explicit", "predetermined", "implicit"]
Concurrency = Literal["iterations", "threads", "tasks", "lanes"]  # what runs at the same time
ExecutorKind = Literal["all-threads", "iteration", "single", "masked", "section", "task", "simd-lane", "serial"]


@dataclass(frozen=True, slots=True)
class Sharing:
    """The data-sharing attribute of a variable in a construct and where it comes from (OpenMP 5.2 §5.1)."""

    symbol: Symbol
    attribute: Attribute
    origin: Origin
    why: str  # "it is declared outside the region"
    op: str | None = None  # of a reduction


@dataclass(frozen=True, slots=True)
class Executor:
    """Who runs an access inside a parallel region."""

    kind: ExecutorKind
    construct: Construct | None = None  # the worksharing or tasking construct
    loop: Loop | None = None  # its associated loop
    section: int = 0
    thread: int | None = None  # of masked: which thread, where that is known
    creator: Executor | None = None  # of the iterations of a taskloop: who creates the tasks


@dataclass(frozen=True, slots=True)
class PlacedAccess:
    """An access with its executor, barrier phase and mutual exclusion."""

    access: Access
    executor: Executor
    phases: frozenset[int]  # barrier phases of the region in which it may run
    locks: frozenset[str] = frozenset()  # "critical:name", "lock:l", "atomic:<element text>", "ordered:<id>"
    attribute: Sharing | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A parallel region (or a simd, task, target region taken by itself) with its sharing and its accesses."""

    construct: Construct
    sharing: Mapping[Symbol, Sharing] = field(default_factory=dict)
    accesses: tuple[PlacedAccess, ...] = ()


@dataclass(frozen=True, slots=True)
class Race:
    """Two accesses to the same shared memory, at least one a write, that may run at the same time unordered."""

    region: Region
    first: PlacedAccess
    second: PlacedAccess
    confidence: Confidence
    why: str
    witness: Witness | None = None
    assumptions: tuple[Assumption, ...] = ()
    between: Concurrency = "threads"
    dependence: Dependence | None = None
    element: bool = False  # the accesses concern elements or members, not a whole variable
    overlap: str = ""  # why two members are one place in memory, as a sentence without its full stop
    callee: str | None = None  # the function in whose body one of the accesses stands, where they do not stand in this


@dataclass(frozen=True, slots=True)
class OpenMPFacts:
    """All OpenMP facts of one function."""

    regions: tuple[Region, ...] = ()
    races: tuple[Race, ...] = ()
    complete: bool = True  # False: the search for races ended early
