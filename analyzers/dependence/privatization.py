"""Which variables that a loop writes may have a private copy in each thread.

A scalar is privatizable when no iteration can read it before writing it (Allen & Kennedy 2002, §6.2.2; OpenMP 5.2
§5.4.3 to §5.4.5). What the code behind the loop reads decides between private and lastprivate.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from analyzers.dependence.guards import exposed_on_real_paths
from analyzers.dependence.stores import apart_from
from analyzers.ir.accesses import Access
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Expr, Name, root, walk
from analyzers.ir.flow import FlowGraph
from analyzers.ir.graph import Node
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader, Stmt, expressions, loops, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Reason
from analyzers.text import Span


@dataclass(frozen=True, slots=True)
class ScalarConflict:
    """A variable in the way, with the places to show: the read that may see another iteration's write, that write."""

    symbol: Symbol
    reason: Reason
    read: Span | None
    write: Span | None
    unknown: bool = False  # not shown to be carried: volatile, reached through a pointer, changed by a call


@dataclass(frozen=True, slots=True)
class ScalarRoles:
    """What every variable that the loop writes and that is no array may be. The loop index is in none of these lists;
    `index_live`: its value is read after the loop, so that it needs `lastprivate`."""

    private: tuple[Symbol, ...] = ()
    firstprivate: tuple[Symbol, ...] = ()
    lastprivate: tuple[Symbol, ...] = ()
    local: tuple[Symbol, ...] = ()
    conflicts: tuple[ScalarConflict, ...] = ()
    conditional: tuple[Symbol, ...] = ()  # the last iteration that writes it decides (§5.4.5, `conditional`)
    index_live: bool = False


def classify(loop: Loop, graph: FlowGraph, header: LoopHeader | None, handled: Iterable[Symbol] = ()) -> ScalarRoles:
    """The roles of the variables that `loop` writes, as if it were the parallel one.

    `handled` are variables that already have a role (reductions, linear). A variable may be both firstprivate and
    lastprivate: a record of which some members are only read and others are always written.
    """
    skip = set(handled)
    if header is not None:
        skip.add(header.index)
    declared = declared_inside(loop)
    private: list[Symbol] = []
    first: list[Symbol] = []
    last: list[Symbol] = []
    conditional: list[Symbol] = []
    conflicts: list[ScalarConflict] = []
    written = graph.written_mask(loop)
    written_by_name = graph.symbols_in(_written_directly(loop, graph) & written)
    for symbol in sorted(written_by_name - skip - declared, key=lambda s: (s.span, s.uid)):
        verdict = _classify(symbol, loop, graph)
        if isinstance(verdict, ScalarConflict):
            conflicts.append(verdict)
            continue
        if "conditional" in verdict:
            conditional.append(symbol)
            continue
        if "first" in verdict:
            first.append(symbol)
        if "last" in verdict:
            last.append(symbol)
        if not verdict:
            private.append(symbol)
    index_live = header is not None and not header.declares_index and is_live_out(header.index, loop, graph)
    return ScalarRoles(
        tuple(private),
        tuple(first),
        tuple(last),
        tuple(sorted(declared, key=lambda s: (s.span, s.uid))),
        tuple(conflicts),
        tuple(conditional),
        index_live,
    )


def _written_directly(loop: Loop, graph: FlowGraph) -> int:
    """What the loop writes by name or hands to a call. The rest, reached through pointers or by calls that know it, is
    memory like any other and compared as such."""
    mask = 0
    for node in graph.nodes_of(loop):
        mask |= node.writes & ~node.indirect | node.kills
    return mask


def _classify(symbol: Symbol, loop: Loop, graph: FlowGraph) -> ScalarConflict | frozenset[str]:
    mask = graph.symbol_mask(symbol)
    written = graph.written_mask(loop) & mask
    name = symbol.name
    if symbol.type.volatile or symbol.type.atomic:
        kind = "volatile" if symbol.type.volatile else "atomic"
        return _conflict(
            symbol, loop, graph, written, "volatile", f"`{name}` is {kind}: every access counts", unknown=True
        )
    if symbol.threadprivate:
        text = f"`{name}` is threadprivate: each thread keeps its own from iteration to iteration"
        return _conflict(symbol, loop, graph, written, "threadprivate", text, unknown=True)
    if any(n.indirect & mask for n in graph.nodes_of(loop)):
        text = f"`{name}` may also be reached through a pointer or by a call"
        return _conflict(symbol, loop, graph, written, "scalar-reached", text, unknown=True)
    exposed = graph.exposed_mask(loop) & mask
    if exposed & written:
        exposed = exposed_on_real_paths(loop, graph, exposed)
    if exposed & written:
        text = f"an iteration may read the value of `{name}` that an earlier one wrote"
        return _conflict(symbol, loop, graph, exposed & written, "scalar-carried", text)
    roles = set()
    if exposed:
        roles.add("first")
    live = graph.live_out_mask(loop) & written
    if live & ~graph.always_written_mask(loop):
        if graph.snippet and symbol.storage == "undeclared" and not exposed and _set_by_name(symbol, loop, graph):
            return frozenset({"conditional"})
        text = f"the value of `{name}` after the loop depends on which iteration wrote last"
        return _conflict(symbol, loop, graph, live, "conditional-last", text)
    if live:
        roles.add("last")
        if mask & ~graph.always_written_mask(loop):
            # Copying out a record copies all of it: members that were not written must have come in.
            roles.add("first")
    return frozenset(roles)


def _set_by_name(symbol: Symbol, loop: Loop, graph: FlowGraph) -> bool:
    """Is the variable a scalar that only assignments to its name change? The compiler has to see each."""
    mask = graph.symbol_mask(symbol)
    writers = (n.stmt for n in graph.nodes_of(loop) if n.writes & mask)
    return symbol.type.kind not in ("record", "array") and all(
        isinstance(s, Assign) and isinstance(s.target, Name) and s.target.symbol == symbol for s in writers
    )


def _conflict(
    symbol: Symbol, loop: Loop, graph: FlowGraph, mask: int, code: str, text: str, *, unknown: bool = False
) -> ScalarConflict:
    read = first_span(symbol, (n for n in graph.nodes_of(loop) if n.uses & mask), write=False)
    write = first_span(symbol, (n for n in graph.nodes_of(loop) if n.writes & mask), write=True)
    return ScalarConflict(symbol, Reason(code, text, read or write, symbol.name), read, write, unknown)


def first_span(symbol: Symbol, nodes: Iterable[Node], *, write: bool) -> Span | None:
    """Where the first of the nodes names the variable (as target or in an expression); the statement if it does not."""
    for node in nodes:
        if node.stmt is not None:
            return span_in(symbol, node.stmt, write=write)
    return None


def span_in(symbol: Symbol, stmt: Stmt, *, write: bool) -> Span:
    parts: tuple[Expr, ...] = expressions(stmt)
    if isinstance(stmt, Assign):
        parts = (stmt.target, stmt.value) if write or stmt.op is not None else (stmt.value, stmt.target)
    for part in parts:
        for expr in walk(part):
            if isinstance(expr, Name) and expr.symbol == symbol and expr.span.end > expr.span.start:
                return expr.span
    return stmt.header_span if isinstance(stmt, Loop) else stmt.span


def apart(loop: Loop, graph: FlowGraph) -> tuple[Assumption, ...]:
    """What the roles and the counted form of the loop and of those inside rely on: pointers that do not overlap what
    bounds are read from, and that do not lead to file-scope variables."""
    found: dict[Assumption, None] = {}
    for symbol in sorted(graph.assumed_apart(loop), key=lambda s: s.name):
        found[apart_from(symbol)] = None
    for inner in (loop, *loops(loop.body)):
        for assumption in sorted(graph.relied.get(inner, ()), key=lambda a: a.text):
            found[assumption] = None
    return tuple(found)


def declared_inside(loop: Loop) -> frozenset[Symbol]:
    """Automatic variables whose declaration stands in the body: every iteration has its own."""
    return frozenset(
        s.symbol
        for s in _below(loop)
        if isinstance(s, Declare) and s.symbol.storage != "static" and s.symbol.type.kind != "array"
    )


def _below(loop: Loop) -> Iterator[Stmt]:
    yield from walk_statements(loop.body)


def is_live_out(symbol: Symbol, loop: Loop, graph: FlowGraph) -> bool:
    """May the value that the loop leaves in the variable be read afterwards?"""
    return bool(graph.live_out_mask(loop) & graph.symbol_mask(symbol))


def array_candidates(loop: Loop, graph: FlowGraph, exposed: Container[Symbol] = ()) -> tuple[Symbol, ...]:
    """Local arrays declared outside the loop that it writes and whose contents nobody reads afterwards: worth asking
    whether every iteration writes what it reads (Tu & Padua 1993). The addresses of `exposed` ones are kept somewhere,
    so that it cannot be seen who reads them. In a bare snippet undeclared arrays may be such."""
    written: dict[Symbol, None] = {}
    spoiled: set[Symbol] = set()
    inside = {s.symbol for s in _below(loop) if isinstance(s, Declare)}
    for node in graph.nodes_of(loop):
        for lvalue in node.raw.element_stores:
            symbol = _array(lvalue)
            if symbol is not None:
                written[symbol] = None
        handed = {symbol for symbol, _ in node.raw.addresses if symbol.is_array}
        if node.raw.calls:
            for symbol in handed:
                written[symbol] = None
        elif handed:
            spoiled |= handed
    return tuple(
        symbol
        for symbol in written
        if symbol not in inside
        and symbol not in spoiled
        and (
            (graph.snippet and symbol.storage == "undeclared")
            or (
                symbol.storage == "local"
                and symbol not in exposed
                and all(extent.size is not None for extent in symbol.type.extents)
                and not array_live_out(symbol, loop, graph)
            )
        )
    )


def lasting_candidates(
    loop: Loop, accesses: Iterable[Access], graph: FlowGraph, exposed: Container[Symbol] = ()
) -> set[Symbol]:
    """Work arrays, not pointers to them, whose contents may be read after the loop: if every iteration writes the same
    elements and reads no others, each thread may have its copy, and that of the last iteration is what remains. What a
    callee does, or who holds a pointer, is done to the array itself."""
    inside = {s.symbol for s in _below(loop) if isinstance(s, Declare)}
    spoiled = {a.symbol for a in accesses if a.symbol is not None and (a.call is not None or len(a.path) != 1)}
    return {
        symbol
        for symbol in _of(a for a in accesses if a.writes) & _of(a for a in accesses if a.reads) - inside - spoiled
        if symbol.is_array
        and symbol.storage in ("local", "static", "global")
        and symbol not in exposed
        and not _pointed_to(symbol, graph)
        and symbol.type.element is not None
        and symbol.type.element.kind in ("integer", "real", "complex")
        and not symbol.type.wrapped
        and all(fold(extent.size) is not None for extent in symbol.type.extents)
    }


def _of(accesses: Iterable[Access]) -> set[Symbol]:
    return {a.symbol for a in accesses if a.symbol is not None}


def array_live_out(symbol: Symbol, loop: Loop, graph: FlowGraph) -> bool:
    """May an element of the array be read, or its address be used, after the loop (and outside it)?"""
    if symbol.storage != "local":
        return True
    ranges = [(region.first, region.end) for region in graph.regions(loop)]
    stack = [
        successor
        for node in graph.nodes_of(loop)
        for successor in node.successors
        if not any(a <= successor < b for a, b in ranges)
    ]
    seen: set[int] = set(stack)
    while stack:
        node = graph.nodes[stack.pop()]
        raw = node.raw
        if raw.opaque is not None or any(s == symbol for s, _ in raw.addresses):
            return True
        if any(_array(lvalue) == symbol for lvalue in raw.elements):
            return True
        if isinstance(node.stmt, Declare) and node.stmt.symbol == symbol:
            continue
        for successor in node.successors:
            if successor not in seen and not any(a <= successor < b for a, b in ranges):
                seen.add(successor)
                stack.append(successor)
    return _pointed_to(symbol, graph)


def _pointed_to(symbol: Symbol, graph: FlowGraph) -> bool:
    """May a pointer have been set to it anywhere? Then nothing is known."""
    return any(s == symbol and not node.raw.calls for node in graph.nodes for s, _ in node.raw.addresses)


def _array(lvalue: Expr) -> Symbol | None:
    base = root(lvalue)
    return base.symbol if isinstance(base, Name) and base.symbol.is_array else None
