"""Do two iterations of a loop touch the same memory? Every pair of accesses below the loop, asked once.

The question goes from cheap to dear: other objects (`alias`), then the same element (`polyhedral`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from analyzers.dependence import alias
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.deadline import Deadline
from analyzers.dependence.polyhedral import Solver
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Call, Expr, Name, symbols, walk
from analyzers.ir.statements import Loop, expressions
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, Reason


@dataclass(slots=True)
class Obstacles:
    """What stands in the way of running the iterations at the same time: filled pair by pair."""

    dependences: list[Dependence] = field(default_factory=list)  # proved
    reasons: list[Reason] = field(default_factory=list)  # of what could not be decided
    assumptions: dict[Assumption, None] = field(default_factory=dict)  # under which what is undecided is harmless
    open: bool = False  # something undecided that no assumption settles
    symbols: set[Symbol] = field(default_factory=set)  # the objects concerned
    basis: dict[str, Reason] = field(default_factory=dict)  # functions of other files, by name: where they are defined

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
    deadline: Deadline  # what is left then is undecided


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
            if inquiry.deadline.passed:
                text = "the analysis of this loop takes longer than its budget allows"
                obstacles.undecided(Reason("budget", text, inquiry.loop.header_span))
                return
            if first.writes:
                _compare(first, second, inquiry, obstacles)
            else:
                _compare(second, first, inquiry, obstacles)


def _compare(write: Access, other: Access, inquiry: Inquiry, obstacles: Obstacles) -> None:
    answer = alias.relation(
        write,
        other,
        assume_no_alias=inquiry.assume_no_alias,
        facts=inquiry.pointers,
        invariant=inquiry.solver.invariant,
    )
    if answer.status == "distinct":
        return
    if answer.status == "assumed-distinct" and answer.assumption is not None:
        obstacles.assume(answer.assumption)
        return
    if answer.status == "may":
        first, second = name_of(write), name_of(other)
        text = (
            f"`{first}` and `{second}` may be the same memory" if first != second else f"`{first}` may point anywhere"
        )
        assumption = answer.assumption or _unlike(write, other, inquiry)
        obstacles.undecided(Reason("may-alias", text, other.span, first), assumption)
        _concerns(obstacles, write, other)
        return
    conflict = inquiry.solver.carried(write, other, inquiry.loop)
    if conflict.status == "none":
        for assumption in (answer.assumption, conflict.assumption):
            if assumption is not None:
                obstacles.assume(assumption)
        return
    _concerns(obstacles, write, other)
    if conflict.status == "proved" and conflict.dependence is not None:
        obstacles.dependences.append(conflict.dependence)
        return
    text = f"cannot tell whether two iterations use the same element of `{name_of(write)}`"
    reason = conflict.reason or Reason("undecided", text, write.span, name_of(write))
    obstacles.undecided(reason, conflict.assumption or _apart(write, other, reason.code, inquiry))


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
    name = name_of(write)
    if code == "pointer-varies" and write.symbol == other.symbol:
        text = f"`{name}` leads to different memory in different iterations"
        return Assumption("condition", text, "strong", (name,))
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
    return Assumption("condition", text, "strong", (name,))


def _unlike(write: Access, other: Access, inquiry: Inquiry) -> Assumption | None:
    """The same for what two pointers lead to, of which nothing is known but that one of them moves."""
    first, second = name_of(write), name_of(other)
    if write.symbol is None or other.symbol is None or first == second or not moves(write, inquiry, inner=False):
        return None
    text = f"no iteration uses through `{second}` what another one writes through `{first}`"
    return Assumption("condition", text, "strong", (first, second))


def moves(access: Access, inquiry: Inquiry, *, inner: bool) -> bool:
    """Does a subscript depend on the iteration, by other things than the indices of loops inside (unless `inner`: then
    by their bounds too)?"""
    depth = access.loops.index(inquiry.loop)
    inside = [
        header for loop in access.loops[depth + 1 :] if (header := inquiry.solver.headers.get(id(loop))) is not None
    ]
    indices = {header.index for header in inside}
    bounds = [bound for header in inside for bound in (header.lower, header.bound)] if inner else []
    pointer = [Name(access.symbol)] if access.symbol is not None and access.symbol.is_pointer else []
    return any(
        not inquiry.solver.invariant(part)
        for expr in (*pointer, *_subscripts(access), *bounds)
        for part in walk(expr)
        if isinstance(part, Name) and part.symbol not in indices
    )


def _subscripts(access: Access) -> list[Expr]:
    """What says which elements an access uses; of a call, the arguments that name the object."""
    found = [e for step in access.path if isinstance(step, Subscripts) for e in step.indices]
    if access.call is None or access.statement is None or access.symbol is None:
        return found
    for expr in expressions(access.statement):
        for part in walk(expr):
            if isinstance(part, Call) and part.name == access.call:
                found += (a for a in part.arguments if access.symbol in symbols(a))
    return found


def _concerns(obstacles: Obstacles, *accesses: Access) -> None:
    obstacles.symbols |= {a.symbol for a in accesses if a.symbol is not None}


def name_of(access: Access) -> str:
    return access.symbol.name if access.symbol is not None else "memory"


def representatives(accesses: Iterable[Access]) -> frozenset[int]:
    """id() of one of each set of accesses that ask the same questions: same object, kind, guards and loops around."""
    kept: dict[tuple[object, ...], int] = {}
    for access in accesses:
        loops = tuple(id(loop) for loop in access.loops)
        key = (access.symbol, access.path, access.writes, access.guards, loops, access.exact, access.call)
        kept.setdefault(key, id(access))
    return frozenset(kept.values())
