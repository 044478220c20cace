"""Do two iterations of a loop touch the same memory? Every pair of accesses below the loop, asked once.

The question goes from cheap to dear: other objects (`alias`), then the same element (`polyhedral`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.dependence import alias
from analyzers.dependence.affine import constant_value
from analyzers.dependence.alias import AliasAnswer, PointerFacts
from analyzers.dependence.allowance import Allowance
from analyzers.dependence.polyhedral import Solver
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Expr, Name, root, symbols, walk
from analyzers.ir.statements import Declare, Loop, expressions, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, Reason, Verdict
from analyzers.standards.library import FREEING


@dataclass(slots=True)
class Obstacles:
    """What stands in the way of running the iterations at the same time: filled pair by pair."""

    dependences: list[Dependence] = field(default_factory=list)  # proved
    reasons: list[Reason] = field(default_factory=list)  # of what could not be decided
    assumptions: dict[Assumption, None] = field(default_factory=dict)  # under which what is undecided is harmless
    open: bool = False  # something undecided that no assumption settles
    symbols: set[Symbol] = field(default_factory=set)  # the objects concerned
    basis: dict[str, Reason] = field(default_factory=dict)  # functions of other files, by name: where they are defined

    def copy(self) -> Obstacles:
        """The same so far, to go on in another way."""
        assumptions, symbols, basis = {**self.assumptions}, {*self.symbols}, {**self.basis}
        return Obstacles([*self.dependences], [*self.reasons], assumptions, self.open, symbols, basis)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict if nothing else stands in the way, where it counts as parallel."""
        if self.dependences or self.open:
            return None
        certain = not self.reasons and not self.assumptions
        verdict = Verdict("parallel" if certain else "unknown", tuple(self.reasons), tuple(self.assumptions))
        return verdict if verdict.counts_as_parallel else None

    def assume(self, assumption: Assumption) -> None:
        self.assumptions.setdefault(assumption)

    def undecided(self, reason: Reason, assumption: Assumption | None = None) -> None:
        """Note what could not be decided, once for each reason."""
        if not any(r.code == reason.code and r.subject == reason.subject for r in self.reasons):
            self.reasons.append(reason)
        if assumption is None:
            self.open = True
        else:
            self.assume(assumption)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How to ask about one loop."""

    loop: Loop
    solver: Solver
    pointers: PointerFacts
    assume_no_alias: bool
    representatives: frozenset[int]  # see `representatives`
    exclusions: Mapping[int, frozenset[str]]  # see `surroundings.exclusions`
    allowance: Allowance  # what is left then is undecided

    def exclusive(self, first: Access, second: Access) -> bool:
        """Does a critical region keep the two apart?"""
        here, there = (self.exclusions.get(id(a.statement), frozenset()) for a in (first, second))
        return any(name.startswith("critical") for name in here & there)


def compare(
    accesses: Sequence[Access], inquiry: Inquiry, obstacles: Obstacles, settled: frozenset[Symbol] = frozenset()
) -> None:
    """Compare every write with every access to what may be the same object.

    `accesses` are those below the loop that concern memory common to its iterations: private and reduced variables are
    left out by the caller. Two accesses to one `settled` object (an array reduction) do not count.
    """
    distinct = [a for a in accesses if a.symbol is not None and id(a) in inquiry.representatives]
    for position, first in enumerate(distinct):
        for second in distinct[position:]:
            if not first.writes and not second.writes:
                continue
            if first.symbol == second.symbol and first.symbol in settled:
                continue
            if inquiry.allowance.spent:
                text = "the analysis of this loop takes longer than its budget allows"
                obstacles.undecided(Reason("budget", text, inquiry.loop.header_span))
                return
            inquiry.allowance.spend(1)
            if first.writes:
                _compare(first, second, inquiry, obstacles)
            else:
                _compare(second, first, inquiry, obstacles)


def related(first: Access, second: Access, inquiry: Inquiry) -> AliasAnswer:
    """How the objects of two accesses relate in the loop."""
    return alias.relation(
        first,
        second,
        assume_no_alias=inquiry.assume_no_alias,
        facts=inquiry.pointers,
        invariant=inquiry.solver.invariant,
    )


def _compare(write: Access, other: Access, inquiry: Inquiry, obstacles: Obstacles) -> None:
    answer = related(write, other, inquiry)
    if answer.status == "distinct":
        return
    if answer.status == "assumed-distinct" and answer.assumption is not None:
        obstacles.assume(answer.assumption)
        return
    unordered = ANY_ORDER if inquiry.exclusive(write, other) else None
    if answer.status == "may":
        first, second = name_of(write), name_of(other)
        text = (
            f"`{first}` and `{second}` may be the same memory" if first != second else f"`{first}` may point anywhere"
        )
        assumption = unordered or answer.assumption or _unlike(write, other, inquiry)
        obstacles.undecided(Reason("may-alias", text, other.span, first), assumption)
        _concerns(obstacles, write, other)
        return
    conflict = inquiry.solver.carried(write, other, inquiry.loop)
    if conflict.status == "none":
        for assumption in (answer.assumption, conflict.assumption):
            if assumption is not None:
                obstacles.assume(assumption)
        return
    if unordered is not None and not (moves(write, inquiry, inner=True) or moves(other, inquiry, inner=True)):
        obstacles.assume(unordered)
        return
    _concerns(obstacles, write, other)
    if conflict.status == "proved" and conflict.dependence is not None:
        obstacles.dependences.append(conflict.dependence)
        return
    text = f"cannot tell whether two iterations use the same element of `{name_of(write)}`"
    reason = conflict.reason or Reason("undecided", text, write.span, name_of(write))
    assumption = unordered or conflict.assumption or _apart(write, other, reason.code, inquiry)
    obstacles.undecided(reason, assumption)


ANY_ORDER = Assumption(
    "condition", "the order in which iterations come to a critical or atomic region does not matter", "strong"
)
"""What such a region is written for."""


_OPAQUE = frozenset(
    (
        "not-affine",
        "indirect-subscript",
        "cast",
        "varies",
        "product",
        "bound-not-affine",
        "symbolic-step",
        "call",
        "inexact",
    )
)
"""Reasons why nothing is known of the elements that two accesses use."""


def _apart(write: Access, other: Access, code: str, inquiry: Inquiry) -> Assumption | None:
    """That two iterations use different elements, where nothing is known of the subscripts but that they change from
    iteration to iteration: `a[list[i]]`, a pointer that each iteration gets from elsewhere."""
    name = _array_of(write)
    if code == "pointer-varies" and write.symbol == other.symbol:
        return _elsewhere(name)
    if code not in _OPAQUE or write.symbol != other.symbol:
        return None
    same = write.path == other.path and write.loops == other.loops
    inner = same or code == "bound-not-affine"
    if not moves(write, inquiry, inner=inner):
        return None
    if same or moves(other, inquiry, inner=inner):
        text = f"different iterations use different elements of `{name}`"
    else:
        text = f"no iteration writes an element of `{name}` that another one uses"
    return Assumption("distinct-index", text, "strong", (name,))


def _array_of(access: Access) -> str:
    """The array or pointer of whose elements an access uses one: `s->atoms->f`."""
    if access.symbol is None:
        return "memory"
    last = max((p for p, step in enumerate(access.path) if isinstance(step, Subscripts)), default=0)
    return alias.spelled_place(access.symbol, access.path[:last])


def _elsewhere(name: str) -> Assumption:
    text = f"`{name}` leads to different memory in different iterations"
    return Assumption("distinct-index", text, "strong", (name,))


def _unlike(write: Access, other: Access, inquiry: Inquiry) -> Assumption | None:
    """The same for what two pointers lead to, of which nothing is known but that one of them moves."""
    first, second = name_of(write), name_of(other)
    if write.symbol is None or other.symbol is None or not moves(write, inquiry, inner=False):
        return None
    if first == second:  # one pointer at two places
        return _elsewhere(first)
    text = f"no iteration uses through `{second}` what another one writes through `{first}`"
    return Assumption("condition", text, "strong", (first, second))


def moves(access: Access, inquiry: Inquiry, *, inner: bool) -> bool:
    """Does a subscript depend on the iteration, by other things than the indices of loops inside (unless `inner`: then
    by what they begin with too)?"""
    if access.call in FREEING and _is_behind_own(access, inquiry.loop):
        return True
    depth = access.loops.index(inquiry.loop)
    headers = [
        header for loop in access.loops[depth + 1 :] if (header := inquiry.solver.headers.get(id(loop))) is not None
    ]
    indices = {header.index for header in headers}
    pointer: list[Expr] = [Name(access.symbol)] if access.symbol is not None and access.symbol.is_pointer else []
    looked_at = [*pointer, *_subscripts(access)]
    for header in reversed(headers) if inner else ():
        if any(header.index in symbols(expr) for expr in looked_at):
            looked_at.append(header.lower)  # where the loops begin alike, they come by the same elements
    return any(
        not inquiry.solver.invariant(part)
        for expr in looked_at
        for part in walk(expr)
        if isinstance(part, Name) and part.symbol not in indices
    )


def _is_behind_own(access: Access, loop: Loop) -> bool:
    """Is it an access to what a pointer leads to that is kept in an array or a record of the iteration itself?"""
    return any(isinstance(step, Subscripts) and step.through_pointer for step in access.path[1:]) and any(
        isinstance(stmt, Declare) and stmt.symbol == access.symbol for stmt in walk_statements(loop.body)
    )


def stays(access: Access, inquiry: Inquiry) -> bool:
    """Does every iteration make the access, to the same elements?"""
    level = access.loops.index(inquiry.loop) + 1
    inside = [inquiry.solver.headers.get(id(loop)) for loop in access.loops[level:]]
    counted = [header for header in inside if header is not None and constant_value(header.step) is not None]
    indices = {header.index for header in counted}
    return (
        access.exact
        and access.call is None
        and all(guard.depth is not None and guard.depth < level for guard in access.guards)
        and len(counted) == len(inside)
        and not moves(access, inquiry, inner=True)
        and all(
            inquiry.solver.invariant(part)
            for header in counted
            for part in walk(header.bound)
            if isinstance(part, Name) and part.symbol not in indices
        )
    )


def _subscripts(access: Access) -> list[Expr]:
    """What says which elements an access uses; of a call, the arguments that name the object."""
    found = [e for step in access.path if isinstance(step, Subscripts) for e in step.indices]
    if access.call is None or access.statement is None or access.symbol is None:
        return found
    for expr in expressions(access.statement):
        for part in walk(expr):
            if isinstance(part, Call) and part.name == access.call:
                found += (a for a in part.arguments if access.symbol in symbols(a) or _is_local_pointer(a))
    return found


def _is_local_pointer(argument: Expr) -> bool:
    """One that may lead to any object."""
    start = root(argument)
    return isinstance(start, Name) and start.symbol.is_pointer and start.symbol.storage == "local"


def _concerns(obstacles: Obstacles, *accesses: Access) -> None:
    obstacles.symbols |= {a.symbol for a in accesses if a.symbol is not None}


def name_of(access: Access) -> str:
    return access.symbol.name if access.symbol is not None else "memory"


def representatives(accesses: Iterable[Access], exclusions: Mapping[int, frozenset[str]]) -> frozenset[int]:
    """id() of one of each set of accesses that ask the same questions: same object, kind, guards, loops and
    exclusions around."""
    kept: dict[tuple[object, ...], int] = {}
    for access in accesses:
        loops = tuple(id(loop) for loop in access.loops)
        regions = exclusions.get(id(access.statement))
        key = (access.symbol, access.path, access.writes, access.guards, loops, access.exact, access.call, regions)
        kept.setdefault(key, id(access))
    return frozenset(kept.values())
