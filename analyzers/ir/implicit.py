"""What statements run without saying so: the functions of classes whose objects they make, copy, convert or end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzers.ir.expressions import Address, Element, Expr, Field, children
from analyzers.ir.statements import Assign, Declare, Stmt, expressions, walk_statements
from analyzers.ir.symbols import GENERIC, Type

_ASSIGNMENT = "operator="


@dataclass(frozen=True, slots=True)
class Implicit:
    """A function that may run with an object of a type; None where it is not known which ones there are."""

    owner: str
    function: str | None

    @property
    def is_generic(self) -> bool:
        """Does it depend on what a type parameter stands for?"""
        return self.function is not None and self.function.startswith(GENERIC)


def implicit(body: Stmt) -> Mapping[int, tuple[Implicit, ...]]:
    """What the statements in a body may run, by id(), of those that may run anything."""
    found: dict[int, tuple[Implicit, ...]] = {}
    for stmt in walk_statements(body):
        here = dict.fromkeys(_of(stmt))
        if here:
            found[id(stmt)] = tuple(here)
    return found


def is_plain(kind: Type) -> bool:
    """Does nothing run for a value of this type, or for what it leads to?"""
    while kind.kind in ("pointer", "array") and kind.element is not None and not kind.active:
        kind = kind.element
    return kind.is_scalar or (kind.kind == "complex" and not kind.active)


def _of(stmt: Stmt) -> Iterator[Implicit]:
    if isinstance(stmt, Declare):
        yield from _of_type(stmt.symbol.type)
    assigns = isinstance(stmt, Assign) and stmt.target.type.name == stmt.value.type.name
    for expr in expressions(stmt):
        for part in _values(expr):
            yield from _of_type(part.type, _ASSIGNMENT if assigns and part is expr else "")


def _of_type(kind: Type, ending: str = "") -> Iterator[Implicit]:
    """What may run for an object of the type, as far as its name has the `ending`."""
    while kind.kind == "array" and not kind.active and kind.element is not None:
        kind = kind.element
    if kind.active:
        yield Implicit(kind.name, None)
    for name in kind.runs:
        if name.endswith(ending) or name.startswith(GENERIC):
            yield Implicit(kind.name, name)


def _values(expr: Expr) -> Iterator[Expr]:
    """The parts of an expression whose value is taken, not only their place."""
    stack = [(expr, False)]
    while stack:
        top, place = stack.pop()
        if not place:
            yield top
        # What a subscript of an object of an active type means is said by its class.
        first = isinstance(top, (Field, Address)) or (isinstance(top, Element) and _is_memory(top.base.type))
        stack.extend((child, first and position == 0) for position, child in enumerate(children(top)))


def _is_memory(kind: Type) -> bool:
    return kind.kind != "unknown" or not (kind.active or kind.runs)
