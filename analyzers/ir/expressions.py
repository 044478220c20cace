"""Typed expressions without side effects.

Frontends move every side effect into statements (`ir.statements`), in the order of evaluation: `a[i++] = 0` becomes
`a[i] = 0; i += 1`. Structural equality ignores spans and types, so `expr == other` asks for the same text after macro
expansion. Calls stay expressions, because where they stand matters; what they do is asked of `dependence.effects`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, Union

from analyzers.ir.symbols import INT, UNKNOWN_TYPE, Symbol, Type
from analyzers.text import NOWHERE, Span

UnaryOp = Literal["-", "+", "!", "~"]
BinaryOp = Literal[
    "+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "&&", "||", "==", "!=", "<", "<=", ">", ">=", "**", "min", "max"
]


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal or what a constant macro, enumerator or named constant stands for."""

    value: int | float | str
    type: Type = field(compare=False, default=INT)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Name:
    """A use of a symbol: its value on the right, the object itself as a target."""

    symbol: Symbol
    span: Span = field(compare=False, default=NOWHERE)

    @property
    def type(self) -> Type:
        return self.symbol.type


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an array or of what a pointer points to.

    All subscripts of one array object stand in one Element, outermost dimension first as declared: `a[i][j]` of an
    array (or of a pointer to arrays) is `Element(a, (i, j))`; with `double **a` it is
    `Element(Element(a, (i,)), (j,))`, because the inner one loads a pointer. `*p` is `Element(p, (0,))`, `*(p + i)` and
    `p[i]` are `Element(p, (i,))`, `p->x` is `Field(Element(p, (0,)), "x")`. Fewer subscripts than dimensions denote a
    sub-array.
    """

    base: Expr
    subscripts: tuple[Expr, ...]
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record (`s.x`, `%x`)."""

    base: Expr
    name: str
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Address:
    """`&lvalue`."""

    operand: Expr
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Call:
    """A call. `callee` is a Name of a function symbol, or any expression (a function pointer)."""

    callee: Expr
    arguments: tuple[Expr, ...]
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)

    @property
    def name(self) -> str | None:
        """The name of the function called, None through a pointer or member."""
        callee = self.callee
        return callee.symbol.name if isinstance(callee, Name) and not callee.symbol.is_pointer else None


@dataclass(frozen=True, slots=True)
class Unary:
    op: UnaryOp
    operand: Expr
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Binary:
    """Integer `/` and `%` truncate toward zero as in C and Fortran; unsigned arithmetic wraps."""

    op: BinaryOp
    left: Expr
    right: Expr
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Expr
    then: Expr
    otherwise: Expr
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Cast:
    operand: Expr
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something the frontend could not lower. It reads `reads` and, unless `reason` is None, anything else too."""

    text: str
    reason: str | None = field(compare=False, default=None)
    reads: tuple[Expr, ...] = ()
    type: Type = field(compare=False, default=UNKNOWN_TYPE)
    span: Span = field(compare=False, default=NOWHERE)


# Union and not `|`: this line runs, and on 3.10 `|` would need every class to be defined without quotes.
Expr = Union[  # noqa: UP007
    Constant, Name, Element, Field, Address, Call, Unary, Binary, Conditional, Cast, Opaque
]

ZERO = Constant(0)
ONE = Constant(1)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands of an expression, in order of evaluation."""
    below = _BELOW.get(type(expr))
    return () if below is None else below(expr)


# By type, as a chain of patterns takes several times as long.
_BELOW: Mapping[type, Callable[[Any], tuple[Expr, ...]]] = {
    Binary: attrgetter("left", "right"),
    Element: lambda expr: (expr.base, *expr.subscripts),
    Field: lambda expr: (expr.base,),
    Call: lambda expr: (expr.callee, *expr.arguments),
    Conditional: attrgetter("condition", "then", "otherwise"),
    Unary: lambda expr: (expr.operand,),
    Cast: lambda expr: (expr.operand,),
    Address: lambda expr: (expr.operand,),
    Opaque: attrgetter("reads"),
}


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and all below it, parents first; no recursion, so that 3,000-term sums are fine."""
    stack = [expr]
    while stack:
        top = stack.pop()
        yield top
        below = _BELOW.get(type(top))
        if below is not None:
            stack += below(top)[::-1]


def root(expr: Expr) -> Expr:
    """What an lvalue starts from: `s` of `s.x[i].y`, `p` of `p[i]->q[j]`."""
    while isinstance(expr, (Element, Field)):
        expr = expr.base
    return expr


def symbols(expr: Expr) -> Iterator[Symbol]:
    """Every symbol named in the expression, once for each use."""
    return (e.symbol for e in walk(expr) if type(e) is Name)


def calls_in(expr: Expr) -> Iterator[Call]:
    """Every call in the expression, the expression itself included."""
    return (e for e in walk(expr) if type(e) is Call)
