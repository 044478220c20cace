"""Where the pointers of a function may point: all assignments together, whatever their order (after Andersen 1994)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from analyzers.dependence.lvalues import strip_casts
from analyzers.ir.expressions import (
    Address,
    Binary,
    Call,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    root,
    symbols,
    walk,
)
from analyzers.ir.pointers import CallEffects
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    Jump,
    Stmt,
    Unknown,
    expressions,
    loops,
    walk_statements,
)
from analyzers.ir.symbols import Symbol

OriginKind = Literal["object", "allocation", "entry", "unknown"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a pointer's value points into: a named object, what one allocation returned, what a pointer held when the
    function was entered, or anything."""

    kind: OriginKind
    symbol: Symbol | None = None
    site: int = 0


@dataclass(frozen=True, slots=True)
class PointerFacts:
    """Where the pointers of a function come from, whatever the order of statements."""

    origins: Mapping[Symbol, frozenset[Origin]] = field(default_factory=dict)
    swapped: Mapping[Symbol, frozenset[Origin]] = field(default_factory=dict)  # see `_exchanges`: what each held first
    partners: Mapping[Symbol, Symbol] = field(default_factory=dict)  # with which it is exchanged
    escaping: frozenset[int] = frozenset()  # allocation sites whose address is stored or passed on
    exposed: frozenset[Symbol] | None = None  # named objects of which the same is true; None: not looked for
    handed_on: frozenset[Symbol] = frozenset()  # containers whose elements become those of another: moved, swapped


def origins_of(symbol: Symbol, depth: int | None, facts: PointerFacts) -> frozenset[Origin]:
    """What an access through `symbol` may reach, when the pointer in its step number `depth` is followed last (None: no
    pointer is followed)."""
    if depth is None:
        return frozenset({Origin("object", symbol)})
    if depth > 0:
        return frozenset({Origin("unknown")})
    known = facts.origins.get(symbol)
    if known is not None:
        return known
    return frozenset({Origin("entry" if symbol.storage == "parameter" else "unknown", symbol)})


def summarize(function: Function, effects: Mapping[str, CallEffects]) -> PointerFacts:
    """Where each pointer of the function may point. `effects` says of callees which arguments they do not keep, and
    whose results are memory that nothing else points to."""
    fresh = {name for name, effect in effects.items() if effect.allocates}
    sources: dict[Symbol, set[Origin | Symbol]] = {}
    leaked: set[Origin | Symbol] = set()
    handed_on: frozenset[Symbol] = frozenset()
    unknown = Origin("unknown")
    exchanged, partners = _exchanges(function)
    for stmt in walk_statements(function.body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None and symbol.is_pointer:
                sources.setdefault(symbol, set()).update(_sources(value, id(stmt), fresh))
            case Assign() if id(stmt) in exchanged:
                pass
            case Assign(target=Name(symbol=symbol), value=value, op=op) if symbol.is_pointer:
                found = {symbol} if op is not None else _sources(value, id(stmt), fresh)
                sources.setdefault(symbol, set()).update(found)
            case Assign(value=value) if value.type.kind in ("pointer", "array", "unknown", "record"):
                leaked |= _sources(value, id(stmt), fresh)
            case Unknown(mentions=mentions):
                for mention in mentions:
                    if isinstance(mention, Name):
                        sources.setdefault(mention.symbol, set()).add(unknown)
            case _:
                pass
        for expr in expressions(stmt):
            for each in walk(expr):
                if isinstance(each, Address) and isinstance(each.operand, Name) and each.operand.symbol.is_pointer:
                    sources.setdefault(each.operand.symbol, set()).add(unknown)
                if isinstance(each, Call):
                    handed_on |= given_away(each)
                    used = not (isinstance(stmt, Evaluate) and stmt.value is each)
                    kept = _kept_arguments(each, effects, used)
                    leaked.update(o for a in kept for o in _sources(a, id(each), fresh))
                elif isinstance(each, Opaque):
                    leaked.update(o for e in each.reads if _is_address(e) for o in _sources(e, id(each), fresh))
                    if each.type.kind in ("pointer", "unknown", "record"):
                        leaked.update(Origin("object", s) for s in _whole(each))
    return replace(_resolved(sources, leaked, partners), handed_on=handed_on)


def given_away(call: Call) -> frozenset[Symbol]:
    """The containers whose elements become those of another: they are swapped, or moved."""
    if call.name is None or not call.name.endswith("::swap"):
        return frozenset()
    return frozenset(symbol for symbol in symbols(call) if symbol.type.wrapped)


def _exchanges(function: Function) -> tuple[set[int], dict[Symbol, Symbol]]:
    """The assignments of `t = p; p = q; q = t` by identity, and p and q as partners.

    Two such pointers always hold what they held at first, in one order or the other, if nothing else is assigned to
    them after that: no other assignment stands in a loop, and each has one at most.
    """
    found: list[tuple[Stmt, Stmt, Symbol, Symbol]] = []
    spoilt: dict[Symbol, int] = {}  # other assignments
    every = list(walk_statements(function.body))
    for block in every:
        if isinstance(block, Block):
            found.extend(_exchanges_in(block))
        elif isinstance(block, Jump) and block.kind == "goto":
            return set(), {}
    if not found:
        return set(), {}
    steps = {id(s) for two, three, _, _ in found for s in (two, three)}
    repeated = {id(s) for loop in loops(function.body) for s in walk_statements(loop.body)}
    for stmt in every:
        for target in _assigned(stmt) if id(stmt) not in steps else ():
            spoilt[target] = spoilt.get(target, 0) + (2 if id(stmt) in repeated or isinstance(stmt, Unknown) else 1)
    partners: dict[Symbol, set[Symbol]] = {}
    for _, _, p, q in found:
        partners.setdefault(p, set()).add(q)
        partners.setdefault(q, set()).add(p)
    fit = {
        s
        for s, others in partners.items()
        if len(others) == 1
        and not s.address_taken
        and s.storage in ("local", "parameter")
        and spoilt.get(s, 0) <= (0 if s.storage == "parameter" else 1)
    }
    chosen = {s: next(iter(partners[s])) for s in fit if partners[s] <= fit}
    return {id(s) for two, three, p, _ in found for s in (two, three) if p in chosen}, chosen


def _exchanges_in(block: Block) -> Iterator[tuple[Stmt, Stmt, Symbol, Symbol]]:
    for one, two, three in zip(block.statements, block.statements[1:], block.statements[2:], strict=False):
        kept, first, second = _copied(one), _copied(two), _copied(three)
        if kept is None or first is None or second is None or isinstance(two, Declare) or isinstance(three, Declare):
            continue
        if kept[1] == first[0] and first[1] == second[0] and second[1] == kept[0] and kept[0] not in first:
            yield two, three, *first


def _assigned(stmt: Stmt) -> Iterator[Symbol]:
    match stmt:
        case Declare(symbol=symbol, value=value) if value is not None:
            yield symbol
        case Assign(target=Name(symbol=symbol)):
            yield symbol
        case Unknown(mentions=mentions):
            yield from (m.symbol for m in mentions if isinstance(m, Name))
        case _:
            pass


def _copied(stmt: Stmt) -> tuple[Symbol, Symbol] | None:
    """The pointers (to, from) of `to = from;`."""
    match stmt:
        case Declare(symbol=symbol, value=given) if given is not None:
            value, _ = strip_casts(given)
        case Assign(target=Name(symbol=symbol), value=given, op=None):
            value, _ = strip_casts(given)
        case _:
            return None
    return (symbol, value.symbol) if isinstance(value, Name) and symbol.is_pointer and value.symbol.is_pointer else None


def _is_address(expr: Expr) -> bool:
    return expr.type.kind in ("pointer", "array", "unknown") or isinstance(expr, Address)


def _whole(value: Opaque) -> Iterator[Symbol]:
    """The arrays that are handed over whole to what becomes a view of them, or a copy: all their elements are read."""
    for each in value.reads:
        if isinstance(each, Element) and each.subscripts and isinstance(each.subscripts[-1], Opaque):
            base = root(each)
            if isinstance(base, Name):
                yield base.symbol


def _kept_arguments(call: Call, effects: Mapping[str, CallEffects], used: bool) -> list[Expr]:
    """The addresses that a call may keep or pass on; with its result, where that is `used`."""
    known = effects.get(call.name) if call.name is not None else None
    returns = used and not call.type.is_scalar and call.type.kind != "void" and not (known and known.allocates)
    kept = []
    for position, argument in enumerate(call.arguments):
        if not _is_address(argument):
            continue
        if known is not None and known.unknown is None and not returns:
            uses = known.parameters[min(position, len(known.parameters) - 1) :] if known.parameters else ()
            if not uses or uses[0] != "escapes":
                continue
        kept.append(argument)
    return kept


def with_entry_values(facts: PointerFacts, originals: Mapping[Symbol, Symbol]) -> PointerFacts:
    """The same, knowing symbols that stand for what a pointer holds when a loop begins: they point where it may."""
    known = {entry: origins_of(original, 0, facts) for entry, original in originals.items()}
    return replace(facts, origins={**facts.origins, **known}) if known else facts


def _resolved(
    sources: dict[Symbol, set[Origin | Symbol]],
    leaked: set[Origin | Symbol],
    partners: Mapping[Symbol, Symbol],
) -> PointerFacts:
    first = {s: _reachable(s, sources) for s in partners}
    for symbol, partner in partners.items():
        sources.setdefault(symbol, set()).add(partner)
    origins = {symbol: _reachable(symbol, sources) for symbol in sources}
    out = {o for each in leaked for o in (origins.get(each, ()) if isinstance(each, Symbol) else (each,))}
    return PointerFacts(
        origins,
        first,
        partners,
        frozenset(o.site for o in out if o.kind == "allocation"),
        frozenset(o.symbol for o in out if o.kind == "object" and o.symbol is not None),
    )


def _reachable(symbol: Symbol, sources: Mapping[Symbol, set[Origin | Symbol]]) -> frozenset[Origin]:
    """The origins of a pointer through all copies."""
    found: set[Origin] = set()
    seen: set[Symbol] = set()
    stack = [symbol]
    while stack:
        top = stack.pop()
        if top in seen:
            continue
        seen.add(top)
        if top not in sources or top.storage in ("parameter", "global", "static"):
            found.add(Origin("entry", top))
        if top.storage in ("global", "static"):
            found.add(Origin("unknown"))
        for each in sources.get(top, ()):
            if isinstance(each, Symbol):
                stack.append(each)
            else:
                found.add(each)
    return frozenset(found)


def _sources(value: Expr, site: int, fresh: Container[str]) -> set[Origin | Symbol]:
    """What a pointer expression may point into; the functions named in `fresh` allocate."""
    value, _ = strip_casts(value)
    match value:
        case Name(symbol=symbol):
            if symbol.is_array:
                return {Origin("object", symbol)}
            return {symbol} if symbol.is_pointer or symbol.type.kind == "unknown" else {Origin("unknown")}
        case Address(operand=operand):
            base = operand
            while isinstance(base, (Element, Field)):
                if isinstance(base, Element) and base.base.type.kind == "pointer":
                    return _sources(base.base, site, fresh)
                base = base.base
            return {Origin("object", base.symbol)} if isinstance(base, Name) else {Origin("unknown")}
        case Binary(op=("+" | "-"), left=left, right=right):
            return _sources(left if left.type.kind in ("pointer", "array") else right, site, fresh)
        case Conditional(then=then, otherwise=otherwise):
            return _sources(then, site, fresh) | _sources(otherwise, site, fresh)
        case Constant():
            return set()
        case Call() if value.name is not None and value.name in fresh:
            return {Origin("allocation", None, site)}
        case Element(type=kind) | Field(type=kind) if kind.kind == "array":
            return _sources(Address(value), site, fresh)
        case _:
            return {Origin("unknown")}
