"""The verdict on each loop of a function: scalars, reductions, arrays and calls put together.

The passes run in the order of ARCHITECTURE.md: counted form, values of temporaries and induction variables, scalar
privatization, reductions, array privatization, dependence. An approximation may only turn "parallel" into "unknown".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from analyzers.dependence import accesses as access_collector
from analyzers.dependence import (
    alias,
    array_reductions,
    conflicts,
    coverage,
    flags,
    flat,
    fresh,
    induction,
    nest,
    privatization,
    reductions,
    surroundings,
    vouching,
    wavefront,
)
from analyzers.dependence import alternatives as other_forms
from analyzers.dependence.affine import constant_value
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.allowance import Allowance
from analyzers.dependence.conflicts import Inquiry, Obstacles
from analyzers.dependence.facts import Alternatives, Effects, FunctionFacts, Later, LoopFacts, LoopShape, Reduction
from analyzers.dependence.neighbours import Neighbours
from analyzers.dependence.nest import Place
from analyzers.dependence.polyhedral import Solver
from analyzers.dependence.privatization import ScalarConflict, ScalarRoles
from analyzers.dependence.resolving import resolved
from analyzers.dependence.roles import roles_of
from analyzers.dependence.trips import trip_count
from analyzers.dependence.values import Values
from analyzers.ir import flow
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Expr, Name, root, symbols
from analyzers.ir.flow import FlowGraph
from analyzers.ir.implicit import Implicit, implicit
from analyzers.ir.statements import Assign, Function, Loop, LoopHeader, loops
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, Reason, Strength, Verdict, Witness
from analyzers.settings import Options


@dataclass(frozen=True, slots=True)
class _Room:
    """What all loops of one function share."""

    effects: Mapping[str, Effects]
    options: Options
    graph: FlowGraph
    headers: Mapping[int, LoopHeader]
    uncounted: Mapping[int, Reason]  # id(loop) -> why it is not counted
    representatives: frozenset[int]  # id() of one access of each set that asks the same questions
    pointers: PointerFacts
    implicit: Mapping[int, tuple[Implicit, ...]]  # what statements run, by id()
    allowance: Allowance


@dataclass(slots=True)
class Parts:
    """What was found out about one loop on the way to its verdict."""

    header: LoopHeader | None
    scalars: ScalarRoles
    reductions: tuple[Reduction, ...]
    rejected: Mapping[Symbol, Reason]  # variables that look like reductions and are none
    linear: Mapping[Symbol, Expr]
    local: frozenset[Symbol]  # declared inside
    private_arrays: tuple[Symbol, ...] = ()
    lasting_arrays: tuple[Symbol, ...] = ()  # private ones whose last contents may be needed
    thread_arrays: tuple[Symbol, ...] = ()  # pointers to memory that each thread of the region has for itself
    array_reductions: tuple[Reduction, ...] = ()
    protected: frozenset[Symbol] = frozenset()  # only touched under atomic or critical
    accesses: tuple[Access, ...] = ()
    shared: tuple[Access, ...] = ()  # to memory that is common to the iterations
    compared: tuple[Access, ...] = ()  # those of them that are not to private arrays
    obstacles: Obstacles = field(default_factory=Obstacles)

    @property
    def changed(self) -> frozenset[Symbol]:
        """What iterations change and is not compared element by element."""
        scalars = self.scalars
        return frozenset((
            *scalars.private, *scalars.firstprivate, *scalars.lastprivate, *scalars.conditional, *self.linear,
            *(conflict.symbol for conflict in scalars.conflicts), *(r.symbol for r in self.reductions),
            *(r.symbol for r in self.array_reductions), *self.private_arrays, *self.lasting_arrays,
            *self.local, *self.protected,
        ))  # fmt: skip


def analyse(function: Function, effects: Mapping[str, Effects], options: Options) -> FunctionFacts:
    """The facts of one function. `effects` says what its callees do, by name; who is missing may do anything."""
    strict = _analyse(function, effects, options)
    return vouching.supplemented(strict, lambda other, vouched: _analyse(other, vouched, options, lenient=True))


def _analyse(
    function: Function, effects: Mapping[str, Effects], options: Options, *, lenient: bool = False
) -> FunctionFacts:
    graph = flow.build(function, effects, snippet=options.snippet)
    graph.lenient = lenient
    places = tuple(nest.places(function))
    counted: dict[Loop, LoopHeader] = {}
    uncounted: dict[int, Reason] = {}
    for place in places:
        found = induction.normalise(place.loop, graph)
        if isinstance(found, LoopHeader):
            counted[place.loop] = found
        else:
            uncounted[id(place.loop)] = found
    values = induction.values_of(graph, counted)
    headers = {id(loop): header for loop, header in values.headers.items()}
    pairs = [(a, each) for a in access_collector.collect(function, effects) for each in resolved(a, values)]
    accesses = flat.spread(*zip(*pairs, strict=True)) if pairs else ()
    headers.update((id(loop), loop.header) for a in accesses for loop in a.loops[-1:] if loop.header is not None)
    pointers = alias.with_entry_values(
        alias.summarize(function, effects), {e: s for e, (s, _) in graph.entries.items()}
    )
    below: dict[int, list[Access]] = {}
    for access in accesses:
        for loop in access.loops:
            below.setdefault(id(loop), []).append(access)
    shapes = tuple(_shape(place, headers.get(id(place.loop)), tuple(below.get(id(place.loop), ()))) for place in places)

    @cache
    def room() -> _Room:
        apart = conflicts.representatives(accesses, surroundings.exclusions(function.body))
        run, allowance = implicit(function.body), Allowance(options.budget)
        return _Room(effects, options, graph, headers, uncounted, apart, pointers, run, allowance)

    alone = Later(len(places), lambda at: _loop_facts(places[at], shapes[at], room(), values))
    positions = {id(place.loop): at for at, place in enumerate(places)}
    decided = Later(len(places), lambda at: replace(alone[at], collapse=_collapsible(alone[at], alone, positions)))
    neighbours = Neighbours(graph, headers, accesses, pointers, options.assume_no_alias)
    return FunctionFacts(
        function, accesses, decided, effects, headers, shapes, neighbours=neighbours, entries=graph.entries
    )


def _shape(place: Place, header: LoopHeader | None, inside: tuple[Access, ...]) -> LoopShape:
    trips = trip_count(header) if header is not None else None
    return LoopShape(
        place.loop, header, place.parent, place.depth, trips, inside, place.governed_by, place.inside_parallel
    )


def _loop_facts(place: Place, shape: LoopShape, room: _Room, values: Values) -> LoopFacts:
    loop, header, inside = shape.loop, shape.header, shape.accesses
    invariant = _invariant(loop, room)
    parts = _scalars(loop, header, inside, room, values)
    first, obstacles = parts.obstacles.copy(), parts.obstacles
    _note(loop, inside, place, room, obstacles)
    around = inside[0].loops[0] if inside else loop
    steady = invariant if around is loop else _invariant(around, room)
    allowance = room.allowance.share(1 / 3)
    inquiry = _inquiry(loop, Solver(room.headers, invariant, steady, allowance=allowance), allowance, room)
    only_memory = not obstacles.reasons and not obstacles.open and _ordinary(obstacles.assumptions)
    beforehand = tuple(obstacles.assumptions)
    _memory(inside, parts, inquiry, room, place)
    apart = _note_apart(loop, obstacles, room)
    if parts.scalars.index_live and header is not None:
        _keeps_index(header, obstacles, room)
    memory = obstacles.copy()
    pipeline = None
    if only_memory and obstacles.symbols and _ordinary(apart):
        pipeline = wavefront.of(parts, inquiry, (*beforehand, *apart))
    verdict = _verdict(loop, parts, inside, room)
    alternatives = Alternatives()
    if not verdict.counts_as_parallel and place.governed_by is None and not place.inside_parallel:

        def noted(part: Loop, accesses: tuple[Access, ...]) -> Obstacles:
            found = first.copy()
            _note(part, accesses, place, room, found)
            _note_apart(loop, found, room)
            if parts.scalars.index_live and header is not None:
                _keeps_index(header, found, room)
            return found

        alternatives = other_forms.find(inquiry, parts, memory, noted, values)
    lastprivate = parts.scalars.lastprivate
    if parts.scalars.index_live and header is not None:
        lastprivate = (header.index, *lastprivate)
    return LoopFacts(
        loop=loop,
        header=header,
        parent=place.parent,
        depth=place.depth,
        verdict=verdict,
        roles=roles_of(parts),
        private=(*parts.scalars.private, *parts.private_arrays),
        firstprivate=(*parts.scalars.firstprivate, *parts.lasting_arrays),
        lastprivate=(*lastprivate, *parts.lasting_arrays),
        conditional=parts.scalars.conditional,
        linear=tuple(parts.linear.items()),
        reductions=(*parts.reductions, *parts.array_reductions),
        accesses=inside,
        trip_count=shape.trip_count,
        rectangular=_rectangular(loop, room, invariant),
        governed_by=place.governed_by,
        inside_parallel=place.inside_parallel,
        alternatives=alternatives,
        wavefront=pipeline,
    )


def _note(loop: Loop, inside: tuple[Access, ...], place: Place, room: _Room, obstacles: Obstacles) -> None:
    """What stands in the way besides scalars and common elements."""
    surroundings.note_directives(loop, obstacles)
    surroundings.note_calls(loop, room.effects, obstacles)
    surroundings.note_around(room.graph.function, loop, inside, room.effects, obstacles)
    governed_by = place.governed_by
    if not place.inside_parallel or (governed_by is not None and governed_by.directive.has("parallel")):
        surroundings.note_threadprivate(loop, obstacles)
    surroundings.note_unnamed(inside, obstacles)
    surroundings.note_implicit(loop, room.implicit, room.effects, obstacles)


def _note_apart(loop: Loop, obstacles: Obstacles, room: _Room) -> Collection[Assumption]:
    """What was assumed of memory to count the loop and to tell its scalars apart."""
    if room.options.assume_no_alias:
        return ()
    apart = privatization.apart(loop, room.graph)
    named = {subject for assumption in obstacles.assumptions for subject in assumption.subjects}
    for assumption in apart:
        if named.isdisjoint(assumption.subjects):
            obstacles.assume(assumption)
    return apart


def _inquiry(loop: Loop, solver: Solver, allowance: Allowance, room: _Room) -> Inquiry:
    return Inquiry(
        loop,
        solver,
        room.pointers,
        room.options.assume_no_alias,
        room.representatives,
        surroundings.exclusions(loop.body),
        allowance,
    )


def _ordinary(assumptions: Iterable[Assumption]) -> bool:
    return all(assumption.strength == "ordinary" for assumption in assumptions)


def _keeps_index(header: LoopHeader, obstacles: Obstacles, room: _Room) -> None:
    """A loop that does not run still sets its index; `lastprivate` then leaves the variable alone (OpenMP 5.2 §5.4.5).

    Of the sizes that a program works on one may suppose that they are not zero, not so of the rows of a triangle.
    """
    if trip_count(header):
        return
    name = header.index.name
    mentioned = {*symbols(header.lower), *symbols(header.bound)}
    strength: Strength = "strong" if mentioned & {h.index for h in room.headers.values()} else "ordinary"
    text = f"the value of `{name}` is used after the loop, also if the loop does not run at all"
    needed = Assumption("condition", f"the loop over `{name}` runs at least once", strength, (name,))
    obstacles.undecided(Reason("empty-loop", text, header.index.span, name), needed)


def _scalars(loop: Loop, header: LoopHeader | None, inside: Sequence[Access], room: _Room, values: Values) -> Parts:
    """The roles of scalars: reductions first, then induction variables, then what remains."""
    found = reductions.find(loop, room.graph, header)
    protected = _protected(loop, inside)
    sums = {r.symbol for r in found.found}
    found = replace(found, found=tuple(r for r in found.found if r.symbol not in protected))
    reduced = {r.symbol for r in found.found}
    moved = values.inductions.get(loop, {}).items()
    linear = {s: i.step for s, i in moved if s not in reduced and _is_linear_step(i.step, room)}
    roles = privatization.classify(loop, room.graph, header, {*reduced, *linear, *protected})
    local = surroundings.declared_inside(loop)
    # What nobody outside sees needs no clause.
    linear = {s: step for s, step in linear.items() if s not in local}
    parts = Parts(header, roles, found.found, found.rejected, linear, local, protected=frozenset(protected))
    if any(s not in sums and s not in linear and s not in local and "ordered" not in protected[s] for s in protected):
        parts.obstacles.assume(conflicts.ANY_ORDER)
    return parts


def _protected(loop: Loop, inside: Iterable[Access]) -> Mapping[Symbol, frozenset[str]]:
    """Variables that the loop writes and only ever touches under one exclusion, with that."""
    exclusions = surroundings.exclusions(loop.body)
    if not exclusions:
        return {}
    found: dict[Symbol, frozenset[str]] = {}
    written: set[Symbol] = set()
    for access in inside:
        if access.symbol is not None:
            keys = exclusions.get(id(access.statement), frozenset())
            if any(isinstance(step, Subscripts) for step in access.path):
                keys &= {"atomic"}  # of others, each pair of elements is asked about
            found[access.symbol] = found.get(access.symbol, keys) & keys
            if access.writes:
                written.add(access.symbol)
    return {symbol: keys for symbol, keys in found.items() if keys and symbol in written}


def _memory(inside: tuple[Access, ...], parts: Parts, inquiry: Inquiry, room: _Room, place: Place) -> None:
    """Compare the accesses to common memory; what conflicts may still be a work array or an array reduction."""
    scalars, loop, solver = parts.scalars, inquiry.loop, inquiry.solver
    own = {
        *scalars.private,
        *scalars.firstprivate,
        *scalars.lastprivate,
        *scalars.conditional,
        *(c.symbol for c in scalars.conflicts),
        *(r.symbol for r in parts.reductions),
        *parts.linear,
        *parts.local,
        *parts.protected,
    }
    if parts.header is not None:
        own.add(parts.header.index)
    # A pointer that each iteration sets for itself leads to memory that may well be common.
    new = fresh.pointers(loop, {*scalars.private, *parts.local}, room.effects, room.pointers)
    parts.shared = tuple(
        a
        for a in inside
        if a.symbol is not None and (a.symbol not in own or _leads_elsewhere(a)) and not fresh.is_behind(a, new)
    )
    exposed = room.pointers.exposed or ()
    work = set(privatization.array_candidates(loop, room.graph, exposed)) - own
    lasting = privatization.lasting_candidates(loop, parts.shared, room.graph, exposed) - own - work
    sums = array_reductions.find(loop, parts.shared, room.headers, solver.invariant)
    summed = {reduction.symbol: (reduction, needed) for reduction, needed in sums}
    owned: Collection[Symbol] = ()
    if place.region is not None and place.is_shared_out:
        used = {a.symbol for a in parts.shared if a.symbol is not None and a.path}
        owned = fresh.of_threads(place.region, used, room.pointers)
    private: list[Symbol] = []
    reduced: list[Reduction] = []
    kept: list[Symbol] = []
    alone_in: list[Symbol] = []
    for symbol in sorted({*work, *lasting, *summed, *owned}, key=lambda s: s.uid):
        mine = [a for a in parts.shared if a.symbol == symbol and not _is_behind_element(a)]
        if symbol.is_pointer:
            mine = [a for a in mine if a.path]
        alone = Obstacles()
        conflicts.compare(mine, inquiry, alone)
        if not alone.dependences and not alone.reasons:
            continue
        if symbol in summed:
            reduction, needed = summed[symbol]
            reduced.append(reduction)
            if needed is not None:
                text = f"every iteration adds to the same elements of `{symbol.name}`"
                parts.obstacles.undecided(Reason("array-sum", text, mine[0].span, symbol.name), needed)
        elif coverage.covered(mine, solver, loop, room.graph):
            if symbol in owned:
                alone_in.append(symbol)
                continue
            if symbol in lasting:
                if all(conflicts.stays(a, inquiry) for a in mine if a.writes):
                    kept.append(symbol)
                continue
            if symbol.storage == "undeclared":
                if any(conflicts.moves(a, inquiry, inner=True) for a in mine if a.writes):
                    continue
                if not _is_used(symbol, mine) and not surroundings.handed_over(symbol, loop, room.effects):
                    continue
                text = f"every iteration writes the same elements of `{symbol.name}`"
                says = f"`{symbol.name}` is an array that is not used after the loop"
                needed = Assumption("condition", says, "strong", (symbol.name,))
                parts.obstacles.undecided(Reason("work-array", text, mine[0].span, symbol.name), needed)
            private.append(symbol)
    parts.private_arrays, parts.lasting_arrays, parts.array_reductions = tuple(private), tuple(kept), tuple(reduced)
    settled = frozenset((*(r.symbol for r in reduced), *kept))
    parts.accesses = inside
    parts.thread_arrays = tuple(alone_in)
    apart = {*private, *alone_in}
    parts.compared = tuple(a for a in parts.shared if a.symbol not in apart or _is_behind_element(a))
    conflicts.compare(parts.compared, inquiry, parts.obstacles, settled)


def _is_behind_element(access: Access) -> bool:
    """Is it an access to what a pointer in an array or a record leads to?"""
    return any(isinstance(s, Subscripts) and s.through_pointer for s in access.path[1:])


def _leads_elsewhere(access: Access) -> bool:
    """Is it an access to what a pointer leads to (variable, member, element), or an object of an unseen class?"""
    symbol, path = access.symbol, access.path
    if symbol is None or not path:
        return False
    unseen = symbol.type.kind == "unknown" and isinstance(path[0], Subscripts)
    return symbol.is_pointer or unseen or any(isinstance(s, Subscripts) and s.through_pointer for s in path)


def _is_used(symbol: Symbol, accesses: Iterable[Access]) -> bool:
    """Does the loop read the array for anything but its own elements?"""
    return any(
        a.kind == "read" and not (isinstance(a.statement, Assign) and _base(a.statement.target) == symbol)
        for a in accesses
    )


def _base(place: Expr) -> Symbol | None:
    base = root(place)
    return base.symbol if isinstance(base, Name) else None


def _verdict(loop: Loop, parts: Parts, inside: Sequence[Access], room: _Room) -> Verdict:
    obstacles, header = parts.obstacles, parts.header
    for conflict in parts.scalars.conflicts:
        dependence = _certain(conflict, loop, parts, inside, room) if header is not None else None
        obstacles.symbols.add(conflict.symbol)
        if dependence is not None:
            obstacles.dependences.append(dependence)
            obstacles.reasons.append(parts.rejected.get(conflict.symbol, conflict.reason))
        else:
            assumption = flags.unset(conflict, loop, room.graph)
            obstacles.undecided(parts.rejected.get(conflict.symbol, conflict.reason), assumption)
    if header is None:
        obstacles.open = True
        obstacles.reasons.insert(0, room.uncounted[id(loop)])
    reasons, dependences = tuple(obstacles.reasons), tuple(obstacles.dependences)
    basis = tuple(obstacles.basis.values())
    if dependences and header is not None:
        return Verdict("dependent", (*reasons, *basis), (), dependences)
    if reasons or obstacles.open:
        assumptions = () if obstacles.open else tuple(obstacles.assumptions)
        return Verdict("unknown", reasons, assumptions, dependences)
    if obstacles.assumptions:
        return Verdict("unknown", basis, tuple(obstacles.assumptions))
    return Verdict("parallel", basis)


def _certain(
    conflict: ScalarConflict, loop: Loop, parts: Parts, inside: Sequence[Access], room: _Room
) -> Dependence | None:
    """The flow dependence from each iteration to the next through a scalar, where nothing can prevent it: the first
    access of every iteration reads it and every iteration writes it."""
    symbol, header = conflict.symbol, parts.header
    mine = [a for a in inside if a.symbol == symbol]
    write = next((a for a in mine if a.writes and not a.path), None)
    if conflict.unknown or header is None or write is None or symbol not in room.graph.always_written(loop):
        return None
    first = mine[0]
    if first.path or not first.reads or not first.exact or first.guards or first.loops[-1] is not loop:
        return None
    count = trip_count(header)
    if count is not None and count < 2:
        return None
    lower, step = constant_value(header.lower), constant_value(header.step)
    witness = None
    if lower is not None and step is not None:
        index = header.index.name
        witness = Witness(((index, lower),), ((index, lower + step),), symbol.name)
    return Dependence("flow", symbol.name, write.span, first.span, symbol.name, symbol.name, 1, witness, True)


def _is_linear_step(step: Expr, room: _Room) -> bool:
    """Can the step stand in a `linear` clause: a number, or the name of what the loop leaves alone?"""
    named = isinstance(step, Name) and step.symbol not in room.graph.entries
    return named or constant_value(step) is not None


def _invariant(loop: Loop, room: _Room) -> Callable[[Expr], bool]:
    """Has an expression one value for all iterations of the loop? Asked often of few expressions."""
    known: dict[Expr, bool] = {}
    born = surroundings.declared_inside(loop)

    def unchanged(expr: Expr, inside: Loop) -> bool:
        return born.isdisjoint(symbols(expr)) and induction.memory_unchanged(expr, inside, room.graph)

    def ask(expr: Expr) -> bool:
        answer = known.get(expr)
        if answer is None:
            answer = known[expr] = induction.invariant(expr, loop, room.graph, unchanged)
        return answer

    return ask


def _rectangular(loop: Loop, room: _Room, invariant: Callable[[Expr], bool]) -> bool:
    """Do the bounds of the loops inside stay the same from iteration to iteration?"""
    for inner in loops(loop.body):
        header = room.headers.get(id(inner))
        if header is None or not (invariant(header.lower) and invariant(header.bound)):
            return False
    return True


def _collapsible(facts: LoopFacts, every: Sequence[LoopFacts], positions: Mapping[int, int]) -> int:
    """How many perfectly nested, rectangular, parallel loops start here (OpenMP 5.2 §4.4.3).

    Divided together they take the clauses of the outermost: an inner one that needs a copy of what the outermost
    shares, `a[i] += ...` say, is not among them.
    """
    levels, current = 1, facts
    reduced = {(reduction.symbol, reduction.op) for reduction in facts.reductions}
    own = {*facts.private, *facts.firstprivate, *facts.lastprivate, *facts.conditional}
    if facts.header is None or not facts.rectangular:
        return levels
    while len(current.loop.body.statements) == 1:
        (only,) = current.loop.body.statements
        inner = every[positions[id(only)]] if isinstance(only, Loop) else None
        if inner is None or inner.header is None or not inner.verdict.counts_as_parallel:
            break
        needed = {*inner.private, *inner.firstprivate, *inner.lastprivate, *inner.conditional}
        if inner.linear or not needed <= own or any((r.symbol, r.op) not in reduced for r in inner.reductions):
            break
        levels, current = levels + 1, inner
        if not inner.rectangular:
            break
    return levels
