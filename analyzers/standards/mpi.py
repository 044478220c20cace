"""The procedures of MPI: what each argument is, who takes part, when the call is done (MPI 4.1).

The rows stand in `mpi_tables`. Families that the standard makes by one rule from the blocking procedure (`I...`,
`..._init`, `..._c`) are made so here as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from analyzers.standards import mpi_tables as tables
from analyzers.standards.library import Routine, words
from analyzers.standards.mpi_tables import Role

Direction = Literal["in", "out", "inout"]
Completion = Literal["local", "blocking", "nonblocking", "persistent"]

_ADDRESSES: tuple[Role, ...] = ("buffer", "text", "memory", "status", "function")  # what C passes a pointer to anyway

_ROLES = {name: role for role, names in tables.NAMES for name in words(names)}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name in the standard, what it is, and what the call does to what it points to."""

    name: str
    role: Role
    direction: Direction = "in"
    array: bool = False

    @property
    def by_address(self) -> bool:
        """Does C pass a pointer?"""
        return self.array or self.direction != "in" or self.role in _ADDRESSES


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure. `section` is that of MPI 4.1. `collective`: all processes of the communicator, window or file call
    it; `completion`: `local` calls need nobody else, `nonblocking` and `persistent` ones go on behind the call."""

    name: str
    section: str
    parameters: tuple[Parameter, ...]
    completion: Completion = "local"
    collective: bool = False
    instead: str | None = None  # of a deprecated or removed procedure: what takes its place
    counts: Literal["int", "MPI_Count"] = "int"
    fails: bool = True  # returns an error code, in Fortran as `ierror` behind the other arguments

    def first(self, role: Role) -> int | None:
        """The position of the first argument with that role."""
        return next((at for at, parameter in enumerate(self.parameters) if parameter.role == role), None)

    def all(self, role: Role) -> tuple[int, ...]:
        """The positions of the arguments with that role."""
        return tuple(at for at, parameter in enumerate(self.parameters) if parameter.role == role)


# What has a variant `..._c` whose counts are of type MPI_Count (§2.5.8, §19.2).
_LARGE: tuple[Role, ...] = ("count", "displacement", "size", "partition")
_NOT_LARGE = frozenset(words(
    "Waitany Waitall Waitsome Testany Testall Testsome Startall Cart_shift Pready_list Group_size Comm_size"
    " Comm_remote_size Comm_spawn Comm_spawn_multiple Info_get Info_get_valuelen Info_get_string Info_get_nkeys"
    " Type_size_x Type_get_extent_x Type_get_true_extent_x Get_elements_x Status_set_elements_x Alloc_mem Aint_add"
    " Aint_diff Session_get_nth_pset File_set_size File_preallocate File_get_size File_set_view File_get_view"
    " File_get_byte_offset Win_create_dynamic Win_attach Type_hindexed Type_hvector Type_lb Type_ub Type_struct"
    " Type_extent Type_create_darray Comm_get_name Type_get_name Win_get_name Get_processor_name"
    " Get_library_version Error_string Type_match_size Psend_init Precv_init"
))  # fmt: skip


def _parameter(word: str) -> Parameter:
    direction: Direction = "out" if word.startswith(">") else "inout" if word.startswith("=") else "in"
    name = word.strip(">=*")
    return Parameter(name.rstrip("_"), _ROLES[name], direction, word.endswith("*"))


def _rows(table: str, completion: Completion = "local", collective: bool = False) -> Iterator[Procedure]:
    for row in table.strip().splitlines():
        section, names, parameters = (part.strip() for part in row.split("|"))
        found = tuple(map(_parameter, parameters.split()))
        for name in names.split():
            name, _, instead = name.partition("=")
            new = f"MPI_{instead}" if instead else None
            yield Procedure(f"MPI_{name}", section, found, completion, collective, new)


def _families() -> Iterator[Procedure]:
    """The collective procedures that start an operation (§6.12, §8.7), and those that prepare one (§6.13, §8.8)."""
    request, info = _parameter(">request"), _parameter("info")
    for each in _rows(tables.COLLECTIVE, "blocking", True):
        name, neighbor = each.name.removeprefix("MPI_"), each.section.startswith("8")
        started = (*each.parameters, request)
        yield replace(
            each,
            name=f"MPI_I{name[0].lower()}{name[1:]}",
            section="8.7" if neighbor else "6.12",
            parameters=started,
            completion="nonblocking",
        )
        yield replace(
            each,
            name=f"MPI_{name}_init",
            section="8.8" if neighbor else "6.13",
            parameters=(*each.parameters, info, request),
            completion="persistent",
        )


@cache
def procedures() -> dict[str, Procedure]:
    """All procedures by name. They are made when a program first names one."""
    groups = (
        _rows(tables.POINT_TO_POINT, "blocking"),
        _rows(tables.STARTED, "nonblocking"),
        _rows(tables.MADE_TO_BE_STARTED, "persistent"),
        _rows(tables.COLLECTIVE, "blocking", True),
        _families(),
        _rows(tables.COLLECTIVE_ONCE, "blocking", True),
        _rows(tables.COLLECTIVE_STARTED, "nonblocking", True),
        _rows(tables.ONE_SIDED, "nonblocking"),
        _rows(tables.WAITING, "blocking"),
        _rows(tables.LOCAL),
        (replace(each, fails=False) for each in _rows(tables.VALUES)),
        _rows(tables.OLD),
    )
    table = {each.name: each for group in groups for each in group}
    for each in [p for p in table.values() if _has_large_counts(p)]:
        table[f"{each.name}_c"] = replace(each, name=f"{each.name}_c", counts="MPI_Count")
    return table


def _has_large_counts(procedure: Procedure) -> bool:
    name = procedure.name.removeprefix("MPI_")
    return name not in _NOT_LARGE and any(p.role in _LARGE for p in procedure.parameters)


@cache
def procedure(name: str) -> Procedure | None:
    """The procedure of that name; of a profiling name (`PMPI_Send`, §15.2) the one that it is. Fortran's names differ
    in case only."""
    plain = name[1:] if name[:5].upper() == "PMPI_" else name
    if plain[:4].upper() != "MPI_":
        return None
    return procedures().get(plain) or _by_lower_case().get(plain.lower())


@cache
def _by_lower_case() -> dict[str, Procedure]:
    return {name.lower(): each for name, each in procedures().items()}


_MEMORY = {("in", False): "-", ("in", True): "r", ("out", True): "w", ("inout", True): "b"}
_EXCHANGING: tuple[Role, ...] = ("request", "communicator", "window", "file", "message")


@cache
def routine(name: str) -> Routine | None:
    """What a procedure does to memory. What processes exchange has an order, as output has; an operation that is only
    started keeps its buffers. None also for what completes operations: it touches memory that it is not given."""
    found = procedure(name)
    if found is None or _completes(found):
        return None
    parameters = found.parameters
    kept = found.completion in ("nonblocking", "persistent")
    letters = ["e" if kept and p.role == "buffer" else _MEMORY[p.direction, p.by_address] for p in parameters]
    aborts = found.name == "MPI_Abort"
    one = not any(p.array or p.role in ("buffer", "text", "memory") for p in parameters)
    changes = any(p.role in _EXCHANGING and p.direction != "in" for p in parameters)
    return Routine(
        name,
        "mpi.h",
        "".join(letters) or "-",
        io=aborts or changes or found.completion != "local",
        exits=aborts,
        aborts=aborts,
        fills=tuple(k for k, p in enumerate(parameters) if p.direction == "out" and not p.array and p.role != "buffer"),
        single=one,
    )


def _completes(found: Procedure) -> bool:
    """May it end, or begin again, an operation that another call has started on its buffers?"""
    used = {p.role for p in found.parameters if p.direction != "out"}
    return "request" in used or ("window" in used and "buffer" not in used and found.completion != "local")
