"""Functions of the file put in place of their calls, so that what they synchronize is seen where it happens.

A critical section of another name, a lock that comes as an argument, an orphaned loop that nobody waits for, the tasks
of a recursion: a summary of the callee cannot say what they are to the caller's team. Here the callee's statements
stand in a block where the call was, its parameters replaced by the arguments, its variables renamed, and every place is
that of the call. Races in which such a statement takes part are found in this version of the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence import loops
from analyzers.dependence.facts import Effects, FunctionFacts
from analyzers.ir.expressions import (
    Binary,
    Call,
    Conditional,
    Expr,
    Name,
    Opaque,
    calls_in,
    walk,
)
from analyzers.ir.statements import (
    Block,
    Construct,
    Function,
    Stmt,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.openmp.facts import OpenMPFacts, PlacedAccess, Race
from analyzers.openmp.relocation import Arguments, Writer, assigned_in, without_returns
from analyzers.openmp.threads import SOME_VALUE
from analyzers.settings import Options
from analyzers.text import Span

_LARGE = 80  # statements of a callee that is left where it is
_ROOM = 400  # statements that all callees together may bring
_DEPTH = 2  # how often a function may stand in itself
_OF_TASKS = ("task", "taskwait", "taskgroup", "taskloop", "critical", "atomic")  # constructs that need no team
Pair = frozenset[Span]  # of two statements


def holds_constructs(function: Function) -> bool:
    """May a function have a region in which callees matter?"""
    return any(isinstance(s, Construct) for s in walk_statements(function.body))


def by_name(functions: Iterable[Function]) -> dict[str, Function]:
    """The functions that are the only ones of their name."""
    found: dict[str, Function] = {}
    twice: set[str] = set()
    for function in functions:
        if function.name in found:
            twice.add(function.name)
        found[function.name] = function
    return {name: function for name, function in found.items() if name not in twice}


def reached(function: Function, bodies: Mapping[str, Function]) -> tuple[Function, ...]:
    """The functions that it calls, also through one another, itself only where it does so."""
    names = dict.fromkeys(function.callees)
    found = []
    for name in (queue := list(names)):
        callee = bodies.get(name)
        if callee is None:
            continue
        found.append(callee)
        queue += [other for other in callee.callees if other not in names]
        names.update(dict.fromkeys(callee.callees))
    return tuple(found)


def supplemented(
    plain: OpenMPFacts,
    function: Function,
    bodies: Mapping[str, Function],
    effects: Mapping[str, Effects],
    options: Options,
    examine: Callable[[FunctionFacts], OpenMPFacts],
) -> OpenMPFacts:
    """The facts, and the races in which statements of callees take part that are not among them. `examine` finds the
    races of a version of a function."""
    unfolding = _Unfolding(bodies, effects, lambda f: examine(_facts(f, effects, options)))
    whole = unfolding.of(function)
    if whole is None:
        return plain
    regions = {_key(region.construct): region for region in plain.regions}
    known: dict[tuple[int, Symbol | None], Race] = {}
    for race in plain.races:
        key = (_key(race.region.construct), race.first.access.symbol)
        if key not in known or known[key].confidence == "possible":
            known[key] = race
    more: list[Race] = []
    for race in unfolding.examine(replace(function, body=whole.body)).races:
        origins = [unfolding.within.get(id(p.access.statement)) for p in (race.first, race.second)]
        callee = next((origin.callee for origin in origins if origin is not None), None)
        if race.confidence == "possible" or (callee is None and not unfolding.complete):
            continue
        symbol = race.first.access.symbol
        if symbol is not None and symbol.storage == "static" and not symbol.uid.startswith(f"{function.name}/"):
            continue  # hidden state of the callee: told of where it is called
        region = regions.get(_key(whole.before(race.region.construct)))
        before = known.get((_key(region.construct), race.first.access.symbol)) if region is not None else None
        if region is None or (before is not None and before.confidence != "possible"):
            continue
        if not unfolding.is_of_callee(race):
            placed = (race.first, race.second)
            first, second = (whole.seen_from_here(p, o) for p, o in zip(placed, origins, strict=True))
            more.append(replace(race, region=region, first=first, second=second, callee=callee))
    return replace(plain, races=(*plain.races, *more)) if more else plain


def _facts(function: Function, effects: Mapping[str, Effects], options: Options) -> FunctionFacts:
    """What the races need to know; verdicts on loops are not asked for."""
    return loops.analyse(function, effects, options)


def _key(construct: Construct | None) -> int:
    """What tells regions apart; the function itself is 0."""
    return 0 if construct is None or construct.directive.name == "" else id(construct)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement that was put in place comes from: for which of the calls, and the place in its function."""

    callee: str
    call: int
    span: Span


@dataclass(slots=True)
class _Whole:
    """A body with callees in it, and what of it stands where in the text of the function itself."""

    body: Block
    length: int
    old: dict[int, Stmt]  # statements of the function itself by the id() of what they are now
    calls: list[tuple[Span, Span, Stmt]]  # where callees stand now, the call, and the statement that makes it
    _constructs: dict[int, Construct] = field(default_factory=dict)

    def before(self, construct: Construct | None) -> Construct | None:
        """What a construct was; one of a callee as if it stood in the call."""
        if construct is None:
            return None
        if construct.directive.name == "":
            return construct  # no construct: the function is the region
        known = self.old.get(id(construct)) or self._constructs.get(id(construct))
        if known is None:
            span = self._call(construct.span)[0]
            directive = replace(construct.directive, span=span, name_span=span, clauses=())
            known = self._constructs[id(construct)] = replace(construct, directive=directive, span=span)
        assert isinstance(known, Construct)
        return known

    def seen_from_here(self, placed: PlacedAccess, origin: Origin | None) -> PlacedAccess:
        """The access at its place in the function, or at that of the call."""
        access, executor = placed.access, placed.executor
        if origin is None:
            old = self.old.get(id(access.statement))
            access = replace(access, statement=old, span=self._back(access.span))
        else:
            assert access.statement is not None
            span, statement = self._call(access.statement.span)
            access = replace(access, statement=statement, span=span, call=origin.callee)
        return replace(placed, access=access, executor=replace(executor, construct=self.before(executor.construct)))

    def _call(self, span: Span) -> tuple[Span, Stmt]:
        return next((call, stmt) for now, call, stmt in self.calls if now.start <= span.start <= now.end)

    def _back(self, span: Span) -> Span:
        added = [sum(n.end - n.start for n, _, _ in self.calls if n.end <= at) for at in (span.start, span.end)]
        return Span(span.start - added[0], span.end - added[1])


@dataclass(slots=True)
class _Unfolding:
    """Puts callees in place. `within` says, by the id() of each statement that came so, where from."""

    bodies: Mapping[str, Function]
    effects: Mapping[str, Effects]
    examine: Callable[[Function], OpenMPFacts]
    within: dict[int, Origin] = field(default_factory=dict)
    complete: bool = True  # nothing that synchronizes is left in a callee
    _own: dict[str, frozenset[Pair]] = field(default_factory=dict)  # races that functions have by themselves
    _kept: list[Stmt] = field(default_factory=list)  # `within` knows statements by identity
    _made: int = 0
    _statements: int = 0

    def of(self, function: Function) -> _Whole | None:
        """The function with callees in its constructs; None where there are none."""
        found = self._unfolded(function.body, (function.name,))
        return found if found.calls else None

    def _unfolded(self, body: Block, chain: tuple[str, ...]) -> _Whole:
        inside = _in_constructs(body)
        found: list[tuple[Call, Stmt, Function | None]] = []
        for stmt in walk_statements(body):
            if len(chain) == 1 and id(stmt) not in inside:
                continue
            for expr in expressions(stmt):
                if not any(_chooses(e) for e in walk(expr)):
                    found += [(c, stmt, f) for c in calls_in(expr) for f in self._wanted(c, chain)]
        found.sort(key=lambda each: each[0].span.start)
        moving = assigned_in(walk_statements(body)) if found else set()
        writer = Writer(added=[], gone={id(c): _value_of(c) for c, _, _ in found})
        calls: list[tuple[Span, Span, Stmt]] = []
        for call, stmt, callee in found:
            if callee is None:
                continue
            at = call.span.start + sum(length for _, length in writer.added)
            inner = self._placed(callee, call, at, chain, moving)
            writer.before.setdefault(id(stmt), []).append(inner.body)
            writer.added.append((call.span.start, inner.length))
            calls.append((Span(at, at + inner.length), call.span, stmt))
        whole = writer.stmt(body) if found else body
        assert isinstance(whole, Block)
        self._kept += writer.made
        length = body.span.end + 1 + sum(length for _, length in writer.added)
        return _Whole(whole, length, writer.old, calls)

    def _placed(
        self, callee: Function, call: Call, at: int, chain: tuple[str, ...], moving: Collection[Symbol]
    ) -> _Whole:
        """A callee's body for one call, from the place `at` on."""
        self._made += 1
        number = self._made
        body = without_returns(callee.body)
        assert body is not None
        inner = self._unfolded(body, (*chain, callee.name))
        writer = Writer(added=[(-1, at)], arguments=Arguments(callee, call, number, moving))
        block = writer.block_for_call(inner.body, call.span)
        for new, old in writer.old.items():
            origin = self.within.get(id(old))
            if origin is None:
                origin = Origin(callee.name, number, inner.old.get(id(old), old).span)
            self.within[new] = origin
        self._kept += [*writer.made, *writer.old.values()]
        return _Whole(block, inner.length, {}, [])

    def _wanted(self, call: Call, chain: tuple[str, ...]) -> Iterator[Function | None]:
        """The function that the call runs, where it is to be put in place; None: where nothing is."""
        callee, effect = self.bodies.get(call.name or ""), self.effects.get(call.name or "")
        if callee is None or effect is None or (effect.unknown is not None and not self._only_recurs(callee)):
            return
        if any("variant" in directive.name for directive in callee.directives):
            self.complete = False  # another function may run in its place (OpenMP 5.2 §7.5)
            return
        if effect.unknown is None and not effect.synchronizes and not _writes(effect):
            return
        if chain.count(callee.name) >= _DEPTH:
            self.complete = self.complete and effect.team is None
            if effect.team is None:
                yield None
            return
        size = sum(1 for _ in walk_statements(callee.body))
        fits = size <= _LARGE and self._statements + size <= _ROOM and _fits(call, callee)
        if not fits or without_returns(callee.body) is None:
            self.complete = self.complete and not effect.synchronizes
            return
        self._statements += size
        yield callee

    def _only_recurs(self, callee: Function) -> bool:
        """Is all that a function runs known but for what it does by calling itself, and is no team needed for it?"""
        others = [self.effects.get(name) for name in callee.callees if name != callee.name]
        return callee.name in callee.callees and not (
            any(isinstance(s, Construct) and not s.directive.has(*_OF_TASKS) for s in walk_statements(callee.body))
            or any(e is None or e.unknown is not None or e.synchronizes for e in others)
        )

    def is_of_callee(self, race: Race) -> bool:
        """Does the callee have the race by itself? Then it is told of there."""
        one, other = (self.within.get(id(placed.access.statement)) for placed in (race.first, race.second))
        if one is None or other is None or one.call != other.call:
            return False
        own = self._own.get(one.callee)
        if own is None:
            own = self._own[one.callee] = frozenset(
                _pair(r.first.access.statement, r.second.access.statement)
                for r in self.examine(self.bodies[one.callee]).races
                if r.confidence != "possible"
            )
        return frozenset((one.span, other.span)) in own


def _in_constructs(body: Stmt) -> set[int]:
    """The statements below constructs, but for those of atomic ones."""
    return {
        id(s)
        for construct in walk_statements(body)
        if isinstance(construct, Construct) and not construct.directive.has("atomic")
        for s in walk_statements(construct)
    }


def _chooses(expr: Expr) -> bool:
    """Is an operand evaluated only on a condition?"""
    return isinstance(expr, Conditional) or (isinstance(expr, Binary) and expr.op in ("&&", "||"))


def _value_of(call: Call) -> Expr:
    reads = () if call.arguments else (Name(SOME_VALUE),)
    return Opaque(f"what `{call.name}` gives", None, reads, call.type, call.span)


def _fits(call: Call, callee: Function) -> bool:
    return len(call.arguments) == len(callee.params) and not callee.variadic


def _pair(one: Stmt | None, other: Stmt | None) -> Pair:
    return frozenset(stmt.span for stmt in (one, other) if stmt is not None)


def _writes(effect: Effects) -> bool:
    return bool(effect.writes) or any(use in ("write", "readwrite") for use in effect.parameters)
