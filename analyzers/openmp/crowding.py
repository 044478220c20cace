"""More iterations than elements: two of them must meet, whichever elements data choose.

`count[digit[i]] += 1` for a thousand `i` and ten counters: by the pigeonhole principle two iterations update one
counter, without anything being known of `digit`. Where the sizes are not known, an update through an index that was
made smaller (`value[i] / 8`, `key[i] % BUCKETS`) is a count of what falls into one bin, and counts meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from analyzers.dependence.spelling import spell
from analyzers.dependence.trips import trip_count
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import ONE, ZERO, Binary, Cast, Constant, Element, Expr, Field, Name, walk
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader, Stmt, walk_statements
from analyzers.ir.symbols import Symbol

_FEW = 256  # an array of more elements may be as long as the longest loop over it
_SHRINKING = ("/", "%", ">>", "&")


def definitions(scope: Stmt) -> dict[Symbol, list[Expr]]:
    """The values that the variables of a scope are given in it."""
    found: dict[Symbol, list[Expr]] = {}
    for stmt in walk_statements(scope):
        if isinstance(stmt, Declare) and stmt.value is not None:
            found.setdefault(stmt.symbol, []).append(stmt.value)
        elif isinstance(stmt, Assign) and isinstance(stmt.target, Name):
            found.setdefault(stmt.target.symbol, []).append(stmt.value)
    return found


def crowd(
    access: Access, loops: Sequence[Loop], headers: Mapping[int, LoopHeader], given: Mapping[Symbol, Sequence[Expr]]
) -> tuple[str, ...] | None:
    """What must hold for two iterations of `loops` to meet in an element that the access writes; None: they need not.

    `given` as `definitions` tells it. The access is taken to run in every iteration.
    """
    indices = [e for step in access.path if isinstance(step, Subscripts) for e in step.indices]
    if not indices or not access.writes or not all(isinstance(step, Subscripts) for step in access.path):
        return None
    chosen = [e for e in indices if _is_chosen(e, given)]
    if not chosen:
        return None
    rounds = _product([trip_count(headers[id(loop)]) if id(loop) in headers else None for loop in loops])
    room = _room(access)
    if rounds is not None and room is not None and rounds > room:
        return ()
    if access.kind != "update":
        return None
    if rounds is None and room is not None and room <= _FEW and len(chosen) == len(indices):
        return (f"the loop runs more than {room} times",)
    if len(indices) == 1 and _shrinks(chosen[0], given):
        return (f"two iterations have the same `{spell(chosen[0])}`",)
    return None


def covers(access: Access, headers: Mapping[int, LoopHeader]) -> bool:
    """Do the loops around the access run over all elements of an array of known size?"""
    step = access.path[0] if len(access.path) == 1 else None
    if access.symbol is None or not isinstance(step, Subscripts) or step.through_pointer or not access.writes:
        return False
    counted = {header.index: header for loop in access.loops if (header := headers.get(id(loop))) is not None}
    extents = access.symbol.type.extents
    if len(extents) != len(step.indices) or len(set(step.indices)) != len(step.indices):
        return False
    for index, extent in zip(step.indices, extents, strict=True):
        header = counted.get(index.symbol) if isinstance(index, Name) else None
        size = extent.size.value if isinstance(extent.size, Constant) else None
        if header is None or header.lower != ZERO or header.step != ONE or trip_count(header) != size:
            return False
    return True


def _product(counts: Sequence[int | None]) -> int | None:
    known = [c for c in counts if c is not None]
    return prod(known) if known and len(known) == len(counts) else None


def _room(access: Access) -> int | None:
    """How many elements the array has, where the access chooses among all of them."""
    step = access.path[0]
    if access.symbol is None or len(access.path) != 1 or not isinstance(step, Subscripts) or step.through_pointer:
        return None
    sizes = [extent.size for extent in access.symbol.type.extents]
    known = [s.value for s in sizes if isinstance(s, Constant) and isinstance(s.value, int)]
    return prod(known) if known and len(known) == len(sizes) == len(step.indices) else None


def _is_chosen(expr: Expr, given: Mapping[Symbol, Sequence[Expr]], depth: int = 0) -> bool:
    """Do data choose the value?"""
    for part in walk(expr):
        if isinstance(part, (Element, Field)):
            return True
        if isinstance(part, Name) and depth < 3:
            values = given.get(part.symbol, ())
            if len(values) == 1 and _is_chosen(values[0], given, depth + 1):
                return True
    return False


def _shrinks(expr: Expr, given: Mapping[Symbol, Sequence[Expr]]) -> bool:
    """Is the value data that many-to-one arithmetic was done on?"""
    while isinstance(expr, Name):
        values = given.get(expr.symbol, ())
        if len(values) != 1:
            return False
        expr = values[0]
    if isinstance(expr, Cast):
        return expr.type.kind == "integer" and expr.operand.type.kind == "real"
    return (
        isinstance(expr, Binary)
        and expr.op in _SHRINKING
        and isinstance(expr.right, Constant)
        and expr.right.value != 1
    )
