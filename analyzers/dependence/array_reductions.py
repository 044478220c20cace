"""Arrays that a loop only adds to: reductions of whole arrays and of their first elements (OpenMP 5.2 §5.5.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analyzers.dependence.affine import constant_value
from analyzers.dependence.facts import Reduction
from analyzers.dependence.rewriting import add
from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import ONE, Expr, Name
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.verdicts import Assumption

_OPERATORS = ("+", "*", "&", "|", "^")


def find(
    loop: Loop, accesses: Sequence[Access], headers: Mapping[int, LoopHeader], fixed: Callable[[Expr], bool]
) -> list[tuple[Reduction, Assumption | None]]:
    """The arrays whose every access in the loop is an update by one operator, with what has to be assumed of those that
    a snippet does not declare: each thread gets a copy, and only the run knows how large it is. `fixed` says which
    expressions keep their value in the loop."""
    by_symbol: dict[Symbol, list[Access]] = {}
    for access in accesses:
        if access.symbol is not None and (access.path or access.writes):  # a pointer itself is read all the time
            by_symbol.setdefault(access.symbol, []).append(access)
    found: list[tuple[Reduction, Assumption | None]] = []
    for symbol, mine in by_symbol.items():
        element = symbol.type.element
        if symbol.type.kind not in ("array", "pointer") or element is None or not element.is_scalar:
            continue
        op = _operator(mine, element)
        if op is None:
            continue
        assumption, item = None, symbol.name
        if not _has_size(symbol):
            length = _length(loop, mine, headers, fixed)
            if length is None or symbol.storage != "undeclared" or not fixed(Name(symbol)):
                continue  # of a known pointer the hover says what would help
            item = f"{symbol.name}[:{length}]"
            text = f"`{length}` is not zero, and so many elements fit the stack of each thread"
            assumption = Assumption("condition", text, "strong", (symbol.name,))
        floating = element.kind in ("real", "complex")
        found.append((Reduction(symbol, op, item, floating, tuple(a.span for a in mine)), assumption))
    return found


def _operator(accesses: Sequence[Access], element: Type) -> str | None:
    """The one operator of all the accesses."""
    if any(a.kind != "update" or a.call is not None for a in accesses):
        return None
    ops = {"+" if a.op == "-" else a.op for a in accesses}
    op = ops.pop()
    if ops or op not in _OPERATORS or (op in ("&", "|", "^") and element.kind == "real"):
        return None
    return op


def _has_size(symbol: Symbol) -> bool:
    """Is it an array of which every dimension is declared, here and not by the caller?"""
    kind = symbol.type
    return (
        kind.kind == "array"
        and symbol.storage != "parameter"
        and all(extent.size is not None for extent in kind.extents)
    )


def _length(
    loop: Loop, accesses: Sequence[Access], headers: Mapping[int, LoopHeader], fixed: Callable[[Expr], bool]
) -> str | None:
    """`n`, where all the accesses are to `a[j]` in loops inside that run over `0 <= j < n`."""
    lengths: set[Expr] = set()
    for access in accesses:
        if len(access.path) != 1 or not isinstance(access.path[0], Subscripts) or loop not in access.loops:
            return None
        inside = access.loops[access.loops.index(loop) + 1 :]
        over = {h.index: h for inner in inside if (h := headers.get(id(inner))) is not None}
        match access.path[0].indices:
            case (Name(symbol=index),) if index in over:
                header = over[index]
            case _:
                return None
        lower, bound = constant_value(header.lower), header.bound
        if lower is None or lower < 0 or constant_value(header.step) != 1 or not fixed(bound):
            return None
        if header.relation == "<=":
            bound = add(bound, ONE)
        elif header.relation != "<":
            return None
        lengths.add(bound)
    return spell(lengths.pop()) if len(lengths) == 1 else None
