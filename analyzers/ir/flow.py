"""The control-flow graph of a function and the data-flow facts of its variables.

Nodes are simple statements and the conditions of compound ones. Facts are bit sets over places (a variable, or a member
of a record variable), solved once for the function (liveness) or on demand for one loop: Aho, Lam, Sethi & Ullman 2006,
§9.2. Loops occupy a contiguous range of nodes, so that a question about a loop costs only the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzers.ir.expressions import Binary, Constant, Name
from analyzers.ir.pointers import CallEffects, Memory
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
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import Path, Place, Uses, of_statement, places_in

NO_EFFECTS: Mapping[str, CallEffects] = {}


@dataclass(slots=True)
class Node:
    """One simple statement or one condition; `stmt` None: a point where paths join. `kills` ⊆ `writes`.

    `indirect`: touched through pointers, by calls that know the object without being handed its address here, or by
    what could not be read.
    """

    index: int
    stmt: Stmt | None
    raw: Uses
    uses: int = 0
    kills: int = 0
    writes: int = 0
    indirect: int = 0
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


_NOTHING = Uses()


class FlowGraph:
    """The flow graph of one function. Queries take the loops of that function, by identity."""

    def __init__(self, function: Function, effects: Mapping[str, CallEffects], *, snippet: bool) -> None:
        self.function = function
        self.snippet = snippet
        builder = _Builder(function)
        self.nodes = builder.nodes
        self.exit = builder.exit
        self._regions = builder.regions
        self._of_stmt = builder.of_stmt
        self._places: dict[Symbol, dict[Path, int]] = {}
        self._order: list[Place] = []
        self._symbol_mask: dict[Symbol, int] = {}
        self._number_places()
        self._resolve(effects)
        self._live: list[int] | None = None
        self._cache: dict[tuple[str, int], int] = {}
        self.written = 0
        for node in self.nodes:
            self.written |= node.writes
        # Symbols made for "the value of x when this loop begins": fixed inside the loop, not around it.
        self.entries: dict[Symbol, Loop] = {}

    # Places and masks

    def _number_places(self) -> None:
        paths: dict[Symbol, set[Path]] = {}
        for node in self.nodes:
            for symbol, path in places_in(node.raw):
                paths.setdefault(symbol, set()).add(path)
        for symbol, found in paths.items():
            members = symbol.type.fields
            if (
                symbol.type.kind == "record"
                and () in found
                and members
                and not symbol.type.union
                and len(members) <= 64
            ):
                # With every member numbered, writing all of them is writing the whole.
                found.update((name,) for name, _ in members)
                found.discard(())
            table = self._places[symbol] = {}
            whole = 0
            for path in sorted(found):
                bit = 1 << len(self._order)
                self._order.append((symbol, path))
                table[path] = bit
                whole |= bit
            self._symbol_mask[symbol] = whole

    def mask(self, place: Place) -> int:
        """The bits of a place and of all its members."""
        symbol, path = place
        table = self._places.get(symbol)
        if table is None:
            return 0
        if not path:
            return self._symbol_mask[symbol]
        if len(table) == 1:
            return next(iter(table.values())) if path in table else 0
        size = len(path)
        found = 0
        for other, bit in table.items():
            if other[:size] == path:
                found |= bit
        return found

    def symbol_mask(self, symbol: Symbol) -> int:
        return self._symbol_mask.get(symbol, 0)

    def symbols_in(self, mask: int) -> frozenset[Symbol]:
        """The symbols with at least one place in the mask."""
        return frozenset(symbol for symbol, _ in self.places_of(mask))

    def places_of(self, mask: int) -> Iterator[Place]:
        while mask:
            low = mask & -mask
            yield self._order[low.bit_length() - 1]
            mask ^= low

    def _type_of(self, place: Place) -> Type:
        found = place[0].type
        for name in place[1]:
            found = found.field_type(name)
        return found

    def _resolve(self, effects: Mapping[str, CallEffects]) -> None:
        everything = (1 << len(self._order)) - 1
        types = tuple((1 << n, self._type_of(place)) for n, place in enumerate(self._order))
        self.memory = memory = Memory(
            self.function,
            walk_statements(self.function.body),
            (n.raw for n in self.nodes),
            self._symbol_mask,
            self.mask,
            types,
            effects,
        )
        mask = self.mask
        for node in self.nodes:
            raw = node.raw
            if raw is _NOTHING:
                continue
            for place in raw.reads:
                node.uses |= mask(place)
            for place in raw.writes:
                node.kills |= mask(place)
            for place in raw.touches:
                node.writes |= mask(place)
            for lvalue in raw.loads:
                node.indirect |= (touched := memory.accessed(lvalue))
                node.uses |= touched
            for lvalue in raw.stores:
                node.indirect |= (touched := memory.accessed(lvalue))
                node.writes |= touched
            for call in raw.calls:
                effect = memory.call(call)
                node.uses |= effect.reads
                node.writes |= effect.writes
                node.kills |= effect.kills
                node.indirect |= effect.indirect
            if raw.opaque is not None:
                touched = everything if isinstance(node.stmt, Unknown) else memory.anything
                node.uses |= everything
                node.writes |= touched
                node.indirect |= touched
            node.writes |= node.kills

    # Facts of the whole function

    @property
    def live_at_exit(self) -> int:
        """Static objects, arguments passed by reference, and in a bare snippet nothing else is known."""
        mask = 0
        for symbol, bits in self._symbol_mask.items():
            by_reference = symbol.intent in ("out", "inout")
            if symbol.is_static or by_reference or (symbol.storage == "undeclared" and not self.snippet):
                mask |= bits
        return mask

    def live_in(self, node: int) -> int:
        """The places that may be read after the point before `node` before they are overwritten."""
        if self._live is None:
            self._live = self._liveness()
        return self._live[node]

    def _liveness(self) -> list[int]:
        live = [0] * len(self.nodes)
        live[self.exit] = self.live_at_exit
        changed = True
        while changed:
            changed = False
            for node in reversed(self.nodes):
                out = live[node.index] if node.index == self.exit else 0
                for successor in node.successors:
                    out |= live[successor]
                new = node.uses | (out & ~node.kills)
                if new != live[node.index]:
                    live[node.index] = new
                    changed = True
        return live

    # Facts of a loop

    def regions(self, loop: Loop) -> tuple[Region, ...]:
        return tuple(self._regions.get(id(loop), ()))

    def nodes_of(self, loop: Loop) -> Iterator[Node]:
        """Condition, body and step of the loop (not its initialisation)."""
        for region in self._regions.get(id(loop), ()):
            yield from self.nodes[region.first : region.end]

    def in_loop(self, index: int) -> bool:
        return any(r.first <= index < r.end for regions in self._regions.values() for r in regions)

    def node_of(self, stmt: Stmt) -> Node | None:
        """The node of a statement (of its condition, for a compound one); the first where it has several."""
        found = self._of_stmt.get(id(stmt))
        return self.nodes[found] if found is not None else None

    def _cached(self, kind: str, loop: Loop, compute: Callable[[Region], int], *, meet: bool = False) -> int:
        key = (kind, id(loop))
        found = self._cache.get(key)
        if found is None:
            regions = self._regions.get(id(loop), ())
            found = -1 if meet and regions else 0
            for region in regions:
                found = found & compute(region) if meet else found | compute(region)
            self._cache[key] = found
        return found

    def live_out_mask(self, loop: Loop) -> int:
        return self._cached("live", loop, self._live_out)

    def _live_out(self, region: Region) -> int:
        mask = 0
        for node in self.nodes[region.first : region.end]:
            for successor in node.successors:
                if not region.first <= successor < region.end:
                    mask |= self.live_in(successor)
        return mask

    def exposed_mask(self, loop: Loop) -> int:
        """Places that an iteration may read before it writes them."""
        return self._cached("exposed", loop, lambda region: self.exposed_in(region, frozenset()))

    def exposed_in(self, region: Region, impossible: frozenset[tuple[int, int]]) -> int:
        """The same for one copy of the loop, on the paths that avoid the edges in `impossible`."""
        first, end, start = region.first, region.end, region.start
        nodes = self.nodes
        if self._irregular(region):
            return self.used_mask_in(region)
        live = [0] * (end - first)
        changed = True
        while changed:
            changed = False
            for index in range(end - 1, first - 1, -1):
                node = nodes[index]
                out = 0
                for successor in node.successors:
                    if first <= successor < end and successor != start and (index, successor) not in impossible:
                        out |= live[successor - first]
                new = node.uses | (out & ~node.kills)
                if new != live[index - first]:
                    live[index - first] = new
                    changed = True
        return live[start - first]

    def _irregular(self, region: Region) -> bool:
        """Does a jump lead into the middle of the loop?"""
        for node in self.nodes[region.first : region.end]:
            if node.index in (region.start, region.body):
                continue
            for predecessor in node.predecessors:
                if not region.first <= predecessor < region.end:
                    return True
        return False

    def fixed_in(self, symbol: Symbol, loop: Loop) -> bool:
        """Has the variable (or the entry value that the symbol stands for) one value during all of the loop?"""
        owner = self.entries.get(symbol)
        if owner is None:
            return not self.written_mask(loop) & self.symbol_mask(symbol)
        return all(
            any(outer.first <= inner.first and inner.end <= outer.end for outer in self.regions(owner))
            for inner in self.regions(loop)
        )

    def always_written_mask(self, loop: Loop) -> int:
        """Places that every iteration that comes to its end overwrites."""
        return self._cached("always", loop, self._always_written, meet=True)

    def _always_written(self, region: Region) -> int:
        first, end, start = region.first, region.end, region.start
        if self._irregular(region):
            return 0
        full = (1 << len(self._order)) - 1
        out = [full] * (end - first)
        changed = True
        while changed:
            changed = False
            for index in range(first, end):
                node = self.nodes[index]
                before = full if index != start else 0
                if index != start:
                    for predecessor in node.predecessors:
                        if first <= predecessor < end:
                            before &= out[predecessor - first]
                new = before | node.kills
                if new != out[index - first]:
                    out[index - first] = new
                    changed = True
        result = full
        for index in range(first, end):
            if start in self.nodes[index].successors:
                result &= out[index - first]
        return result

    def written_mask(self, loop: Loop) -> int:
        return self._cached("written", loop, self._written)

    def _written(self, region: Region) -> int:
        mask = 0
        for node in self.nodes[region.first : region.end]:
            mask |= node.writes
        return mask

    def used_mask(self, loop: Loop) -> int:
        return self._cached("used", loop, self.used_mask_in)

    def used_mask_in(self, region: Region) -> int:
        mask = 0
        for node in self.nodes[region.first : region.end]:
            mask |= node.uses
        return mask

    def live_out(self, loop: Loop) -> frozenset[Symbol]:
        """Variables whose value after the loop may be read before it is overwritten."""
        return self.symbols_in(self.live_out_mask(loop))

    def upward_exposed(self, loop: Loop) -> frozenset[Symbol]:
        """Variables that an iteration may read before it writes them."""
        return self.symbols_in(self.exposed_mask(loop))

    def always_written(self, loop: Loop) -> frozenset[Symbol]:
        """Variables that every iteration overwrites completely."""
        mask = self.always_written_mask(loop)
        return frozenset(s for s, bits in self._symbol_mask.items() if bits & ~mask == 0)

    def may_write(self, loop: Loop) -> frozenset[Symbol]:
        """Variables that the loop may write, by name, through pointers or by calls."""
        return self.symbols_in(self.written_mask(loop))

    # Def-use chains, on demand

    def definitions(self, node: Node, place: Place, *, within: Region | None = None) -> tuple[frozenset[int], bool]:
        """The nodes whose writes of `place` may reach the point before `node`, and whether the value from outside may
        (from before the function, or with `within` from before the present iteration of that loop)."""
        wanted = self.mask(place)
        found: set[int] = set()
        outside = False
        seen: set[int] = set()
        stack = [node.index]
        while stack:
            index = stack.pop()
            if within is not None and index == within.start:
                outside = True
                continue
            predecessors = self.nodes[index].predecessors
            if not predecessors and index == 0:
                outside = True
            for predecessor in predecessors:
                if within is not None and not within.first <= predecessor < within.end:
                    outside = True
                    continue
                if predecessor in seen:
                    continue
                seen.add(predecessor)
                before = self.nodes[predecessor]
                if before.writes & wanted:
                    found.add(predecessor)
                if wanted & ~before.kills:
                    stack.append(predecessor)
        return frozenset(found), outside

    def between(self, source: int, sink: int) -> set[int]:
        """The nodes on paths from behind `source` to before `sink` that do not come through `source` again."""
        forward = self._reach(source, sink, lambda n: n.successors)
        backward = self._reach(sink, source, lambda n: n.predecessors)
        return forward & backward

    def _reach(self, source: int, stop: int, edges: Callable[[Node], list[int]]) -> set[int]:
        seen: set[int] = set()
        stack = [source]
        while stack:
            for index in edges(self.nodes[stack.pop()]):
                if index in seen or index == source:
                    continue
                seen.add(index)
                if index != stop:
                    stack.append(index)
        return seen


def build(function: Function, effects: Mapping[str, CallEffects] = NO_EFFECTS, *, snippet: bool = False) -> FlowGraph:
    """The flow graph of a function; `effects` by callee name, a callee without an entry may do anything.

    `snippet`: undeclared names are locals whose values nobody reads afterwards.
    """
    return FlowGraph(function, effects, snippet=snippet)


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
    if first is None:
        return False
    return {
        "<": first < bound,
        "<=": first <= bound,
        ">": first > bound,
        ">=": first >= bound,
        "!=": first != bound,
    }.get(op, False)


class _Builder:
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
        self.nodes.append(Node(index, stmt, of_statement(stmt) if stmt is not None else _NOTHING))
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
