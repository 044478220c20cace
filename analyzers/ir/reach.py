"""Since when pointers may lead to a variable: from where its address is taken on.

`for (...) sum += a[i]; MPI_Allreduce(&sum, ...);`: nothing in the loop but its name reaches `sum`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzers.ir.graph import Node
from analyzers.ir.statements import Declare
from analyzers.ir.symbols import Symbol

_MOST = 200  # variables; each costs a walk over the graph


def out_of_reach(nodes: Sequence[Node], masks: Mapping[Symbol, int]) -> list[int]:
    """For each node the locals to which no pointer leads yet when it runs, although some node takes their address.
    `masks`: the bits of each variable."""
    result = [0] * len(nodes)
    taken: dict[Symbol, list[int]] = {}
    anywhere: list[int] = []  # where something is not understood, any address may be taken
    for node in nodes:
        if node.raw.opaque is not None:
            anywhere.append(node.index)
        for symbol, _ in node.raw.addresses:
            if symbol.storage in ("local", "parameter") and not symbol.is_reference and masks.get(symbol):
                taken.setdefault(symbol, []).append(node.index)
    if not taken or len(taken) > _MOST:
        return result
    for symbol, starts in taken.items():
        after = _after(symbol, [*starts, *anywhere], nodes)
        for index in range(len(nodes)):
            if index not in after:
                result[index] |= masks[symbol]
    return result


def _after(symbol: Symbol, starts: Sequence[int], nodes: Sequence[Node]) -> set[int]:
    """The nodes that may run after one of `starts`, until the variable is made anew."""
    seen = set(starts)
    stack = list(starts)
    while stack:
        for successor in nodes[stack.pop()].successors:
            stmt = nodes[successor].stmt
            if successor in seen or (isinstance(stmt, Declare) and stmt.symbol == symbol):
                continue
            seen.add(successor)
            stack.append(successor)
    return seen
