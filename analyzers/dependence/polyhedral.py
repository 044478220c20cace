"""Exact integer answers about pairs of accesses, by the Integer Set Library (Verdoolaege, ICMS 2010).

The only user of islpy. One isl context for the process (it belongs to one thread); every question has a budget of isl
operations, and running out of it means "maybe", with the reason "budget".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import islpy as isl

from analyzers.dependence import answers, systems
from analyzers.dependence.allowance import Allowance
from analyzers.dependence.domains import (
    Conjunction,
    Constraint,
    Headers,
    Instance,
    Invariant,
    Linear,
    Variable,
    instance,
    outermost,
    plus,
    within,
)
from analyzers.dependence.equations import Equations, equate, indirections, no_duplicates
from analyzers.dependence.facts import Conflict
from analyzers.dependence.fast_tests import independent
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Expr, symbols
from analyzers.ir.statements import Loop
from analyzers.ir.verdicts import Assumption, Reason, Witness

T = TypeVar("T")
BUDGET = 100_000
DETAIL = 10_000  # at most, for each of distance, proof and assumption: projections are dear for their operations
_TOO_LONG = "the question takes too long to decide"
MAX_CASES = 32
TYPICAL_TRIPS = 16  # a dependence that needs more iterations than this is not one of every run
_LONG = 1 << 62

_context = isl.Context()
_ASKING = 5  # units of an `Allowance` for a question of which isl hears nothing
_DERIVED = 20  # for each derived value in the domain of an access
_FOR_A_UNIT = 50  # isl operations, where a question is broken off


@dataclass(slots=True)
class _Meter:
    units: int = 0


_meter = _Meter()
_context.set_on_error(1)  # ISL_ON_ERROR_CONTINUE: islpy raises instead of printing
_SET = isl.dim_type.set


class BudgetError(Exception):
    """The operation budget of a question ran out."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One conjunction of a conflict, in one direction: `forward` if the first access comes earlier."""

    forward: bool
    constraints: tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two executions and where they meet. `depth`: of the loop whose iterations differ, None where none need differ.
    `steady`: what keeps its value in the loops around too."""

    a: Instance
    b: Instance
    equations: Equations
    depth: int | None
    order: tuple[tuple[bool, tuple[Constraint, ...]], ...]
    parameters: tuple[Variable, ...]
    steady: Invariant


@dataclass(slots=True)
class Solver:
    """Answers questions in one region: the loops' headers and what keeps its value throughout the region, and in all
    iterations of the loops around it (`steady`).

    Keeps the domains of accesses it has seen; make one for each region and drop it with the region.
    """

    headers: Headers
    invariant: Invariant
    steady: Invariant | None = None
    budget: int = BUDGET
    allowance: Allowance | None = None
    _instances: dict[tuple[int, str, int], Instance] = field(default_factory=dict)
    _nests: dict[tuple[int | str, ...], Instance] = field(default_factory=dict)

    def carried(self, first: Access, second: Access, loop: Loop) -> Conflict:
        """May the accesses touch the same element in two different iterations of `loop`, in the same iteration of
        every loop around it?"""
        depth = _depth_of(loop, first)
        if depth is None or _depth_of(loop, second) != depth:
            return answers.maybe("not-in-loop", "the accesses do not share the loop", first)
        return self._ask(first, second, depth, carried=True)

    def precedes(self, first: Access, second: Access, loop: Loop) -> Conflict:
        """The same where the iteration of `first` comes before that of `second`."""
        depth = _depth_of(loop, first)
        if depth is None or _depth_of(loop, second) != depth:
            return answers.maybe("not-in-loop", "the accesses do not share the loop", first)
        return self._ask(first, second, depth, carried=True, forward=True)

    def same_iteration(self, first: Access, second: Access, loop: Loop | None) -> Conflict:
        """May they touch the same element in one iteration of `loop` (None: in one run of the function)?"""
        if loop is None:
            return self._ask(first, second, 0, carried=False)
        depth = _depth_of(loop, first)
        if depth is None or _depth_of(loop, second) != depth:
            return answers.maybe("not-in-loop", "the accesses do not share the loop", first)
        return self._ask(first, second, depth + 1, carried=False)

    def unordered(self, first: Access, second: Access, outside: int = 0) -> Conflict:
        """May they touch the same element in any two executions that agree in the first `outside` common loops?"""
        return self._ask(first, second, outside, carried=False)

    def keeps_behind(self, first: Access, second: Access, outer: Loop, inner: Loop, lag: int) -> bool:
        """Is it proved that, where two iterations of `outer` touch the same element, the earlier one does so in an
        iteration of `inner` that is ahead of the later one's by at most `lag` for each iteration between them?"""
        depth = _depth_of(outer, first)
        if depth is None or any(_depth_of(inner, each) != depth + 1 for each in (first, second)):
            return False
        a, b = self._instance(first, "a", depth), self._instance(second, "b", depth)
        equations = equate(a, b)
        if equations.disjoint:
            return True
        order = systems.overtaking(a, b, depth, lag)
        if order is None or equations.assumption is not None:
            return False
        parameters = tuple(systems.parameters_of([a, b], equations.linears))
        pair = _Pair(a, b, equations, depth, order, parameters, self.invariant)
        return self._metered(lambda: not _limited(self._quota, lambda: _cases(pair)), False)

    def covered(self, read: Access, writes: Sequence[Access], loop: Loop) -> bool:
        """Was every element that `read` touches in an iteration of `loop` written before in the same iteration, by
        writes that certainly ran?"""
        depth = _depth_of(loop, read)
        if depth is None:
            return False
        inside = [w for w in writes if w.writes and w.call is None and _depth_of(loop, w) == depth]
        return self._metered(lambda: _limited(self._quota, lambda: self._covered(read, inside, depth + 1)), False)

    @property
    def _quota(self) -> int:
        """The isl operations that a question may take."""
        return self.budget // (4 if self.allowance is None or self.allowance.patient else 40)

    def _metered(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer, paid for; `otherwise` where it took too long."""
        before = _meter.units
        try:
            return question()
        except BudgetError:
            if self.allowance is not None:
                self.allowance.in_vain()
            return otherwise
        finally:
            if self.allowance is not None:
                self.allowance.spend(_ASKING + _meter.units - before)

    def _instance(self, access: Access, tag: str, shared: int) -> Instance:
        key = (id(access), tag, shared)
        known = self._instances.get(key)
        if known is None:
            known = self._instances[key] = instance(access, self._nest(access, tag, shared))
            if self.allowance is not None:
                self.allowance.spend(len(known.constraints) + len(known.guards) + _DERIVED * len(known.definitions))
        return known

    def _nest(self, access: Access, tag: str, shared: int) -> Instance:
        """The loops around an access: most have company in them."""
        nest = outermost(access, tag, self.invariant)
        key: tuple[int | str, ...] = (tag, shared)
        for depth, loop in enumerate(access.loops):
            key = (*key, id(loop))
            known = self._nests.get(key)
            if known is None:
                known = self._nests[key] = within(nest, loop, self.headers, shared=depth < shared)
            nest = known
        return nest

    def _ask(self, first: Access, second: Access, shared: int, *, carried: bool, forward: bool = False) -> Conflict:
        a, b = self._instance(first, "a", shared), self._instance(second, "b", shared)
        equations = equate(a, b)
        if equations.disjoint:
            return Conflict("none")
        order: tuple[tuple[bool, tuple[Constraint, ...]], ...] = ((True, ()),)
        if carried:
            sign, step = a.directions.get(shared, (0, None))
            if sign:
                if independent(equations.linears, a.variables[shared], b.variables[shared], step):
                    return answers.none(equations, first)
                order = systems.orders(a, b, shared, sign, step)[: 1 if forward else 2]
        parameters = tuple(systems.parameters_of([a, b], equations.linears))
        pair = _Pair(a, b, equations, shared if carried else None, order, parameters, self.steady or self.invariant)

        def met() -> Conflict:
            cases = _limited(self._quota, lambda: _cases(pair))
            return _conflict(pair, cases, self.headers, self.budget) if cases else answers.none(equations, first)

        return self._metered(met, answers.maybe("budget", _TOO_LONG, first))

    def _covered(self, read: Access, writes: Sequence[Access], shared: int) -> bool:
        reader = systems.elementwise(self._instance(read, "a", shared))
        # Writing a member or an element does not write the whole that is read.
        writers = [self._instance(w, "b", shared) for w in writes]
        writers = [w for w in writers if w.exact and not w.unclear and len(w.steps) <= len(reader.steps)]
        asked = [(writer, equate(reader, writer)) for writer in writers]
        linears = [linear for _, equations in asked for linear in equations.linears]
        parameters = systems.parameters_of([reader, *writers], linears)
        kept = [*reader.variables, *reader.loads.values()]
        domain = [*reader.constraints, *reader.guards, *systems.nonnegative(parameters)]
        written: isl.Set | None = None
        for writer, equations in asked:
            if equations.disjoint or not equations.exact or equations.assumption is not None:
                continue
            both = [*domain, *writer.constraints, *writer.guards, *(Constraint(e, True) for e in equations.linears)]
            for before in systems.before(reader, writer, shared):
                for conjunction in _expanded([*both, *before], systems.options(reader, writer)):
                    piece = _projected(conjunction, parameters, kept)
                    written = piece if written is None else written.union(piece)
        needed: isl.Set | None = None
        for conjunction in _expanded(domain, systems.options(reader)):
            part = _projected(conjunction, parameters, kept)
            needed = part if needed is None else needed.union(part)
        if written is None or needed is None:
            return needed is None or bool(needed.is_empty())
        return bool(needed.is_subset(written))


def carried(
    first: Access, second: Access, loop: Loop, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> Conflict:
    """See `Solver.carried`."""
    return Solver(headers, invariant, budget=budget).carried(first, second, loop)


def same_iteration(
    first: Access, second: Access, loop: Loop | None, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> Conflict:
    """See `Solver.same_iteration`."""
    return Solver(headers, invariant, budget=budget).same_iteration(first, second, loop)


def unordered(
    first: Access, second: Access, headers: Headers, invariant: Invariant, outside: int = 0, budget: int = BUDGET
) -> Conflict:
    """See `Solver.unordered`."""
    return Solver(headers, invariant, budget=budget).unordered(first, second, outside)


def covered(
    read: Access, writes: Sequence[Access], loop: Loop, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> bool:
    """See `Solver.covered`."""
    return Solver(headers, invariant, budget=budget).covered(read, writes, loop)


def _depth_of(loop: Loop, access: Access) -> int | None:
    return next((d for d, each in enumerate(access.loops) if each is loop), None)


# Cases


def _expanded(
    constraints: Sequence[Constraint], options: Sequence[tuple[Conjunction, ...]]
) -> list[tuple[Constraint, ...]]:
    """The conjunctions that remain when a case is chosen of each option: those that are not empty."""
    live = [tuple(constraints)]
    if not options:
        return live
    every = itertools.chain(constraints, *(case for option in options for case in option))
    columns = systems.columns(every, ())
    points = [_points(constraints, columns)]
    for option in options:
        tried = [
            ((*chosen, *case), _narrowed(where, case, columns))
            for chosen, where in zip(live, points, strict=True)
            for case in option
        ]
        tried = [(chosen, where) for chosen, where in tried if not where.is_empty()]
        if len(tried) > MAX_CASES:
            raise BudgetError
        live = [chosen for chosen, _ in tried]
        points = [where for _, where in tried]
    return live


def _cases(pair: _Pair, more: Sequence[tuple[Conjunction, ...]] = ()) -> list[_Case]:
    """The conjunctions in which the two executions meet."""
    a, b = pair.a, pair.b
    base = [*a.constraints, *a.guards, *b.constraints, *b.guards, *systems.nonnegative(pair.parameters)]
    base.extend(Constraint(e, True) for e in pair.equations.linears)
    found = []
    for common in _expanded(base, [*systems.options(a, b), *more]):
        columns = systems.columns(itertools.chain(common, *(c for _, c in pair.order)), pair.parameters)
        meeting = _points(common, columns)
        for forward, extra in pair.order:
            if not _narrowed(meeting, extra, columns).is_empty():
                found.append(_Case(forward, (*common, *extra)))
    return found


# The answer


def _conflict(pair: _Pair, cases: list[_Case], headers: Headers, budget: int) -> Conflict:
    a, b, equations = pair.a, pair.b, pair.equations
    forward = answers.better_direction(a.access, b.access, {c.forward for c in cases})
    chosen = [c for c in cases if c.forward == forward]
    distance: int | None = None
    found: Witness | None = None
    reason = answers.reason_of(a, b, equations)
    try:
        if equations.assumption is None:
            distance = _limited(min(budget, DETAIL), lambda: _distance(pair, chosen))
        if a.exact and b.exact and a.unclear == b.unclear and equations.exact and equations.assumption is None:
            found, reason = _limited(min(budget, DETAIL), lambda: _proof(pair, cases, chosen, headers))
    except BudgetError:
        reason = Reason("budget", _TOO_LONG, a.access.span, answers.subject(a.access))
    dependence = answers.dependence(a.access, b.access, forward, distance, found)
    if found is not None:
        return Conflict("proved", dependence, found)
    try:
        assumption = _limited(min(budget, DETAIL), lambda: _missing(pair, cases))
    except BudgetError:
        assumption = None
    reason = reason or answers.unproved_range(equations, a.access)
    return Conflict("maybe", dependence, None, reason, assumption)


def _proof(
    pair: _Pair, cases: list[_Case], chosen: list[_Case], headers: Headers
) -> tuple[Witness | None, Reason | None]:
    """A confirmed example of a dependence that is there in every run of some length, or what is wanting."""
    a, b = pair.a, pair.b
    typical = TYPICAL_TRIPS + 2 * systems.reach(pair.equations) + answers.reach_of_guards(a, b)
    if (pair.parameters or a.unclear) and not _happens_typically(pair, cases, typical):
        return None, answers.unknown_parameters(a.access)
    for case in chosen:
        found = _witness(pair, case, headers)
        if found is not None:
            return found, None
    text = "the dependence could not be confirmed by an example"
    return None, Reason("not-confirmed", text, a.access.span, answers.subject(a.access))


def _distance(pair: _Pair, cases: list[_Case]) -> int | None:
    """The distance in iterations of the loop where it is the same in all points of the cases."""
    if pair.depth is None:
        return None
    _, step = pair.a.directions.get(pair.depth, (0, None))
    if not step:
        return None
    gap = plus({pair.b.variables[pair.depth]: 1}, {pair.a.variables[pair.depth]: 1}, -1)
    distance: int | None = None
    for case in cases:
        columns = systems.columns(case.constraints, ())
        points = _points(case.constraints, columns)
        if distance is None:
            values = _sample(points, columns)
            if values is None:
                return None
            distance = sum(f * values.get(v, 0) for v, f in gap.items())
        for sign in (1, -1):
            other = Constraint(plus({None: -sign * distance - 1}, gap, sign))
            if not _narrowed(points, (other,), columns).is_empty():
                return None
    return abs(distance // step) if distance else None


def _typical_runs(pair: _Pair, trips: int, inputs: Sequence[Variable]) -> isl.Set:
    """The values of `inputs` for which every symbolic loop can run `trips` times."""
    constraints: list[Constraint] = list(systems.nonnegative(pair.parameters))
    for side in (pair.a, pair.b):
        constraints.extend(side.constraints)
        for loop in side.trips:
            for low, high in itertools.product(loop.lower, loop.upper):
                room = plus(high, low, -1)
                if any(f for v, f in room.items() if v is not None):
                    constraints.append(Constraint(plus(room, {None: -trips * max(1, abs(loop.step or 1))})))
    return _runs(constraints, pair, inputs)


def _runs(constraints: Sequence[Constraint], pair: _Pair, inputs: Sequence[Variable]) -> isl.Set:
    """The values of `inputs` that the constraints allow, and the guards that are asked once for all iterations;
    whatever the others."""
    defined = {**pair.a.definitions, **pair.b.definitions}
    context = [cases for guard, cases in pair.a.context.items() if guard in pair.b.context]
    cases = _expanded(constraints, [*defined.values(), *context])
    if not cases:
        return isl.Set.empty(isl.Space.set_alloc(_context, 0, len(inputs)))
    return _union(_projected(case, inputs, ()) for case in cases)


def _happens_typically(pair: _Pair, cases: list[_Case], trips: int) -> bool:
    """Does a conflict exist for all parameter values for which every symbolic loop can run `trips` times?

    Where a guard that is not understood, or a value that changes there, chooses among the iterations of the loops
    around, a conflict has to exist in all of them: those that run may be the others.
    """
    inputs = pair.parameters
    varying = (_varies(p, pair) for p in pair.parameters)  # type: ignore[arg-type]  # they are expressions
    if pair.a.unclear or any(varying):
        inputs = (*inputs, *pair.a.variables[: pair.a.shared])
    runs = _typical_runs(pair, trips, inputs)
    if runs.is_empty():
        return False
    happens = _union(_projected(case.constraints, inputs, ()) for case in cases)
    return bool(runs.is_subset(happens))


def _varies(parameter: Expr, pair: _Pair) -> bool:
    """May it have different values in different iterations of the loops around?"""
    around = {symbol for symbol, (tag, _) in pair.a.indices.items() if tag == "o"}
    return not around.isdisjoint(symbols(parameter)) or not pair.steady(parameter)


def _witness(pair: _Pair, case: _Case, headers: Headers) -> Witness | None:
    """Two concrete iterations with small sizes, confirmed by evaluation."""
    columns = systems.columns(case.constraints, pair.parameters)
    small = [Constraint({p: 1}) for p in pair.parameters]
    # People expect examples in which nothing wraps around.
    turns = {v for v in columns if isinstance(v, tuple) and v[1] == "w"}
    plain = [*small, *(Constraint({v: 1}, True) for v in turns)]
    for extra, least in ((plain, True), (small, True), ([], False))[0 if turns else 1 :]:
        points = _points([*case.constraints, *extra], columns)
        try:
            values = _sample(points.lexmin() if least else points, columns)
        except isl.Error:
            continue  # without a least point
        found = None
        if values is not None:
            found = answers.confirmed(pair.a, pair.b, case.forward, values, pair.parameters, headers)
        if found is not None:
            return found
    return None


# What would have to hold


def _missing(pair: _Pair, cases: list[_Case]) -> Assumption | None:
    """The assumption under which there is no conflict."""
    if pair.equations.assumption is not None:
        return None
    loaded = indirections(pair.a, pair.b)
    if loaded and len(loaded) <= 4:
        arrays = tuple(dict.fromkeys(i.array for i in loaded))
        name = " and ".join(f"`{each}`" for each in arrays)
        if len(loaded) <= 2 and not _cases(pair, no_duplicates(loaded)):
            verb = "holds" if len(arrays) == 1 else "hold"
            return Assumption("distinct-index", f"{name} {verb} no value twice", "strong", arrays)
        if all(_impossible_if_rising(pair, case) for case in cases):
            verb = "decreases" if len(arrays) == 1 else "decrease"
            return Assumption("condition", f"{name} never {verb}", "strong", arrays)
    return _missing_condition(pair, cases) if pair.parameters else None


def _impossible_if_rising(pair: _Pair, case: _Case) -> bool:
    """Is the case empty if later places of the arrays never hold smaller values (row pointers)?"""
    extra: list[Constraint] = []
    for loaded in indirections(pair.a, pair.b):
        if len(loaded.place) != 1:
            return False
        place = loaded.place[0]
        columns = systems.columns([*case.constraints, Constraint(place)], pair.parameters)
        points = _points(case.constraints, columns)
        for sign in (1, -1):
            wrong = Constraint(plus({None: -1}, place, sign))
            if _narrowed(points, (wrong,), columns).is_empty():
                extra.append(Constraint(plus({}, loaded.value, -sign)))
    if not extra:
        return False
    constraints = [*case.constraints, *extra]
    return bool(_points(constraints, systems.columns(constraints, pair.parameters)).is_empty())


def _missing_condition(pair: _Pair, cases: list[_Case]) -> Assumption | None:
    """A condition on the parameters that excludes the conflict, as short as what makes the loops run allows."""
    parameters = pair.parameters
    domain = [*systems.nonnegative(parameters), *pair.a.constraints, *pair.b.constraints]
    domain.extend(c for _, order in pair.order[:1] for c in order)
    runs = _runs(domain, pair, parameters)
    meets = _union(_projected(case.constraints, parameters, ()) for case in cases)
    safe = runs.subtract(meets).coalesce().gist(runs).coalesce()
    if safe.is_empty() or safe.n_basic_set() > 3:
        return None
    if safe.intersect(_typical_runs(pair, TYPICAL_TRIPS, parameters)).is_empty():
        return None  # all it would say is that the loop hardly runs
    found: list[list[tuple[Linear, bool]]] = []
    for part in safe.get_basic_sets():
        if part.dim(isl.dim_type.div):
            return None
        found.append([_terms(c, parameters) for c in part.get_constraints()])
    return answers.condition(found)


def _terms(made: isl.Constraint, parameters: Sequence[Variable]) -> tuple[Linear, bool]:
    linear: Linear = {p: made.get_coefficient_val(_SET, c).to_python() for c, p in enumerate(parameters)}
    linear[None] = made.get_constant_val().to_python()
    return linear, bool(made.is_equality())


# isl


def _limited(budget: int, question: Callable[[], T]) -> T:
    """The answer to a question of several steps, if that takes no more than `budget` operations of isl.

    Raises BudgetError. Once the budget is used up, isl makes nothing any more: what it returns then is no answer.
    """
    _context.set_max_operations(0)
    _context.reset_operations()
    _context.set_max_operations(budget)
    try:
        answer = question()
    except (isl.Error, TypeError, AttributeError, BudgetError) as error:
        if isinstance(error, (TypeError, AttributeError)) and not _is_exhausted():
            raise
        _meter.units += budget // _FOR_A_UNIT
        raise BudgetError from error
    if _is_exhausted():
        _meter.units += budget // _FOR_A_UNIT
        raise BudgetError
    return answer


def _is_exhausted() -> bool:
    try:
        return bool(isl.Val.int_from_si(_context, 1).to_str() != "1")
    except isl.Error:
        return True


def _points(constraints: Iterable[Constraint], columns: dict[Variable, int]) -> isl.BasicSet:
    return _narrowed(isl.BasicSet.universe(isl.Space.set_alloc(_context, 0, len(columns))), constraints, columns)


def _narrowed(points: isl.BasicSet, constraints: Iterable[Constraint], columns: dict[Variable, int]) -> isl.BasicSet:
    local = isl.LocalSpace.from_space(points.get_space())
    for constraint in constraints:
        _meter.units += 1
        made = isl.Constraint.alloc_equality(local) if constraint.equality else isl.Constraint.alloc_inequality(local)
        for variable, factor in constraint.linear.items():
            if not factor:
                continue
            small = -_LONG < factor < _LONG
            value = isl.Val.int_from_si(_context, factor) if small else isl.Val.read_from_str(_context, str(factor))
            if variable is None:
                made = made.set_constant_val(value)
            else:
                made = made.set_coefficient_val(_SET, columns[variable], value)
        points = points.add_constraint(made)
    return points


def _projected(constraints: Sequence[Constraint], parameters: Sequence[Variable], keep: Sequence[Variable]) -> isl.Set:
    """The values of parameters and kept variables for which the rest can be chosen; columns in that order."""
    columns = systems.columns(constraints, [*parameters, *keep])
    wanted = len(parameters) + len(keep)
    if any(not isinstance(v, tuple) for v in columns if columns[v] >= wanted):
        raise BudgetError  # a parameter must not be projected out: better no answer than a wrong one
    points = _points(constraints, columns).to_set()
    return points.project_out(_SET, wanted, len(columns) - wanted)


def _union(sets: Iterable[isl.Set]) -> isl.Set:
    total, *rest = sets
    for each in rest:
        total = total.union(each)
    return total


def _sample(points: isl.BasicSet | isl.Set, columns: dict[Variable, int]) -> dict[Variable, int] | None:
    point = points.sample_point()
    if point.is_void():
        return None
    return {v: int(point.get_coordinate_val(_SET, c).to_python()) for v, c in columns.items()}


__all__ = ["BUDGET", "Solver", "carried", "covered", "same_iteration", "unordered"]
