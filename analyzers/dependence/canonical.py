"""The shape of a counted loop as it is written: its test, its exits, its head (OpenMP 5.2 §4.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.dependence.rewriting import difference
from analyzers.ir.expressions import ZERO, Binary, Cast, Constant, Expr, Name
from analyzers.ir.statements import (
    Block,
    Construct,
    If,
    Jump,
    Label,
    Loop,
    Relation,
    Stmt,
    Switch,
    Unknown,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Reason

_MIRROR: dict[str, Relation] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}


def comparisons(condition: Expr) -> Iterator[tuple[Symbol, Relation, Expr]]:
    """Each way to read a condition as `index relation bound`."""
    match condition:
        case Binary(op=("<" | "<=" | ">" | ">=" | "!=") as op, left=left, right=right):
            for side, relation, other in ((left, op, right), (right, _MIRROR[op], left)):
                found = _index_and_offset(side)
                if found is not None:
                    index, offset = found
                    yield index, relation, other if offset is ZERO else difference(other, offset)
        case Name(symbol=symbol) if symbol.type.kind in ("integer", "unknown"):
            yield symbol, "!=", ZERO
        case _:
            return


def _index_and_offset(expr: Expr) -> tuple[Symbol, Expr] | None:
    """`i` and `i + c` with a constant c."""
    match expr:
        case Name(symbol=symbol):
            return symbol, ZERO
        case Cast(operand=Name(symbol=symbol), type=type_) if type_.kind == "integer" == symbol.type.kind and (
            type_.bits or 0
        ) >= (symbol.type.bits or 64):
            return symbol, ZERO
        case Binary(op="+", left=Name(symbol=symbol), right=Constant(value=int()) as offset):
            return symbol, offset
        case Binary(op="+", left=Constant(value=int()) as offset, right=Name(symbol=symbol)):
            return symbol, offset
        case Binary(op="-", left=Name(symbol=symbol), right=Constant(value=int() as value)):
            return symbol, Constant(-value)
        case _:
            return None


def early_exit(loop: Loop) -> Reason | None:
    """A jump that leaves the loop before its count is done (OpenMP 5.2 §4.4.1: the body has a single exit)."""
    labels = {s.name for s in walk_statements(loop.body) if isinstance(s, Label)}
    stack: list[tuple[Stmt, bool]] = [(loop.body, True)]
    while stack:
        stmt, breaks_here = stack.pop()
        match stmt:
            case Jump(kind="break") if breaks_here:
                return Reason("early-exit", "`break` leaves the loop before its count is done", stmt.span)
            case Jump(kind="return"):
                return Reason("early-exit", "`return` leaves the loop before its count is done", stmt.span)
            case Jump(kind="goto", label=label) if label not in labels:
                return Reason("early-exit", "`goto` leaves the loop before its count is done", stmt.span)
            case Jump(kind="exit"):
                return Reason("exit", "the program may end inside the loop", stmt.span)
            case Unknown(reason=reason):
                return Reason("unknown-statement", f"{reason}: it may do anything", stmt.span)
            case Loop() | Switch():
                stack.extend((s, False) for s in reversed(substatements(stmt)))
            case Block() | If() | Construct():
                stack.extend((s, breaks_here) for s in reversed(substatements(stmt)))
            case _:
                pass
    return None


def own_statements(body: Block) -> Iterator[Stmt]:
    """The statements of a loop body without those of the loops inside."""
    stack: list[Stmt] = [body]
    while stack:
        top = stack.pop()
        yield top
        if not isinstance(top, Loop):
            stack.extend(reversed(substatements(top)))
