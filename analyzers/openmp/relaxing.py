"""Accesses as if they surely ran: what a race needs besides two elements that are the same.

Whether `if (a[i] > m)` holds, or a loop over a list runs at all, is decided by data. Where such a condition only says
whether an access runs, and not which element it is, a race is one under the named assumption that it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analyzers.dependence.spelling import spell
from analyzers.dependence.trips import trip_count
from analyzers.ir.accesses import Access, Guard, Member, PathStep
from analyzers.ir.expressions import Binary, Call, Element, Expr, Field, Name, Opaque, Unary, children, root, walk
from analyzers.ir.statements import Assign, Declare, Loop, LoopHeader, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.openmp import crowding
from analyzers.openmp.invariants import Invariant
from analyzers.openmp.locks import TEST_LOCK
from analyzers.openmp.threads import Numbers, may_be_thread_number

UNCERTAIN = ("early-exit", "switch", "goto", "not-canonical")  # whether it runs, not where it reaches
REACHED = "control gets there"


@dataclass(slots=True)
class Relaxing:
    """Makes such accesses for one region."""

    headers: Mapping[int, LoopHeader]
    invariant: Invariant
    is_invariant: Callable[[Expr], bool]  # also the size of the team
    numbers: Numbers
    asked_for: frozenset[Symbol]  # see `threads.asked_for`
    _given: Mapping[Symbol, Sequence[Expr]] | None = field(default=None)

    @property
    def given(self) -> Mapping[Symbol, Sequence[Expr]]:
        """The values that the variables of the region are given in it."""
        if self._given is None:
            self._given = crowding.definitions(self.invariant.scope)
        return self._given

    def __call__(
        self, access: Access, ranges: bool, around: int, kept: Sequence[Loop]
    ) -> tuple[Access, tuple[str, ...]]:
        """The access as if it surely ran: without conditions that cannot be evaluated, and loops that are not counted
        inside the `around` outermost ones, but for those in `kept`. `ranges`: for a whole variable also without
        conditions on the iteration that hold for a range of them, and loops that have no part in it."""
        doubts: list[str] = []
        indices = {h.index for loop in access.loops if (h := self.headers.get(id(loop))) is not None}
        mentioned = {e.symbol for step in access.path for i in _indices(step) for e in walk(i) if isinstance(e, Name)}
        selects = bool(mentioned & indices)
        dropped: list[Guard] = []
        for guard in access.guards:
            if may_be_thread_number(guard.condition, self.asked_for):
                continue  # it may hold in one thread only
            if selects and not self._is_of_itself(guard.condition, access) and _holds_data(guard.condition):
                continue  # data may select the iterations so that their elements differ
            is_range = ranges and not access.path and self._is_range(guard.condition)
            if not is_range and not self._is_data_dependent(guard.condition, access):
                continue
            dropped.append(guard)
            verb = "holds" if guard.positive else "does not hold"
            unknown = isinstance(guard.condition, Opaque)
            doubts.append(REACHED if unknown else f"`{spell(guard.condition)}` {verb}")
        loops = list(access.loops)
        asked = {e.symbol for g in access.guards if g not in dropped for e in walk(g.condition) if isinstance(e, Name)}
        for loop in access.loops[around:]:
            header = self.headers.get(id(loop))
            surely = header is None or header.index in asked or bool(trip_count(header))
            free = ranges and not access.path and not surely and loop not in kept
            if (free or not self._is_counted(loop, mentioned, indices)) and not (_written(loop) & mentioned):
                if loop not in kept:
                    loops.remove(loop)
                doubts.append("the loop around it runs")
        exact = access.exact
        if not exact and access.symbol is not None:
            if access.reason in UNCERTAIN:
                exact = True
                doubts.append(REACHED)
            elif access.reason == "call-path" or (
                access.reason == "call" and not access.path and _is_one_value(access.symbol)
            ):
                exact = True
                doubts.append(f"`{access.call}` takes the path that does it")
        if not doubts:
            return access, ()
        # Guards keep their place among the loops that stay.
        stays = {id(loop) for loop in loops}
        guards = tuple(
            g if g.depth is None else replace(g, depth=sum(id(x) in stays for x in access.loops[: g.depth]))
            for g in access.guards
            if g not in dropped
        )
        return replace(access, guards=guards, loops=tuple(loops), exact=exact), tuple(doubts)

    def _is_counted(self, loop: Loop, mentioned: Collection[Symbol], indices: Collection[Symbol]) -> bool:
        """Is it known which iterations the loop has, as far as the element that is accessed in it hangs on that?"""
        header = self.headers.get(id(loop))
        if header is None or header.index in mentioned:
            return header is not None
        parts = (e for part in (header.lower, header.bound, header.step) for e in walk(part))
        return all(not isinstance(e, Name) or e.symbol in indices or self.is_invariant(e) for e in parts)

    def _is_of_itself(self, condition: Expr, access: Access) -> bool:
        """Is all that a condition reads from memory what the access writes: `if (t < a[i]) a[i] = t`?"""
        exprs = [condition]
        for e in walk(condition):
            if isinstance(e, Name) and self._is_from_memory(e.symbol):
                exprs += self.given[e.symbol]
        parts = [e for expr in exprs for e in walk(expr)]
        bases = {root(e) for e in parts if isinstance(e, (Element, Field))}
        return (
            bases == {Name(access.symbol)} and not any(isinstance(e, (Call, Opaque)) for e in parts)
            if access.symbol
            else False
        )

    def _is_range(self, condition: Expr) -> bool:
        """A comparison that some iterations meet, not just one, and that has nothing to do with the thread."""
        if not isinstance(condition, Binary) or condition.op not in ("<", "<=", ">", ">="):
            return False
        return not any(self.numbers.is_number(e) or isinstance(e, Call) for e in walk(condition))

    def _is_data_dependent(self, condition: Expr, access: Access) -> bool:
        """Does a condition hang on data, not on which iteration or thread it is? `a[i] > m` does, `i == k` does not."""
        stack = [condition]
        while stack:
            top = stack.pop()
            if isinstance(top, (Element, Field)) or top.type.kind in ("real", "complex", "pointer"):
                return True
            if isinstance(top, Name) and self._is_from_memory(top.symbol):
                return True
            if isinstance(top, Call):
                return top.name is None or top.name in TEST_LOCK or not top.name.startswith("omp_")
            if (
                isinstance(top, Binary)
                and top.op in ("==", "!=")
                and any(
                    self.numbers.is_number(e) or (isinstance(e, Name) and e.symbol.name.startswith("omp_"))
                    for e in walk(top)
                )
            ):
                return False
            stack.extend(children(top))
        if isinstance(condition, (Name, Unary)):
            return not any(self.numbers.is_number(e) for e in walk(condition))
        if isinstance(condition, Binary) and condition.op == "==":
            return False
        # A shared variable that changes while the region runs: any value may be met.
        indices = {h.index for loop in access.loops if (h := self.headers.get(id(loop))) is not None}
        names = [e for e in walk(condition) if isinstance(e, Name) and not self.invariant(e)]
        return bool(names) and all(
            e.symbol not in indices and not self.numbers.is_number(e) and self.invariant.is_shared(e.symbol)
            for e in names
        )

    def _is_from_memory(self, symbol: Symbol) -> bool:
        """Is it set in the scope, once, to what was read from an array or a record?"""
        values = self.given.get(symbol, ())
        return len(values) == 1 and any(isinstance(e, (Element, Field)) for e in walk(values[0]))


def _holds_data(condition: Expr) -> bool:
    return any(isinstance(e, (Element, Field, Call, Opaque)) for e in walk(condition))


def _is_one_value(symbol: Symbol) -> bool:
    return symbol.type.is_scalar or symbol.is_pointer


def _indices(step: PathStep) -> tuple[Expr, ...]:
    return () if isinstance(step, Member) else step.indices


def _written(stmt: Stmt) -> set[Symbol]:
    found: set[Symbol] = set()
    for each in walk_statements(stmt):
        if isinstance(each, Assign) and isinstance(each.target, Name):
            found.add(each.target.symbol)
        elif isinstance(each, Declare):
            found.add(each.symbol)
    return found
