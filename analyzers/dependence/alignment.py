"""Two loops that a static schedule deals out alike: the same thread runs the n-th iteration of both (OpenMP 5.2
§11.5.3), so that only different iterations can meet."""

from __future__ import annotations

from dataclasses import replace

from analyzers.dependence.affine import to_affine
from analyzers.dependence.domains import Headers, Invariant
from analyzers.dependence.facts import Conflict
from analyzers.dependence.forms import Affine
from analyzers.dependence.polyhedral import Solver
from analyzers.dependence.ranges import Env
from analyzers.dependence.rewriting import rewrite
from analyzers.ir.accesses import Access, Member, Subscripts
from analyzers.ir.expressions import Binary, Constant, Expr, Name, symbols
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import INT, Symbol


def shift(one: LoopHeader, other: LoopHeader, invariant: Invariant) -> int | None:
    """How far the index of the second loop is ahead in the same logical iteration; None unless both run equally often,
    with the same step."""
    upward = one.relation in ("<", "<=")
    if one.step != other.step or upward != (other.relation in ("<", "<=")) or "!=" in (one.relation, other.relation):
        return None
    if not all(invariant(e) for header in (one, other) for e in (header.lower, header.bound, header.step)):
        return None
    if (one.lower, one.bound, one.relation) == (other.lower, other.bound, other.relation):
        return 0
    env = Env({}, invariant)
    lower = to_affine(Binary("-", other.lower, one.lower, INT), env)
    bound = to_affine(Binary("-", other.bound, one.bound, INT), env)
    if not isinstance(lower, Affine) or not isinstance(bound, Affine) or lower.terms or bound.terms:
        return None
    inclusive = int(other.relation in ("<=", ">=")) - int(one.relation in ("<=", ">="))
    gained = bound.constant + (inclusive if upward else -inclusive)
    return lower.constant if gained == lower.constant else None


def out_of_step(
    solver: Solver, headers: Headers, pair: tuple[Access, Access], mine: Loop, theirs: Loop, ahead: int
) -> tuple[Conflict, Access] | None:
    """May two accesses, one in each of two loops that stand in the same iteration of what is around, touch the same
    element in different iterations, counted from each one's first? `ahead`: see `shift`. None: the loops are not
    comparable. With the answer comes an access that has to live as long as the solver, which knows accesses by
    identity."""
    first, second = pair
    at = second.loops.index(theirs)
    header, like = headers[id(mine)], headers[id(theirs)]
    if (ahead or header.index != like.index) and any(
        like.index in symbols(e)
        for inner in second.loops[at + 1 :]
        if (inside := headers.get(id(inner))) is not None
        for e in (inside.lower, inside.bound, inside.step)
    ):
        return None
    moved: Expr = Name(header.index)
    if ahead:
        moved = Binary("+", moved, Constant(ahead), header.index.type)
    renamed = _renamed(second, theirs, mine, like.index, moved)
    return solver.carried(first, renamed, mine), renamed


def _renamed(access: Access, loop: Loop, other: Loop, index: Symbol, value: Expr) -> Access:
    """The access as if it stood in `other` instead of `loop`."""
    known = {index: value}
    return replace(
        access,
        loops=tuple(other if each is loop else each for each in access.loops),
        guards=tuple(replace(g, condition=rewrite(g.condition, known)) for g in access.guards),
        path=tuple(
            step
            if isinstance(step, Member)
            else Subscripts(tuple(rewrite(e, known) for e in step.indices), step.through_pointer)
            for step in access.path
        ),
    )
