"""Which values an argument may have, path by path: constants, handles, the size and the rank of a communicator.

A variable has the values of the definitions that reach the call (Aho, Lam, Sethi & Ullman 2006, §9.2). What only one
branch gives it is a value on the condition that the branch is taken; where the program asks before the call, directly
or by what it asked before the definition, such a value says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence.facts import Effects
from analyzers.ir import flow
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Address, Binary, Cast, Expr, Name, symbols
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    If,
    Loop,
    Stmt,
    calls_of,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.mpi.calls import constant
from analyzers.standards.mpi import procedure
from analyzers.text import Span

_DEPTH = 3  # variables that get their value from others
_ASKED = {"MPI_Comm_size": "size", "MPI_Comm_rank": "rank"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value. `number`: where it is an integer, relative to the number of processes where `of` says "size", or to
    the own rank ("rank"). `handle`: the name of a constant of MPI. `null`: a null pointer. `unset`: a variable without
    a value. `given`: the definition it comes from."""

    number: int | None = None
    of: str = ""
    handle: str | None = None
    null: bool = False
    unset: bool = False
    given: Span | None = None
    certain: bool = True  # no other value gets there
    doubtful: bool = False  # the program may see to it that this one does not


@dataclass(slots=True)
class Values:
    """The values of the variables of one function."""

    function: Function
    effects: Mapping[str, Effects]
    _graph: flow.FlowGraph | None = None
    _around: dict[int, tuple[Stmt, ...]] | None = field(default=None)

    def of(self, expr: Expr, statement: Stmt, depth: int = 0) -> tuple[Value, ...]:
        """The values that an expression may have in a statement, as far as they are known."""
        if isinstance(expr, Cast):
            return self.of(expr.operand, statement, depth)
        handle = constant(expr)
        if handle is not None:
            return (Value(handle=handle),)
        number = fold(expr)
        if number is not None:
            return (Value(number=number, null=number == 0 and expr.type.kind == "pointer"),)
        if isinstance(expr, Binary) and expr.op in ("+", "-"):
            by = fold(expr.right)
            if by is not None:
                by = by if expr.op == "+" else -by
                known = (v for v in self.of(expr.left, statement, depth) if v.number is not None and not v.null)
                return tuple(replace(v, number=v.number + by) for v in known if v.number is not None)
        if isinstance(expr, Name) and depth < _DEPTH:
            return self._of_variable(expr.symbol, statement, depth)
        return ()

    def _of_variable(self, symbol: Symbol, statement: Stmt, depth: int) -> tuple[Value, ...]:
        if symbol.storage != "local" or symbol.type.kind in ("array", "record") or symbol.is_reference:
            return ()
        graph = self._flow()
        node = graph.node_of(statement)
        if node is None:
            return ()
        reaching, outside = graph.definitions(node, (symbol, ()))
        given = [graph.nodes[at].stmt for at in sorted(reaching)]
        found: list[Value] = []
        # What may write it and need not has written it, as a rule.
        overwritten = any(not isinstance(s, Declare) and not _assigns(s, symbol) for s in given)
        for stmt in given:
            if stmt is None or stmt is statement:
                return ()
            certain = len(given) == 1 and not outside
            for value in self._given(symbol, stmt, depth):
                doubtful = value.doubtful or (
                    not certain and (overwritten or self._is_asked_for(symbol, stmt, given, statement))
                )
                found.append(replace(value, given=stmt.span, certain=certain and value.certain, doubtful=doubtful))
        return tuple(found)

    def _given(self, symbol: Symbol, stmt: Stmt, depth: int) -> tuple[Value, ...]:
        """The values that a statement gives a variable."""
        if isinstance(stmt, Declare):
            return self.of(stmt.value, stmt, depth + 1) if stmt.value is not None else (Value(unset=True),)
        if isinstance(stmt, Assign) and _assigns(stmt, symbol) and stmt.op is None:
            return self.of(stmt.value, stmt, depth + 1)
        if isinstance(stmt, (Evaluate, Assign)):
            for call in calls_of(stmt):
                known = procedure(call.name or "")
                asked = _ASKED.get(known.name) if known is not None else None
                if asked and len(call.arguments) == 2 and call.arguments[1] == Address(Name(symbol)):
                    return (Value(number=0, of=asked),)
        return ()

    def _is_asked_for(self, symbol: Symbol, definition: Stmt, all_: list[Stmt | None], statement: Stmt) -> bool:
        """May conditions around the call keep a value away that only some paths bring there?"""
        around = self._surroundings()
        before = around.get(id(definition), ())
        here = [s for s in around.get(id(statement), ()) if s not in before]
        asked = {s for each in here if isinstance(each, If) for s in symbols(each.condition)}
        decided = {symbol}
        for other in all_:
            outer = [s for s in around.get(id(other), ()) if s not in around.get(id(statement), ())]
            if other is not definition and any(isinstance(s, Loop) for s in outer):
                return True  # whether the loop runs at all is not known
            for each in outer:
                if isinstance(each, If):
                    decided |= set(symbols(each.condition))
                    decided |= _assigned(each.then) | _assigned(each.otherwise)
        return bool(asked & decided) or self._is_tested(decided, definition.span.end, statement.span.start)

    def _is_tested(self, names: set[Symbol], start: int, end: int) -> bool:
        """Does a condition between two places ask for one of the names? It may be the way out."""
        between = (s for s in walk_statements(self.function.body) if start <= s.span.start < end)
        conditions = (s.condition for s in between if isinstance(s, (If, Loop)))
        return any(names & set(symbols(c)) for c in conditions if c is not None)

    def branches(self, statement: Stmt) -> bool:
        """Does a statement stand in a branch?"""
        return any(isinstance(s, If) for s in self._surroundings().get(id(statement), ()))

    def _flow(self) -> flow.FlowGraph:
        if self._graph is None:
            self._graph = flow.build(self.function, self.effects)
        return self._graph

    def _surroundings(self) -> dict[int, tuple[Stmt, ...]]:
        """The branches and loops around each statement, outermost first."""
        if self._around is None:
            self._around = {}
            stack: list[tuple[Stmt, tuple[Stmt, ...]]] = [(self.function.body, ())]
            while stack:
                stmt, around = stack.pop()
                self._around[id(stmt)] = around
                inner = (*around, stmt) if isinstance(stmt, (If, Loop)) else around
                stack.extend((s, inner) for s in substatements(stmt))
        return self._around


def _assigns(stmt: Stmt | None, symbol: Symbol) -> bool:
    return isinstance(stmt, Assign) and stmt.target == Name(symbol)


def _assigned(block: Block) -> set[Symbol]:
    return {s.target.symbol for s in block.statements if isinstance(s, Assign) and isinstance(s.target, Name)}
