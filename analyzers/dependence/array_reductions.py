"""Arrays that a loop only adds to: reductions of whole arrays and of their first elements (OpenMP 5.2 §5.5.8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from analyzers.dependence.affine import constant_value
from analyzers.dependence.facts import FunctionFacts, Later, LoopFacts, Reduction
from analyzers.dependence.reductions import is_real
from analyzers.dependence.rewriting import add
from analyzers.dependence.spelling import spell
from analyzers.dependence.trips import trip_count
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import ONE, Binary, Element, Expr, Name, root, symbols
from analyzers.ir.statements import Assign, Loop, LoopHeader
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.verdicts import Assumption

STACK = 65_536  # elements of a copy that still fit the stack of a thread
_PLAIN = re.compile(r"[\w\s(),+*/-]+")
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
        if op is None or (element.kind not in ("real", "complex") and any(_rounds(a) for a in mine)):
            continue
        assumption, item, length = None, symbol.name, None
        if not _has_size(symbol):
            length = _length(loop, mine, headers, fixed)
            if length is None or not fixed(Name(symbol)):
                continue
            item = f"{symbol.name}[:{spell(length)}]"
            if symbol.storage != "undeclared" and _is_small(length) and _surely_runs(loop, headers):
                pass
            elif symbol.storage == "undeclared":
                text = f"`{spell(length)}` is not zero, and so many elements fit the stack of each thread"
                assumption = Assumption("condition", text, "strong", (symbol.name,))
            elif _is_small(symbol.type.declared.size if symbol.type.declared is not None else None):
                text = f"`{spell(length)}` is positive, and `{symbol.name}` has so many elements"
                assumption = Assumption("condition", text, "ordinary", (symbol.name,))
            else:
                continue  # of a known pointer the hover says what would help
        floating = element.kind in ("real", "complex")
        found.append((Reduction(symbol, op, item, floating, tuple(a.span for a in mine), length), assumption))
    return found


def _is_small(length: Expr | None) -> bool:
    """Is the length a constant for which each thread has room?"""
    value = None if length is None else constant_value(length)
    return value is not None and 0 < value <= STACK


def _surely_runs(loop: Loop, headers: Mapping[int, LoopHeader]) -> bool:
    """Does the loop touch the elements at all? A reduction always does."""
    header = headers.get(id(loop))
    return header is not None and bool(trip_count(header))


def _operator(accesses: Sequence[Access], element: Type) -> str | None:
    """The one operator of all the accesses: `x[j] += e`, or `x[j] = x[j] + e`."""
    if not all(map(_is_named, accesses)):
        return None  # what a pointer leads to is not the copy of the thread
    ops = {a.op if a.kind == "update" else _combined(a) for a in accesses}
    ops = {"+" if op == "-" else op for op in ops}
    op = ops.pop()
    if ops or op not in _OPERATORS or (op in ("&", "|", "^") and element.kind == "real"):
        return None
    return op


def _is_named(access: Access) -> bool:
    """Is it an assignment to the array by its own name?"""
    start = root(access.statement.target) if isinstance(access.statement, Assign) and access.call is None else None
    return isinstance(start, Name) and start.symbol == access.symbol


def _rounds(access: Access) -> bool:
    """Is it the update of an integer by something that is none? Then the order matters."""
    return isinstance(access.statement, Assign) and is_real(access.statement.value)


def _combined(access: Access) -> str | None:
    """The operator of the assignment `x[j] = x[j] op e` that makes the access, where `e` does not read `x`."""
    stmt = access.statement
    if not isinstance(stmt, Assign) or stmt.op is not None or not isinstance(stmt.target, Element):
        return None
    target, base = stmt.target, root(stmt.target)
    if not isinstance(base, Name) or base.symbol != access.symbol:
        return None
    if sum(symbol == base.symbol for symbol in symbols(stmt.value)) != 1:
        return None
    match stmt.value:
        case Binary(op="+" | "-"):
            return "+" if _is_term(stmt.value, target, ("+", "-")) else None
        case Binary(op=("*" | "&" | "|" | "^") as op):
            return op if _is_term(stmt.value, target, (op,)) else None
        case _:
            return None


def _is_term(value: Expr, target: Expr, ops: tuple[str, ...]) -> bool:
    """Is the target a term of the chain, and not subtracted?"""
    stack: list[tuple[Expr, bool]] = [(value, False)]
    while stack:
        term, negative = stack.pop()
        if isinstance(term, Binary) and term.op in ops:
            stack += ((term.left, negative), (term.right, negative != (term.op == "-")))
        elif term == target:
            return not negative
    return False


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
) -> Expr | None:
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
        if header.relation == "<=" and constant_value(bound) is None:
            bound = add(bound, ONE)
        elif header.relation != "<":
            return None
        lengths.add(bound)
    return lengths.pop() if len(lengths) == 1 else None


def as_written(facts: FunctionFacts, text: bytes) -> FunctionFacts:
    """The facts with the lengths of array reductions as the source writes them: `N`, not the value that it has in this
    configuration. `text` is that of the function."""
    return replace(facts, loops=Later(len(facts.loops), lambda at: _loop_as_written(facts.loops[at], text)))


def _loop_as_written(loop: LoopFacts, text: bytes) -> LoopFacts:
    items = {
        r.symbol.name: f"{r.symbol.name}[:{_source(r.length, text)}]" for r in loop.reductions if r.length is not None
    }
    if not items:
        return loop
    return replace(
        loop,
        reductions=tuple(replace(r, item=items.get(r.symbol.name, r.item)) for r in loop.reductions),
        roles=tuple(
            replace(role, clause_item=items[role.name]) if role.kind == "reduction" and role.name in items else role
            for role in loop.roles
        ),
    )


def _source(length: Expr, text: bytes) -> str:
    written = text[length.span.start : length.span.end].decode("utf-8", "replace")
    return " ".join(written.split()) if _PLAIN.fullmatch(written) else spell(length)
