"""Statements of a function, written anew where a call of it stands.

Parameters become the arguments, variables are those of this call, and every place is one behind which the text of the
callee would stand. An early return becomes the `else` of what follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence.rewriting import bottom_up, rewrite, values_in, with_children
from analyzers.ir.directives import Clause, ClauseItem, Directive
from analyzers.ir.expressions import (
    Address,
    Call,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    calls_in,
    symbols,
    walk,
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
    Label,
    Loop,
    Stmt,
    Switch,
    Unknown,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.text import Span

_SIMPLE = 12  # parts of an argument that is written wherever the parameter was


class Arguments:
    """What the variables of a callee are for one call."""

    def __init__(self, callee: Function, call: Call, number: int, moving: Collection[Symbol]) -> None:
        """`moving`: the variables that the caller sets, whose values a task of the callee finds as they were."""
        self.number = number
        self.values: dict[Symbol, Expr] = {}
        self.kept: list[tuple[Symbol, Expr]] = []
        below = list(walk_statements(callee.body))
        listed = set(_listed(callee.body))
        assigned = assigned_in(below)
        deferred = any(isinstance(s, Construct) and _defers(s.directive) for s in below)
        for param, argument in zip(callee.params, call.arguments, strict=True):
            fixed = param not in assigned and param not in listed and not param.address_taken
            stays = not deferred or not any(s in moving for s in values_in(argument))
            if fixed and stays and _is_simple(argument):
                self.values[param] = argument
            else:
                self.kept.append((param, argument))
        declared = {s.symbol for s in below if isinstance(s, Declare) and s.symbol.storage == "local"}
        self.own = declared | {param for param, _ in self.kept}

    def symbol(self, symbol: Symbol) -> Symbol:
        """The variable of this call."""
        if symbol not in self.own:
            return symbol
        storage = "local" if symbol.storage == "parameter" else symbol.storage
        return replace(symbol, uid=f"{symbol.uid}@{self.number}", storage=storage)

    def expr(self, expr: Expr) -> Expr:
        """The expression in terms of the caller's and of this call's variables."""
        filled = rewrite(expr, self.values) if self.values else expr
        named = {s: Name(self.symbol(s), expr.span) for s in symbols(filled) if s in self.own}
        return _renamed(filled, named) if named else filled


@dataclass(slots=True)
class Writer:
    """Writes statements anew, `added` behind each place as many characters further down as stand there now."""

    added: list[tuple[int, int]]
    arguments: Arguments | None = None
    gone: Mapping[int, Expr] = field(default_factory=dict)  # values of calls, by id()
    before: dict[int, list[Stmt]] = field(default_factory=dict)  # what stands before a statement, by its id()
    old: dict[int, Stmt] = field(default_factory=dict)
    made: list[Stmt] = field(default_factory=list)

    def block_for_call(self, body: Stmt, call: Span) -> Block:
        """The body behind the declarations of those parameters that stay variables."""
        assert self.arguments is not None
        kept = [(self.arguments.symbol(param), argument) for param, argument in self.arguments.kept]
        at = self._span(Span(0, 0))
        declared = [Declare(param, replace(argument, span=at), at) for param, argument in kept]
        return Block((*declared, self.stmt(body)), self._span(body.span))

    def stmt(self, stmt: Stmt) -> Stmt:
        """The statement in its new place, with what comes before it in a block around both."""
        new = self._written(stmt)
        self.old[id(new)] = stmt
        self.made.append(new)
        inner = self.before.get(id(stmt))
        return new if inner is None else Block((*inner, new), new.span)

    def _span(self, span: Span) -> Span:
        start, end = (at + sum(length for place, length in self.added if place < at) for at in (span.start, span.end))
        return Span(start, end)

    def _expr(self, expr: Expr) -> Expr:
        if self.gone:
            expr = _without(expr, self.gone)
        filled = expr if self.arguments is None else self.arguments.expr(expr)
        at = self._span(expr.span)

        def moved(top: Expr, operands: list[Expr], same: bool) -> Expr:
            return replace(with_children(top, [_at(e, self._span) for e in operands]), span=self._span(top.span))

        return replace(bottom_up(filled, moved), span=at)

    def _maybe(self, expr: Expr | None) -> Expr | None:
        return None if expr is None else self._expr(expr)

    def _written(self, stmt: Stmt) -> Stmt:
        span = self._span(stmt.span)
        match stmt:
            case Block():
                return self._block(stmt)
            case Declare(symbol=symbol, value=value):
                named = symbol if self.arguments is None else self.arguments.symbol(symbol)
                return Declare(named, self._maybe(value), span)
            case Assign(target=target, value=value, op=op):
                return Assign(self._expr(target), self._expr(value), op, span)
            case Evaluate(value=value):
                return Evaluate(self._expr(value), span)
            case If(condition=condition, then=then, otherwise=otherwise):
                return If(self._expr(condition), self._block(then), self._block(otherwise), span)
            case Switch(value=value, arms=arms, exhaustive=exhaustive):
                return Switch(self._expr(value), tuple(map(self._block, arms)), exhaustive, span)
            case Loop(init=init, condition=condition, step=step, body=body):
                new = self._block(body)
                tested = self.before.pop(id(stmt), [])  # what the condition calls, it calls for every iteration
                return replace(
                    stmt,
                    init=tuple(map(self.stmt, init)),
                    condition=self._maybe(condition),
                    step=tuple(map(self.stmt, step)),
                    body=replace(new, statements=(*tested, *new.statements)),
                    span=span,
                    header_span=self._span(stmt.header_span),
                )
            case Construct(directive=directive, body=inner):
                return Construct(self._directive(directive), None if inner is None else self._block(inner), span)
            case Jump(value=value):
                return replace(stmt, value=self._maybe(value), span=span)
            case _:
                return replace(stmt, span=span)

    def _block(self, block: Block) -> Block:
        return Block(tuple(map(self.stmt, block.statements)), self._span(block.span))

    def _directive(self, directive: Directive) -> Directive:
        clauses = tuple(self._clause(clause) for clause in directive.clauses)
        span, name_span = self._span(directive.span), self._span(directive.name_span)
        return replace(directive, clauses=clauses, span=span, name_span=name_span)

    def _clause(self, clause: Clause) -> Clause:
        items, trailing = (tuple(map(self._item, part)) for part in (clause.items, clause.trailing))
        return replace(clause, items=items, trailing=trailing, span=self._span(clause.span))

    def _item(self, item: ClauseItem) -> ClauseItem:
        section = tuple((self._maybe(low), self._maybe(length)) for low, length in item.section)
        return replace(item, expr=self._maybe(item.expr), section=section, span=self._span(item.span))


def _at(expr: Expr, place: Callable[[Span], Span]) -> Expr:
    """A name or a constant in its new place; other expressions are there already."""
    return replace(expr, span=place(expr.span)) if isinstance(expr, (Name, Constant)) else expr


def _renamed(expr: Expr, named: Mapping[Symbol, Name]) -> Expr:
    """The expression with every use of a symbol replaced, objects whose addresses are taken included."""
    if isinstance(expr, Name):
        return named.get(expr.symbol, expr)

    def change(top: Expr, operands: list[Expr], same: bool) -> Expr:
        return with_children(top, [named.get(e.symbol, e) if isinstance(e, Name) else e for e in operands])

    return bottom_up(expr, change)


def _listed(body: Stmt) -> Iterator[Symbol]:
    """The variables that clauses below a statement name."""
    for stmt in walk_statements(body):
        if isinstance(stmt, Construct):
            for clause in stmt.directive.clauses:
                for item in (*clause.items, *clause.trailing):
                    if isinstance(item.expr, Name):
                        yield item.expr.symbol


def assigned_in(statements: Iterable[Stmt]) -> set[Symbol]:
    return {s.target.symbol for s in statements if isinstance(s, Assign) and isinstance(s.target, Name)}


def _defers(directive: Directive) -> bool:
    """May its body run when the function that holds it has returned?"""
    return directive.has("task", "taskloop") or (directive.has("target") and directive.first("nowait") is not None)


def _is_simple(argument: Expr) -> bool:
    """Has the argument the same value wherever it is written, as long as the caller's variables are not touched?"""
    parts = list(walk(argument))
    if len(parts) > _SIMPLE or any(isinstance(e, (Call, Opaque, Conditional)) for e in parts):
        return False
    return not any(
        (s.is_static or s.address_taken or s.is_reference) and s.type.kind != "array" for s in values_in(argument)
    ) and not _loads(argument)


def _loads(argument: Expr) -> bool:
    """Is a value loaded from an array or a record? A part of an array that is one itself is only named."""
    if isinstance(argument, Address):
        return False
    return any(isinstance(e, (Element, Field)) and e.type.kind not in ("array", "record") for e in walk(argument))


def _without(expr: Expr, gone: Mapping[int, Expr]) -> Expr:
    """The expression with the values of calls that were put in place elsewhere."""
    if not any(id(call) in gone for call in calls_in(expr)):
        return expr
    if id(expr) in gone:
        return gone[id(expr)]

    def change(top: Expr, operands: list[Expr], same: bool) -> Expr:
        if id(top) in gone:
            return gone[id(top)]
        return top if same else with_children(top, operands)

    return bottom_up(expr, change)


# --- what returns early ---------------------------------------------------------------------------------------------


def without_returns(body: Block) -> Block | None:
    """The body where what follows `if (c) return;` stands under `else`; None where control leaves it otherwise."""
    if any(
        isinstance(s, (Label, Unknown)) or (isinstance(s, Jump) and s.kind == "goto") for s in walk_statements(body)
    ):
        return None
    statements = _ended(list(body.statements))
    return None if statements is None else replace(body, statements=tuple(statements))


def _ended(statements: list[Stmt]) -> list[Stmt] | None:
    for at, stmt in enumerate(statements):
        if isinstance(stmt, Jump) and stmt.kind == "return":
            value = [] if stmt.value is None else [Evaluate(stmt.value, stmt.span)]
            return [*statements[:at], *value]
        if not any(isinstance(s, Jump) and s.kind == "return" for s in walk_statements(stmt)):
            continue
        rest = statements[at + 1 :]
        if isinstance(stmt, Block):
            inner = _ended([*stmt.statements, *rest])
            return None if inner is None else [*statements[:at], *inner]
        if not isinstance(stmt, If):
            return None
        then, otherwise = (_ended([*arm.statements, *rest]) for arm in (stmt.then, stmt.otherwise))
        if then is None or otherwise is None:
            return None
        arms = [replace(arm, statements=tuple(new)) for arm, new in ((stmt.then, then), (stmt.otherwise, otherwise))]
        return [*statements[:at], replace(stmt, then=arms[0], otherwise=arms[1])]
    return statements
