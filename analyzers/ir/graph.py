"""The control-flow graph itself: nodes, edges, and the range of nodes that each loop occupies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from analyzers.ir.expressions import Binary, Constant, Name
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
)
from analyzers.ir.uses import Uses, of_statement


@dataclass(slots=True)
class Node:
    """One simple statement or one condition; `stmt` None: a point where paths join. `kills` ⊆ `writes`.

    `indirect`: touched through pointers, by calls that know the object without being handed its address here, or by
    what could not be read. `assumed_reads` and `assumed_writes`: file-scope variables that are touched only if a
    pointer leads to them though their address is never taken in the file.
    """

    index: int
    stmt: Stmt | None
    raw: Uses
    uses: int = 0
    kills: int = 0
    writes: int = 0
    indirect: int = 0
    assumed_reads: int = 0
    assumed_writes: int = 0
    successors: list[int] = field(default_factory=list)
    predecessors: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Region:
    """The nodes of one copy of a loop: `first <= index < end`. An iteration starts at `start`; control comes in at
    `start` or, where the first test is known to hold, at `body`; `exit` is the point behind."""

    first: int
    end: int
    start: int
    body: int
    exit: int


NOTHING = Uses()


def runs_at_least_once(loop: Loop) -> bool:
    """Is the first test of the condition known to hold from constants alone?"""
    if loop.kind == "do-while" or loop.condition is None:
        return True
    match loop.condition:
        case Constant(value=int() as value):
            return value != 0
        case Binary(op=op, left=Name(symbol=symbol), right=Constant(value=int() as bound)):
            pass
        case _:
            return False
    first = None
    for stmt in loop.init:
        match stmt:
            case Assign(target=Name(symbol=s), value=Constant(value=int() as value), op=None) if s == symbol:
                first = value
            case Declare(symbol=s, value=Constant(value=int() as value)) if s == symbol:
                first = value
            case Assign(target=Name(symbol=s)) if s == symbol:
                first = None
            case _:
                pass
    if first is None or (symbol.type.is_unsigned and min(first, bound) < 0):
        return False  # a negative number becomes a large one
    return {
        "<": first < bound,
        "<=": first <= bound,
        ">": first > bound,
        ">=": first >= bound,
        "!=": first != bound,
    }.get(op, False)


class Builder:
    """Makes the nodes in textual order, with an explicit stack: chains of `else if` are as deep as they are long."""

    def __init__(self, function: Function) -> None:
        self.nodes: list[Node] = []
        self.regions: dict[int, list[Region]] = {}
        self.of_stmt: dict[int, int] = {}
        self.current: int | None = None
        self.breaks: list[list[int]] = []
        self.continues: list[list[int]] = []
        self.returns: list[int] = []
        self.gotos: list[tuple[int, str | None]] = []
        self.labels: dict[str, int] = {}
        self.work: list[Callable[[], None]] = []
        self._node(None)
        self._push(function.body)
        while self.work:
            self.work.pop()()
        self.exit = self._node(None)
        for index in self.returns:
            self._edge(index, self.exit)
        for index, label in self.gotos:
            known = [self.labels[label]] if label in self.labels else [*self.labels.values(), self.exit]
            for target in known:
                self._edge(index, target)

    def _edge(self, source: int, target: int) -> None:
        if target not in self.nodes[source].successors:
            self.nodes[source].successors.append(target)
            self.nodes[target].predecessors.append(source)

    def _node(self, stmt: Stmt | None) -> int:
        """A node behind the current one."""
        index = len(self.nodes)
        self.nodes.append(Node(index, stmt, of_statement(stmt) if stmt is not None else NOTHING))
        if stmt is not None:
            self.of_stmt.setdefault(id(stmt), index)
        if self.current is not None:
            self._edge(self.current, index)
        self.current = index
        return index

    def _join(self, sources: list[int]) -> int:
        """A point reached from the current node and from `sources`."""
        index = self._node(None)
        for source in sources:
            self._edge(source, index)
        if not self.nodes[index].predecessors:
            self.current = None
        return index

    def _push(self, stmt: Stmt) -> None:
        self.work.append(lambda: self._visit(stmt))

    def _visit(self, stmt: Stmt) -> None:
        match stmt:
            case Block(statements=statements):
                for inner in reversed(statements):
                    self._push(inner)
            case Declare() | Assign() | Evaluate() | Unknown():
                self._node(stmt)
            case If():
                self._if(stmt)
            case Loop():
                self._loop(stmt)
            case Switch():
                self._switch(stmt)
            case Jump():
                self._jump(stmt)
            case Label(name=name):
                self.labels[name] = self._node(None)
            case Construct(body=body):
                self._node(stmt)
                if body is not None:
                    self._push(body)

    def _if(self, stmt: If) -> None:
        condition = self._node(stmt)
        ends: list[int] = []

        def otherwise() -> None:
            if self.current is not None:
                ends.append(self.current)
            self.current = condition
            # A point of its own, so that the edge of a condition says which way it went.
            self._node(None)

        def join() -> None:
            self._join(ends)

        self.work.append(join)
        self._push(stmt.otherwise)
        self.work.append(otherwise)
        self._push(stmt.then)
        self._node(None)

    def _switch(self, stmt: Switch) -> None:
        value = self._node(stmt)
        ends: list[int] = [] if stmt.exhaustive else [value]
        self.breaks.append(ends)

        def enter() -> None:
            self.current = value

        def leave() -> None:
            if self.current is not None:
                ends.append(self.current)
            self.current = None

        def join() -> None:
            self.breaks.pop()
            self.current = None
            self._join(ends)

        self.work.append(join)
        for arm in reversed(stmt.arms):
            self.work.append(leave)
            self._push(arm)
            self.work.append(enter)

    def _jump(self, stmt: Jump) -> None:
        index = self._node(stmt)
        match stmt.kind:
            case "break" if self.breaks:
                self.breaks[-1].append(index)
            case "continue" if self.continues:
                self.continues[-1].append(index)
            case "goto":
                self.gotos.append((index, stmt.label))
            case _:
                self.returns.append(index)
        self.current = None

    def _loop(self, loop: Loop) -> None:
        def begin() -> None:
            entry = self.current
            breaks: list[int] = []
            continues: list[int] = []
            self.breaks.append(breaks)
            self.continues.append(continues)
            first = len(self.nodes)
            once = loop.kind != "do-while" and runs_at_least_once(loop)
            if once:
                self.current = None
            start = self._node(loop if loop.kind != "do-while" else None)
            forever = loop.condition is None or (
                isinstance(loop.condition, Constant) and loop.condition.value not in (0, "")
            )
            body = self._node(None)
            if once and entry is not None:
                self._edge(entry, body)

            def step() -> None:
                self.continues.pop()
                self._join(continues)
                for stmt in reversed(loop.step):
                    self._push(stmt)

            def finish() -> None:
                self.breaks.pop()
                last = start
                if loop.kind == "do-while":
                    last = self._node(loop)
                if self.current is not None:
                    self._edge(self.current, start)
                end = len(self.nodes)
                self.current = None if forever else last
                exit_ = self._join(breaks)
                self.regions.setdefault(id(loop), []).append(Region(first, end, start, body, exit_))

            self.work.append(finish)
            self.work.append(step)
            self._push(loop.body)

        self.work.append(begin)
        for stmt in reversed(loop.init):
            self._push(stmt)
