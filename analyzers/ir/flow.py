"""The control-flow graph of a function and the data-flow facts of its variables.

Nodes are simple statements and the conditions of compound ones. Facts are bit sets over places (a variable, or a member
of a record variable), solved once for the function (liveness) or on demand for one loop: Aho, Lam, Sethi & Ullman 2006,
§9.2. Loops occupy a contiguous range of nodes, so that a question about a loop costs only the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from analyzers.ir.expressions import Expr
from analyzers.ir.graph import NOTHING, Builder, Node, Region
from analyzers.ir.pointers import CallEffects, Memory, may_share_memory
from analyzers.ir.reach import out_of_reach
from analyzers.ir.statements import Function, Loop, Stmt, Unknown, walk_statements
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import Path, Place, places_in
from analyzers.ir.verdicts import Assumption

NO_EFFECTS: Mapping[str, CallEffects] = {}


class FlowGraph:
    """The flow graph of one function. Queries take the loops of that function, by identity."""

    def __init__(self, function: Function, effects: Mapping[str, CallEffects], *, snippet: bool) -> None:
        self.function = function
        self.snippet = snippet
        builder = Builder(function)
        self.nodes = builder.nodes
        self.exit = builder.exit
        self._regions = builder.regions
        self._of_stmt = builder.of_stmt
        self._places: dict[Symbol, dict[Path, int]] = {}
        self._order: list[Place] = []
        self._symbol_mask: dict[Symbol, int] = {}
        self._number_places()
        own = effects.get(function.name)
        self.dead: frozenset[str] = own.dead if own is not None else frozenset()
        self._resolve(effects)
        self._live: list[int] | None = None
        self._cache: dict[tuple[str, int], int] = {}
        # Whether what bounds are read from may be assumed to stay as it is, where nothing shows that it does not.
        self.lenient = False
        self.supposed: set[tuple[Loop, Expr]] = set()
        # What was assumed about memory for facts of a loop to hold.
        self.relied: dict[Loop, set[Assumption]] = {}
        self.written = 0
        for node in self.nodes:
            self.written |= node.writes | node.assumed_writes
        # Symbols made for "the value of x when this loop begins", with x: fixed inside the loop, not around it.
        self.entries: dict[Symbol, tuple[Symbol, Loop]] = {}

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
        taken = {symbol for n in self.nodes for symbol, _ in n.raw.addresses}
        self.memory = memory = Memory(
            self.function,
            walk_statements(self.function.body),
            (n.raw for n in self.nodes),
            self._symbol_mask,
            self.mask,
            types,
            effects,
            frozenset(s for s in self._symbol_mask if self.snippet and s not in taken),
        )
        mask = self.mask
        # In a snippet undeclared names are distinct objects.
        trusted = ~memory.assumable
        for node, later in zip(self.nodes, out_of_reach(self.nodes, self._symbol_mask), strict=True):
            raw = node.raw
            if raw is NOTHING:
                continue
            for place in raw.reads:
                node.uses |= mask(place)
            for place in raw.writes:
                node.kills |= mask(place)
            for place in raw.touches:
                node.writes |= mask(place)
            for lvalue in raw.loads:
                touched = memory.accessed(lvalue) & ~later
                node.uses |= touched & trusted
                node.indirect |= touched & trusted
                node.assumed_reads |= touched & ~trusted
            for lvalue in raw.stores:
                touched = memory.accessed(lvalue) & ~later
                node.writes |= touched & trusted
                node.indirect |= touched & trusted
                node.assumed_writes |= touched & ~trusted
            for call in raw.calls:
                effect = memory.call(call)
                node.uses |= effect.reads & ~later
                node.writes |= effect.writes & ~later
                node.kills |= effect.kills
                node.indirect |= effect.indirect & ~later
                node.assumed_reads |= effect.assumed_reads
                node.assumed_writes |= effect.assumed_writes
            if raw.opaque is not None:
                touched = everything if isinstance(node.stmt, Unknown) else memory.anything
                node.uses |= everything
                node.writes |= touched
                node.indirect |= touched
            node.writes |= node.kills

    # Facts of the whole function

    @property
    def live_at_exit(self) -> int:
        """Static objects, arguments passed by reference, undeclared names. In a bare snippet only those of the last
        that it sets and never reads: for whom else?"""
        mask = used = 0
        for node in self.nodes if self.snippet else ():
            used |= node.uses
        for symbol, bits in self._symbol_mask.items():
            if symbol.internal and symbol.name in self.dead:
                continue
            by_reference = symbol.intent in ("out", "inout")
            wanted = symbol.storage == "undeclared" and not (self.snippet and bits & used)
            if symbol.is_static or by_reference or wanted:
                mask |= bits
        return mask

    def live_in(self, node: int) -> int:
        """The places that may be read after the point before `node` before they are overwritten."""
        if self._live is None:
            uses = [n.uses | n.assumed_reads for n in self.nodes]
            self._live = self._liveness(uses, self.live_at_exit)
        return self._live[node]

    def needed(self) -> frozenset[Symbol]:
        """File-scope variables that the function may read before it writes them. What unseen functions read is not
        counted: they reach variables of this file only through its functions."""
        uses = []
        for node in self.nodes:
            raw = node.raw
            mask = node.uses if raw.opaque is not None else 0
            for place in raw.reads:
                mask |= self.mask(place)
            for call in raw.calls:
                mask |= self.memory.needed_by(call)
            uses.append(mask)
        found = self._liveness(uses, 0)[0]
        return frozenset(s for s in self.symbols_in(found) if s.storage == "global")

    def _liveness(self, uses: list[int], at_exit: int) -> list[int]:
        live = [0] * len(self.nodes)
        live[self.exit] = at_exit
        changed = True
        while changed:
            changed = False
            for node in reversed(self.nodes):
                out = live[node.index] if node.index == self.exit else 0
                for successor in node.successors:
                    out |= live[successor]
                new = uses[node.index] | (out & ~node.kills)
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
        entry = self.entries.get(symbol)
        if entry is None:
            return not self.written_mask(loop) & self.symbol_mask(symbol)
        owner = entry[1]
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

    def assumed_apart(self, loop: Loop) -> frozenset[Symbol]:
        """File-scope variables for which the facts of the loop hold only if no pointer used in it leads to them."""
        if self.snippet or not self.memory.assumable:
            return frozenset()
        reads = writes = 0
        for node in self.nodes_of(loop):
            reads |= node.assumed_reads
            writes |= node.assumed_writes
        written = self.written_mask(loop)
        found = self.symbols_in((reads & written) | (writes & (written | self.used_mask(loop))))
        return found | self._references_apart(loop) if self.memory.references else found

    def _references_apart(self, loop: Loop) -> frozenset[Symbol]:
        """Parameters by reference that may be other names for variables that the loop uses too."""
        written = self.written_mask(loop)
        used = written | self.used_mask(loop)
        outside = [(s, m) for s, m in self._symbol_mask.items() if m & self.memory.outside and m & used]
        return frozenset(
            one
            for one, mask in outside
            if one.is_reference
            for other, others in outside
            if other != one and (mask | others) & written and may_share_memory(one.type, other.type)
        )

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
                if (before.writes | before.assumed_writes) & wanted:
                    found.add(predecessor)
                if wanted & ~before.kills:
                    stack.append(predecessor)
        return frozenset(found), outside

    def between(self, source: int, sink: int) -> set[int]:
        """The nodes on paths from behind `source` to before `sink` that do not come through `source` again. `sink` is
        one of them when it can be reached again from itself."""
        forward = self._reach(source, source, lambda n: n.successors)
        backward = self._reach(sink, source, lambda n: n.predecessors)
        return (forward & backward) - {source}

    def _reach(self, start: int, stop: int, edges: Callable[[Node], list[int]]) -> set[int]:
        """What is reached from behind (or before) `start` without going on from `stop`."""
        seen: set[int] = set()
        stack = [start]
        while stack:
            for index in edges(self.nodes[stack.pop()]):
                if index not in seen:
                    seen.add(index)
                    if index != stop:
                        stack.append(index)
        return seen


def build(function: Function, effects: Mapping[str, CallEffects] = NO_EFFECTS, *, snippet: bool = False) -> FlowGraph:
    """The flow graph of a function; `effects` by callee name, a callee without an entry may do anything.

    `snippet`: undeclared names are locals whose values nobody reads afterwards.
    """
    return FlowGraph(function, effects, snippet=snippet)
