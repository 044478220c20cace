"""Structured statements. A function body is a tree of these; `ir.flow` makes the control-flow graph from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter, is_
from typing import Any, Literal, Union

from analyzers.ir.directives import Directive
from analyzers.ir.expressions import BinaryOp, Call, Constant, Expr, calls_in
from analyzers.ir.notation import Notation
from analyzers.ir.symbols import Symbol
from analyzers.text import NOWHERE, Span

JumpKind = Literal["break", "continue", "return", "goto", "exit"]  # exit: leaves the program (exit, abort, STOP)
LoopKind = Literal["for", "while", "do-while", "macro"]
Relation = Literal["<", "<=", ">", ">=", "!="]


@dataclass(frozen=True, slots=True)
class Declare:
    """A local object comes to life (each time the statement runs), with or without an initial value."""

    symbol: Symbol
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = value`, or with `op` the update `target = target op value` (`+=`, `++`, `-=`, ...)."""

    target: Expr
    value: Expr
    op: BinaryOp | None
    span: Span


@dataclass(frozen=True, slots=True)
class Evaluate:
    """An expression for its effect: a call, or a discarded value."""

    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    statements: tuple[Stmt, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    condition: Expr
    then: Block
    otherwise: Block
    span: Span


@dataclass(frozen=True, slots=True)
class Switch:
    """Arms hold what runs when entered there, fall-through included; `exhaustive` when there is a default. `labels`: of
    each arm the values for which it is entered; None: those are not known, or it is the default."""

    value: Expr
    arms: tuple[Block, ...]
    exhaustive: bool
    span: Span
    labels: tuple[tuple[Constant, ...] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopHeader:
    """The counted form: `for (index = lower; index relation bound; index += step)`.

    `step` is signed and loop-invariant. The number of iterations follows OpenMP 5.2 §4.4.1. Frontends set it only where
    the language itself guarantees the form (Fortran DO); for C it is derived by `dependence.induction.normalise`.
    """

    index: Symbol
    lower: Expr
    relation: Relation
    bound: Expr
    step: Expr
    declares_index: bool


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A loop. `init` runs once before, `step` after each iteration (also after `continue`), `condition` None: forever.

    Equal only to itself: a key in tables, and deep comparison would cost its whole body. Side effects inside the
    condition make the frontend emit a `while` without condition that breaks in its body. A `macro` is a block behind a
    macro that nobody has seen: a loop most likely, and perhaps a lock, or a construct.
    """

    kind: LoopKind
    init: tuple[Stmt, ...]
    condition: Expr | None
    step: tuple[Stmt, ...]
    body: Block
    span: Span  # the whole statement
    header_span: Span  # `for (...)`, `while (...)`, `do`
    header: LoopHeader | None = None
    tainted: str | None = None  # a syntax error or an unresolved #if inside: nothing may be proved of this loop
    taint_span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Jump:
    kind: JumpKind
    span: Span
    value: Expr | None = None  # of a return
    label: str | None = None  # of a goto


@dataclass(frozen=True, slots=True)
class Label:
    name: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Construct:
    """A directive with the structured block it governs; None for stand-alone ones (barrier, taskwait, ...).

    Equal only to itself, like a loop.
    The body of a loop construct is the Loop itself (wrapped in a Block); `sections` holds `section` constructs.
    """

    directive: Directive
    body: Block | None
    span: Span  # directive and body


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be lowered (inline assembly, a syntax error, a macro that is no statement). It may read and write
    anything visible; `mentions` are the names seen in it. `supposed` is what it most likely does, for verdicts that
    name it as an assumption: `M(i, j) = e` with `M` unseen assigns to what the call names, `LOCK` alone is a call."""

    reason: str
    mentions: tuple[Expr, ...]
    span: Span
    supposed: Assign | Evaluate | None = None


# Union and not `|`: see `ir.expressions`.
Stmt = Union[  # noqa: UP007
    Declare, Assign, Evaluate, Block, If, Switch, Loop, Jump, Label, Construct, Unknown
]


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body. All spans inside are relative to `start`, all lines to `line`, so that an unchanged
    function is equal to itself wherever it moved."""

    name: str
    params: tuple[Symbol, ...]
    variadic: bool
    body: Block
    span: Span  # relative: starts at 0
    name_span: Span
    fingerprint: str  # of the text and of everything outside that its meaning depends on
    static: bool = False
    problems: tuple[Problem, ...] = ()
    globals: tuple[Symbol, ...] = ()  # file-scope symbols that the body names
    callees: tuple[str, ...] = ()
    directives: tuple[Directive, ...] = ()  # declare simd and the like, standing before the function
    notation: Notation = field(default_factory=Notation, compare=False)  # of its language


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the input itself: a syntax error, an unresolved #if, a macro that cannot be expanded, a
    header that was not found."""

    kind: Literal["syntax", "preprocessor", "header", "encoding", "unsupported"]
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class PlacedFunction:
    """A function and where it stands now: `start` in bytes, `line` zero-based."""

    function: Function
    start: int
    line: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A lowered file."""

    language: Literal["c", "cpp", "fortran"]
    functions: tuple[PlacedFunction, ...]
    globals: tuple[Symbol, ...]
    directives: tuple[Directive, ...] = ()  # at file scope, absolute spans
    problems: tuple[Problem, ...] = ()  # at file scope, absolute spans
    prototypes: tuple[Symbol, ...] = field(default=())  # functions declared, not defined here


NO_MORE: Mapping[int, tuple[Stmt, ...]] = {}


def substatements(stmt: Stmt) -> tuple[Stmt, ...]:
    """The statements directly below, in textual order (a loop: init, body, step)."""
    below = _BELOW.get(type(stmt))
    return () if below is None else below(stmt)


# The most asked question of all: by type, as a chain of patterns takes several times as long.
_BELOW: Mapping[type, Callable[[Any], tuple[Stmt, ...]]] = {
    Block: attrgetter("statements"),
    If: attrgetter("then", "otherwise"),
    Switch: attrgetter("arms"),
    Loop: lambda loop: (*loop.init, loop.body, *loop.step),
    Construct: lambda construct: () if construct.body is None else (construct.body,),
}


def expressions(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions of the statement itself, targets first, without those of its substatements."""
    own = _OWN.get(type(stmt))
    return () if own is None else own(stmt)


def _value(stmt: Declare | Jump) -> tuple[Expr, ...]:
    return () if stmt.value is None else (stmt.value,)


_OWN: Mapping[type, Callable[[Any], tuple[Expr, ...]]] = {
    Assign: attrgetter("target", "value"),
    Declare: _value,
    Evaluate: lambda stmt: (stmt.value,),
    Switch: lambda stmt: (stmt.value,),
    If: lambda stmt: (stmt.condition,),
    Loop: lambda loop: () if loop.condition is None else (loop.condition,),
    Jump: _value,
    Unknown: attrgetter("mentions"),
}


def rebuilt(
    stmt: Stmt,
    leaf: Callable[[Stmt], Stmt],
    value: Callable[[Expr], Expr],
    before: Mapping[int, tuple[Stmt, ...]] = NO_MORE,
    branch: Callable[[If], Stmt] = lambda stmt: stmt,
) -> Stmt:
    """The statement with each simple statement below replaced by what `leaf`, each condition by what `value` and each
    `if`, its parts done, by what `branch` makes of it, and with more statements in front of those of blocks whose id()
    `before` knows. What did not change is shared with the original, loops and constructs included."""
    done: dict[int, Stmt] = {}
    stack: list[tuple[Stmt, bool]] = [(stmt, False)]
    while stack:
        top, ready = stack.pop()
        if id(top) in done:
            continue
        below = substatements(top)
        if not ready and below:
            stack.append((top, True))
            stack.extend((each, False) for each in below)
            continue
        new = _with_parts(top, done, value, before) if isinstance(top, _COMPOUND) else leaf(top)
        done[id(top)] = branch(new) if isinstance(new, If) else new
    return done[id(stmt)]


_COMPOUND = (Block, If, Switch, Loop, Construct)


def _with_parts(
    stmt: Stmt, done: Mapping[int, Stmt], value: Callable[[Expr], Expr], before: Mapping[int, tuple[Stmt, ...]]
) -> Stmt:
    """A compound statement over the new versions of its parts."""

    def block(old: Block) -> Block:
        new = done[id(old)]
        assert isinstance(new, Block)
        return new

    def each(old: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        return tuple(done[id(s)] for s in old)

    new: Stmt = stmt
    match stmt:
        case Block(statements=statements):
            new = replace(stmt, statements=tuple(n for s in statements for n in (*before.get(id(s), ()), done[id(s)])))
        case If(condition=condition, then=then, otherwise=otherwise):
            new = replace(stmt, condition=value(condition), then=block(then), otherwise=block(otherwise))
        case Switch(value=selected, arms=arms):
            new = replace(stmt, value=value(selected), arms=tuple(block(arm) for arm in arms))
        case Loop(init=init, condition=test, step=step, body=body):
            test = None if test is None else value(test)
            new = replace(stmt, init=each(init), condition=test, step=each(step), body=block(body))
        case Construct(body=inner) if inner is not None:
            new = replace(stmt, body=block(inner))
        case _:
            pass
    old, now = ((*substatements(s), *expressions(s)) for s in (stmt, new))
    return stmt if len(old) == len(now) and all(map(is_, old, now)) else new


def calls_of(stmt: Stmt) -> Iterator[Call]:
    """The calls of the statement itself, without those of its substatements."""
    return (call for expr in expressions(stmt) for call in calls_in(expr))


def walk_statements(stmt: Stmt) -> Iterator[Stmt]:
    """The statement and all below it, in textual order."""
    stack: list[Stmt] = [stmt]
    while stack:
        top = stack.pop()
        yield top
        below = _BELOW.get(type(top))
        if below is not None:
            stack += below(top)[::-1]


def loops(stmt: Stmt) -> Iterator[Loop]:
    """Every loop in the statement, outer ones first."""
    return (s for s in walk_statements(stmt) if isinstance(s, Loop))
