"""Flags that iterations raise for each other: `if (failed) continue; ... if (bad) { failed = 1; continue; }`."""

from __future__ import annotations

from analyzers.dependence.privatization import ScalarConflict
from analyzers.ir.expressions import Constant, Expr, Name
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Assign, Loop
from analyzers.ir.verdicts import Assumption


def unset(conflict: ScalarConflict, loop: Loop, graph: FlowGraph) -> Assumption | None:
    """That nothing goes wrong while the loop runs, where its iterations see each other only through a flag: a variable
    that some of them set to one and the same value under a condition. None where the conflict is another."""
    symbol = conflict.symbol
    if conflict.unknown or symbol in graph.always_written(loop):
        return None
    mask = graph.symbol_mask(symbol)
    values: set[Expr] = set()
    for node in graph.nodes_of(loop):
        if not node.writes & mask:
            continue
        match node.stmt:
            case Assign(target=Name(symbol=target), value=value, op=None) if target == symbol and _is_fixed(value):
                values.add(value)
            case _:
                return None
        if isinstance(value, Name) and not graph.fixed_in(value.symbol, loop):
            return None
    if len(values) != 1:
        return None
    return Assumption("condition", f"no iteration changes `{symbol.name}`", "strong", (symbol.name,))


def _is_fixed(value: Expr) -> bool:
    return isinstance(value, (Constant, Name))
