"""The value of a variable at a statement, in terms of loop indices and of what the loops leave alone.

Forward substitution of temporaries (`k = i * n + j; a[k]`), of pointers into arrays (`row = a + i * n; row[j]`) and of
induction variables, so that subscripts become affine where they are written indirectly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from analyzers.dependence.inlining import expand
from analyzers.dependence.points_to import given_away
from analyzers.dependence.rewriting import add, converted, rewrite, values_in
from analyzers.dependence.stores import UNCHANGED, changes_memory
from analyzers.ir.expressions import Expr, Name, calls_in, symbols, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node, Region
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader, Stmt
from analyzers.ir.symbols import Symbol
from analyzers.ir.uses import place_of

_DEPTH = 12  # of temporaries defined by temporaries
_SIZE = 200  # operators; larger values explain nothing and are not affine


@dataclass(frozen=True, slots=True)
class Induction:
    """A variable that moves by the same amount in every iteration: in iteration number t (from zero) it is
    `start + t * step` before the update and one step more behind it."""

    symbol: Symbol
    start: Expr
    step: Expr
    update: Stmt
    before: Expr  # its value before the update, in terms of the loop index
    # The loop inside that moves it, where not a plain statement does. `before` then holds inside that loop only,
    # unless `counted`: the inner loop surely runs as often as its bounds say, and not a negative number of times.
    through: Loop | None = None
    counted: bool = True


class Values:
    """Answers what a variable holds at a statement. `learn` tells it which variables move with which loop."""

    def __init__(self, graph: FlowGraph) -> None:
        self.graph = graph
        self.headers: dict[Loop, LoopHeader] = {}  # see `count`
        self._counting: dict[Symbol, list[Region]] = {}  # where variables are the indices of loops
        self.inductions: dict[Loop, Mapping[Symbol, Induction]] = {}
        self.pointers: dict[Loop, Induction] = {}  # loop indices that are pointers, as positions from where they start
        self._entries: dict[tuple[Symbol, Loop], Symbol] = {}
        self._known: dict[tuple[Symbol, int], Expr | None] = {}
        self._at: dict[int, dict[Symbol, Expr]] = {}

    def entry_symbol(self, symbol: Symbol, loop: Loop) -> Name:
        """A name for the value that the variable has when the loop begins: the same for all iterations."""
        found = self._entries.get((symbol, loop))
        if found is None:
            uid = f"{symbol.uid}@{loop.span.start}"
            found = replace(symbol, uid=uid, address_taken=False, storage="local")
            self._entries[symbol, loop] = found
            self.graph.entries[found] = symbol, loop
        return Name(found)

    def entry(self, symbol: Symbol, loop: Loop) -> Expr:
        """The value of the variable when the loop begins, as an expression that still means the same inside."""
        graph = self.graph
        regions = graph.regions(loop)
        if len(regions) == 1:
            region = regions[0]
            outside = [
                p
                for point in {region.start, region.body}
                for p in graph.nodes[point].predecessors
                if not region.first <= p < region.end
            ]
            if len(outside) == 1:
                node = graph.nodes[outside[0]]
                if node.writes & graph.symbol_mask(symbol):
                    found = self._defined_by(node.index, symbol, node.index, 0)
                else:
                    found = self._value(symbol, node, 0)
                    if found is not None and self._changes(found, (node,)):
                        found = None
                if found is not None and not self._changes(found, graph.nodes_of(loop)):
                    return found
        return self.entry_symbol(symbol, loop)

    def learn(self, loop: Loop, found: Mapping[Symbol, Induction]) -> None:
        """Takes the induction variables of a loop; outer loops first."""
        if found:
            self.inductions[loop] = found
            self._known.clear()
            self._at.clear()

    def at(self, stmt: Stmt) -> dict[Symbol, Expr]:
        """The variables that the statement (or its condition) reads and whose value there is known."""
        known = self._at.get(id(stmt))
        if known is None:
            known = self._at[id(stmt)] = self._read_by(stmt)
        return known

    def _read_by(self, stmt: Stmt) -> dict[Symbol, Expr]:
        node = self.graph.node_of(stmt)
        if node is None:
            return {}
        found: dict[Symbol, Expr] = {}
        for symbol, path in {*node.raw.reads}:
            if not path and symbol.type.kind in ("integer", "pointer"):
                value = self._value(symbol, node, 0)
                if value is not None:
                    found[symbol] = value
        return found

    def resolve(self, expr: Expr, stmt: Stmt) -> Expr:
        """The expression, evaluated where `stmt` stands, with known variables replaced."""
        node = self.graph.node_of(stmt)
        if node is None:
            return expr
        return self._resolved(expr, node, 0)

    def _resolved(self, expr: Expr, node: Node, depth: int) -> Expr:
        mapping: dict[Symbol, Expr] = {}
        for symbol in {*symbols(expr)}:
            if symbol.type.kind in ("integer", "pointer"):
                value = self._value(symbol, node, depth)
                if value is not None:
                    mapping[symbol] = value
        return rewrite(expr, mapping)

    def _value(self, symbol: Symbol, node: Node, depth: int) -> Expr | None:
        if depth > _DEPTH or symbol.type.volatile or symbol.type.atomic:
            return None
        if not self.graph.symbol_mask(symbol) & self.graph.written or self._counts(symbol, node):
            return None
        key = (symbol, node.index)
        if key not in self._known:
            self._known[key] = None  # no value while it is being found: definitions may be circular
            self._known[key] = self._find(symbol, node, depth)
        return self._known[key]

    def _counts(self, symbol: Symbol, node: Node) -> bool:
        """Is the variable the index of a loop around the node? Then it stands for itself."""
        if symbol.is_pointer:
            return False
        return any(r.first <= node.index < r.end for r in self._counting.get(symbol, ()))

    def count(self, loop: Loop, header: LoopHeader) -> None:
        """Takes a counted loop, also in other words than before: its index stays."""
        if loop not in self.headers:
            self._counting.setdefault(header.index, []).extend(self.graph.regions(loop))
        self.headers[loop] = header

    def _find(self, symbol: Symbol, node: Node, depth: int) -> Expr | None:
        moved = self._moved(symbol, node)
        if moved is not None:
            return moved
        definitions, outside = self.graph.definitions(node, (symbol, ()))
        if outside or len(definitions) != 1:
            return None
        (definition,) = definitions
        return self._defined_by(definition, symbol, node.index, depth)

    def _moved(self, symbol: Symbol, node: Node) -> Expr | None:
        """The value of an induction variable, by whether the update of this iteration has run."""
        best: tuple[Region, Induction] | None = None
        for loop in (*self.inductions, *self.pointers):
            found = self.inductions.get(loop, {}).get(symbol)
            if found is None and (pointer := self.pointers.get(loop)) is not None and pointer.symbol == symbol:
                found = pointer
            if found is None:
                continue
            region = self.graph.regions(loop)[0]
            if region.first <= node.index < region.end and (best is None or region.first > best[0].first):
                best = region, found
        if best is None:
            return None
        region, induction = best
        if induction.through is not None and not induction.counted:
            return None
        definitions, outside = self.graph.definitions(node, (symbol, ()), within=region)
        if outside and not definitions:
            return induction.before
        if not outside and all(self.graph.nodes[d].stmt is induction.update for d in definitions):
            return add(induction.before, induction.step)
        return None

    def _defined_by(self, definition: int, symbol: Symbol, use: int, depth: int) -> Expr | None:
        """What the node assigns to the variable, if it still means the same at the use."""
        graph = self.graph
        node = graph.nodes[definition]
        value = _assigned(node.stmt, symbol)
        if value is None or node.raw.opaque is not None:
            return None
        if node.raw.calls:
            value = expand(value, self.graph.memory.effects)
            if any(calls_in(value)):
                return None
        # From the definition on: `k = k + 1` does not describe k by what k is afterwards.
        nodes = [node]
        if definition != use:
            nodes += [graph.nodes[i] for i in graph.between(definition, use)]
        for candidate in (self._resolved(value, node, depth + 1), value):
            if self._small(candidate) and self._means_something(candidate, use) and not self._changes(candidate, nodes):
                result = converted(candidate, symbol)
                # Outside loops the name says as much as a converted value, and is easier to reason with.
                return result if result is candidate or graph.in_loop(definition) else None
        return None

    def _means_something(self, value: Expr, use: int) -> bool:
        """Do the entry values in it belong to loops around the node?"""
        owners = [self.graph.entries[s][1] for s in symbols(value) if s in self.graph.entries]
        return all(any(r.first <= use < r.end for r in self.graph.regions(owner)) for owner in owners)

    def _changes(self, value: Expr, nodes: Iterable[Node]) -> bool:
        """Does one of the nodes change what the value is made of?"""
        nodes = list(nodes)
        wanted = 0
        for symbol in values_in(value):
            entry = self.graph.entries.get(symbol)
            if entry is None:
                wanted |= self.graph.symbol_mask(symbol)
            elif not all(any(r.first <= n.index < r.end for r in self.graph.regions(entry[1])) for n in nodes):
                return True
        if any((node.writes | node.assumed_writes) & wanted for node in nodes):
            return True
        containers = {symbol for symbol in symbols(value) if symbol.type.wrapped}
        if containers and any(containers & given_away(call) for node in nodes for call in node.raw.calls):
            return True
        return changes_memory(value, nodes, self.graph) != UNCHANGED

    @staticmethod
    def _small(value: Expr) -> bool:
        return all(n < _SIZE for n, _ in enumerate(walk(value)))


def _assigned(stmt: Stmt | None, symbol: Symbol) -> Expr | None:
    match stmt:
        case Assign(target=target, value=value, op=None):
            found = place_of(target)
            return value if found is not None and found[1] and found[0] == (symbol, ()) else None
        case Declare(symbol=declared, value=value) if declared == symbol:
            return value
        case _:
            return None
