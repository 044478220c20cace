"""Data races of a function: pairs of accesses to the same shared memory, one of them a write, that nothing orders.

OpenMP 5.2 §1.4.1: if a thread writes a memory unit while another thread accesses it without ordering, a data race
occurs and the result is unspecified. For each parallel region: which accesses concern memory that the team shares
(`sharing`), which may run at the same time (`concurrency`), and do they touch the same element (`elements`)?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from analyzers.dependence import alias
from analyzers.dependence.allowance import Allowance
from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.directives import TEAM_MAKERS, WORK_DISTRIBUTION, Directive
from analyzers.ir.expressions import Name, root, walk
from analyzers.ir.statements import (
    Assign,
    Construct,
    Loop,
    Stmt,
    calls_of,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Confidence, Dependence
from analyzers.openmp import handmade, overlaps, rows, same_pointers
from analyzers.openmp.candidates import IN_CALLEE, Candidate, Collector, Root, roots
from analyzers.openmp.concurrency import Mode, modes
from analyzers.openmp.constructs import has_one_thread, is_deferred_target
from analyzers.openmp.dependences import Dependences, depend_objects
from analyzers.openmp.elements import Elements
from analyzers.openmp.facts import OpenMPFacts, Race, Region
from analyzers.openmp.invariants import Invariant
from analyzers.openmp.locks import different, keep_apart
from analyzers.openmp.pairs import distinct, in_order, pairs
from analyzers.openmp.phases import place
from analyzers.openmp.placements import Phases
from analyzers.openmp.sharing import Scopes, associated_loops, region_sharing, scopes
from analyzers.openmp.threads import Numbers, asked_for, excludes_teams, team_sizes
from analyzers.settings import Options

_DEFAULTS = Options()
_CALLED_BY_A_TEAM = Assumption("condition", "several threads call the function at the same time", "ordinary")
_RELAXED = Assumption(
    "condition", "no `requires atomic_default_mem_order` makes atomic accesses release and acquire", "ordinary"
)
_CALLED_IN_A_REGION = Assumption("condition", "the function is called in a parallel region", "ordinary")
_PAIR = 5  # units of the allowance for a pair of which the solver hears nothing
_MOST_RACES = 12  # of one variable in one region: rules choose among them


def find(facts: FunctionFacts, options: Options = _DEFAULTS, ordered: bool = False) -> OpenMPFacts:
    """The regions of a function with the sharing of their variables, and the races in them.

    `ordered`: atomic constructs have a memory order even where they state none. Pairs are looked at until
    a third of `options.budget` is spent; what was found until then is true.
    """
    found = tuple(roots(facts.function))
    if not found:
        return OpenMPFacts()
    allowance = Allowance(options.budget // 3)
    table = scopes(facts.function)
    pointers = alias.summarize(facts.function, facts.effects)
    by_statement: dict[int, list[Access]] = {}
    for access in facts.accesses:
        if access.symbol is not None and access.statement is not None:
            by_statement.setdefault(id(access.statement), []).append(access)
    dependences = Dependences(depend_objects(facts.function.body))
    regions: list[Region] = []
    races: list[Race] = []
    for start in found:
        examined = _Examined(facts, options, start, table, pointers, by_statement, allowance, dependences, ordered)
        regions.append(examined.region)
        races.extend(examined.races())
    return OpenMPFacts(tuple(regions), tuple(races), not allowance.spent)


class _Examined:
    """One region while it is looked at."""

    def __init__(
        self,
        facts: FunctionFacts,
        options: Options,
        root: Root,
        table: Scopes,
        pointers: alias.PointerFacts,
        by_statement: Mapping[int, Sequence[Access]],
        allowance: Allowance,
        dependences: Dependences,
        ordered: bool,
    ) -> None:
        self.facts = facts
        self.options = options
        self.root = root
        self.scopes = table
        self.pointers = pointers
        self.allowance = allowance
        construct = root.construct
        self.simd = construct is not None and not construct.directive.has(*TEAM_MAKERS)
        self.phases: Phases = place(
            construct or facts.function, root.outside, effects=facts.effects, dependences=dependences
        )
        self.one_thread = root.alone or (
            construct is not None and not self.simd and has_one_thread(construct.directive)
        )
        body = construct.body if construct is not None and construct.body is not None else facts.function.body
        self.handmade = handmade.find(facts, body, self.phases, ordered)
        self.candidates = Collector(facts, root, table, self.phases).collect(by_statement)
        sharing = region_sharing(construct, root.outside, table) if construct is not None else {}
        self.region = Region(
            construct if construct is not None else _as_construct(facts),
            sharing,
            tuple(c.placed for c in self.candidates),
        )
        self.arrays = rows.Extents(facts.function)
        sized = construct is not None and construct.directive.has("parallel") and not root.outside
        sized = sized and construct is not None and construct.directive.first("num_threads") is None
        self.sizes = team_sizes(facts.function.body) if sized else frozenset()
        self.elements: dict[int, Elements] = {}
        self.wholes: dict[tuple[int, int], tuple[Access, Access]] = {}
        self.unseen: tuple[tuple[str, ...], Phases] | None = None  # functions, and the phases if they hold barriers

    # --- what is shared ---------------------------------------------------------------------------------------------

    def _is_shared(self, one: Candidate, other: Candidate, mode: Mode) -> bool:
        """Is the named variable one object for both, in this mode?"""
        for candidate in (one, other):
            if candidate.storage.sharing.attribute == "threadprivate":
                return False
        owner = max(one.storage.owner, other.storage.owner)
        if mode.dealt is not None and mode.dealt.directive.has("taskloop"):
            return owner < _depth_of(mode.dealt, one)
        if self.root.construct is None and mode.between != "tasks":
            # Called by each thread: its automatic variables are the thread's own.
            return one.symbol.is_static and owner < 0
        if mode.between == "tasks":
            if one.storage.owner != other.storage.owner:
                return False
            owner = one.storage.owner
            if owner < self.root.depth and self.root.construct is not None:
                return True
            if one.place.task is not None and one.place.task == other.place.task:
                return owner < 0 and self.root.construct is None
            shared_stack = 0
            for a, b in zip(one.place.stack, other.place.stack, strict=False):
                if a is not b:
                    break
                shared_stack += 1
            return owner < shared_stack
        return owner < self.root.depth

    def _concerns_others(self, candidate: Candidate) -> bool:
        """Could other threads or tasks reach the memory? Most accesses are to private indices and temporaries."""
        if self.phases.tasks or candidate.through_pointer:
            return True
        return candidate.storage.owner < self.root.depth and candidate.storage.sharing.attribute != "threadprivate"

    def _points_to_shared(self, candidate: Candidate) -> bool:
        """Does the pointer hold the same value in all threads, so that comparing elements behind it means anything?"""
        if self.root.construct is None:
            return candidate.symbol.storage != "local" or not candidate.symbol.is_pointer
        if candidate.storage.owner < self.root.depth:
            return True
        return candidate.storage.sharing.attribute == "firstprivate" and not _is_written(
            candidate.symbol, candidate.place.stack[candidate.storage.owner]
        )

    # --- pairs ------------------------------------------------------------------------------------------------------

    def races(self) -> Iterator[Race]:
        groups: dict[Symbol, list[Candidate]] = {}
        for candidate in self.candidates:
            if self._concerns_others(candidate):
                groups.setdefault(candidate.symbol, []).append(candidate)
        for group in groups.values():
            if not any(c.access.writes for c in group):
                continue
            members = distinct(group)
            found = {"proved": 0, "likely": 0, "possible": 0}
            for one, other in pairs(members):
                if self.allowance.spent or found["proved"] + found["likely"] >= _MOST_RACES:
                    break
                race = self._race(one, other)
                if race is not None:
                    found[race.confidence] += 1
                    if found[race.confidence] <= _MOST_RACES:
                        yield race

        yield from islice(self._through_one_pointer(groups), _MOST_RACES)

    def _through_one_pointer(self, groups: Mapping[Symbol, Sequence[Candidate]]) -> Iterator[Race]:
        """Races behind two pointers that are one when the region runs again."""
        if self.root.construct is None:
            return
        for left, right in same_pointers.find(self.root.construct, self.root.loops, self.facts.effects):
            pairs_ = same_pointers.as_one(distinct(groups.get(left, ())), distinct(groups.get(right, ())))
            for one, other in pairs_:
                race = None if self.allowance.spent else self._race(one, other)
                if race is not None:
                    said = f"`{left.name} = {right.name}` leaves both on one array, and `{right.name}` is not set anew"
                    yield replace(race, witness=None, overlap=said)

    def _race(self, one: Candidate, other: Candidate) -> Race | None:
        self.allowance.spend(_PAIR)
        if (one.atomic and other.atomic) or self._has_one_thread(one) or self._has_one_thread(other):
            return None
        if any(IN_CALLEE in c.place.locks for c in (one, other)) and one.placed.locks and other.placed.locks:
            return None  # which of them exclude each other is not seen from here
        best: Race | None = None
        for mode in self._modes(one, other):
            race = self._in_mode(one, other, mode)
            if race is not None and (best is None or _rank(race.confidence) > _rank(best.confidence)):
                best = race
        return best

    def _has_one_thread(self, candidate: Candidate) -> bool:
        """Is it under a condition that no team of several threads meets?"""
        return not self.simd and any(
            excludes_teams(g.condition, g.positive, self.sizes) for g in candidate.access.guards
        )

    def _modes(self, one: Candidate, other: Candidate) -> tuple[Mode, ...]:
        if self.simd:
            assert self.root.construct is not None
            loops = associated_loops(self.root.construct)
            if keep_apart(one.place.locks, other.place.locks, {}) is None:
                return ()  # as in the sequence of iterations (OpenMP 5.2 §15.10.2)
            return (Mode("lanes", loops),) if loops else ()
        found = modes(one.place, other.place, self.phases, self.one_thread)
        if self.root.construct is not None:
            return found
        return tuple(m for m in found if m.between != "threads" or _shows_a_team(one, other))

    def _needs_a_team(self, one: Candidate, other: Candidate, mode: Mode) -> Assumption | None:
        """What is assumed of the callers of a function that is no region by itself."""
        beside_host = any(is_deferred_target(c.directive) for each in (one, other) for c in each.place.stack)
        if self.root.construct is not None or self.facts.called.shared or beside_host:
            return None
        return _CALLED_BY_A_TEAM if mode.between == "threads" else _CALLED_IN_A_REGION

    def _in_mode(self, one: Candidate, other: Candidate, mode: Mode) -> Race | None:
        pointer = one.through_pointer
        if pointer:
            if not (self._points_to_shared(one) and self._points_to_shared(other)):
                return None
        elif not self._is_shared(one, other, mode):
            return None
        first, second = self._whole(one.access, other.access)
        relation = alias.relation(first, second, assume_no_alias=self.options.assume_no_alias, facts=self.pointers)
        if relation.status != "same":
            return None
        elements = self._elements(mode, one)
        answer = elements.ask(first, second, mode)
        if answer.conflict.status != "none" and mode.between == "threads" and mode.adjacent is None:
            static = elements.same_schedule(first, second, mode, one.place, other.place)
            answer = static if static is not None else answer
        conflict = answer.conflict
        if conflict.status == "none":
            return None
        confidence: Confidence = "possible"
        assumptions: tuple[Assumption, ...] = ()
        if conflict.status == "proved":
            assumptions = answer.assumptions
            assumptions = (*assumptions, *different(one.place.locks, other.place.locks, self.phases.locks))
            if self.handmade.relaxed:
                assumptions = (*assumptions, _RELAXED)
            called = self._needs_a_team(one, other, mode)
            needed = [a for a in (called, one.original, other.original) if a is not None]
            assumptions = (*assumptions, *dict.fromkeys(needed))
            confidence = "likely" if assumptions else "proved"
            if called is not None and self.facts.called.serial:
                confidence = "possible"
            if any(_is_unread(c.directive) for at in (one.place, other.place) for c in at.stack):
                confidence = "possible"
            exact = mode.adjacent is None or elements.steps(mode.adjacent)
            if mode.adjacent is not None and not exact and self._depends_on(mode.adjacent, one, other):
                confidence = "possible"
            if self._may_be_ordered_by_hand(one, other, mode):
                confidence = "possible"
            if mode.between == "threads" and one is not other:
                found = self._called_between(one, other)
                if found is not None:
                    confidence, assumptions = "possible", (*assumptions, found)
        elif conflict.assumption is not None:
            assumptions = (conflict.assumption,)
        if mode.between == "lanes" and not _breaks_lanes(conflict.dependence, self.root.construct):
            return None
        return Race(
            self.region,
            one.placed,
            other.placed,
            confidence,
            _WHY[mode.between],
            in_order(conflict, one, other),
            assumptions,
            mode.between,
            conflict.dependence,
            bool(one.access.path),
            answer.why or (overlaps.said(one.access, other.access) if first is not one.access else ""),
        )

    def _whole(self, first: Access, second: Access) -> tuple[Access, Access]:
        """The accesses, to whole unions where they overlap in one."""
        key = (id(first), id(second))
        if key not in self.wholes:
            self.wholes[key] = overlaps.as_one(first, second) or (first, second)
        return self.wholes[key]

    def _may_be_ordered_by_hand(self, one: Candidate, other: Candidate, mode: Mode) -> bool:
        if any(loop.kind == "macro" for each in (one, other) for loop in each.access.loops):
            return True
        if self.handmade.waits and not self.handmade.relaxed:
            if one.symbol not in self.handmade.flags:
                return True
            # A flag that is written without protection orders nothing; one that is read behind the wait is ordered.
            bare = [c for c in (one, other) if not c.placed.locks]
            return bool(bare) and not any(c.access.writes for c in bare)
        if self.handmade.hidden and not one.placed.locks and not other.placed.locks:
            return True
        if self.handmade.events and (mode.between == "tasks" or one.place.task is not None):
            return True
        return self.handmade.locks and mode.between == "threads" and one is not other

    def _called_between(self, one: Candidate, other: Candidate) -> Assumption | None:
        """What keeps the two apart if unseen functions that all threads call hold barriers: said as an assumption."""
        if self.unseen is None:
            construct, effects = self.root.construct, self.facts.effects
            body = construct.body if construct is not None and construct.body is not None else self.facts.function.body
            called = {c.name for s in walk_statements(body) for c in calls_of(s) if c.name is not None}
            names = tuple(sorted(n for n in called if n not in effects or effects[n].unknown is not None))
            start = construct or self.facts.function
            apart = place(start, self.root.outside, names, effects, self.phases.dependences) if names else self.phases
            self.unseen = names, apart
        names, apart = self.unseen
        places = [apart.placements.get(id(c.access.statement)) for c in (one, other)]
        first, second = (
            replace(c.place, phases=p.phases, synchronised=p.synchronised) if p is not None else c.place
            for c, p in zip((one, other), places, strict=True)
        )
        if not names or any(m.between == "threads" for m in modes(first, second, apart, self.one_thread)):
            return None
        listed = ", ".join(f"`{name}`" for name in names)
        return Assumption("condition", f"no barrier is in {listed}", "strong", names)

    def _depends_on(self, loop: Loop, one: Candidate, other: Candidate) -> bool:
        """Do the elements or conditions hang on what changes from one iteration of `loop` to the next?"""
        changing = _assigned(loop)
        for candidate in (one, other):
            for step in candidate.access.path:
                if isinstance(step, Subscripts) and any(
                    isinstance(e, Name) and e.symbol in changing for i in step.indices for e in walk(i)
                ):
                    header = self.facts.headers.get(id(loop))
                    if header is None or any(
                        isinstance(e, Name) and e.symbol == header.index for i in step.indices for e in walk(i)
                    ):
                        return True
            if candidate.access.guards:
                return True
        return False

    def _elements(self, mode: Mode, one: Candidate) -> Elements:
        scope: Stmt
        if mode.between == "iterations" and one.place.executor.construct is not None:
            scope = one.place.executor.construct
        else:
            scope = self.root.construct if self.root.construct is not None else self.facts.function.body
        known = self.elements.get(id(scope))
        if known is None:
            stack, facts = self._stack_of(scope), self.facts
            invariant = Invariant(scope, self.scopes, stack, self.root.depth, facts.accesses, facts.entries)
            known = self.elements[id(scope)] = Elements(
                self.facts.headers,
                invariant,
                self.arrays,
                self.root.loops,
                Numbers(self.region.construct.body or self.facts.function.body),
                asked_for(self.region.construct.body) if self.region.construct.body else frozenset(),
                _team_size(self.root.construct),
                self.allowance,
            )
        return known

    def _stack_of(self, scope: Stmt) -> tuple[Construct, ...]:
        if not isinstance(scope, Construct):
            return ()
        if scope is self.root.construct:
            return (*self.root.outside, scope)
        at = self.phases.placements.get(id(scope))
        return (*at.stack, scope) if at is not None else (scope,)


_WHY = {
    "iterations": "two iterations that different threads may run at the same time",
    "threads": "two threads of the team that nothing keeps apart",
    "tasks": "two tasks that nothing orders",
    "lanes": "two iterations that SIMD lanes run together",
}


def _assigned(scope: Stmt) -> set[Symbol]:
    """The variables that statements below assign; memory behind a pointer is not the pointer."""
    found: set[Symbol] = set()
    for stmt in walk_statements(scope):
        if isinstance(stmt, Assign):
            base = root(stmt.target)
            if isinstance(base, Name) and (base.symbol.type.kind != "pointer" or isinstance(stmt.target, Name)):
                found.add(base.symbol)
    return found


def _is_written(symbol: Symbol, construct: Construct) -> bool:
    return any(
        isinstance(s, Assign) and isinstance(s.target, Name) and s.target.symbol == symbol
        for s in walk_statements(construct)
    )


def _depth_of(construct: Construct, candidate: Candidate) -> int:
    """How many constructs stand around one that stands around an access."""
    return next(k for k, each in enumerate(candidate.place.stack) if each is construct)


def _team_size(construct: Construct | None) -> int | None:
    clause = construct.directive.first("num_threads") if construct is not None else None
    return clause.constant if clause is not None else None


def _breaks_lanes(dependence: Dependence | None, construct: Construct | None) -> bool:
    """Lanes run consecutive iterations statement by statement: a value needed by a later iteration within `safelen` is
    not there yet; one overwritten by a later iteration was read before (OpenMP 5.2 §10.4)."""
    if dependence is None or construct is None:
        return False
    if dependence.kind == "anti":
        return False
    clause = construct.directive.first("safelen")
    if clause is None or clause.constant is None or dependence.distance is None:
        return True
    return abs(dependence.distance) < clause.constant


def _is_unread(directive: Directive) -> bool:
    """Could the directive not be read completely? Then the clause that matters may be missing."""
    return directive.problem is not None or bool(directive.unknown)


def _is_worksharing(construct: Construct | None) -> bool:
    return construct is not None and construct.directive.has(*WORK_DISTRIBUTION)


def _shows_a_team(one: Candidate, other: Candidate) -> bool:
    """In a function whose caller is not known: do the two accesses show that several threads execute it? Either both
    are in worksharing constructs, or exactly one is protected against other threads. That a protected piece of code
    reads what the function was handed shows nothing: it may be there for what it writes."""
    if all(
        c.place.executor.construct is not None and _is_worksharing(c.place.executor.construct) for c in (one, other)
    ):
        return True
    if one.atomic or other.atomic:
        return not one.through_pointer and one.atomic != other.atomic
    locked = [c for c in (one, other) if c.place.locks]
    handed_in = one.through_pointer and one.symbol.storage == "parameter"
    return len(locked) == 1 and (not handed_in or locked[0].access.writes)


def _rank(confidence: Confidence) -> int:
    return ("possible", "likely", "proved").index(confidence)


def _as_construct(facts: FunctionFacts) -> Construct:
    """The function as the region of constructs that bind to the caller's team."""
    body = facts.function.body
    nothing = Directive("", (), (), body.span, body.span)
    return Construct(nothing, body, body.span)
