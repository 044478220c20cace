"""What one statement reads and writes of the variables that have a name: the raw material of `ir.flow`.

Array elements and the memory behind pointers are not variables here (see `ir.accesses`); a record is tracked member by
member. Reads and writes through pointers and by calls are reported as such and resolved by `ir.pointers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzers.ir.expressions import (
    Address,
    Call,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    children,
)
from analyzers.ir.statements import Assign, Declare, Stmt, Unknown, expressions
from analyzers.ir.symbols import Symbol

Path = tuple[str, ...]
Place = tuple[Symbol, Path]


@dataclass(slots=True)
class Uses:
    """Reads and writes of one statement or condition, in the order of evaluation where that matters: all reads come
    before the write. `opaque`: something in it may read and write anything visible."""

    reads: list[Place] = field(default_factory=list)
    writes: list[Place] = field(default_factory=list)  # the whole place is overwritten
    touches: list[Place] = field(default_factory=list)  # written in part, or perhaps
    loads: list[Expr] = field(default_factory=list)  # through a pointer: `p[i]`, `p->x`
    stores: list[Expr] = field(default_factory=list)
    elements: list[Expr] = field(default_factory=list)  # of array objects: `a[i]`, `a[i].x`
    element_stores: list[Expr] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    addresses: list[Place] = field(default_factory=list)  # `&x`, and arrays used as a value
    opaque: str | None = None


def is_variable(symbol: Symbol) -> bool:
    """Is it an object that is read and written as a whole (no array, function or constant)?"""
    return symbol.type.kind not in ("array", "function") and symbol.storage not in ("function", "constant")


def place_of(expr: Expr) -> tuple[Place, bool] | None:
    """The variable that an lvalue denotes and whether it is exactly that; None for array elements and memory.

    An element of a member array is its member, inexactly; so is a member of a union.
    """
    names: list[str] = []
    exact = True
    while True:
        match expr:
            case Field(base=base, name=name):
                if base.type.union:
                    names.clear()
                    exact = False
                else:
                    names.append(name)
                expr = base
            case Element(base=Field() as base) if base.type.kind == "array":
                names.clear()
                exact = False
                expr = base
            case Name(symbol=symbol):
                if symbol.type.union:
                    exact = exact and not names
                    names.clear()
                return ((symbol, tuple(reversed(names))), exact) if is_variable(symbol) else None
            case _:
                return None


def read(expr: Expr, uses: Uses) -> None:
    """Adds what the evaluation of `expr` reads."""
    stack = [expr]
    while stack:
        top = stack.pop()
        match top:
            case Name(symbol=symbol):
                if is_variable(symbol):
                    uses.reads.append((symbol, ()))
                elif symbol.is_array:
                    uses.addresses.append((symbol, ()))
            case Field():
                found = place_of(top)
                if found is None:
                    _read_memory(top, uses, stack)
                elif top.type.kind == "array":
                    uses.addresses.append(found[0])
                else:
                    uses.reads.append(found[0])
            case Element():
                if top.type.kind == "array":
                    _read_address(top, uses, stack)  # a row decays to its address
                else:
                    _read_memory(top, uses, stack)
            case Address(operand=operand):
                _read_address(operand, uses, stack)
            case Call(callee=callee, arguments=arguments):
                uses.calls.append(top)
                stack.extend(arguments)
                if top.name is None:
                    stack.append(callee)
            case Opaque(reads=reads, reason=reason):
                stack.extend(reads)
                if reason is not None:
                    uses.opaque = reason
            case _:
                stack.extend(children(top))


def _read_memory(lvalue: Expr, uses: Uses, stack: list[Expr]) -> None:
    """The read of an array element or of memory behind a pointer; operands go to the stack."""
    found = place_of(lvalue)
    if found is not None:
        uses.reads.append(found[0])
        _push_subscripts(lvalue, stack)
        return
    base = memory_base(lvalue, stack)
    if isinstance(base, Name) and base.symbol.is_array:
        uses.elements.append(lvalue)
    elif base is None:
        stack.extend(children(lvalue))
    else:
        uses.loads.append(lvalue)
        stack.append(base)


def memory_base(lvalue: Expr, subscripts: list[Expr] | None = None) -> Expr | None:
    """The pointer or array that the lvalue is reached through last: `p` of `p->a[i].x`; adds the subscripts on the
    way. None: it is reached through neither."""
    while isinstance(lvalue, (Field, Element)):
        if isinstance(lvalue, Element):
            if subscripts is not None:
                subscripts.extend(lvalue.subscripts)
            base = lvalue.base
            if not (isinstance(base, Field) and base.type.kind == "array"):
                return base
        lvalue = lvalue.base
    return None


def _read_address(operand: Expr, uses: Uses, stack: list[Expr]) -> None:
    """`&lvalue` reads the pointers and subscripts on the way, not the object itself."""
    while True:
        match operand:
            case Field(base=base):
                operand = base
            case Element(base=base, subscripts=subscripts):
                stack.extend(subscripts)
                if not (isinstance(base, Field) and base.type.kind == "array"):
                    stack.append(base)
                    return
                operand = base
            case Name(symbol=symbol):
                uses.addresses.append((symbol, ()))
                return
            case _:
                stack.append(operand)
                return


def write(target: Expr, uses: Uses, *, update: bool) -> None:
    """Adds what an assignment to `target` reads on the way and writes."""
    found = place_of(target)
    operands: list[Expr] = []
    if found is not None:
        place, exact = found
        (uses.writes if exact else uses.touches).append(place)
        if update:
            uses.reads.append(place)
        _push_subscripts(target, operands)
    elif isinstance(target, (Field, Element)):
        base = memory_base(target, operands)
        if isinstance(base, Name) and base.symbol.is_array:
            uses.element_stores.append(target)
            if update:
                uses.elements.append(target)
        elif base is None:
            operands.append(target)
            uses.opaque = "an assignment to something that is no variable"
        else:
            operands.append(base)
            uses.stores.append(target)
            if update:
                uses.loads.append(target)
    elif not isinstance(target, Name):
        operands.append(target)
        uses.opaque = "an assignment to something that is no variable"
    for operand in operands:
        read(operand, uses)


def _push_subscripts(lvalue: Expr, stack: list[Expr]) -> None:
    while isinstance(lvalue, (Field, Element)):
        if isinstance(lvalue, Element):
            stack.extend(lvalue.subscripts)
        lvalue = lvalue.base


def of_statement(stmt: Stmt) -> Uses:
    """The reads and writes of a simple statement, or of the condition or value of a compound one."""
    uses = Uses()
    match stmt:
        case Assign(target=target, value=value, op=op):
            read(value, uses)
            write(target, uses, update=op is not None)
        case Declare(symbol=symbol, value=value):
            if value is not None:
                read(value, uses)
            # A static object is made once, before the program runs.
            if is_variable(symbol) and symbol.storage != "static":
                uses.writes.append((symbol, ()))
            for extent in symbol.type.extents:
                if extent.size is not None:
                    read(extent.size, uses)
        case Unknown(reason=reason, mentions=mentions):
            for mention in mentions:
                read(mention, uses)
                found = place_of(mention)
                if found is not None:
                    uses.touches.append(found[0])
            uses.opaque = reason
        case _:
            for expr in expressions(stmt):
                read(expr, uses)
    return uses


def of_expression(expr: Expr) -> Uses:
    """The reads of an expression."""
    uses = Uses()
    read(expr, uses)
    return uses


def places_in(uses: Uses) -> Iterator[Place]:
    yield from uses.reads
    yield from uses.writes
    yield from uses.touches
