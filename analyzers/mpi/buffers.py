"""Buffers against counts and datatypes: what a call moves, and what the memory is that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Address, Call, Cast, Element, Expr, Name
from analyzers.ir.statements import Assign, Declare, Function, walk_statements
from analyzers.ir.symbols import Symbol, Type
from analyzers.mpi.arguments import buffer_of, is_ignored
from analyzers.mpi.calls import Argument, MPICall, calls
from analyzers.mpi.values import Value, Values
from analyzers.standards.mpi_types import DATATYPES, OPERATIONS, Datatype

Kind = Literal["too-small", "other-type", "operation", "sides"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """An argument that does not fit another one; `said` is what does not fit, in words."""

    kind: Kind
    call: MPICall
    argument: Argument
    value: Value
    said: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a buffer argument leads to: elements of a type, `count` of them where that is known."""

    name: str
    element: Type
    count: int | None


def misfits(function: Function, values: Values) -> Iterator[Misfit]:
    """All of them, in textual order."""
    for call in calls(function):
        yield from _operations(call, values)
        for buffer in call.all("buffer"):
            if not is_ignored(call, buffer, values):
                yield from _of_buffer(function, call, buffer, values)
        yield from _sides(call, values)


# --- one buffer -----------------------------------------------------------------------------------------------------


def _of_buffer(function: Function, call: MPICall, buffer: Argument, values: Values) -> Iterator[Misfit]:
    memory = memory_of(buffer.expr, function)
    counted, typed = counted_by(call, buffer)
    if memory is None or typed is None:
        return
    for each in values.of(typed.expr, call.statement):
        datatype = DATATYPES.get(each.handle or "")
        if datatype is None:
            continue
        if _is_other(memory.element, datatype):
            said = f"`{memory.name}` holds `{memory.element.name}`, and {datatype.name} says something else"
            yield Misfit("other-type", call, typed, each, said)
            return
        if counted is None or memory.count is None or datatype.bits is None or not memory.element.bits:
            continue
        for number in values.of(counted.expr, call.statement):
            room = memory.count * memory.element.bits // datatype.bits
            if number.number is not None and not number.of and number.number > room:
                said = f"`{memory.name}` has {_elements(room)}, and the call moves {number.number}"
                yield Misfit("too-small", call, counted, number, said)
                return


def counted_by(call: MPICall, buffer: Argument) -> tuple[Argument | None, Argument | None]:
    """The count and the datatype of a buffer; no count where there is one for each process."""
    mine = [a for a in call.all("count", "datatype") if buffer_of(call, a) == buffer]
    if not mine:  # MPI_Allreduce has one count for two buffers
        mine = [a for a in call.all("count", "datatype") if a.position > buffer.position]
    counts = [a for a in mine if a.parameter.role == "count" and not a.parameter.array]
    types = [a for a in mine if a.parameter.role == "datatype" and not a.parameter.array]
    return (counts[0] if counts else None), (types[0] if types else None)


def _elements(number: int) -> str:
    return f"{number} element" + ("" if number == 1 else "s")


def memory_of(expr: Expr, function: Function) -> Memory | None:
    """What a buffer is; None where that is not known."""
    while isinstance(expr, Cast):
        expr = expr.operand
    if isinstance(expr, Address):
        return _behind_address(expr.operand)
    if not isinstance(expr, Name):
        return None
    symbol = expr.symbol
    if symbol.type.kind == "array" and symbol.type.element is not None:
        return Memory(symbol.name, symbol.type.element, _extent(symbol))
    if symbol.type.kind == "pointer" and symbol.type.element is not None:
        if symbol.type.element.kind in ("void", "unknown", "pointer", "function"):
            return None
        return Memory(symbol.name, symbol.type.element, _allocated(symbol, function))
    return None


def _behind_address(operand: Expr) -> Memory | None:
    if isinstance(operand, Name) and operand.symbol.type.is_scalar:
        return Memory(operand.symbol.name, operand.symbol.type, 1)
    if isinstance(operand, Element) and isinstance(operand.base, Name):
        symbol = operand.base.symbol
        if symbol.type.element is None or symbol.type.kind not in ("array", "pointer"):
            return None
        whole, at = _extent(symbol), fold(operand.subscripts[0]) if len(operand.subscripts) == 1 else None
        left = whole - at if whole is not None and at is not None and len(symbol.type.extents) == 1 else None
        return Memory(symbol.name, symbol.type.element, left)
    return None


def _extent(symbol: Symbol) -> int | None:
    """The number of elements of an array."""
    total = 1
    for extent in symbol.type.extents:
        size = fold(extent.size)
        if size is None:
            return None
        total *= size
    return total if symbol.type.extents and symbol.storage in ("local", "global", "static") else None


def _allocated(symbol: Symbol, function: Function) -> int | None:
    """The number of elements of memory that a pointer gets once, from an allocation of constant size."""
    if symbol.storage != "local" or symbol.address_taken or symbol.type.element is None:
        return None
    values = list(_given(symbol, function))
    if len(values) != 1 or not symbol.type.element.bits:
        return None
    value = values[0].operand if isinstance(values[0], Cast) else values[0]
    if not isinstance(value, Call) or value.name not in ("malloc", "calloc"):
        return None
    sizes = [fold(a) for a in value.arguments]
    total = 1
    for size in sizes:
        if size is None:
            return None
        total *= size
    return total * 8 // symbol.type.element.bits


def _given(symbol: Symbol, function: Function) -> Iterator[Expr]:
    for stmt in walk_statements(function.body):
        if isinstance(stmt, Declare) and stmt.symbol == symbol:
            yield from (stmt.value,) if stmt.value is not None else ()
        elif isinstance(stmt, Assign) and stmt.target == Name(symbol):
            yield stmt.value


def _is_other(element: Type, datatype: Datatype) -> bool:
    """Are elements of a type surely not what the datatype says? Characters are raw memory."""
    if element.kind not in ("integer", "real", "complex") or element.bits in (None, 8):
        return False
    if datatype.kind in ("byte", "pair", "character", "logical"):
        return False
    if element.kind != datatype.kind and not (element.kind == "real" and datatype.kind == "complex"):
        return True
    return element.kind == datatype.kind and datatype.bits is not None and element.bits != datatype.bits


# --- operations and sides -------------------------------------------------------------------------------------------


def _operations(call: MPICall, values: Values) -> Iterator[Misfit]:
    """Predefined operations on datatypes that they are not defined for (§6.9.2)."""
    operation = next(call.all("operation"), None)
    typed = [a for a in call.all("datatype") if not a.parameter.array]
    if operation is None or not typed or operation.parameter.direction != "in":
        return
    kinds = [DATATYPES.get(v.handle or "") for v in values.of(typed[-1].expr, call.statement)]
    for each in values.of(operation.expr, call.statement):
        allowed = OPERATIONS.get(each.handle or "")
        if allowed is None or not kinds or any(k is None for k in kinds):
            continue
        wrong = [k for k in kinds if k is not None and k.kind not in allowed]
        if len(wrong) == len(kinds):
            yield Misfit("operation", call, operation, each, f"{each.handle} is not defined for {wrong[0].name}")
            return


_EQUAL = ("gather", "scatter", "allgather", "alltoall")


def _sides(call: MPICall, values: Values) -> Iterator[Misfit]:
    """What one process sends to another is what that receives: the sides of one call say the same (§6.5 to §6.8)."""
    plain = call.name.removeprefix("MPI_").removesuffix("_c").removesuffix("_init").lower().lstrip("i")
    if plain.removeprefix("neighbor_") not in _EQUAL:
        return
    if "all" not in plain and values.branches(call.statement):
        return  # what only the root looks at may be anything elsewhere
    sides = [call.named(name) for name in ("sendbuf", "sendcount", "sendtype", "recvbuf", "recvcount", "recvtype")]
    if any(a is None for a in sides):
        return
    sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype = (a for a in sides if a is not None)
    for buffer in (sendbuf, recvbuf):
        if any(v.handle == "MPI_IN_PLACE" for v in values.of(buffer.expr, call.statement)):
            return
    types = [_known(a, call, values) for a in (sendtype, recvtype)]
    counts = [_known(a, call, values) for a in (sendcount, recvcount)]
    if not types[0] or not types[1]:
        return
    for left in types[0]:
        for right in types[1]:
            if not _may_be_alike(left, right):
                said = f"it sends {left.handle} and receives {right.handle}"
                yield Misfit("sides", call, *_less_certain((sendtype, left), (recvtype, right)), said)
                return
    if len({v.handle for v in (*types[0], *types[1])}) != 1:
        return
    for left in counts[0]:
        for right in counts[1]:
            if left.number != right.number and not left.of and not right.of:
                said = f"it sends {left.number} elements to each process and receives {right.number} from each"
                yield Misfit("sides", call, *_less_certain((sendcount, left), (recvcount, right)), said)
                return


def _known(argument: Argument, call: MPICall, values: Values) -> tuple[Value, ...]:
    """The values of a count or a datatype, if all of them are known."""
    found = values.of(argument.expr, call.statement)
    if argument.parameter.role == "count":
        return found if all(v.number is not None for v in found) else ()
    return found if all((v.handle or "") in DATATYPES for v in found) else ()


def _may_be_alike(one: Value, other: Value) -> bool:
    left, right = DATATYPES[one.handle or ""], DATATYPES[other.handle or ""]
    if "byte" in (left.kind, right.kind) or left.name == right.name:
        return True
    return left.kind == right.kind and (left.bits is None or right.bits is None or left.bits == right.bits)


def _less_certain(one: tuple[Argument, Value], other: tuple[Argument, Value]) -> tuple[Argument, Value]:
    return one if not one[1].certain else other
