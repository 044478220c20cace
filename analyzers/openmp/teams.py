"""One team of threads for several loops: `for` constructs in one parallel region (OpenMP 5.2 §10.1, §11.5).

Around loops that follow each other, so that a short one beside a long one is divided too; or around a loop that runs
one iteration after the other, a time loop say: then the threads start once and wait for each other after each loop
inside, unless it is proved that they need not. A simple statement between the loops is run by one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.dependence.neighbours import Neighbours, is_plain
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Expr, Name, symbols
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    If,
    Loop,
    Stmt,
    calls_of,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp import canonical, cost, synthesis
from analyzers.openmp.nests import Nests
from analyzers.openmp.synthesis import Proposal


@dataclass(frozen=True, slots=True)
class Team:
    """The directive of the region, and those of the loops and statements in it.

    `loops` are the outermost ones of the region, in their order: one that all threads run (`whole`), or those that are
    divided themselves, which then need braces around them.
    """

    pragma: str
    lines: tuple[tuple[Loop | Assign, str], ...]
    loops: tuple[Loop, ...]
    whole: bool
    advice: str
    assumptions: tuple[Assumption, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Does some thread go on without waiting?"""
        return any(line.endswith("nowait") for _, line in self.lines)


def propose(function: FunctionFacts, proposals: Sequence[Proposal]) -> tuple[Team, ...]:
    """The teams that do more than the pragmas of single loops."""
    if function.neighbours is None or not any(p.profitable for p in proposals):
        return ()
    by_loop = {id(f.loop): p for f, p in zip(function.loops, proposals, strict=True)}
    return tuple(_Finder(function, by_loop, function.neighbours).run())


@dataclass(slots=True)
class _Found:
    """What a region would hold, on the way to it."""

    around: Loop | None = None  # the outermost loop that all threads run
    lines: list[tuple[Loop | Assign, str]] = field(default_factory=list)
    indices: dict[Symbol, bool] = field(default_factory=dict)  # of loops that all threads run: are they declared there?
    shared: list[LoopFacts] = field(default_factory=list)  # the loops that are divided


class _Finder:
    def __init__(self, function: FunctionFacts, proposals: Mapping[int, Proposal], neighbours: Neighbours) -> None:
        self.function = function
        self.proposals = proposals
        self.neighbours = neighbours
        self.nests = Nests.of(function.loops)

    def run(self) -> Iterator[Team]:
        stack: list[Stmt] = [self.function.function.body]
        while stack:
            stmt = stack.pop()
            if isinstance(stmt, Loop):
                if self._is_taken(stmt):
                    continue
                team = self._around(stmt)
                if team is not None:
                    yield team
                    continue
            elif isinstance(stmt, Block):
                teams = [team for row in self._rows(stmt) if (team := self._row(row)) is not None]
                yield from teams
                done = {id(loop) for team in teams for loop in team.loops}
                stack.extend(s for s in reversed(stmt.statements) if id(s) not in done)
                continue
            elif not isinstance(stmt, If):
                continue
            stack.extend(reversed(substatements(stmt)))

    # --- loops that follow each other ---------------------------------------------------------------------------------

    def _rows(self, block: Block) -> Iterator[list[LoopFacts]]:
        """The longest rows of loops that can be divided, each of them worth it, with what there is between a price."""
        row: list[LoopFacts] = []
        for stmt in (*block.statements, None):
            facts = self._divisible(stmt) if isinstance(stmt, Loop) else None
            if facts is not None:
                row.append(facts)
                continue
            yield from self._affordable(row)
            row = []

    def _affordable(self, row: Sequence[LoopFacts]) -> Iterator[list[LoopFacts]]:
        """The row, cut where a loop is not worth waiting for."""
        part: list[LoopFacts] = []
        paying = sum(self._operations(f) for f in row if self._is_offered(f))
        for facts in (*row, None):
            if facts is not None and self._is_worth_it(facts, paying):
                part.append(facts)
                continue
            yield part
            part = []

    def _row(self, row: list[LoopFacts]) -> Team | None:
        offered = sum(map(self._is_offered, row))
        repeated = any(self._is_repeated(facts) for facts in row)
        if len(row) < 2 or not offered or (offered == len(row) and not repeated):
            return None
        found = _Found()
        self._divide(row, found)
        advice = "the threads start once, and short loops are divided with the long ones"
        return self._team(found, tuple(f.loop for f in row), False, advice)

    # --- loops that all threads run -----------------------------------------------------------------------------------

    def _around(self, loop: Loop) -> Team | None:
        facts = self.nests.facts(loop)
        found = _Found(loop)
        if facts is None or facts.header is None or not self._share(facts, found):
            return None
        work = self.proposals[id(loop)].work
        paying = sum(self._operations(f) for f in found.shared if self._is_offered(f))
        if work is None or (work.counted and work.trips < cost.FEW_ROWS) or not paying:
            return None
        if not all(self._is_worth_it(f, paying) for f in found.shared):
            return None
        # That all wait for one costs about what it saves not to start anew for a loop.
        singles = len(found.lines) - len(found.shared)
        if singles > sum(map(self._is_offered, found.shared)) and not _is_unnoticed(singles, paying):
            return None
        name = facts.header.index.name
        waits = "between the loops inside they wait for each other"
        advice = f"the threads start once, not in each iteration of `{name}`; {waits}"
        return self._team(found, (loop,), True, advice)

    def _share(self, facts: LoopFacts, found: _Found) -> bool:
        """Can all threads run the loop, dividing all that it does among them?"""
        if not self._is_run_by_all(facts, found):
            return False
        row: list[LoopFacts | Assign] = []
        for stmt in facts.loop.body.statements:
            part = self._divisible(stmt) if isinstance(stmt, Loop) else self._simple(stmt)
            if part is not None:
                row.append(part)
                continue
            self._divide(row, found)
            row = []
            inner = self.nests.facts(stmt) if isinstance(stmt, Loop) else None
            if inner is None or not self._share(inner, found):
                return False
        self._divide(row, found)
        return bool(found.shared)

    def _is_run_by_all(self, facts: LoopFacts, found: _Found) -> bool:
        """Is the loop the same for every thread, with an index of its own?"""
        header, loop = facts.header, facts.loop
        if header is None or canonical.problem(facts) is not None or fold(header.step) is None or loop.tainted:
            return False
        if facts.governed_by is not None or facts.inside_parallel or facts.verdict.counts_as_parallel:
            return False
        index = header.index
        if index in facts.lastprivate or index.address_taken or index.is_static or index.is_reference:
            return False
        if index in found.indices or not all(self._is_agreed(bound, found) for bound in _bounds(loop, index)):
            return False
        found.indices[index] = isinstance(loop.init[0], Declare)
        return True

    def _is_agreed(self, bound: Expr, found: _Found) -> bool:
        """Do all threads find the same value, however far ahead of each other they are in the region?"""
        assert found.around is not None
        if found.indices.keys().isdisjoint(symbols(bound)):
            return self.neighbours.keeps(found.around, bound)
        names = [Name(symbol) for symbol in symbols(bound) if symbol not in found.indices]
        return is_plain(bound) and all(self.neighbours.keeps(found.around, name) for name in names)

    # --- both ---------------------------------------------------------------------------------------------------------

    def _divide(self, row: Sequence[LoopFacts | Assign], found: _Found) -> None:
        """Adds loops and statements that follow each other. Threads go on to the next one without waiting where nothing
        that may still run meets it: since they waited last, or the loop around began anew."""
        asked = self.neighbours.of(row)
        waits = [True] * len(row)
        alike: set[int] = set()  # loops that have to be dealt out as another one is
        since = 0
        for at in range(1, len(row)):
            meetings = {earlier: asked.meeting(earlier, at) for earlier in range(since, at)}
            in_step = {earlier for earlier, meeting in meetings.items() if meeting == "in step"}
            if "anywhere" in meetings.values() or not all(self._is_dealt_alike(row[e], row[at]) for e in in_step):
                since = at
                continue
            waits[at - 1] = False
            alike |= {*in_step, at} if in_step else set()
        for at, part in enumerate(row):
            line = self._line(part, static=at in alike, waits=waits[at])
            found.lines.append((part.loop if isinstance(part, LoopFacts) else part, line))
        found.shared += (part for part in row if isinstance(part, LoopFacts))

    def _line(self, part: LoopFacts | Assign, *, static: bool, waits: bool) -> str:
        notation, more = self.function.function.notation, () if waits else ("nowait",)
        if not isinstance(part, LoopFacts):
            return notation.directive("single", *more)
        proposal = self.proposals[id(part.loop)]
        schedule = proposal.schedule or ("schedule(static)" if static else "")
        return notation.directive("for", *proposal.clauses, *((schedule,) if schedule else ()), *more)

    def _is_dealt_alike(self, one: LoopFacts | Assign, other: LoopFacts | Assign) -> bool:
        """Would a static schedule of both give each thread the same iterations of both, if they run equally often?"""
        if not (isinstance(one, LoopFacts) and isinstance(other, LoopFacts)):
            return False
        mine, theirs = self.proposals[id(one.loop)], self.proposals[id(other.loop)]
        static = not mine.schedule or mine.schedule.startswith("schedule(static")
        return static and mine.schedule == theirs.schedule and mine.collapse == theirs.collapse == 1

    def _team(self, found: _Found, loops: tuple[Loop, ...], whole: bool, advice: str) -> Team | None:
        names = [index.name for index, declared in found.indices.items() if not declared]
        if any(not found.indices.keys().isdisjoint(_listed(facts)) for facts in found.shared):
            return None
        clauses = (f"private({', '.join(names)})",) if names else ()
        pragma = self.function.function.notation.directive("parallel", *clauses)
        assumed = dict.fromkeys(a for facts in found.shared for a in facts.verdict.assumptions)
        return Team(pragma, tuple(found.lines), loops, whole, advice, tuple(assumed))

    def _divisible(self, loop: Loop) -> LoopFacts | None:
        """The loop, if its iterations can be divided by a `for` construct."""
        facts, proposal = self.nests.facts(loop), self.proposals.get(id(loop))
        if facts is None or proposal is None or not facts.verdict.counts_as_parallel or proposal.pragma is None:
            return None
        if facts.governed_by is not None or facts.inside_parallel or proposal.threshold or loop.tainted:
            return None
        if any(self._is_taken(below.loop) for below in self.nests.below(facts)):
            return None
        if facts.reductions and not proposal.profitable:
            return None  # sums in another order are a change that has to pay by itself
        if proposal.work is None or synthesis.costly_copies(facts, proposal.work) is not None:
            return None
        inside = tuple(walk_statements(loop))
        if any(isinstance(stmt, Construct) for stmt in inside) or not all(map(self._is_seen, inside)):
            return None
        return facts

    def _simple(self, stmt: Stmt) -> Assign | None:
        """The statement, if one thread may run it: it gives a value to a number."""
        if not isinstance(stmt, Assign) or stmt.target.type.kind not in ("integer", "real", "complex", "logical"):
            return None
        return stmt if self._is_seen(stmt) else None

    def _is_seen(self, stmt: Stmt) -> bool:
        """Is what the statement calls seen, and nothing that concerns the team or goes by another order than that of
        accesses to memory?"""
        effects = [self.function.effects.get(call.name or "") for call in calls_of(stmt)]
        return not any(
            e is None or e.unknown or e.synchronizes or e.threadprivate or e.io or e.state or e.exits for e in effects
        )

    def _is_taken(self, loop: Loop) -> bool:
        proposal = self.proposals.get(id(loop))
        return proposal is not None and (proposal.profitable or proposal.pipeline is not None)

    def _is_offered(self, facts: LoopFacts) -> bool:
        return self.proposals[id(facts.loop)].profitable

    def _operations(self, facts: LoopFacts) -> float:
        work = self.proposals[id(facts.loop)].work
        return work.operations if work is not None else 0.0

    def _is_repeated(self, facts: LoopFacts) -> bool:
        work = self.proposals[id(facts.loop)].work
        return work is not None and work.repeated

    def _is_worth_it(self, facts: LoopFacts, paying: float) -> bool:
        """Does dividing the loop gain anything, or cost next to nothing beside the loops that pay?"""
        work = self.proposals[id(facts.loop)].work
        if self._is_offered(facts):
            return True
        if work is None or (work.bounded and work.trips < synthesis.THREADS):
            return False
        return work.operations >= 2 * cost.BARRIER or _is_unnoticed(1, paying)


def _is_unnoticed(barriers: int, paying: float) -> bool:
    """Do they cost next to nothing beside so many operations?"""
    return paying >= cost.UNNOTICED * cost.BARRIER * barriers


def _listed(facts: LoopFacts) -> set[Symbol]:
    """The variables in the clauses of a loop, and its index."""
    index = (facts.header.index,) if facts.header is not None else ()
    reduced = (r.symbol for r in facts.reductions)
    copied = (*facts.private, *facts.firstprivate, *facts.lastprivate, *facts.conditional)
    return {*index, *copied, *reduced, *(symbol for symbol, _ in facts.linear)}


def _bounds(loop: Loop, index: Symbol) -> Iterator[Expr]:
    """What every thread evaluates to run the loop, without its index."""
    for stmt in loop.init:
        if isinstance(stmt, (Declare, Assign)) and stmt.value is not None:
            yield stmt.value
    match loop.condition:
        case Binary(left=left, right=right):
            yield from (side for side in (left, right) if side != Name(index))
