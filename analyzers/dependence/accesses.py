"""Every memory access of a function, in textual and evaluation order.

This is what the dependence tests and the race rules compare. Values in registers do not exist here: a read of a
scalar is an access, and so is the load of the pointer in `p[i]`. Execution that is not certain (after a possible
`break`, in an arm of a switch) is over-approximated and marked inexact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from analyzers.dependence import blocks, stale_guards
from analyzers.dependence.facts import Effects
from analyzers.dependence.inlining import called
from analyzers.dependence.lvalues import Location, bounded, container, locate, reached, strip_casts
from analyzers.ir.accesses import Access, AccessKind, Guard, Member
from analyzers.ir.expressions import (
    ZERO,
    Address,
    Binary,
    BinaryOp,
    Call,
    Cast,
    Conditional,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    children,
)
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    Evaluate,
    Function,
    If,
    Jump,
    Loop,
    Stmt,
    Switch,
    Unknown,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type
from analyzers.text import Span

_POINTER = Type("pointer", element=UNKNOWN_TYPE)
_UNKNOWN_CALL = Effects(unknown="it is not known what the function does")


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a statement."""

    loops: tuple[Loop, ...] = ()
    guards: tuple[Guard, ...] = ()
    reason: str | None = None  # why it may not run although the loops and guards say so

    def guarded(self, condition: Expr, positive: bool) -> _Context:
        return replace(self, guards=(*self.guards, Guard(bounded(condition), positive, len(self.loops))))

    def uncertain(self, reason: str | None) -> _Context:
        return self if reason is None or self.reason is not None else replace(self, reason=reason)


_Work = tuple[Stmt, Expr | None, _Context]  # with an expression: only that, evaluated for the statement


def collect(function: Function, effects: Mapping[str, Effects]) -> tuple[Access, ...]:
    """Every access of `function`. `effects` says what its callees do, by name; one without an entry may do anything.

    `Access.order` counts accesses in the order of evaluation, a loop's step after its body.
    """
    return _Collector(function, effects).run()


class _Collector:
    def __init__(self, function: Function, effects: Mapping[str, Effects]) -> None:
        self.function = function
        self.effects = effects
        self.globals = {s.name: s for s in function.globals}
        self.found: list[Access] = []
        self.tested: dict[int, int] = {}  # by id() of a condition: the accesses before it was evaluated first
        self.statement: Stmt | None = None
        self.context = _Context()

    def run(self) -> tuple[Access, ...]:
        body = self.function.body
        start = _Context()
        jumps = any(isinstance(s, Jump) and s.kind == "goto" for s in walk_statements(body))
        if jumps:
            start = start.uncertain("goto")
        # An explicit stack: chains of `else if` may be longer than Python's own.
        stack: list[_Work] = [(body, None, start)]
        while stack:
            stmt, condition, self.context = stack.pop()
            if condition is not None:
                self.statement = stmt
                self._values((condition,))
                continue
            below: list[_Work] = []
            self._visit(stmt, self.context, below)
            stack.extend(reversed(below))
        return stale_guards.forget(self.found, self.tested, jumps=jumps)

    def _visit(self, stmt: Stmt, context: _Context, below: list[_Work]) -> None:
        match stmt:
            case Block(statements=statements):
                for each in statements:
                    below.append((each, None, context))
                    context = _after(each, context)
            case Assign(target=target, value=value, op=op, span=span):
                self.statement = stmt
                self._values((*_target_values(target), value))
                self._target(target, value, op)
            case Declare(symbol=symbol, value=value, span=span):
                if value is not None and symbol.storage != "static":
                    self.statement = stmt
                    self._values((value,))
                    self._add(Location(symbol, ()), "write", span, value=value)
            case Evaluate(value=value):
                self.statement = stmt
                self._values((value,))
            case If(condition=condition, then=then, otherwise=otherwise):
                self.statement = stmt
                self._values((condition,))
                self.tested.setdefault(id(condition), len(self.found))
                below.append((then, None, context.guarded(condition, True)))
                if otherwise.statements:
                    below.append((otherwise, None, context.guarded(condition, False)))
            case Switch(value=value, arms=arms):
                self.statement = stmt
                self._values((value,))
                self._switch(arms, context.uncertain("switch"), below)
            case Loop():
                self._loop(stmt, context, below)
            case Construct(body=body):
                if body is not None:
                    below.append((body, None, context))
            case Jump(value=value):
                if value is not None:
                    self.statement = stmt
                    self._values((value,))
            case Unknown(reason=reason, mentions=mentions, span=span):
                self.statement = stmt
                for mention in mentions:
                    self._values(_target_values(mention))
                    located = locate(mention)
                    if located.symbol is not None and located.symbol.storage not in ("constant", "function"):
                        self._add(located, "update", span, reason=reason)
                self._add(Location(None, ()), "update", span, reason=reason)
            case _:
                pass

    def _switch(self, arms: tuple[Block, ...], context: _Context, below: list[_Work]) -> None:
        # Arms repeat what they fall through to; each statement is one access.
        seen: set[int] = set()
        for arm in arms:
            for each in arm.statements:
                if id(each) not in seen:
                    seen.add(id(each))
                    below.append((each, None, context))

    def _loop(self, loop: Loop, context: _Context, below: list[_Work]) -> None:
        below.extend((each, None, context) for each in loop.init)
        inside = replace(context, loops=(*context.loops, loop)).uncertain(_exit_of(loop))
        condition: list[_Work] = [] if loop.condition is None else [(loop, loop.condition, inside)]
        if loop.kind != "do-while":
            below.extend(condition)
        below.append((loop.body, None, inside))
        if loop.kind == "do-while":
            below.extend(condition)
        below.extend((each, None, inside) for each in loop.step)

    def _target(self, target: Expr, value: Expr, op: BinaryOp | None) -> None:
        located = locate(target)
        kind: AccessKind = "write" if op is None else "update"
        self._add(located, kind, target.span, op=op, value=value)

    def _values(self, exprs: Iterable[Expr]) -> None:
        """Adds the reads and calls in the evaluation of expressions, operands before what uses them."""
        outer = self.context
        stack: list[tuple[Expr, _Context, bool]] = [(e, outer, False) for e in reversed(tuple(exprs))]
        while stack:
            expr, context, done = stack.pop()
            match expr:
                case Name(symbol=symbol):
                    if symbol.storage not in ("constant", "function") and symbol.type.kind not in ("array", "function"):
                        self.context = context
                        self._add(Location(symbol, ()), "read", expr.span)
                case Element() | Field():
                    located = locate(expr)
                    if done:
                        self.context = context
                        if expr.type.kind != "array":
                            self._add(located, "read", expr.span)
                        continue
                    stack.append((expr, context, True))
                    stack.extend((e, context, False) for e in reversed(located.values))
                case Address(operand=operand):
                    located = locate(operand)
                    stack.extend((e, context, False) for e in reversed(located.values))
                case Call():
                    if done:
                        self.context = context
                        self._call(expr)
                        continue
                    stack.append((expr, context, True))
                    operands = expr.arguments if expr.name is not None else (expr.callee, *expr.arguments)
                    stack.extend((e, context, False) for e in reversed(operands))
                case Binary(op=("&&" | "||") as op, left=left, right=right):
                    self.tested.setdefault(id(left), len(self.found))
                    stack.append((right, context.guarded(left, op == "&&"), False))
                    stack.append((left, context, False))
                case Conditional(condition=condition, then=then, otherwise=otherwise):
                    self.tested.setdefault(id(condition), len(self.found))
                    stack.append((otherwise, context.guarded(condition, False), False))
                    stack.append((then, context.guarded(condition, True), False))
                    stack.append((condition, context, False))
                case Opaque(reads=reads, reason=reason):
                    if done:
                        self.context = context
                        self._add(Location(None, ()), "read", expr.span, reason=reason)
                        continue
                    if reason is not None:
                        stack.append((expr, context, True))
                    stack.extend((e, context, False) for e in reversed(reads))
                case _:
                    stack.extend((e, context, False) for e in reversed(children(expr)))
        self.context = outer

    def _call(self, call: Call) -> None:
        name = call.name
        effects = _UNKNOWN_CALL if name is None else self.effects.get(name, _UNKNOWN_CALL)
        reason = None
        if effects.unknown is not None:
            reason = "unknown-call"
        seen = called(call, self.effects) if effects.transparent is not None else None
        if seen is not None and effects.transparent is not None:
            for place, done in seen:
                kind: AccessKind = "read" if done == "read" else "write" if done == "write" else "update"
                exact = effects.transparent.straight
                self._add(locate(place), kind, call.span, call=name or "", exact=exact, reason="call-path")
            return
        whole = effects.whole_parameters or reason is not None
        for position, argument in _in_order(call, effects):
            use = "escapes" if reason is not None else _use_of(effects, position)
            if use == "none":
                continue
            kind = "read" if use == "read" else "write" if use == "write" else "update"
            if self._block(call, effects, argument, kind):
                continue
            if self._members(call, effects, position):
                continue
            first = blocks.first(argument) if position in effects.begins else None
            if first is not None and effects.idles:
                self._add(first, kind, argument.span, call=name or "", exact=False, reason="call-path")
            elif first is not None:
                self._add(first, kind, argument.span)
            located = reached(argument, whole=whole, outgrown=effects.outgrows)
            if located is None:
                if _carries_pointer(argument) and use != "read":
                    self._add(Location(None, ()), "update", argument.span, reason="call", call=name or "")
                continue
            surely = not whole and kind == "write" and position in effects.overwrites
            why = reason or ("call" if whole else "call-path")
            self._add(located, kind, argument.span, call=name or "", exact=surely, reason=why)
        for each in sorted(effects.reads | effects.writes):
            symbol = self.globals.get(each) or Symbol(f"//{each}", each, storage="global")
            kind = "read" if each not in effects.writes else "update" if each in effects.reads else "write"
            self._add(Location(symbol, ()), kind, call.span, call=name or "", exact=False, reason="call")
        for root, steps, used in effects.memory:
            lvalue = self._behind(call, root, steps, effects.outgrows)
            if lvalue is not None:
                kind = "read" if used == "read" else "write" if used == "write" else "update"
                self._add(locate(lvalue), kind, call.span, call=name or "", exact=False, reason="call")
        if reason is not None:
            self._add(Location(None, ()), "update", call.span, call=name or "", exact=False, reason=reason)

    def _block(self, call: Call, effects: Effects, argument: Expr, kind: AccessKind) -> bool:
        """The elements of a block of memory, where it is known which."""
        if effects.length is None or effects.length >= len(call.arguments):
            return False
        found = blocks.elements(argument, call.arguments[effects.length])
        if found is None:
            return False
        place, header = found
        outer = self.context
        self.context = replace(outer, loops=(*outer.loops, blocks.loop(header, call.span)))
        self._add(place, kind, argument.span)
        self.context = outer
        return True

    def _members(self, call: Call, effects: Effects, position: int) -> bool:
        """The members of a record of which a callee gets the address, where it uses single ones."""
        used = [] if effects.outgrows else [each for each in effects.members if each[0] == position]
        argument = call.arguments[position]
        place: Expr = Element(argument, (ZERO,), argument.type.element or UNKNOWN_TYPE, argument.span)
        if isinstance(argument, Address):
            place = argument.operand
        names = {name for name, _ in place.type.fields or ()}
        if not used or isinstance(argument, Cast) or any(r != place.type.name or m not in names for _, r, m, _ in used):
            return False
        for _, _, member, use in used:
            kind: AccessKind = "read" if use == "read" else "write" if use == "write" else "update"
            located = locate(Field(place, member, place.type.field_type(member), argument.span))
            self._add(located, kind, argument.span, call=call.name or "", exact=False, reason="call")
        return True

    def _behind(self, call: Call, root: int | str, steps: tuple[str, ...], outgrown: bool) -> Expr | None:
        """The lvalue that a callee reaches by `steps` from an argument or a file-scope object, at any element."""
        expr: Expr
        if isinstance(root, str):
            expr = Name(self.globals.get(root) or Symbol(f"//{root}", root, storage="global"), call.span)
        elif root < len(call.arguments):
            expr, _ = strip_casts(call.arguments[root])
            if outgrown and isinstance(expr, Address):
                expr = replace(expr, operand=container(expr.operand))
        else:
            return None
        for step in steps:
            if step != "*":
                expr = Field(expr, step[1:], expr.type.field_type(step[1:]), call.span)
            elif isinstance(expr, Address) and not isinstance(expr.operand, Element):
                expr = expr.operand
            else:
                pointer = _as_pointer(expr)
                expr = Element(pointer, (Opaque("?"),), pointer.type.element or UNKNOWN_TYPE, call.span)
        return expr

    def _add(
        self,
        located: Location,
        kind: AccessKind,
        span: Span,
        *,
        op: BinaryOp | None = None,
        value: Expr | None = None,
        exact: bool = True,
        reason: str | None = None,
        call: str | None = None,
    ) -> None:
        context, symbol = self.context, located.symbol
        if symbol is not None and symbol.storage in ("constant", "function"):
            return
        why = (None if exact else reason) or located.reason or (reason if call is None else None) or context.reason
        if why is None and symbol is not None and _is_volatile(symbol, located):
            why = "volatile"
        certain = exact and located.exact and why is None and symbol is not None
        self.found.append(
            Access(
                symbol,
                located.path,
                kind,
                span,
                context.loops,
                context.guards,
                certain,
                op,
                value,
                self.statement,
                len(self.found),
                why,
                call,
            )
        )


def _as_pointer(expr: Expr) -> Expr:
    """What a callee follows as a pointer, if only the callee knows its type."""
    if expr.type.kind != "unknown":
        return expr
    if isinstance(expr, Name):
        return replace(expr, symbol=replace(expr.symbol, type=_POINTER))
    return replace(expr, type=_POINTER)


def _after(stmt: Stmt, context: _Context) -> _Context:
    """The context of what follows `stmt` in its block: `if (c) continue;` leaves `!c`, a hidden jump leaves doubt."""
    match stmt:
        case Jump():
            return context.uncertain("unreachable")
        case If(condition=condition, then=then, otherwise=otherwise):
            leaves_then, leaves_otherwise = _leaves(then), _leaves(otherwise)
            if leaves_then == "always" and leaves_otherwise == "never":
                return context.guarded(condition, False)
            if leaves_otherwise == "always" and leaves_then == "never":
                return context.guarded(condition, True)
            if leaves_then != "never" or leaves_otherwise != "never":
                return context.uncertain("early-exit")
            return context
        case Loop() | Switch() | Block() | Construct():
            return context if _leaves(stmt) == "never" else context.uncertain("early-exit")
        case _:
            return context


def _leaves(stmt: Stmt) -> Literal["always", "never", "maybe"]:
    """Does control leave `stmt` other than by its end? A `break` or `continue` of a loop inside does not count."""
    if isinstance(stmt, Block) and stmt.statements and isinstance(stmt.statements[-1], Jump):
        early = [s for s in stmt.statements[:-1] if _leaves(s) != "never"]
        return "maybe" if early else "always"
    stack: list[tuple[Stmt, bool, bool]] = [(stmt, False, False)]
    while stack:
        top, in_loop, in_switch = stack.pop()
        if isinstance(top, Jump):
            inside = (top.kind == "break" and (in_loop or in_switch)) or (top.kind == "continue" and in_loop)
            if not inside:
                return "maybe"
            continue
        in_loop = in_loop or isinstance(top, Loop)
        in_switch = in_switch or isinstance(top, Switch)
        stack.extend((s, in_loop, in_switch) for s in substatements(top))
    return "never"


def _exit_of(loop: Loop) -> str | None:
    """Why not every iteration that the header promises need run."""
    if loop.tainted is not None:
        return "tainted"
    stack: list[tuple[Stmt, bool]] = [(loop.body, False)]
    while stack:
        top, nested = stack.pop()
        if isinstance(top, Jump) and (top.kind in ("return", "goto", "exit") or (top.kind == "break" and not nested)):
            return "early-exit"
        stack.extend((s, nested or isinstance(top, (Loop, Switch))) for s in substatements(top))
    return None


def _target_values(target: Expr) -> tuple[Expr, ...]:
    return locate(target).values


def _use_of(effects: Effects, position: int) -> str:
    if not effects.parameters:
        return "none"
    return effects.parameters[min(position, len(effects.parameters) - 1)]


def _in_order(call: Call, effects: Effects) -> Iterable[tuple[int, Expr]]:
    """The arguments with their positions; what copies a block of memory has read all of it before it writes."""
    arguments = enumerate(call.arguments)
    return arguments if effects.length is None else sorted(arguments, key=lambda a: _use_of(effects, a[0]) == "write")


def _carries_pointer(argument: Expr) -> bool:
    argument, _ = strip_casts(argument)
    if argument.type.kind == "record":
        fields = argument.type.fields
        return fields is None or any(t.kind in ("pointer", "record", "unknown") for _, t in fields)
    return argument.type.kind == "pointer"


def _is_volatile(symbol: Symbol, located: Location) -> bool:
    kind = symbol.type
    if kind.volatile:
        return True
    for step in located.path:
        if isinstance(step, Member):
            kind = kind.field_type(step.name)
        elif kind.element is not None:
            kind = kind.element
        if kind.volatile:
            return True
    return False
