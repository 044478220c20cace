"""Memory accesses: what the dependence tests and the race rules compare."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Union

from analyzers.ir.expressions import BinaryOp, Expr
from analyzers.ir.statements import Loop, Stmt
from analyzers.ir.symbols import Symbol
from analyzers.text import Span

AccessKind = Literal["read", "write", "update"]  # update: `x op= e`, one read and one write of the same element


@dataclass(frozen=True, slots=True)
class Subscripts:
    """A step of a path: `[i][j]`. `through_pointer`: the object is what the value so far points to."""

    indices: tuple[Expr, ...]
    through_pointer: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A step of a path: `.name`."""

    name: str


PathStep = Union[Subscripts, Member]  # noqa: UP007  (see `ir.expressions`)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition under which an access runs; `positive` False: under its negation. `depth`: how many of the access's
    loops surround the place where it is evaluated (an index of a deeper loop in it is another value); None: all."""

    condition: Expr
    positive: bool
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One access to memory, below a statement.

    `symbol` and `path` say which object: `s.x` is (s, [Member x]); `p[i]` is (p, [Subscripts((i,), through_pointer)]);
    the scalar `x` has an empty path. `symbol` None: an object that cannot be named (through a call's result, an unknown
    call, an opaque expression) and so may be any visible one. `loops` are the surrounding loops inside the function,
    outermost first; `guards` the conditions between them. `exact` False: element or execution are over-approximated.
    """

    symbol: Symbol | None
    path: tuple[PathStep, ...]
    kind: AccessKind
    span: Span
    loops: tuple[Loop, ...] = ()
    guards: tuple[Guard, ...] = ()
    exact: bool = True
    op: BinaryOp | None = None  # of an update
    value: Expr | None = field(default=None, compare=False)  # what is stored
    statement: Stmt | None = field(default=None, compare=False)
    order: int = 0  # position in the textual order of the function
    reason: str | None = None  # why it is not exact
    call: str | None = None  # the callee that makes the access

    @property
    def writes(self) -> bool:
        return self.kind != "read"

    @property
    def reads(self) -> bool:
        return self.kind != "write"
