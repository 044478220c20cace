"""Branches that end the program because something is wrong: `if (volume < 0) { fprintf(stderr, ...); exit(1); }`.

A run in which nothing is wrong never takes them, so what they print, write and call is no dependence of the loop around
them. That they are such branches is an assumption: a program may end with a status other than zero for other reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzers.dependence.facts import Effects
from analyzers.ir.expressions import Call, Constant, Name
from analyzers.ir.statements import (
    Block,
    Evaluate,
    Function,
    If,
    Jump,
    Label,
    Loop,
    Stmt,
    calls_of,
    rebuilt,
    walk_statements,
)
from analyzers.ir.verdicts import Assumption

_WITH_STATUS = frozenset(("exit", "_exit", "_Exit", "quick_exit"))  # zero is success, C17 §7.22.4.4


def assumption(name: str) -> Assumption:
    """What a verdict rests on where such branches are left out. `name`: the function that ends the program there."""
    return Assumption("condition", f"`{name}` ends the program only because something is wrong", "ordinary", (name,))


def without(stmt: Stmt, known: Mapping[str, Effects]) -> tuple[Stmt, tuple[str, ...]]:
    """The statement without such branches, and the names of the functions that end the program in them."""
    ended: dict[str, None] = {}

    def branch(old: If) -> Stmt:
        for failing, other in ((old.then, old.otherwise), (old.otherwise, old.then)):
            name = _failure(failing, known)
            if name is not None:
                ended.setdefault(name)
                return Block((Evaluate(old.condition, old.condition.span), *other.statements), old.span)
        return old

    left = rebuilt(stmt, lambda leaf: leaf, lambda expr: expr, branch=branch)
    return left, tuple(ended)


def unfailing(function: Function, known: Mapping[str, Effects]) -> tuple[Function, bool]:
    """The function without such branches, and whether it had any."""
    body, ended = without(function.body, known)
    if not ended or not isinstance(body, Block):
        return function, False
    gone = _called(function.body) - _called(body)
    return replace(function, body=body, callees=tuple(n for n in function.callees if n not in gone)), True


def dies(function: Function, known: Mapping[str, Effects]) -> bool:
    """Does every call of the function end the program, because something is wrong?"""
    return _failure(function.body, known) is not None


def _failure(block: Block, known: Mapping[str, Effects]) -> str | None:
    """The function by which a block ends the program whenever it is entered."""
    if any(isinstance(s, (Label, Loop)) or (isinstance(s, Jump) and s.kind != "exit") for s in walk_statements(block)):
        return None  # one may get past the call, or to it from elsewhere
    calls = (s.value for s in block.statements if isinstance(s, Evaluate) and isinstance(s.value, Call))
    return next((call.name for call in calls if call.name is not None and _fails(call, call.name, known)), None)


def _fails(call: Call, name: str, known: Mapping[str, Effects]) -> bool:
    effect = known.get(name)
    if effect is None or not effect.exits:
        return False
    if name.removeprefix("std::") not in _WITH_STATUS:
        return effect.dies
    match call.arguments:
        case (Constant(value=int(status)),):
            return status != 0
        case (Name(symbol=symbol),):
            return symbol.name == "EXIT_FAILURE"
        case _:
            return False


def _called(body: Stmt) -> set[str]:
    return {call.name for stmt in walk_statements(body) for call in calls_of(stmt) if call.name is not None}
