"""Which accesses of a function concern a region, where each stands in it, and whose copy of the variable it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analyzers.dependence.callers import ENTRIES
from analyzers.dependence.facts import FunctionFacts
from analyzers.dependence.lvalues import type_at
from analyzers.ir.accesses import Access, AccessKind, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.directives import DIVIDED, TASKING, TEAM_MAKERS, WORK_DISTRIBUTION, ClauseItem
from analyzers.ir.expressions import ZERO, Address, Expr, Name, root, symbols, walk
from analyzers.ir.statements import (
    Assign,
    Construct,
    Declare,
    Function,
    Loop,
    Stmt,
    calls_of,
    expressions,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp.constructs import is_deferred_target
from analyzers.openmp.facts import Executor, PlacedAccess
from analyzers.openmp.placements import Phases, Placement
from analyzers.openmp.sharing import Scopes, Storage, listed, storage
from analyzers.text import Span

IN_CALLEE = "the callee"  # a lock that stands for the critical and atomic constructs of a function that is called
_ORPHANS = WORK_DISTRIBUTION | TASKING | {"critical", "atomic"}
_REDUCTIONS = ("reduction", "in_reduction", "task_reduction")
_CHOSEN_LATER = ("metadirective", "begin metadirective", "dispatch")  # what runs there is not known


@dataclass(frozen=True, slots=True)
class Root:
    """A region to look at: a construct, or None for the whole function (constructs whose team is the caller's)."""

    construct: Construct | None
    outside: tuple[Construct, ...]
    loops: tuple[Loop, ...]  # around it
    alone: bool = False  # nothing says that a team runs it

    @property
    def depth(self) -> int:
        """The index of the region in the stacks of constructs."""
        return len(self.outside)


def roots(function: Function) -> Iterator[Root]:
    """Parallel regions, SIMD loops, and the function itself where constructs stand outside any parallel region.

    What stands so in the entry of a program binds to a team of one thread (OpenMP 5.2 §1.3), and cannot race, but for
    target tasks."""
    stack: list[tuple[Stmt, tuple[Construct, ...], tuple[Loop, ...]]] = [(function.body, (), ())]
    orphaned = on_device = False
    found: list[Root] = []
    while stack:
        stmt, outside, loops = stack.pop()
        if isinstance(stmt, Construct):
            directive = stmt.directive
            in_team = any(c.directive.has(*TEAM_MAKERS) for c in outside)
            alone = directive.has("simd") and not directive.has(*DIVIDED)
            if alone or directive.has(*TEAM_MAKERS):
                found.append(Root(stmt, outside, loops))
            if directive.has(*_ORPHANS) and not directive.has(*TEAM_MAKERS) and not alone and not in_team:
                orphaned = True
            if is_deferred_target(directive) and not in_team:
                on_device = True
            outside = (*outside, stmt)
        elif isinstance(stmt, Loop):
            loops = (*loops, stmt)
        stack.extend((s, outside, loops) for s in reversed(substatements(stmt)))
    yield from found
    alone = not orphaned or function.name in ENTRIES
    if on_device or not alone:
        yield Root(None, (), (), alone)


@dataclass(slots=True)
class Candidate:
    """An access to memory that may be shared, with its place."""

    access: Access
    place: Placement
    storage: Storage
    atomic: bool
    placed: PlacedAccess
    original: Assumption | None = None  # that a callee means the variable outside (unspecified: OpenMP 5.2 §5.1.2)

    @property
    def symbol(self) -> Symbol:
        assert self.access.symbol is not None
        return self.access.symbol

    @property
    def through_pointer(self) -> bool:
        return any(isinstance(s, Subscripts) and s.through_pointer for s in self.access.path)


@dataclass(slots=True)
class Collector:
    """Finds the accesses of one region."""

    facts: FunctionFacts
    root: Root
    scopes: Scopes
    phases: Phases
    _atomics: dict[int, frozenset[Span]] = field(default_factory=dict)
    _constants: dict[Symbol, int | None] | None = None
    _values: dict[int, tuple[Expr | None, int | None]] = field(default_factory=dict)  # by id() of the condition
    _referred: dict[Symbol, tuple[Symbol, tuple[Construct, ...]]] | None = None
    _meanings: dict[tuple[Symbol, tuple[int, ...]], Storage] = field(default_factory=dict)

    def collect(self, by_statement: Mapping[int, Sequence[Access]]) -> list[Candidate]:
        """The accesses in textual order; `by_statement` has those of the function by id(statement)."""
        found = [*self._placed(by_statement), *self._copies(), *self._combinations()]
        return sorted(found, key=lambda c: c.access.order)

    def _placed(self, by_statement: Mapping[int, Sequence[Access]]) -> Iterator[Candidate]:
        for statement, at in self.phases.placements.items():
            of_another = any(c.directive.has(*TEAM_MAKERS) for c in at.stack)
            if self.root.construct is None and of_another and not _is_in_target_task(at):
                continue  # a region of its own
            if any(c.directive.has(*_CHOSEN_LATER) for c in at.stack):
                continue
            here = by_statement.get(statement, ())
            copied = bool(here) and any(c.directive.all(*_REDUCTIONS) for c in at.stack)
            for access in here:
                in_copy = copied and _is_in_a_copy(access, at)
                if not (self._is_own_business(access) or in_copy or self._is_dead(access)):
                    yield self._candidate(access, at)

    def _candidate(self, access: Access, at: Placement) -> Candidate:
        assert access.symbol is not None
        access, stack = self._named(access, at.stack)
        assert access.symbol is not None
        inside_atomic = False
        if "atomic" in at.locks:
            construct = next(c for c in reversed(at.stack) if c.directive.has("atomic"))
            named = self._atomics.get(id(construct))
            if named is None:
                named = self._atomics[id(construct)] = _atomic_places(construct)
            inside_atomic = access.span in named
        # An atomic object is only ever accessed atomically (C17 §6.2.6.1 p9).
        inside_atomic = inside_atomic or type_at(access.symbol, access.path).atomic
        locks = at.locks - {"atomic"}
        if self._has_teams():
            # Critical regions and locks exclude the threads of one contention group only (OpenMP 5.2 §15.2, §1.2.2).
            locks = frozenset(k for k in locks if not k.startswith(("critical:", "lock:", "shared:")))
        effects = self.facts.effects.get(access.call or "")
        if effects is not None and effects.excludes:
            locks = locks | {IN_CALLEE}
        if locks != at.locks:
            at = replace(at, locks=locks)
        meaning, original = self._meaning(access.symbol, stack), None
        if meaning.owner >= 0 and _is_named_by_callee(access):
            meaning = self._meaning(access.symbol, ())
            text = f"`{access.call}` uses `{access.symbol.name}` of the program, not the copy of the construct"
            original = Assumption("condition", text, "ordinary")
        placed = PlacedAccess(
            access,
            at.executor,
            frozenset(p.barrier for p in at.phases[0]),
            at.locks | ({"atomic"} if inside_atomic else set()),
            meaning.sharing,
        )
        return Candidate(access, at, meaning, inside_atomic, placed, original)

    def _named(self, access: Access, stack: tuple[Construct, ...]) -> tuple[Access, tuple[Construct, ...]]:
        """The access as one to the variable that a reference or pointer of the region leads to all its life, and the
        constructs that say which copy of it that is."""
        if self._referred is None:
            within = self.root.construct or self.facts.function.body
            self._referred = dict(_references(within, self.facts.function, self.phases))
        symbol, step = access.symbol, access.path[0] if access.path else None
        if symbol not in self._referred or not (isinstance(step, Subscripts) and step.indices == (ZERO,)):
            return access, stack
        target, where = self._referred[symbol]
        return replace(access, symbol=target, path=access.path[1:]), where

    def _meaning(self, symbol: Symbol, stack: tuple[Construct, ...]) -> Storage:
        key = (symbol, tuple(map(id, stack)))
        known = self._meanings.get(key)
        if known is None:
            known = self._meanings[key] = storage(symbol, stack, self.scopes)
        return known

    def _copies(self) -> Iterator[Candidate]:
        """Where a construct begins, who comes there reads what its `firstprivate` copies (OpenMP 5.2 §5.4.4)."""
        for construct in self.phases.constructs:
            at = self.phases.placements[id(construct)]
            for clause in construct.directive.all("firstprivate") if construct is not self.root.construct else ():
                for item in clause.items:
                    yield from self._of_clause(construct, at, item, "read", construct.span.start)

    def _combinations(self) -> Iterator[Candidate]:
        """What a worksharing construct does to the original variables of its reductions and lastprivates at its end,
        before the barrier there (OpenMP 5.2 §5.5.8, §5.4.5): each thread combines, one at a time."""
        for construct in self.phases.constructs:
            at = self.phases.closing.get(id(construct))
            if at is None:
                continue
            for clause in construct.directive.all("reduction", "lastprivate"):
                for item in clause.items:
                    kind: AccessKind = "update" if clause.name == "reduction" else "write"
                    everybody = replace(at, executor=Executor("all-threads", construct))
                    yield from self._of_clause(construct, everybody, item, kind, construct.span.end)

    def _of_clause(
        self, construct: Construct, at: Placement, item: ClauseItem, kind: AccessKind, order: int
    ) -> Iterator[Candidate]:
        """An access that a construct makes to the original of a variable in one of its clauses. What a construct does
        at its beginning comes before what it does at its end."""
        if not isinstance(item.expr, Name):
            return
        symbol = item.expr.symbol
        at = replace(at, locks=at.locks | {f"combination:{id(construct)}"})
        loops = (*self.root.loops, *at.loops)
        access = Access(symbol, (), kind, item.span, loops, statement=construct, order=order)
        meaning = storage(symbol, at.stack, self.scopes)
        barriers = frozenset(p.barrier for p in at.phases[0])
        placed = PlacedAccess(access, at.executor, barriers, at.locks, meaning.sharing)
        yield Candidate(access, at, meaning, False, placed)

    def _is_dead(self, access: Access) -> bool:
        """Does it stand where control never gets, whatever the input: `if (0)`, `while (0)`?"""
        if any(loop.kind == "while" and self._value(loop.condition) == 0 for loop in access.loops):
            return True
        values = ((self._value(guard.condition), guard.positive) for guard in access.guards)
        return any(value is not None and bool(value) is not positive for value, positive in values)

    def _value(self, condition: Expr | None) -> int | None:
        """The value of a condition that is constant in effect."""
        known = self._values.get(id(condition))
        if known is None or known[0] is not condition:
            known = self._values[id(condition)] = (condition, self._evaluated(condition))
        return known[1]

    def _evaluated(self, condition: Expr | None) -> int | None:
        if isinstance(condition, Name) and condition.symbol.storage == "local" and condition.symbol.type.const:
            if self._constants is None:
                inside = walk_statements(self.facts.function.body)
                self._constants = {s.symbol: fold(s.value) for s in inside if isinstance(s, Declare)}
            return self._constants.get(condition.symbol)
        return fold(condition)

    def _is_own_business(self, access: Access) -> bool:
        """Is it made by a callee that orders or separates it in ways that are not seen from here?"""
        if access.call is None:
            return False
        effects = self.facts.effects.get(access.call)
        if effects is None:
            return False
        assert access.symbol is not None
        return (effects.synchronizes and not effects.excludes) or (
            not access.path and access.symbol.name in effects.threadprivate
        )

    def _has_teams(self) -> bool:
        construct = self.root.construct
        return construct is not None and construct.directive.has("teams") and not _has_one_team(construct)


def _references(
    within: Stmt, function: Function, phases: Phases
) -> Iterator[tuple[Symbol, tuple[Symbol, tuple[Construct, ...]]]]:
    """The pointers that are declared in a region with the address of one variable and never set anew."""
    moved: set[Symbol] | None = None
    for stmt in walk_statements(within):
        match stmt:
            case Declare(symbol=pointer, value=Address(operand=Name(symbol=target))):
                if moved is None:
                    assigns = (s for s in walk_statements(function.body) if isinstance(s, Assign))
                    moved = {s.target.symbol for s in assigns if isinstance(s.target, Name)}
                at = phases.placements.get(id(stmt))
                if at is not None and pointer.is_pointer and pointer not in moved and not pointer.address_taken:
                    yield pointer, (target, at.stack)


def _is_in_target_task(at: Placement) -> bool:
    return at.task is not None and at.executor.construct is not None and at.executor.construct.directive.has("target")


def _is_in_a_copy(access: Access, at: Placement) -> bool:
    """Is the array reached over a pointer that a reduction around has made to lead to a copy (OpenMP 5.2 §5.5.8)? Where
    it led to before is what the access says."""
    clauses = [clause for c in at.stack for clause in c.directive.all(*_REDUCTIONS)]
    if access.statement is None or not clauses:
        return False
    named = {s for e in expressions(access.statement) for s in symbols(e)}
    if access.symbol in named:
        return False
    return any(symbol.is_pointer and symbol in named for clause in clauses for symbol in listed(clause))


def _atomic_places(construct: Construct) -> frozenset[Span]:
    """Where an atomic construct names what it accesses atomically; the expression beside that is evaluated as anywhere
    else (OpenMP 5.2 §15.8.4)."""
    directive = construct.directive
    assigns = [s for s in walk_statements(construct) if isinstance(s, Assign)]
    if directive.first("read") is not None:
        return frozenset(a.value.span for a in assigns)
    if directive.first("capture") is not None or directive.first("compare") is not None:
        updated = [a for a in assigns if a.op is not None]
        if not updated:
            updated = [a for a in assigns if _names(root(a.target)) & set(symbols(a.value))] or [
                a for a in assigns if any(_names(root(a.target)) & set(symbols(b.value)) for b in assigns)
            ]
        assigns = updated or assigns
    places = {a.target for a in assigns}
    parts = (part for s in walk_statements(construct) for expr in expressions(s) for part in walk(expr))
    return frozenset(part.span for part in parts if part in places)


def _is_named_by_callee(access: Access) -> bool:
    """Does a callee make the access to a variable of the program by its name, not by what it is given?"""
    if access.call is None or access.symbol is None or not access.symbol.is_static or access.statement is None:
        return False
    given = (a for call in calls_of(access.statement) if call.name == access.call for a in call.arguments)
    return all(access.symbol not in symbols(argument) for argument in given)


def _names(expr: Expr) -> set[Symbol]:
    return {expr.symbol} if isinstance(expr, Name) else set()


def _has_one_team(construct: Construct) -> bool:
    """`num_teams(1)`, here or, where the construct only begins the league, on it."""
    clause = construct.directive.first("num_teams")
    return clause is not None and bool(clause.items) and clause.items[-1].constant == 1
