"""Arguments that no call may have, whatever the other processes do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from analyzers.ir.expressions import Address, Name
from analyzers.ir.statements import Function
from analyzers.mpi.calls import Argument, MPICall, calls
from analyzers.mpi.values import Value, Values
from analyzers.standards.mpi_tables import Role

Kind = Literal["count", "rank", "tag", "handle", "buffer"]

_NULL_HANDLES: dict[Role, str] = {
    "communicator": "MPI_COMM_NULL",
    "datatype": "MPI_DATATYPE_NULL",
    "operation": "MPI_OP_NULL",
    "window": "MPI_WIN_NULL",
    "group": "MPI_GROUP_NULL",
    "file": "MPI_FILE_NULL",
}
# What may be asked of a null handle, or is what it is for.
_TAKE_NULL = frozenset(("MPI_Comm_compare", "MPI_Group_compare", "MPI_Group_free", "MPI_Comm_free", "MPI_Abort"))
_RESULTS: tuple[Role, ...] = ("request", "datatype", "communicator", "flag", "rank", "size", "window", "operation")


@dataclass(frozen=True, slots=True)
class Fault:
    """An argument with a value that it may not have; `said` is the value in words."""

    kind: Kind
    call: MPICall
    argument: Argument
    value: Value
    said: str


def faults(function: Function, values: Values) -> Iterator[Fault]:
    """All of them, in textual order."""
    for call in calls(function):
        for argument in call.arguments():
            if is_ignored(call, argument, values):
                continue
            for value in values.of(argument.expr, call.statement):
                found = _fault(call, argument, value, values)
                if found is not None:
                    spelled_out = _may_be_wildcard(call, argument, value)
                    given = replace(value, doubtful=True) if spelled_out else value
                    yield Fault(found[0], call, argument, given, found[1])
                    break


def _may_be_wildcard(call: MPICall, argument: Argument, value: Value) -> bool:
    """Is it the number that some implementation has for `MPI_ANY_SOURCE` or `MPI_ANY_TAG`, where that may stand?"""
    if value.of or value.number not in (-1, -2):
        return False
    name = argument.parameter.name
    return name in ("source", "recvtag") or (name == "tag" and call.named("source") is not None)


def _fault(call: MPICall, argument: Argument, value: Value, values: Values) -> tuple[Kind, str] | None:
    role = argument.parameter.role
    if argument.parameter.direction == "in" and not argument.parameter.array:
        if role in ("count", "size", "partition"):
            return _of_count(value)
        if role in ("rank", "root"):
            return _of_rank(call, argument, value)
        if role == "tag":
            return _of_tag(call, argument, value)
        if role in _NULL_HANDLES and call.name not in _TAKE_NULL:
            return _of_handle(role, value)
    if value.null and argument.parameter.by_address:
        return _of_address(call, argument, values)
    return None


def _of_count(value: Value) -> tuple[Kind, str] | None:
    if value.number is not None and value.number < 0 and not value.of:
        return "count", str(value.number)
    return None


def _of_rank(call: MPICall, argument: Argument, value: Value) -> tuple[Kind, str] | None:
    sends = argument.parameter.name in ("dest", "target_rank")
    if value.handle is not None:
        if value.handle in ("MPI_ANY_TAG", "MPI_UNDEFINED") or (value.handle == "MPI_ANY_SOURCE" and sends):
            return "rank", value.handle
        return None
    if value.number is None:
        return None
    if value.of == "size" and value.number >= 0:
        return "rank", "the number of processes" + (f" + {value.number}" if value.number else "")
    if not value.of and value.number < 0:
        return "rank", str(value.number)
    return None


def _of_tag(call: MPICall, argument: Argument, value: Value) -> tuple[Kind, str] | None:
    receives = argument.parameter.name == "recvtag" or call.named("source") is not None
    if value.handle == "MPI_ANY_TAG" and (not receives or argument.parameter.name == "sendtag"):
        return "tag", value.handle
    if value.handle in ("MPI_ANY_SOURCE", "MPI_PROC_NULL"):
        return "tag", value.handle
    if value.number is not None and value.number < 0 and not value.of:
        return "tag", str(value.number)
    return None


def _of_handle(role: Role, value: Value) -> tuple[Kind, str] | None:
    if value.handle == _NULL_HANDLES[role]:
        return "handle", value.handle
    if value.null:
        return "handle", "a null pointer"
    if value.unset:
        return "handle", "not set"
    return None


def is_ignored(call: MPICall, argument: Argument, values: Values) -> bool:
    """Does the standard say that the call does not look at it, or not in all processes?"""
    if argument.parameter.role not in ("buffer", "count", "datatype", "displacement"):
        return False
    if argument.parameter.name.startswith("origin_"):
        operations = (v for op in call.all("operation") for v in values.of(op.expr, call.statement))
        if any(v.handle == "MPI_NO_OP" for v in operations):
            return True
    buffer = buffer_of(call, argument)
    if buffer is None:
        return False
    in_place = any(v.handle == "MPI_IN_PLACE" for v in values.of(buffer.expr, call.statement))
    return in_place or not _is_used_by_all(call, buffer)


def buffer_of(call: MPICall, argument: Argument) -> Argument | None:
    """The buffer that a count, a displacement or a datatype speaks of."""
    buffers = list(call.all("buffer"))
    if argument.parameter.role == "buffer":
        return argument
    before = [b for b in buffers if b.position < argument.position]
    return before[-1] if before else None


def _of_address(call: MPICall, argument: Argument, values: Values) -> tuple[Kind, str] | None:
    """A null pointer where the call reads or writes something."""
    parameter = argument.parameter
    if parameter.role == "buffer":
        if not _moves_something(call, argument, values):
            return None
        return "buffer", "a null pointer"
    if parameter.direction == "out" and parameter.role in (
        "request",
        "datatype",
        "communicator",
        "flag",
        "rank",
        "size",
    ):
        return "buffer", "a null pointer"
    return None


def _is_used_by_all(call: MPICall, argument: Argument) -> bool:
    """Does every process that makes the call use the buffer? The receive buffer of a gather only the root does."""
    if call.named("root") is None or argument.parameter.name == "buffer":
        return True
    scatters = call.name.removeprefix("MPI_").lower().lstrip("i").startswith("scatter")
    return argument.parameter.name == ("recvbuf" if scatters else "sendbuf")


def _moves_something(call: MPICall, argument: Argument, values: Values) -> bool:
    """Is the count of the buffer surely not zero, and is the buffer no base of absolute addresses?"""
    counts = [a for a in call.all("count") if a.position > argument.position]
    types = [a for a in call.all("datatype") if a.position > argument.position]
    if not counts or not types or counts[0].parameter.array:
        return False
    known = values.of(counts[0].expr, call.statement)
    if not known or any(v.number is None or v.number <= 0 or v.of for v in known):
        return False
    types_known = values.of(types[0].expr, call.statement)
    return bool(types_known) and all(v.handle is not None for v in types_known)


def names(argument: Argument) -> str | None:
    """The variable that an argument is, or whose address."""
    expr = argument.expr.operand if isinstance(argument.expr, Address) else argument.expr
    return expr.symbol.name if isinstance(expr, Name) else None
