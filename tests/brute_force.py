"""What accesses really do, by running through all iterations with concrete sizes. Shares no code with the analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Element, Expr, Name, Unary
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import Type

MAX_ITERATIONS = 1000
MAX_STEPS = 8_000
Values = dict[str, Any]  # integers; for an array a function from subscript to value


class TooManyError(Exception):
    """A loop runs too often to be enumerated."""


@dataclass(frozen=True)
class Event:
    """One execution of an access: the position in each loop (0, 1, ... in order of execution) and the element."""

    iterations: tuple[int, ...]
    indices: tuple[int, ...]
    element: tuple[int, ...]


def _div(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a >= 0) == (b >= 0) else -quotient


def _wrap(text: str, kind: Type) -> str:
    if kind.kind == "integer" and not kind.signed and kind.bits:
        return f"(({text}) & {(1 << kind.bits) - 1})"
    return text


def python(expr: Expr) -> str:
    """The expression as Python source with the meaning it has in C."""
    match expr:
        case Constant(value=value):
            return f"({value})"
        case Name(symbol=symbol):
            return f"v[{symbol.name!r}]"
        case Element(base=Name(symbol=symbol), subscripts=(subscript,)):
            return f"v[{symbol.name!r}]({python(subscript)})"
        case Unary(op="!", operand=operand):
            return f"int(not {python(operand)})"
        case Unary(op=op, operand=operand):
            return _wrap(f"({op}{python(operand)})", expr.type)
        case Cast(operand=operand):
            return _wrap(python(operand), expr.type)
        case Conditional(condition=c, then=t, otherwise=o):
            return f"({python(t)} if {python(c)} else {python(o)})"
        case Binary(op=op, left=left, right=right):
            a, b = python(left), python(right)
            if op in ("<", "<=", ">", ">=", "==", "!="):
                common = left.type if left.type.is_unsigned else right.type
                return f"int({_wrap(a, common)} {op} {_wrap(b, common)})"
            if op in ("&&", "||"):
                return f"int(bool({a}) {'and' if op == '&&' else 'or'} bool({b}))"
            if op in ("min", "max"):
                return f"{op}({a}, {b})"
            if op == "/":
                return f"_div({a}, {b})"
            if op == "%":
                return f"({a} - ({b}) * _div({a}, {b}))"
            return _wrap(f"({a} {op} {b})", expr.type)
    raise AssertionError(expr)


def compiled(expr: Expr) -> Callable[[Values], int]:
    return eval(f"lambda v: {python(expr)}", {"_div": _div, "min": min, "max": max})


def _iterations(header: LoopHeader, values: Values, memo: dict[int, Any]) -> Iterator[tuple[int, int]]:
    def get(e: Expr) -> int:
        if id(e) not in memo:
            memo[id(e)] = (compiled(e), e)
        return int(memo[id(e)][0](values))

    index, bound, step = get(header.lower), get(header.bound), get(header.step)
    count = 0
    while {
        "<": index < bound, "<=": index <= bound, ">": index > bound, ">=": index >= bound, "!=": index != bound,
    }[header.relation]:  # fmt: skip
        yield count, index
        index += step
        count += 1
        if count > MAX_ITERATIONS:
            raise TooManyError


def events(
    access: Access, headers: Mapping[int, LoopHeader], parameters: Mapping[str, Any], memo: dict[int, Any] | None = None
) -> list[Event]:
    """All executions of an access, in order. Raises TooManyError."""
    known: dict[int, Any] = {} if memo is None else memo
    found: list[Event] = []
    guards = [(compiled(g.condition), g.positive, g.depth) for g in access.guards]
    subscripts = [compiled(i) for s in access.path if isinstance(s, Subscripts) for i in s.indices]

    steps = 0

    def run(loops: Sequence[Loop], values: Values, at: tuple[int, ...], indices: tuple[int, ...]) -> None:
        depth = len(at)
        for condition, positive, where in guards:
            if (len(access.loops) if where is None else where) == depth and bool(condition(values)) != positive:
                return
        if not loops:
            found.append(Event(at, indices, tuple(int(s(values)) for s in subscripts)))
            return
        header = headers[id(loops[0])]
        for position, index in _iterations(header, values, known):
            nonlocal steps
            steps += 1
            if steps > MAX_STEPS:
                raise TooManyError
            run(loops[1:], {**values, header.index.name: index}, (*at, position), (*indices, index))

    try:
        run(access.loops, dict(parameters), (), ())
    except ZeroDivisionError:
        raise TooManyError from None
    return found


def conflicts(
    first: Sequence[Event], second: Sequence[Event], shared: int, *, different: bool
) -> Iterator[tuple[Event, Event]]:
    """Pairs that touch one element and agree in the first `shared` loops; `different`: not in the next one."""
    by_place: dict[tuple[object, ...], list[Event]] = {}
    for event in second:
        by_place.setdefault((event.iterations[:shared], event.element), []).append(event)
    for event in first:
        for other in by_place.get((event.iterations[:shared], event.element), ()):
            if not different or event.iterations[shared] != other.iterations[shared]:
                yield event, other


def uncovered(
    read: Sequence[Event], writes: Sequence[tuple[Access, Sequence[Event]]], reader: Access, shared: int
) -> bool:
    """Is some element read in an iteration of the shared loops without having been written before in it?"""
    written: dict[tuple[object, ...], list[tuple[Access, Event]]] = {}
    for access, each in writes:
        for event in each:
            written.setdefault((event.iterations[:shared], event.element), []).append((access, event))
    for event in read:
        if not any(
            _before(access, other, reader, event)
            for access, other in written.get((event.iterations[:shared], event.element), ())
        ):
            return True
    return False


def _before(first: Access, event: Event, second: Access, other: Event) -> bool:
    for depth, (a, b) in enumerate(zip(first.loops, second.loops, strict=False)):
        if a is not b:
            break
        if event.iterations[depth] != other.iterations[depth]:
            return event.iterations[depth] < other.iterations[depth]
    return first.order < second.order
