"""Mutual exclusion: critical, atomic and ordered constructs, the locks of OpenMP and of the C++ library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzers.dependence.facts import Effects
from analyzers.dependence.spelling import spell
from analyzers.ir.directives import DIVIDED
from analyzers.ir.expressions import Address, Binary, Call, Constant, Element, Expr, Field, Name, Unary, root
from analyzers.ir.statements import Assign, Construct, Declare, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp.placements import State
from analyzers.standards.cpp_library import MUTEXES

SET_LOCK = ("omp_set_lock", "omp_set_nest_lock", *(f"{name}::lock{how}" for name in MUTEXES for how in ("", "_shared")))
UNSET_LOCK = (
    *("omp_unset_lock", "omp_unset_nest_lock"),
    *(f"{name}::unlock{how}" for name in MUTEXES for how in ("", "_shared")),
)
TEST_LOCK = (
    *("omp_test_lock", "omp_test_nest_lock"),
    *(f"{name}::try_lock{how}" for name in MUTEXES for how in ("", "_shared")),
)


def exclusion(construct: Construct, stack: Sequence[Construct]) -> frozenset[str]:
    """The mutual exclusion of a critical, atomic or ordered construct; `stack` are the constructs around it."""
    directive = construct.directive
    if directive.has("critical"):
        name = directive.first("name")
        return frozenset({f"critical:{name.items[0].text if name and name.items else ''}"})
    if directive.has("atomic"):
        return frozenset({"atomic"})
    if directive.has("ordered"):
        loop = next((c for c in reversed(stack) if c.directive.has(*DIVIDED)), construct)
        return frozenset({f"ordered:{id(loop)}"})
    return frozenset()


def lock_of(call: Call) -> str:
    shared = "shared:" if (call.name or "").endswith("_shared") else "lock:"
    return f"{shared}{spell(_place(call.arguments[0]))}"


def locked_object(call: Call) -> Symbol | None:
    """The variable that holds the lock itself; None where it is reached over a pointer."""
    at = _place(call.arguments[0])
    while isinstance(at, Field) or (isinstance(at, Element) and at.base.type.kind == "array"):
        at = at.base
    return at.symbol if isinstance(at, Name) and at.type.kind != "pointer" else None


def keep_apart(
    one: frozenset[str], other: frozenset[str], places: Mapping[str, Expr]
) -> tuple[tuple[Expr, Expr], ...] | None:
    """What must differ so that threads that hold these locks run at the same time: the places of the locks in arrays;
    None: they never do. Those that share a lock with others exclude who has it alone. `atomic` is judged by the
    location. `places` are the expressions of locks."""
    found: dict[tuple[Expr, Expr], None] = {}
    for lock in one - {"atomic"}:
        kind, _, name = lock.partition(":")
        rivals = {"lock": ("lock", "shared"), "shared": ("lock",)}.get(kind, (kind,))
        for rival in other:
            against, _, its_name = rival.partition(":")
            if against not in rivals:
                continue
            mine, theirs = places.get(f"lock:{name}"), places.get(f"lock:{its_name}")
            where = _subscripts(mine, theirs) if mine is not None and theirs is not None else None
            if where is not None:
                found[where] = None
            elif name == its_name:
                return None
    return tuple(found)


def different(one: frozenset[str], other: frozenset[str], places: Mapping[str, Expr]) -> Iterator[Assumption]:
    """What is taken for granted where threads hold locks of different names: that these are different locks. It is
    certain where one of them is an object and not reached over a pointer."""
    for lock in sorted(one):
        for rival in sorted(other):
            names = lock.partition(":")[2], rival.partition(":")[2]
            reached = [places.get(f"lock:{name}") for name in names]
            if names[0] != names[1] and all(e is not None and _is_reached(e) for e in reached):
                listed = " and ".join(f"`{name}`" for name in sorted(names))
                yield Assumption("no-alias", f"{listed} are different locks", "ordinary", tuple(sorted(names)))


def _is_reached(place: Expr) -> bool:
    base = root(place)
    return not isinstance(base, Name) or base.symbol.is_pointer


def _subscripts(one: Expr, other: Expr) -> tuple[Expr, Expr] | None:
    """The subscripts of two elements of one array, or of the same member of two; None where they are not that."""
    while isinstance(one, Field) and isinstance(other, Field) and one.name == other.name:
        one, other = one.base, other.base
    if not isinstance(one, Element) or not isinstance(other, Element) or one.base != other.base:
        return None
    if not isinstance(one.base, Name) or len(one.subscripts) != 1 or len(other.subscripts) != 1:
        return None
    left, right = one.subscripts[0], other.subscripts[0]
    return None if isinstance(left, Constant) and left == right else (left, right)


def _place(argument: Expr) -> Expr:
    return argument.operand if isinstance(argument, Address) else argument


class Holding:
    """Which locks threads take and give back in a region."""

    def __init__(self, body: Stmt, effects: Mapping[str, Effects]) -> None:
        self.effects = effects
        self.places: dict[str, Expr] = {}  # the expressions of locks
        self.tried = dict(_tried(body))
        self.declared = frozenset(
            s.symbol for s in walk_statements(body) if isinstance(s, Declare) and s.symbol.storage == "local"
        )

    def call(self, call: Call, state: State) -> None:
        """What a thread holds behind a call."""
        if call.name in SET_LOCK and call.arguments:
            self._take(call, state)
        elif call.name in UNSET_LOCK and call.arguments:
            state.locks -= {_deepest(lock_of(call), state.locks)[1]}

    def known(self, condition: Expr, holds: bool, state: State) -> None:
        """What a thread holds where a condition holds, or does not."""
        if isinstance(condition, Binary) and condition.op == ("&&" if holds else "||"):
            self.known(condition.left, holds, state)
            self.known(condition.right, holds, state)
        elif isinstance(condition, Unary) and condition.op == "!":
            self.known(condition.operand, not holds, state)
        elif isinstance(condition, Binary) and condition.op in ("==", "!="):
            for left, right in ((condition.left, condition.right), (condition.right, condition.left)):
                if isinstance(right, Constant) and right.value in (0, 1):
                    self.known(left, holds == ((condition.op == "==") == bool(right.value)), state)
        elif isinstance(condition, Name) and holds and condition.symbol in self.tried:
            self._take(self.tried[condition.symbol], state)
        elif isinstance(condition, Call) and holds and condition.name in TEST_LOCK and condition.arguments:
            self._take(condition, state)

    def _take(self, call: Call, state: State) -> None:
        if self._is_own(call, state):
            return
        lock = lock_of(call)
        self.places[f"lock:{lock.partition(':')[2]}"] = _place(call.arguments[0])
        state.locks |= {_deepest(lock, state.locks)[0]}

    def _is_own(self, call: Call, state: State) -> bool:
        """Has each thread a lock of its own, which keeps nobody out? What one thread declares, its tasks share."""
        symbol = locked_object(call)
        if symbol is None or state.task is not None:
            return False
        clauses = (clause for c in state.stack for clause in c.directive.all("private", "firstprivate", "lastprivate"))
        listed = (item.expr for clause in clauses for item in clause.items)
        return symbol in self.declared or any(isinstance(e, Name) and e.symbol == symbol for e in listed)


def _deepest(lock: str, held: frozenset[str]) -> tuple[str, str]:
    """The names under which a lock that is held already is taken once more, and given back first: nestable locks count
    (OpenMP 5.2 §18.9)."""
    last = lock
    while lock in held:
        last, lock = lock, f"{lock} again"
    return lock, last


def _tried(body: Stmt) -> Iterator[tuple[Symbol, Call]]:
    """The variables that only ever say whether one lock was taken."""
    values: dict[Symbol, list[Expr]] = {}
    for stmt in walk_statements(body):
        if isinstance(stmt, Declare) and stmt.value is not None:
            values.setdefault(stmt.symbol, []).append(stmt.value)
        elif isinstance(stmt, Assign) and isinstance(stmt.target, Name):
            values.setdefault(stmt.target.symbol, []).append(stmt.value)
    for symbol, given in values.items():
        calls = [v for v in given if isinstance(v, Call) and v.name in TEST_LOCK and v.arguments]
        if calls and len(calls) == len(given) and len({lock_of(c) for c in calls}) == 1 and not symbol.address_taken:
            yield symbol, calls[0]
