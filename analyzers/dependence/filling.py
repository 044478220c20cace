"""Objects that an unseen function is there to fill.

`get(&x, i); a[i] = x;`: if `get` did not set `x`, nobody would read that behind it in each iteration. So
every thread needs its own. A statement that calls a method for nothing but its effect (`solver.solve(b[i]);`) says the
same of its object, if what is read of that behind it would otherwise be the same in all iterations (`solver.result()`).
A getter of which nobody takes the result (`grid.get_cell(i, u, v);`) sets what stands behind the index, if that is read
later: by reference, or as a macro.
Such a call is looked at as an assignment; whether that makes the object private, or one whose last value is needed, is
asked like of any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzers.ir.expressions import Address, Call, Cast, Element, Expr, Field, Name, Opaque, children, symbols, walk
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    If,
    Loop,
    Stmt,
    Unknown,
    expressions,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption

_GETTER = re.compile(r"(?:^|[.>:_])(?:get|Get|GET)(?=[A-Z0-9_]|$)[^.>:]*$")


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """A statement that calls `callee` to set `symbol`, and the innermost loop that does so in each iteration."""

    statement: Stmt
    symbol: Symbol
    callee: str
    loop: Loop

    @property
    def assumption(self) -> Assumption:
        says = f"`{self.callee}` sets `{self.symbol.name}` and needs nothing that it held before"
        return Assumption("condition", says, "strong", (self.symbol.name,))

    @property
    def assignment(self) -> Assign:
        """What the call does to the object, as far as the rest of the iteration is concerned."""
        span = self.statement.span
        value = Opaque(f"what `{self.callee}` sets", None, (), self.symbol.type, span)
        return Assign(Name(self.symbol, span), value, None, span)


def find(function: Function, unseen: Callable[[Call], str | None]) -> tuple[Filling, ...]:
    """All of the function, in textual order. `unseen` tells how the callee of a call is written that nobody has seen,
    and None of any other call."""
    loops = [stmt for stmt in walk_statements(function.body) if isinstance(stmt, Loop)]
    counters = frozenset(index for loop in loops for index in _indices(loop))
    return tuple(each for loop in loops for each in _in_loop(loop, counters, unseen))


def inside(loop: Loop, fillings: Iterable[Filling]) -> tuple[Filling, ...]:
    """Those that stand in the loop or in loops inside it."""
    below = {id(stmt) for stmt in walk_statements(loop)}
    return tuple(each for each in fillings if id(each.loop) in below)


def before(fillings: Iterable[Filling]) -> Mapping[int, tuple[Stmt, ...]]:
    """The assignments that stand for them, by the id() of the statement that they belong in front of."""
    found: dict[int, tuple[Stmt, ...]] = {}
    for each in fillings:
        found[id(each.statement)] = (*found.get(id(each.statement), ()), each.assignment)
    return found


def _in_loop(loop: Loop, counters: frozenset[Symbol], unseen: Callable[[Call], str | None]) -> Iterator[Filling]:
    own = [stmt for stmt in _of_this_loop(loop.body) if not isinstance(stmt, Block)]
    body = [stmt for stmt in walk_statements(loop.body) if not isinstance(stmt, Block)]
    indices = _indices(loop)
    touched = {s for part in (*loop.init, *loop.step) for s in _named(part)} | _named(loop)
    touched |= {stmt.symbol for stmt in body if isinstance(stmt, Declare)}
    position = {id(stmt): k for k, stmt in enumerate(body)}
    filled: set[Symbol] = set()
    for stmt in own:
        here = position[id(stmt)]
        for call, callee in _calls(stmt, unseen):
            asked = _Question(stmt, call, indices, body[here + 1 :])
            earlier = {s for other in body[:here] for s in _named(other)} - filled
            got = asked.got(callee, counters)
            for symbol in dict.fromkeys((*asked.objects(), *got)):
                if symbol not in touched and symbol not in earlier and (symbol in got or asked.fills(symbol)):
                    filled.add(symbol)
                    yield Filling(stmt, symbol, callee, loop)


def _of_this_loop(block: Block) -> Iterator[Stmt]:
    """The statements below, without those of loops inside."""
    stack: list[Stmt] = [block]
    while stack:
        top = stack.pop()
        yield top
        if not isinstance(top, Loop):
            stack.extend(reversed(substatements(top)))


def _calls(stmt: Stmt, unseen: Callable[[Call], str | None]) -> Iterator[tuple[Call, str]]:
    headed = isinstance(stmt, Loop) and stmt.kind in ("while", "macro")
    if not headed and not isinstance(stmt, (Evaluate, Assign, Declare, If)):
        return
    for part in (part for expr in expressions(stmt) for part in walk(expr)):
        if isinstance(part, Call) and (callee := unseen(part)) is not None:
            yield part, callee


def _indices(loop: Loop) -> frozenset[Symbol]:
    return frozenset(s.target.symbol for s in loop.step if isinstance(s, Assign) and isinstance(s.target, Name))


def _named(stmt: Stmt) -> set[Symbol]:
    parts = expressions(stmt)
    if isinstance(stmt, Unknown) and stmt.supposed is not None:
        parts = expressions(stmt.supposed)
    return {symbol for expr in parts for symbol in symbols(expr)}


@dataclass(frozen=True, slots=True)
class _Question:
    """Is `call`, in `stmt`, there to fill an object that the statements `later` read?"""

    stmt: Stmt
    call: Call
    indices: frozenset[Symbol]
    later: Sequence[Stmt]

    def objects(self) -> Iterator[Symbol]:
        """What the call gets by its address, the object of a method first."""
        if (receiver := _receiver(self.call)) is not None:
            yield receiver
        for argument in self.call.arguments:
            if isinstance(argument, Address) and isinstance(argument.operand, Name) and not _is_reference(argument):
                yield argument.operand.symbol

    def got(self, callee: str, counters: frozenset[Symbol]) -> tuple[Symbol, ...]:
        """What a getter without a result sets: the undeclared variables behind the index, if one is read later."""
        if not _GETTER.search(callee) or not isinstance(self.stmt, Evaluate) or self.stmt.value is not self.call:
            return ()
        operands = _operands(self.call)
        keys = [position for position, each in enumerate(operands) if _is_key(each, counters)]
        if not keys or any(map(_is_place, operands)):
            return ()
        found = tuple(map(_bare, operands[keys[-1] + 1 :]))
        if any(s is None or s.is_array or s.storage != "undeclared" for s in found):
            return ()
        symbols_ = tuple(s for s in found if s is not None)
        read = any("whole" in _uses(stmt, s, self.indices) for s in symbols_ for stmt in self.later)
        return symbols_ if read else ()

    def fills(self, symbol: Symbol) -> bool:
        if symbol.is_array or symbol.storage not in ("local", "undeclared"):
            return False
        if symbol == _receiver(self.call):
            return self._is_set(symbol)
        uses = {use for stmt in self.later for use in _uses(stmt, symbol, self.indices)}
        if not uses or self._mentions_by_value(symbol):
            return False
        if symbol.type.is_scalar and "member" not in uses:
            # Numbers are handed over by their address to be set, or in the manner of Fortran together with all else.
            return not (self._others(symbol) and all(map(_is_place, self.call.arguments)))
        return not self._others(symbol) and (isinstance(self.stmt, Evaluate) or "whole" in uses)

    def _is_set(self, symbol: Symbol) -> bool:
        """A method that is called for its effect, with no other place for that than the object."""
        if symbol.is_pointer or not isinstance(self.stmt, Evaluate) or self.stmt.value is not self.call:
            return False
        if any(_is_key(a, self.indices) or _is_place(a) for a in _operands(self.call)):
            return False
        return any(True for stmt in self.later for _ in _uses(stmt, symbol, self.indices, certain=True))

    def _mentions_by_value(self, symbol: Symbol) -> bool:
        return sum(s == symbol for expr in expressions(self.stmt) for s in symbols(expr)) > 1

    def _others(self, symbol: Symbol) -> bool:
        """Is there another place that the call may write to?"""
        return any(_is_place(argument) and symbol not in symbols(argument) for argument in _operands(self.call))


def _receiver(call: Call) -> Symbol | None:
    """The object whose method is called, if it has a name."""
    callee = call.callee
    if isinstance(callee, Field):
        return callee.base.symbol if isinstance(callee.base, Name) else None
    if isinstance(callee, Name) and callee.symbol.method and call.arguments:
        first = call.arguments[0]
        if isinstance(first, Address) and isinstance(first.operand, Name):
            return first.operand.symbol
    return None


def _operands(call: Call) -> tuple[Expr, ...]:
    method = isinstance(call.callee, Name) and call.callee.symbol.method
    return call.arguments[1:] if method else call.arguments


def _is_reference(argument: Expr) -> bool:
    """Is it handed over by reference, without a word in the text?"""
    return isinstance(argument, Address) and argument.type.name.endswith("&")


def _is_place(argument: Expr) -> bool:
    """Does the text hand over memory: an address, an array, a pointer to what may be changed?"""
    while isinstance(argument, Cast):
        argument = argument.operand
    if isinstance(argument, Address):
        return not _is_reference(argument)
    kind = argument.type
    return kind.kind == "array" or (kind.kind == "pointer" and not (kind.element is not None and kind.element.const))


def _is_key(argument: Expr, indices: frozenset[Symbol]) -> bool:
    """Does it tell nothing but which iteration this is: `i`, `i + 1`? A method that gets that has elements."""
    named = set(symbols(argument))
    return bool(named) and named <= indices and not any(isinstance(e, (Call, Element)) for e in walk(argument))


def _uses(stmt: Stmt, symbol: Symbol, indices: frozenset[Symbol], *, certain: bool = False) -> Iterator[str]:
    """How the statement reads the object: "whole", or a "member" of it, which may be what a method tells that does not
    get an index. With `certain`, that it is handed to a call which is there for its effect does not count."""
    stmt = stmt.supposed if isinstance(stmt, Unknown) and stmt.supposed is not None else stmt
    stack = list(expressions(stmt))
    if isinstance(stmt, Assign) and stmt.op is None and isinstance(stmt.target, Name):
        stack.remove(stmt.target)
    effect = stmt.value if isinstance(stmt, Evaluate) else None
    while stack:
        top = stack.pop()
        match top:
            case Name():
                if top.symbol == symbol:
                    yield "whole"
            case Field(base=Name() as base):
                if base.symbol == symbol:
                    yield "member"
            case Address(operand=Name() as operand):
                if operand.symbol == symbol and _is_reference(top):
                    yield "whole"
            case Call():
                handed = _operands(top)
                if _receiver(top) == symbol and top is not effect and not any(_is_key(a, indices) for a in handed):
                    yield "member"
                if not isinstance(top.callee, Name):
                    stack.extend(e for e in children(top.callee) if not isinstance(e, Name))
                elif top.callee.symbol.method and _receiver(top) is None:
                    handed = top.arguments
                stack.extend(e for e in handed if not (certain and top is effect and _bare(e) == symbol))
            case _:
                stack.extend(children(top))


def _bare(argument: Expr) -> Symbol | None:
    place = argument.operand if isinstance(argument, Address) else argument
    return place.symbol if isinstance(place, Name) else None
