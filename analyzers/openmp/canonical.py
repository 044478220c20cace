"""The form a loop must have to take an OpenMP loop directive (OpenMP 5.2 §4.4.1, canonical loop nest form)."""

from __future__ import annotations

from analyzers.dependence.facts import LoopShape
from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import Binary, Call, Constant, Expr, Name, walk
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader
from analyzers.ir.symbols import Symbol
from analyzers.standards.cpp_library import STEPWISE

RELATIONS = ("<", "<=", ">", ">=", "!=")


def problem(facts: LoopShape) -> str | None:
    """What keeps a loop directive from standing before this loop, as advice; None where it may stand."""
    header, loop = facts.header, facts.loop
    if header is None:
        return "OpenMP needs a loop whose number of iterations is known when it starts"
    if loop.header is not None:
        return None  # counted by the language itself
    if loop.kind != "for":
        return f"OpenMP needs a `for` loop here: write it as one that counts `{header.index.name}`"
    if header.index.type.kind not in ("integer", "pointer", "unknown"):
        return f"OpenMP counts with integers and pointers only: `{header.index.name}` is neither"
    if isinstance(header.lower, Call) and header.lower.name in STEPWISE:
        container = str(header.lower.name).rpartition("::")[0]
        return f"OpenMP counts with iterators of random access only: those of `{container}` go step by step"
    if len(loop.init) != 1 or not _sets(loop, header.index):
        return f"OpenMP wants the first part of the loop to set `{header.index.name}` and nothing else"
    if not _compares(loop.condition, header.index):
        return f"OpenMP wants the condition to compare `{header.index.name}` with a bound and nothing else"
    for part, name in ((header.bound, "bound"), (header.step, "step")):
        guessed = any(isinstance(each, Name) and each.symbol.storage == "undeclared" for each in walk(part))
        if part.type.kind in ("real", "complex") and not guessed:
            return f"OpenMP wants an integer as the {name} of the loop: `{spell(part)}` is a floating-point number"
    if not _counts(loop, header):
        return f"OpenMP wants the last part of the loop to step `{header.index.name}` and nothing else"
    return None


def _sets(loop: Loop, index: Symbol) -> bool:
    match loop.init[0]:
        case Declare(symbol=symbol, value=value):
            return symbol == index and value is not None
        case Assign(target=Name(symbol=symbol), op=None):
            return symbol == index
        case _:
            return False


def _compares(condition: Expr | None, index: Symbol) -> bool:
    match condition:
        case Binary(op=op, left=left, right=right) if op in RELATIONS:
            return _is(left, index) != _is(right, index)
        case _:
            return False


def _counts(loop: Loop, header: LoopHeader) -> bool:
    if len(loop.step) != 1:
        return False
    if header.relation == "!=" and header.step not in (Constant(1), Constant(-1)):
        return False
    match loop.step[0]:
        case Assign(target=Name(symbol=symbol), op="+" | "-"):
            return symbol == header.index
        case Assign(target=Name(symbol=symbol), op=None, value=Binary(op="+", left=left, right=right)):
            return symbol == header.index and _is(left, symbol) != _is(right, symbol)
        case Assign(target=Name(symbol=symbol), op=None, value=Binary(op="-", left=left)):
            return symbol == header.index and _is(left, symbol)
        case _:
            return False


def _is(expr: Expr, index: Symbol) -> bool:
    return isinstance(expr, Name) and expr.symbol == index
