"""Memory that an iteration, or a thread, allocates for itself: `p = malloc(...)` in the body, used, and freed.

No other iteration has its address as long as nobody stores it or passes it on: what is done through such a pointer is
no dependence (compare Whaley & Rinard 1999, captured objects).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analyzers.dependence.facts import Effects
from analyzers.dependence.lvalues import strip_casts
from analyzers.dependence.points_to import Origin, PointerFacts
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Constant, Expr, Name
from analyzers.ir.statements import Assign, Construct, Declare, Loop, Stmt, Unknown, substatements, walk_statements
from analyzers.ir.symbols import Symbol


def pointers(
    loop: Loop, own: Collection[Symbol], effects: Mapping[str, Effects], facts: PointerFacts
) -> frozenset[Symbol]:
    """The pointers among `own` (each iteration sets them before it uses them) that lead to nothing but memory that the
    present iteration has allocated and keeps to itself."""
    sets: dict[Symbol, bool] = {}
    for stmt in walk_statements(loop.body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None and symbol in own:
                sets[symbol] = sets.get(symbol, True) and _is_new(value, effects)
            case Assign(target=Name(symbol=symbol), value=value, op=None) if symbol in own:
                sets[symbol] = sets.get(symbol, True) and _is_new(value, effects)
            case Unknown():
                return frozenset()
            case _:
                pass
    return frozenset(
        symbol
        for symbol, new in sets.items()
        if new
        and symbol.is_pointer
        and symbol.storage in ("local", "undeclared")
        and not symbol.address_taken
        and not any(_is_known(origin, facts) for origin in facts.origins.get(symbol, ()))
    )


def of_threads(region: Construct, used: Collection[Symbol], facts: PointerFacts) -> frozenset[Symbol]:
    """What of those `used` is declared in a parallel region and is memory that each of its threads has for itself:
    arrays, and pointers to what the thread has allocated there, reached by no other of them."""
    declared: set[Symbol] = set()
    sites: set[int] = set()
    stack: list[Stmt] = [] if region.body is None else [region.body]
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, Construct):
            continue  # not every thread may run it, and what it sets may be handed to the others
        if isinstance(stmt, Declare) and stmt.symbol.storage == "local":
            declared.add(stmt.symbol)
        sites.add(id(stmt))
        stack.extend(substatements(stmt))
    found = set()
    for symbol in declared & {*used}:
        if symbol.is_array and facts.exposed is not None and symbol not in facts.exposed:
            found.add(symbol)
        if not symbol.is_pointer:
            continue
        mine = facts.origins.get(symbol, frozenset())
        others = (facts.origins.get(other, frozenset()) for other in used if other != symbol)
        own = all(o.kind == "allocation" and o.site in sites and o.site not in facts.escaping for o in mine)
        if mine and own and not symbol.address_taken and not any(mine & each for each in others):
            found.add(symbol)
    return frozenset(found)


def is_behind(access: Access, fresh: Collection[Symbol]) -> bool:
    """Is it an access to what one of the pointers leads to, and no pointer further?"""
    follows = [step for step in access.path if isinstance(step, Subscripts) and step.through_pointer]
    return access.symbol in fresh and len(follows) == 1 and access.path[0] is follows[0]


def _is_new(value: Expr, effects: Mapping[str, Effects]) -> bool:
    value, _ = strip_casts(value)
    if isinstance(value, Constant):
        return value.value == 0  # a null pointer leads nowhere
    effect = effects.get(value.name) if isinstance(value, Call) and value.name is not None else None
    return effect is not None and effect.unknown is None and effect.allocates


def _is_known(origin: Origin, facts: PointerFacts) -> bool:
    """May others have the address?"""
    return origin.kind != "allocation" or origin.site in facts.escaping
