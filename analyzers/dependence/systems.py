"""Systems of constraints about two executions: their order, their disjunctions, and a column for each variable."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzers.dependence.affine import constant_value
from analyzers.dependence.domains import Conjunction, Constraint, Instance, Linear, Subscript, Variable, plus
from analyzers.dependence.equations import Equations
from analyzers.dependence.forms import rank
from analyzers.ir.expressions import Opaque

MAX_REACH = 64


def orders(
    a: Instance, b: Instance, depth: int, sign: int, step: int | None
) -> tuple[tuple[bool, tuple[Constraint, ...]], ...]:
    """The two directions of different iterations: first access earlier, second access earlier."""
    x: Linear = {a.variables[depth]: 1}
    y: Linear = {b.variables[depth]: 1}
    least: Linear = {None: abs(step)} if step is not None else {None: 1}
    symbolic = a.strides.get(depth)
    extra: tuple[Constraint, ...] = ()
    if symbolic is not None:
        # Iterations are at least one step apart, and a step that leads anywhere is not zero.
        least = symbolic if sign > 0 else plus({}, symbolic, -1)
        extra = (Constraint(plus(least, {None: -1})),)
    if sign < 0:
        x, y = y, x
    return (
        (True, (Constraint(plus(plus(y, x, -1), least, -1)), *extra)),
        (False, (Constraint(plus(plus(x, y, -1), least, -1)), *extra)),
    )


def overtaking(
    a: Instance, b: Instance, depth: int, lag: int
) -> tuple[tuple[bool, tuple[Constraint, ...]], ...] | None:
    """The two directions of different iterations at `depth`, where in the loop below it the earlier one is ahead of
    the later one by more than `lag` for each iteration between them. None where a step is not known."""
    (sign, step), (turn, stride) = a.directions.get(depth, (0, None)), a.directions.get(depth + 1, (0, None))
    if not sign or not turn or not step or not stride:
        return None
    found = []
    for forward, order in orders(a, b, depth, sign, step):
        early, late = (a, b) if forward else (b, a)
        rows = plus({late.variables[depth]: sign}, {early.variables[depth]: sign}, -1)
        ahead = plus({early.variables[depth + 1]: turn}, {late.variables[depth + 1]: turn}, -1)
        more = plus(plus({None: -1}, ahead, abs(step)), rows, -lag * abs(stride))
        found.append((forward, (*order, Constraint(more))))
    return tuple(found)


def before(reader: Instance, writer: Instance, shared: int) -> list[list[Constraint]]:
    """The ways in which the writer's execution comes before the reader's in one iteration of the shared loops."""
    ways: list[list[Constraint]] = []
    equal: list[Constraint] = []
    mine, theirs = reader.access.loops, writer.access.loops
    for depth in range(shared, min(len(mine), len(theirs))):
        if mine[depth] is not theirs[depth]:
            break
        trips = next((t for t in reader.trips if t.variable == reader.variables[depth]), None)
        if trips is None:
            return ways
        gap = plus({reader.variables[depth]: trips.sign}, {writer.variables[depth]: trips.sign}, -1)
        ways.append([*equal, Constraint(plus(gap, {None: -1}))])
        equal.append(Constraint(gap, equality=True))
    if writer.access.order < reader.access.order:
        ways.append(equal)
    return ways


def elementwise(reader: Instance) -> Instance:
    """A read of a whole array as the read of any of its elements, where its extents are constants."""
    symbol = reader.access.symbol
    if reader.steps or symbol is None or symbol.type.kind != "array":
        return reader
    steps: list[Subscript] = []
    variables: list[Variable] = []
    bounds: list[Constraint] = []
    for dimension, extent in enumerate(symbol.type.extents):
        size = None if extent.size is None or extent.lower is not None else constant_value(extent.size)
        if size is None:
            return reader
        variable = (reader.tag, len(reader.access.loops) + dimension)
        variables.append(variable)
        bounds += [Constraint({variable: 1}), Constraint({variable: -1, None: size - 1})]
        steps.append(Subscript({variable: 1}, Opaque("any")))
    return replace(
        reader,
        steps=[tuple(steps)],
        variables=[*reader.variables, *variables],
        constraints=[*reader.constraints, *bounds],
    )


def options(*sides: Instance) -> list[tuple[Conjunction, ...]]:
    """The disjunctions of the sides: of each, one case holds. Values that both share are defined once."""
    defined: dict[Variable, tuple[Conjunction, ...]] = {}
    for side in sides:
        defined.update(side.definitions)
    return [*defined.values(), *(option for side in sides for option in side.alternatives)]


def nonnegative(parameters: Iterable[Variable]) -> Iterator[Constraint]:
    return (Constraint({p: 1}) for p in parameters if p.type.is_unsigned)  # type: ignore[attr-defined]  # an expression


def parameters_of(sides: Sequence[Instance], linears: Iterable[Linear]) -> list[Variable]:
    """The parameters in constraints, in order of appearance."""
    found: dict[Variable, None] = {}
    for side in sides:
        chosen = (c for option in (*side.alternatives, *side.definitions.values()) for case in option for c in case)
        mentioned = (c.linear for c in itertools.chain(side.constraints, side.guards, chosen))
        for linear in itertools.chain(mentioned, side.strides.values()):
            found.update((v, None) for v in linear if v is not None and not isinstance(v, tuple))
    for linear in linears:
        found.update((v, None) for v in linear if v is not None and not isinstance(v, tuple))
    return list(found)


def reach(equations: Equations) -> int:
    """The largest offset between subscripts. Not without limit: `a[j]` and `a[j + 1024]` are rather two rows."""
    return min(MAX_REACH, max((abs(linear.get(None, 0)) for linear in equations.linears), default=0))


def columns(constraints: Iterable[Constraint], first: Iterable[Variable]) -> dict[Variable, int]:
    """A column for each variable: those of `first`, indices from outer to inner, derived values."""
    columns: dict[Variable, int] = {variable: column for column, variable in enumerate(first)}
    rest = {v for c in constraints for v in c.linear if v is not None and v not in columns}
    for variable in sorted(rest, key=_rank):
        columns[variable] = len(columns)
    return columns


def _rank(variable: Variable) -> tuple[int, int, str, str]:
    if not isinstance(variable, tuple):
        return (0, 0, rank(variable), "")  # type: ignore[arg-type]  # a parameter
    if len(variable) == 2:
        return (1, variable[1], variable[0], "")
    owner, kind, which = variable
    if isinstance(owner, tuple):  # the turns of a value that wrapped around
        return (3, *_rank(owner)[1:])
    return (2, which, owner, kind) if isinstance(which, int) else (2, -1, rank(which), kind)
