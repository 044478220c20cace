"""Where accesses go once the temporaries and induction variables in them are replaced by what they hold."""

from __future__ import annotations

from dataclasses import replace

from analyzers.dependence.inlining import expand
from analyzers.dependence.lvalues import WHOLE_POINTEE, locate, reached, type_at
from analyzers.dependence.rewriting import rewrite
from analyzers.dependence.values import Values
from analyzers.ir.accesses import Access, Guard, PathStep, Subscripts
from analyzers.ir.expressions import Conditional, Element, Expr, Field, Name, symbols
from analyzers.ir.symbols import Symbol


def resolved(access: Access, values: Values) -> tuple[Access, ...]:
    """The access with temporaries and induction variables in its subscripts replaced by what they hold there:
    `row[j]` behind `row = a + i * n` is `a[i * n + j]`. Behind `p = c ? a : b` it is two: `a[j]` if c, else `b[j]`."""
    if not access.path or access.symbol is None or access.statement is None:
        return (access,)
    known = values.at(access.statement)
    whole = access.path[-1] == WHOLE_POINTEE
    written = _lvalue(access.symbol, access.path[:-1] if whole else access.path)
    lvalue = expand(written, values.graph.memory.effects)
    if lvalue is written and not any(s in known for s in symbols(lvalue)):
        return (access,)
    chosen = known.get(access.symbol)
    if isinstance(chosen, Conditional) and access.symbol.is_pointer and access.call is None:
        arms = ((True, chosen.then), (False, chosen.otherwise))
        found = [
            _placed(access, rewrite(lvalue, {**known, access.symbol: arm}), whole, (Guard(chosen.condition, positive),))
            for positive, arm in arms
        ]
        return (access,) if None in found else tuple(each for each in found if each is not None)
    return (_placed(access, rewrite(lvalue, known), whole) or access,)


def _placed(access: Access, lvalue: Expr, whole: bool, more: tuple[Guard, ...] = ()) -> Access | None:
    """The access as one to this place, or to all that it points to, under further conditions."""
    place = reached(lvalue, whole=True) if whole else locate(lvalue)
    if place is None or place.symbol is None or not (place.path or whole):
        return None
    exact = access.exact and place.exact
    return replace(access, symbol=place.symbol, path=place.path, exact=exact, guards=(*access.guards, *more))


def _lvalue(symbol: Symbol, path: tuple[PathStep, ...]) -> Expr:
    expr: Expr = Name(symbol)
    for depth, step in enumerate(path):
        kind = type_at(symbol, path[: depth + 1])
        expr = Element(expr, step.indices, kind) if isinstance(step, Subscripts) else Field(expr, step.name, kind)
    return expr
