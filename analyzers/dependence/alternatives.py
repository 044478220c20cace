"""What would make a loop parallel that is not so as it stands: `openmp.rewrites` turns it into edits.

Each answer is the verdict that the loop would have once it is written in that way. It is as sure as any verdict: what
it rests on is named, and nothing is offered that is not parallel at least under ordinary assumptions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from analyzers.dependence import conflicts, distribution, pivots, work_arrays
from analyzers.dependence.affine import constant_value
from analyzers.dependence.conflicts import Inquiry, Obstacles
from analyzers.dependence.distribution import Noted
from analyzers.dependence.facts import Alternatives, Atomic, Extreme, Scan
from analyzers.dependence.lvalues import type_at
from analyzers.dependence.reductions import combined_by
from analyzers.dependence.values import Values
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Binary, Constant, Expr, Name, symbols
from analyzers.ir.statements import Assign, Construct, Declare, If, Stmt, expressions, walk_statements
from analyzers.ir.symbols import Symbol

if TYPE_CHECKING:
    from analyzers.dependence.loops import Parts

_ATOMIC = frozenset(("+", "-", "*", "&", "|", "^"))
_NEUTRAL = {"+": 0, "*": 1, "|": 0, "^": 0}
_MOST = 40  # statements of a body that is looked at


def find(inquiry: Inquiry, parts: Parts, memory: Obstacles, noted: Noted, values: Values) -> Alternatives:
    """`memory` is what stands in the way apart from scalars; see `distribution.Noted`."""
    loop = inquiry.loop
    body = loop.body.statements
    if parts.header is None or loop.tainted or len(body) > _MOST:
        return Alternatives()
    if any(isinstance(stmt, Construct) for stmt in walk_statements(loop.body)):
        return Alternatives()
    return Alternatives(
        _atomic(inquiry, parts, noted),
        _scan(parts, memory, body, lambda total: values.entry(total, loop)),
        _extreme(parts, memory, body),
        distribution.splits(inquiry, parts, noted),
        work_arrays.find(inquiry, parts, noted, values.graph),
        pivots.find(inquiry, parts, noted),
    )


# Updates that nobody sees half done


def _atomic(inquiry: Inquiry, parts: Parts, noted: Noted) -> Atomic | None:
    """All that iterations do to common elements is to update them by one operator: `h[k[i]] += e`."""
    if parts.scalars.conflicts:
        return None
    updated = _only_updated(parts.compared)
    updates: dict[int, Stmt] = {}
    for symbol in updated:
        mine = [a for a in parts.compared if a.symbol == symbol and a.path]
        alone = Obstacles()
        conflicts.compare(mine, inquiry, alone)
        if not all(conflicts.moves(a, inquiry, inner=False) for a in mine):
            return None  # iterations would queue for the same few elements
        if alone.dependences or alone.reasons:
            updates.update((id(a.statement), a.statement) for a in mine if a.statement is not None)
    if not updates:
        return None
    obstacles = noted(inquiry.loop, parts.accesses)
    reduced = (r.symbol for r in parts.array_reductions)
    settled = frozenset((*updated, *reduced, *parts.lasting_arrays))
    conflicts.compare(parts.compared, inquiry, obstacles, settled)
    return None if obstacles.verdict is None else Atomic(tuple(updates.values()), obstacles.verdict)


def _only_updated(accesses: Sequence[Access]) -> frozenset[Symbol]:
    """The objects of whose elements the loop does nothing but update them, always by the same operator."""
    operators: dict[Symbol, set[str]] = {}
    for access in accesses:
        if access.symbol is None or not (access.path or access.writes):
            continue
        kind = type_at(access.symbol, access.path)
        plain = kind.kind in ("integer", "real", "character") and not kind.atomic and not kind.volatile
        op = access.op if access.kind == "update" and access.call is None and plain and access.path else None
        operators.setdefault(access.symbol, set()).add({"-": "+"}.get(op or "?", op or "?"))
    return frozenset(symbol for symbol, ops in operators.items() if len(ops) == 1 and ops <= _ATOMIC)


# Running totals


def _scan(parts: Parts, memory: Obstacles, body: Sequence[Stmt], first_value: Callable[[Symbol], Expr]) -> Scan | None:
    """A running total, changed by one statement of the body and used either only after it or only before it.

    It has to begin neutral: clang (up to 22 at least) forgets the value from before the loop.
    """
    total = _only_conflict(parts, "scan")
    verdict = memory.verdict
    if total is None or verdict is None or total.type.kind not in ("integer", "real"):
        return None
    updates = [k for k, stmt in enumerate(body) if isinstance(stmt, Assign) and stmt.target == Name(total)]
    uses = [k for k, stmt in enumerate(body) if k not in updates and total in _named(stmt)]
    if len(updates) != 1 or not uses:
        return None
    at = updates[0]
    update = body[at]
    assert isinstance(update, Assign)
    op = combined_by(update.value, total, {}) if update.op is None else {"-": "+"}.get(update.op, update.op)
    if op not in _NEUTRAL or (update.op is not None and total in symbols(update.value)):
        return None
    begins = first_value(total)
    if not isinstance(begins, Constant) or begins.value != _NEUTRAL[op]:
        return None
    inclusive = uses[0] > at
    if inclusive != (uses[-1] > at):
        return None
    cut = at + 1 if inclusive else at
    if _meet(parts, body[:cut], body[cut:], total):
        return None
    return Scan(total, op, cut, inclusive, verdict)


def _meet(parts: Parts, first: Sequence[Stmt], second: Sequence[Stmt], but: Symbol) -> bool:
    """Does one half of the body use what the other one changes? Between the phases of a scan only the total may pass
    (OpenMP 5.2 §5.6, restrictions)."""
    ids = [{id(inner) for stmt in half for inner in walk_statements(stmt)} for half in (first, second)]
    named = [{symbol for stmt in half for symbol in _named(stmt)} - {but} for half in (first, second)]
    if named[0] & named[1] & parts.changed:
        return True
    touched = [
        {a.symbol: a.writes for a in sorted(parts.shared, key=lambda a: a.writes) if id(a.statement) in half}
        for half in ids
    ]
    return any(touched[0][symbol] or touched[1][symbol] for symbol in touched[0].keys() & touched[1].keys())


def _named(stmt: Stmt) -> set[Symbol]:
    return {symbol for inner in walk_statements(stmt) for expr in expressions(inner) for symbol in symbols(expr)} | {
        inner.symbol for inner in walk_statements(stmt) if isinstance(inner, Declare)
    }


def _only_conflict(parts: Parts, code: str) -> Symbol | None:
    """The scalar that alone is in the way, where that is for the reason `code`."""
    found = {conflict.symbol for conflict in parts.scalars.conflicts}
    if len(found) != 1:
        return None
    (symbol,) = found
    reason = parts.rejected.get(symbol)
    return symbol if reason is not None and reason.code == code else None


# The place of an extreme value


def _extreme(parts: Parts, memory: Obstacles, body: Sequence[Stmt]) -> Extreme | None:
    """`if (e > best) { best = e; at = i; }` and nothing else that concerns the two."""
    verdict = memory.verdict
    found = {conflict.symbol for conflict in parts.scalars.conflicts}
    header = parts.header
    step = None if header is None else constant_value(header.step)
    if verdict is None or len(found) != 2 or header is None or not step:
        return None
    choices = [stmt for stmt in body if found & _named(stmt)]
    if len(choices) != 1 or not isinstance(choices[0], If) or choices[0].otherwise.statements:
        return None
    choice = choices[0]
    for best in found:
        (at,) = found - {best}
        op = _beaten(choice, best, at, header.index)
        if op is not None and best.type.kind in ("integer", "real") and at.type.kind == "integer":
            return Extreme(best, at, op, step > 0, verdict)
    return None


def _beaten(choice: If, best: Symbol, at: Symbol, index: Symbol) -> str | None:
    """`>` of `if (e > best) { best = e; at = index; }`: how a value has to compare to take the place of `best`."""
    match choice.condition:
        case Binary(op=("<" | ">") as sign, left=value, right=Name(symbol=symbol)) if symbol == best:
            op = str(sign)
        case Binary(op=("<" | ">") as sign, left=Name(symbol=symbol), right=value) if symbol == best:
            op = "<" if sign == ">" else ">"
        case _:
            return None
    sets: dict[Symbol, Expr] = {}
    for stmt in choice.then.statements:
        match stmt:
            case Assign(target=Name(symbol=target), value=set_to, op=None) if target not in sets:
                sets[target] = set_to
            case _:
                return None
    if {best, at} & {*symbols(value)} or sets != {best: value, at: Name(index)}:
        return None
    return op
