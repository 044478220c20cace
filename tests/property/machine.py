"""Runs the intermediate representation of one program, its loop under test in any order.

The interpreter gives every iteration its own copies by the roles that the analysis assigned. A private copy starts
poisoned: reading it before writing it raises, and so does reading a variable after the loop that was promised dead.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analyzers.dependence.facts import Reduction
from analyzers.ir.expressions import (
    Address,
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Unary,
)
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    If,
    Jump,
    Loop,
    LoopHeader,
    Stmt,
    Switch,
)
from analyzers.ir.symbols import Symbol

POISON = object()
SIZE = 16


class PoisonError(Exception):
    """A value was read that the analysis promised nobody reads."""


class _BreakError(Exception):
    pass


class _ContinueError(Exception):
    pass


class _ReturnError(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


@dataclass(slots=True)
class Plan:
    """How to run the loop under test: roles of variables and an order of iterations."""

    loop: Loop
    header: LoopHeader
    private: frozenset[Symbol] = frozenset()
    firstprivate: frozenset[Symbol] = frozenset()
    lastprivate: frozenset[Symbol] = frozenset()
    reductions: tuple[Reduction, ...] = ()
    linear: Mapping[Symbol, Expr] = field(default_factory=dict)
    index_live: bool = False
    seed: int = 0


IDENTITY: dict[str, int] = {"+": 0, "*": 1, "&": -1, "|": 0, "^": 0, "&&": 1, "||": 0}
COMBINE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: wrapped(a + b),
    "*": lambda a, b: wrapped(a * b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
    "min": min,
    "max": max,
}
BIG = 10**30


class Machine:
    """Runs the functions of one program. Objects are cells: symbol to value, records as dicts, arrays as lists."""

    def __init__(self, functions: Mapping[str, Function], plan: Plan | None = None) -> None:
        self.functions = functions
        self.plan = plan
        self.memory: list[dict[object, object]] = [{}]  # frames of shared objects; the first one holds the globals
        self.private: dict[object, object] | None = None
        self.own: frozenset[Symbol] = frozenset()
        self.watch: Callable[[Stmt], None] = lambda stmt: None  # told of each statement and loop test before it runs
        self.enter: Callable[[Loop], None] = lambda loop: None  # told of each loop once it is initialised

    def call(self, name: str, arguments: list[object]) -> object:
        function = self.functions[name]
        outer_private, outer_own = self.private, self.own
        # A callee sees the original of a global, and what pointers hand it.
        self.memory.append(dict(zip(function.params, arguments, strict=True)))
        if len(self.memory) > 2:
            self.private, self.own = None, frozenset()
        try:
            self.block(function.body)
        except _ReturnError as result:
            return result.value
        finally:
            self.memory.pop()
            self.private, self.own = outer_private, outer_own
        return None

    # Cells: (container, key)

    def cell(self, expr: Expr) -> tuple[object, object]:
        match expr:
            case Name(symbol=symbol):
                return self.home(symbol), symbol
            case Field(base=base, name=name):
                container, key = self.cell(base)
                return container[key], name  # type: ignore[index]
            case Element(base=base, subscripts=(subscript,)):
                index = self.value(subscript)
                if base.type.kind == "array":
                    container, key = self.cell(base)
                    return container[key], index  # type: ignore[index]
                return moved(self.value(base), index)  # type: ignore[arg-type]
        raise NotImplementedError(expr)

    def home(self, symbol: Symbol) -> dict[object, object]:
        if self.private is not None and (symbol in self.own or symbol in self.private):
            return self.private
        return self.memory[0] if symbol.storage == "global" else self.memory[-1]

    def load(self, cell: tuple[object, object]) -> object:
        container, key = cell
        value = container[key]  # type: ignore[index]
        if value is POISON:
            raise PoisonError(getattr(key, "name", key))
        return value

    def value(self, expr: Expr) -> object:
        match expr:
            case Constant(value=value):
                return value
            case Name(symbol=symbol):
                if symbol.is_array:
                    return self.home(symbol)[symbol]
                return self.load(self.cell(expr))
            case Element() | Field():
                return self.load(self.cell(expr))
            case Address(operand=operand):
                return self.cell(operand)
            case Unary(op=op, operand=operand):
                inner = self.value(operand)
                return {"-": lambda: -inner, "+": lambda: inner, "!": lambda: int(not inner), "~": lambda: ~inner}[op]()  # type: ignore[operator]
            case Binary(op="&&", left=left, right=right):
                return int(bool(self.value(left)) and bool(self.value(right)))
            case Binary(op="||", left=left, right=right):
                return int(bool(self.value(left)) or bool(self.value(right)))
            case Binary(op="+" | "-" as op, left=left, right=right) if expr.type.kind == "pointer":
                first, second = self.value(left), self.value(right)
                if isinstance(first, int):
                    first, second = second, first
                return moved(first, second if op == "+" else -second)  # type: ignore[arg-type, operator]
            case Binary(op=op, left=left, right=right):
                return operate(op, self.value(left), self.value(right))  # type: ignore[arg-type]
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.value(then if self.value(condition) else otherwise)
            case Cast(operand=operand):
                return self.value(operand)
            case Call(arguments=arguments):
                assert expr.name is not None
                return self.call(expr.name, [self.value(a) for a in arguments])
        raise NotImplementedError(expr)

    def block(self, block: Block) -> None:
        for stmt in block.statements:
            self.execute(stmt)

    def execute(self, stmt: Stmt) -> None:
        if not isinstance(stmt, (Loop, Block)):
            self.watch(stmt)
        match stmt:
            case Declare(symbol=symbol, value=value):
                home = self.private if self.private is not None else self.memory[-1]
                if symbol.is_array:
                    home[symbol] = [0] * SIZE
                elif symbol.type.kind == "record":
                    home[symbol] = {"x": POISON, "y": POISON}
                else:
                    home[symbol] = POISON if value is None else self.value(value)
            case Assign(target=target, value=value, op=op):
                result = self.value(value)
                cell = self.cell(target)
                if op is not None and target.type.kind == "pointer":
                    result = moved(self.load(cell), result if op == "+" else -result)  # type: ignore[arg-type, operator]
                elif op is not None:
                    result = operate(op, self.load(cell), result)  # type: ignore[arg-type]
                container, key = cell
                container[key] = result  # type: ignore[index]
            case Evaluate(value=value):
                self.value(value)
            case Block():
                self.block(stmt)
            case If(condition=condition, then=then, otherwise=otherwise):
                self.block(then if self.value(condition) else otherwise)
            case Switch():
                self.switch(stmt)
            case Loop():
                if self.plan is not None and stmt is self.plan.loop:
                    self.parallel(stmt, self.plan)
                else:
                    self.loop(stmt)
            case Jump(kind="break"):
                raise _BreakError
            case Jump(kind="continue"):
                raise _ContinueError
            case Jump(kind="return", value=value):
                raise _ReturnError(None if value is None else self.value(value))
            case _:
                raise NotImplementedError(stmt)

    def switch(self, stmt: Switch) -> None:
        """Which arm belongs to which value does not matter here, as long as it is always the same."""
        choices = len(stmt.arms) + (0 if stmt.exhaustive else 1)
        arm = int(self.value(stmt.value)) % choices  # type: ignore[call-overload]
        try:
            if arm < len(stmt.arms):
                self.block(stmt.arms[arm])
        except _BreakError:
            pass

    def loop(self, loop: Loop) -> None:
        for stmt in loop.init:
            self.execute(stmt)
        self.enter(loop)
        while True:
            self.watch(loop)
            if loop.condition is not None and not self.value(loop.condition):
                return
            try:
                self.block(loop.body)
            except _ContinueError:
                pass
            except _BreakError:
                return
            for stmt in loop.step:
                self.execute(stmt)

    def parallel(self, loop: Loop, plan: Plan) -> None:
        """Every iteration with its own copies, in random order; then the results are put together."""
        header = plan.header
        for stmt in loop.init:
            if isinstance(stmt, Declare):
                self.memory[-1][stmt.symbol] = POISON
        lower, bound, step = (self.value(e) for e in (header.lower, header.bound, header.step))
        values = list(iterations(lower, header.relation, bound, step))  # type: ignore[arg-type]
        originals = {r.symbol: self.load((self.home(r.symbol), r.symbol)) for r in plan.reductions}
        firsts = {s: self.home(s)[s] for s in plan.firstprivate}
        starts = {s: self.load((self.home(s), s)) for s in plan.linear}
        if not values:
            if not header.declares_index:
                self.home(header.index)[header.index] = lower
            return
        copies: list[tuple[int, dict[object, object]]] = []
        order = list(range(len(values)))
        random.Random(plan.seed).shuffle(order)
        last_copy: dict[object, object] = {}
        self.own = frozenset(
            {header.index, *plan.private, *plan.firstprivate, *plan.lastprivate, *plan.linear}
            | {r.symbol for r in plan.reductions}
        )
        for number in order:
            mine: dict[object, object] = {}
            for symbol in plan.private | plan.lastprivate:
                mine[symbol] = {"x": POISON, "y": POISON} if symbol.type.kind == "record" else POISON
            for symbol in plan.firstprivate:
                first = firsts[symbol]
                mine[symbol] = dict(first) if isinstance(first, dict) else first
            for reduction in plan.reductions:
                mine[reduction.symbol] = {"min": BIG, "max": -BIG, **IDENTITY}[reduction.op]
            for symbol, amount in plan.linear.items():
                mine[symbol] = starts[symbol] + number * self.value(amount)  # type: ignore[operator]
            mine[header.index] = values[number]
            self.private = mine
            with contextlib.suppress(_ContinueError):
                self.block(loop.body)
            # Further induction variables of the head move with it.
            for stmt in loop.step:
                if isinstance(stmt, Assign) and isinstance(stmt.target, Name) and stmt.target.symbol != header.index:
                    self.execute(stmt)
            self.private = None
            copies.append((number, mine))
            if number == len(values) - 1:
                last_copy = mine
        own, self.own = self.own, frozenset()
        random.Random(plan.seed + 1).shuffle(copies)
        for symbol in own:
            # The original of a record keeps the members that the loop leaves alone.
            if symbol.type.kind != "record":
                self.home(symbol)[symbol] = POISON
        for symbol in plan.lastprivate:
            self.home(symbol)[symbol] = last_copy[symbol]
        for symbol in plan.firstprivate - plan.lastprivate:
            self.home(symbol)[symbol] = firsts[symbol]
        for symbol in plan.linear:
            self.home(symbol)[symbol] = last_copy[symbol]
        for reduction in plan.reductions:
            total = originals[reduction.symbol]
            for _number, mine in copies:
                total = COMBINE[reduction.op](total, mine[reduction.symbol])  # type: ignore[arg-type]
            self.home(reduction.symbol)[reduction.symbol] = total
        if plan.index_live:
            self.home(header.index)[header.index] = values[-1] + step  # type: ignore[operator]


def moved(pointer: object, by: int) -> tuple[object, object]:
    """The cell `by` elements behind where a pointer points."""
    if isinstance(pointer, list):
        return pointer, by
    assert isinstance(pointer, tuple)
    container, key = pointer
    if isinstance(container, list):
        return container, key + by
    assert by == 0
    return container, key


def iterations(lower: int, relation: str, bound: int, step: int) -> range:
    """The values of the index (OpenMP 5.2 §4.4.1)."""
    if relation == "<=":
        bound += 1
    elif relation == ">=":
        bound -= 1
    return range(lower, bound, step)


def operate(op: str, left: int, right: int) -> int:
    """C arithmetic, wrapping at 32 bits so that numbers stay small."""
    match op:
        case "+":
            return wrapped(left + right)
        case "-":
            return wrapped(left - right)
        case "*":
            return wrapped(left * right)
        case "/":
            return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        case "&":
            return left & right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case "<":
            return int(left < right)
        case "<=":
            return int(left <= right)
        case ">":
            return int(left > right)
        case ">=":
            return int(left >= right)
        case "==":
            return int(left == right)
        case "!=":
            return int(left != right)
    raise NotImplementedError(op)


def wrapped(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31
