"""Runs the intermediate representation of C, to compare it with what a compiler makes of the same text.

Integers, arrays of integers and pointers into arrays; calls of functions that are given as Python callables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from analyzers.ir.expressions import (
    Address,
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Name,
    Opaque,
    Unary,
)
from analyzers.ir.statements import Assign, Block, Declare, Evaluate, Function, If, Jump, Loop, Stmt, Switch
from analyzers.ir.symbols import Type

MAX_STEPS = 100_000


class EndlessError(Exception):
    pass


class LeaveError(Exception):
    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind = kind
        self.value = value


def convert(value: Any, kind: Type) -> Any:
    """The value as its type holds it: integers wrap, a `_Bool` is 0 or 1."""
    if not isinstance(value, int) or kind.kind not in ("integer", "character", "logical"):
        return value
    if kind.kind == "logical":
        return int(value != 0)
    bits = kind.bits or 32
    value &= (1 << bits) - 1
    return value - (1 << bits) if kind.signed and value >> (bits - 1) else value


@dataclass
class Machine:
    """The memory: a value for each scalar or pointer, a list for each array. A pointer is (list, index)."""

    functions: dict[str, Callable[..., int]]
    memory: dict[str, Any] = field(default_factory=dict)
    steps: int = 0

    def call(self, function: Function, arguments: Sequence[Any]) -> Any:
        for symbol, value in zip(function.params, arguments, strict=True):
            self.memory[symbol.uid] = convert(value, symbol.type) if isinstance(value, int) else value
        try:
            self.run(function.body)
        except LeaveError as leave:
            assert leave.kind == "return"
            return leave.value
        return None

    def run(self, s: Stmt) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise EndlessError
        match s:
            case Block(statements=statements):
                for part in statements:
                    self.run(part)
            case Declare(symbol=symbol, value=value):
                if symbol.is_array:
                    size = symbol.type.extents[0].size
                    assert isinstance(size, Constant)
                    assert isinstance(size.value, int)
                    values = (
                        [convert(self.value(r), symbol.type.element) for r in value.reads]
                        if isinstance(value, Opaque)
                        else []
                    )  # type: ignore[arg-type]
                    self.memory[symbol.uid] = values + [0] * (size.value - len(values))
                else:
                    self.memory[symbol.uid] = None if value is None else convert(self.value(value), symbol.type)
            case Assign(target=target, value=value, op=None):
                self.store(target, self.value(value))
            case Assign(target=target, value=value, op=op):
                left, right = self.value(target), self.value(value)
                if isinstance(left, tuple):
                    self.store(target, (left[0], left[1] + (right if op == "+" else -right)))
                else:
                    self.store(target, self.binary(op, left, right, arithmetic(target.type, value.type, op)))
            case Evaluate(value=value):
                self.value(value)
            case If(condition=condition, then=then, otherwise=otherwise):
                self.run(then if self.value(condition) else otherwise)
            case Loop():
                self.loop(s)
            case Switch():
                self.switch(s)
            case Jump(kind=kind, value=value):
                raise LeaveError(kind, None if value is None else self.value(value))
            case _:
                raise AssertionError(s)

    def loop(self, s: Loop) -> None:
        for part in s.init:
            self.run(part)
        first = s.kind == "do-while"
        while first or s.condition is None or self.value(s.condition):
            first = False
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise EndlessError
            try:
                self.run(s.body)
            except LeaveError as leave:
                if leave.kind == "break":
                    return
                if leave.kind != "continue":
                    raise
            for part in s.step:
                self.run(part)

    def switch(self, s: Switch) -> None:
        """The arms carry no labels: the program's cases are 0, 1, 2, ... and the last arm is the default."""
        value = self.value(s.value)
        arm = value if 0 <= value < len(s.arms) - 1 else len(s.arms) - 1
        try:
            self.run(s.arms[arm])
        except LeaveError as leave:
            if leave.kind != "break":
                raise

    def place(self, target: Expr) -> tuple[list[Any], int]:
        assert isinstance(target, Element)
        *outer, index = target.subscripts
        cells, offset = self.value(target.base)
        for subscript in outer:
            cells, offset = cells[offset + self.value(subscript)], 0
        at = offset + self.value(index)
        assert 0 <= at < len(cells)
        return cells, at

    def store(self, target: Expr, value: Any) -> None:
        if isinstance(target, Name):
            self.memory[target.symbol.uid] = convert(value, target.type)
            return
        cells, at = self.place(target)
        cells[at] = convert(value, target.type)

    def value(self, e: Expr) -> Any:
        match e:
            case Constant(value=value):
                return value
            case Name(symbol=symbol):
                value = self.memory[symbol.uid]
                return (value, 0) if isinstance(value, list) else value
            case Element():
                cells, at = self.place(e)
                return cells[at]
            case Address(operand=operand):
                return self.place(operand)
            case Cast(operand=operand, type=kind):
                return convert(self.value(operand), kind)
            case Unary(op="!", operand=operand):
                return int(not self.value(operand))
            case Unary(op=op, operand=operand):
                value = self.value(operand)
                return convert({"-": -value, "+": value, "~": ~value}[op], e.type)
            case Binary(op="&&", left=left, right=right):
                return int(bool(self.value(left)) and bool(self.value(right)))
            case Binary(op="||", left=left, right=right):
                return int(bool(self.value(left)) or bool(self.value(right)))
            case Binary(op=op, left=left, right=right):
                first, second = self.value(left), self.value(right)
                if isinstance(first, tuple):
                    return (first[0], first[1] + (second if op == "+" else -second))
                return self.binary(op, first, second, arithmetic(left.type, right.type, op))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return convert(self.value(then if self.value(condition) else otherwise), e.type)
            case Call():
                return self.functions[e.name or ""](*(self.value(a) for a in e.arguments))
        raise AssertionError(e)

    def binary(self, op: str, left: int, right: int, kind: Type) -> int:
        left = convert(left, kind)
        if op not in ("<<", ">>"):
            right = convert(right, kind)
        if op in ("/", "%"):
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return convert(quotient if op == "/" else left - quotient * right, kind)
        results: dict[str, Callable[[], int]] = {
            "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "&": lambda: left & right,
            "|": lambda: left | right, "^": lambda: left ^ right, "<<": lambda: left << right,
            ">>": lambda: left >> right,
            "==": lambda: int(left == right), "!=": lambda: int(left != right), "<": lambda: int(left < right),
            "<=": lambda: int(left <= right), ">": lambda: int(left > right), ">=": lambda: int(left >= right),
        }  # fmt: skip
        value = results[op]()
        return value if op in ("==", "!=", "<", "<=", ">", ">=") else convert(value, kind)


def promoted(kind: Type) -> tuple[int, bool]:
    """Width and signedness after integer promotion, written down apart from the frontend's."""
    if kind.kind in ("logical", "character") or (kind.bits or 32) < 32:
        return 32, True
    return kind.bits or 32, kind.signed


def arithmetic(left: Type, right: Type, op: str) -> Type:
    (first, a), (second, b) = promoted(left), promoted(right)
    if op in ("<<", ">>"):
        return Type("integer", "", first, a)
    bits = max(first, second)
    signed = all(s for width, s in ((first, a), (second, b)) if width == bits)
    return Type("integer", "", bits, signed)
