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

from analyzers.dependence import witness as concrete
from analyzers.dependence.affine import Affine, FloorDiv, NotAffine, to_poly, unwrapped
from analyzers.dependence.delinearize import Delinearized, delinearize, extent_expr
from analyzers.dependence.domains import (
    Conjunction,
    Constraint,
    Headers,
    Instance,
    Invariant,
    Linear,
    Subscript,
    Variable,
    direction,
    instance,
    plus,
)
from analyzers.dependence.facts import Conflict
from analyzers.dependence.fast_tests import independent
from analyzers.dependence.spelling import spell, spell_access
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Binary, Constant, Expr, Unary, walk
from analyzers.ir.statements import Loop
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, DependenceKind, Reason, Witness

T = TypeVar("T")
BUDGET = 100_000
MAX_CASES = 32
TYPICAL_TRIPS = 16  # a dependence that needs more iterations than this is not one of every run

_context = isl.Context()
_context.set_on_error(1)  # ISL_ON_ERROR_CONTINUE: islpy raises instead of printing
_SET, _PARAM = isl.dim_type.set, isl.dim_type.param


class BudgetError(Exception):
    """The operation budget of a question ran out."""


@dataclass(frozen=True, slots=True)
class _Equations:
    """Where two accesses touch the same element: each linear == 0. `exact` False: they may be equal anywhere."""

    linears: tuple[Linear, ...]
    exact: bool = True
    reason: NotAffine | None = None
    assumption: Assumption | None = None  # what the equations rely on
    disjoint: bool = False


@dataclass(slots=True)
class _Case:
    """One conjunction of a conflict, in one direction: `forward` if the first access comes earlier."""

    forward: bool
    constraints: list[Constraint]
    points: isl.BasicSet


@dataclass(slots=True)
class Solver:
    """Answers questions in one region: the loops' headers and what keeps its value throughout the region.

    Keeps the domains of accesses it has seen; make one for each region and drop it with the region.
    """

    headers: Headers
    invariant: Invariant
    budget: int = BUDGET
    _instances: dict[tuple[int, str, int], Instance] = field(default_factory=dict)

    def carried(self, first: Access, second: Access, loop: Loop) -> Conflict:
        """May the accesses touch the same element in two different iterations of `loop`, in the same iteration of
        every loop around it?"""
        depth = _depth_of(loop, first)
        if depth is None or _depth_of(loop, second) != depth:
            return _maybe("not-in-loop", "the accesses do not share the loop", first)
        return self._ask(first, second, depth, _CARRIED)

    def same_iteration(self, first: Access, second: Access, loop: Loop | None) -> Conflict:
        """May they touch the same element in one iteration of `loop` (None: in one run of the function)?"""
        if loop is None:
            return self._ask(first, second, 0, _UNORDERED)
        depth = _depth_of(loop, first)
        if depth is None or _depth_of(loop, second) != depth:
            return _maybe("not-in-loop", "the accesses do not share the loop", first)
        return self._ask(first, second, depth + 1, _UNORDERED)

    def unordered(self, first: Access, second: Access, outside: int = 0) -> Conflict:
        """May they touch the same element in any two executions that agree in the first `outside` common loops?"""
        return self._ask(first, second, outside, _UNORDERED)

    def covered(self, read: Access, writes: Sequence[Access], loop: Loop) -> bool:
        """Was every element that `read` touches in an iteration of `loop` written before in the same iteration, by
        writes that certainly ran?"""
        depth = _depth_of(loop, read)
        if depth is None:
            return False
        try:
            _reset(self.budget)
            return self._covered(read, [w for w in writes if _depth_of(loop, w) == depth], depth + 1)
        except (BudgetError, isl.Error):
            return False

    def _instance(self, access: Access, tag: str, shared: int) -> Instance:
        key = (id(access), tag, shared)
        known = self._instances.get(key)
        if known is None:
            known = self._instances[key] = instance(access, tag, shared, self.headers, self.invariant)
        return known

    def _ask(self, first: Access, second: Access, shared: int, question: str) -> Conflict:
        a, b = self._instance(first, "a", shared), self._instance(second, "b", shared)
        equations = _equations(a, b)
        if equations.disjoint:
            return Conflict("none")
        order: list[tuple[bool, list[Constraint]]] = [(True, [])]
        if question == _CARRIED:
            loop = first.loops[shared]
            header = self.headers.get(id(loop))
            if header is not None:
                sign, step = direction(header, a.env)
                if sign and independent(list(equations.linears), a.variables[shared], b.variables[shared], step):
                    return _none(equations, first)
                if sign:
                    order = _orders(a, b, shared, sign, step)
        try:
            _reset(self.budget)
            cases = _cases(a, b, equations, order)
            if not cases:
                return _none(equations, first)
            return _conflict(self, a, b, equations, cases, shared if question == _CARRIED else None)
        except BudgetError:
            return _maybe("budget", "the question takes too long to decide", first)
        except isl.Error as error:
            return _maybe("budget", f"the solver gave up: {str(error)[:60]}", first)

    def _covered(self, read: Access, writes: Sequence[Access], shared: int) -> bool:
        reader = self._instance(read, "a", shared)
        writers = [self._instance(w, "b", shared) for w in writes if w.kind != "read" and w.call is None]
        writers = [w for w in writers if w.exact]
        asked = [(writer, _equations(reader, writer)) for writer in writers]
        linears = [linear for _, equations in asked for linear in equations.linears]
        parameters = _parameters_of([reader, *writers], linears)
        kept = list(reader.variables)
        written: isl.Set | None = None
        for writer, equations in asked:
            if equations.disjoint or not equations.exact or equations.assumption is not None:
                continue
            both = [*_definitions(reader), *writer.constraints, *writer.guards]
            both.extend(Constraint(e, True) for e in equations.linears)
            for before in _before(reader, writer, shared):
                for chosen in _alternatives(writer):
                    piece = _projected([*both, *chosen, *before], parameters, kept)
                    written = piece if written is None else written.union(piece)
        if written is None:
            return False
        needed: isl.Set | None = None
        for chosen in _alternatives(reader):
            constraints = [*reader.constraints, *reader.guards, *chosen, *_nonnegative(parameters)]
            part = _projected(constraints, parameters, kept)
            needed = part if needed is None else needed.union(part)
        return needed is None or bool(_guarded(lambda: needed.is_subset(written)))


_CARRIED, _UNORDERED = "carried", "unordered"


def carried(
    first: Access, second: Access, loop: Loop, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> Conflict:
    """See `Solver.carried`."""
    return Solver(headers, invariant, budget).carried(first, second, loop)


def same_iteration(
    first: Access, second: Access, loop: Loop | None, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> Conflict:
    """See `Solver.same_iteration`."""
    return Solver(headers, invariant, budget).same_iteration(first, second, loop)


def unordered(
    first: Access, second: Access, headers: Headers, invariant: Invariant, outside: int = 0, budget: int = BUDGET
) -> Conflict:
    """See `Solver.unordered`."""
    return Solver(headers, invariant, budget).unordered(first, second, outside)


def covered(
    read: Access, writes: Sequence[Access], loop: Loop, headers: Headers, invariant: Invariant, budget: int = BUDGET
) -> bool:
    """See `Solver.covered`."""
    return Solver(headers, invariant, budget).covered(read, writes, loop)


def _depth_of(loop: Loop, access: Access) -> int | None:
    return next((d for d, each in enumerate(access.loops) if each is loop), None)


def _none(equations: _Equations, access: Access) -> Conflict:
    if equations.assumption is None:
        return Conflict("none")
    text = f"the elements differ only if {equations.assumption.text}"
    reason = Reason("subscript-range", text, access.span, _symbol_name(access))
    return Conflict("maybe", reason=reason, assumption=equations.assumption)


def _maybe(code: str, text: str, access: Access) -> Conflict:
    name = access.symbol.name if access.symbol is not None else None
    return Conflict("maybe", reason=Reason(code, text, access.span, name))


# --- equations ------------------------------------------------------------------------------------------------------


def _equations(a: Instance, b: Instance) -> _Equations:
    linears: list[Linear] = []
    exact, reason = True, None
    assumption: Assumption | None = None
    for left, right in zip(a.steps, b.steps, strict=False):
        if isinstance(left, str) or isinstance(right, str):
            if isinstance(left, str) and isinstance(right, str):
                if left != right:
                    return _Equations((), disjoint=True)
                continue
            exact = False
            break
        for x, y in zip(left, right, strict=False):
            if x.linear is not None and y.linear is not None:
                linears.append(plus(x.linear, y.linear, -1))
                continue
            split = _delinearized(a, b, x, y)
            if split is None:
                exact = False
                reason = reason or x.reason or y.reason
            else:
                pair, needed = split
                linears.extend(pair)
                assumption = assumption or needed
        if len(left) != len(right):
            break
    return _Equations(tuple(linears), exact, reason, assumption)


def _delinearized(
    a: Instance, b: Instance, x: Subscript, y: Subscript
) -> tuple[list[Linear], Assumption | None] | None:
    """The subscripts split by symbolic strides, with the assumption that this needs."""
    if x.poly is None and y.poly is None:
        return None
    polys = []
    for side, subscript in ((a, x), (b, y)):
        poly = subscript.poly
        if poly is None:
            made = to_poly(subscript.expr, side.env, offset=True)
            if isinstance(made, NotAffine):
                return None
            poly = made
        polys.append((poly, side.env))
    split = delinearize(polys)
    if isinstance(split, NotAffine):
        return None
    first, second = split
    pairs = zip(first.subscripts, second.subscripts, strict=False)
    return [plus(a.linear(p), b.linear(q), -1) for p, q in pairs], _range_assumption(first, second)


def _range_assumption(*sides: Delinearized) -> Assumption | None:
    open_ = [bounded for side in sides for bounded in side.open]
    if not open_:
        return None
    texts = []
    for bounded in open_:
        text = f"`{_spell_form(bounded.subscript)}` stays in 0 .. `{spell(extent_expr(bounded.extent))}` - 1"
        if text not in texts:
            texts.append(text)
    return Assumption("condition", " and ".join(texts), "strong")


# --- order and cases ------------------------------------------------------------------------------------------------


def _orders(a: Instance, b: Instance, depth: int, sign: int, step: int | None) -> list[tuple[bool, list[Constraint]]]:
    """The two directions of different iterations: first access earlier, second access earlier."""
    x: Linear = {a.variables[depth]: 1}
    y: Linear = {b.variables[depth]: 1}
    least: Linear = {None: abs(step)} if step is not None else {None: 1}
    symbolic = a.strides.get(depth)
    extra: list[Constraint] = []
    if symbolic is not None:
        # Iterations are at least one step apart, and a step that leads anywhere is not zero.
        least = symbolic if sign > 0 else plus({}, symbolic, -1)
        extra.append(Constraint(plus(least, {None: -1})))
    if sign < 0:
        x, y = y, x
    return [
        (True, [Constraint(plus(plus(y, x, -1), least, -1)), *extra]),
        (False, [Constraint(plus(plus(x, y, -1), least, -1)), *extra]),
    ]


def _definitions(side: Instance) -> list[Constraint]:
    """The constraints that define the quotients in subscripts, without those of the domain."""
    quotients = set(side.quotients.values())
    return [c for c in side.constraints if quotients & set(c.linear)]


def _before(reader: Instance, writer: Instance, shared: int) -> list[list[Constraint]]:
    """The ways in which the writer's execution comes before the reader's in one iteration of the shared loops."""
    ways: list[list[Constraint]] = []
    equal: list[Constraint] = []
    common = 0
    for mine, theirs in zip(reader.access.loops, writer.access.loops, strict=False):
        if mine is not theirs:
            break
        common += 1
    for depth in range(shared, common):
        trip = next((t for t in reader.trips if t.variable == reader.variables[depth]), None)
        gap = plus({reader.variables[depth]: 1}, {writer.variables[depth]: 1}, -1)
        if trip is not None:
            later = gap if trip.sign > 0 else plus({}, gap, -1)
            ways.append([*equal, Constraint(plus(later, {None: -1}))])
        equal.append(Constraint(gap, equality=True))
        if trip is None:
            return ways
    if writer.access.order < reader.access.order:
        ways.append(equal)
    return ways


def _alternatives(*sides: Instance) -> Iterable[list[Constraint]]:
    """The conjunctions that the disjunctive conditions of the sides allow."""
    options: list[tuple[Conjunction, ...]] = [o for side in sides for o in side.alternatives]
    count = 1
    for option in options:
        count *= len(option)
    if count > MAX_CASES:
        raise BudgetError
    return (list(itertools.chain(*chosen)) for chosen in itertools.product(*options))


def _cases(
    a: Instance, b: Instance, equations: _Equations, order: Sequence[tuple[bool, list[Constraint]]]
) -> list[_Case]:
    cases = []
    parameters = _parameters_of([a, b], equations.linears)
    base = [*a.constraints, *a.guards, *b.constraints, *b.guards, *(Constraint(e, True) for e in equations.linears)]
    base.extend(_nonnegative(parameters))
    for chosen in _alternatives(a, b):
        for forward, direction_constraints in order:
            constraints = [*base, *chosen, *direction_constraints]
            points = _basic_set(constraints, _ordered(constraints, parameters))
            if not _guarded(points.is_empty):
                cases.append(_Case(forward, constraints, points))
    return cases


def _nonnegative(parameters: Sequence[Variable]) -> list[Constraint]:
    return [Constraint({p: 1}) for p in parameters if getattr(p, "type", None) is not None and p.type.is_unsigned]  # type: ignore[attr-defined]


# --- the answer -----------------------------------------------------------------------------------------------------


def _conflict(
    solver: Solver, a: Instance, b: Instance, equations: _Equations, cases: list[_Case], depth: int | None
) -> Conflict:
    exact = a.exact and b.exact and equations.exact and equations.assumption is None
    forward = _better_direction(a.access, b.access, {c.forward for c in cases})
    chosen = [c for c in cases if c.forward == forward]
    reason = _reason(a, b, equations)
    parameters = _parameters_of([a, b], equations.linears)
    found: Witness | None = None
    distance: int | None = None
    if exact:
        distance = _distance(chosen, a, b, depth, solver)
        typical = TYPICAL_TRIPS + 2 * abs(distance or 0) + _guard_constants(a, b)
        if not parameters or _happens_typically(a, b, cases, parameters, typical):
            for case in chosen:
                found = _witness(solver, a, b, case, parameters)
                if found is not None:
                    break
            if found is None:
                reason = Reason("not-confirmed", "the dependence could not be confirmed by an example", a.access.span)
        else:
            reason = None
    elif depth is not None and equations.assumption is None:
        distance = _distance(chosen, a, b, depth, solver)
    dependence = _dependence(a.access, b.access, forward, distance, found)
    if found is not None:
        return Conflict("proved", dependence, found)
    assumption = equations.assumption
    if assumption is None and equations.exact and parameters:
        assumption = _missing_assumption(a, b, cases, parameters)
    if assumption is None:
        assumption = _distinct_index(a, b, equations)
    if reason is None:
        text = "whether two iterations touch the same element depends on values that are not known"
        reason = Reason("depends-on-parameters", text, a.access.span, _symbol_name(a.access))
    return Conflict("maybe", dependence, None, reason, assumption)


def _symbol_name(access: Access) -> str | None:
    return access.symbol.name if access.symbol is not None else None


def _reason(a: Instance, b: Instance, equations: _Equations) -> Reason | None:
    if equations.reason is not None:
        why = equations.reason
        named = why.expr is None or why.text.startswith("`")
        shown = why.text if named or why.expr is None else f"`{spell(why.expr)}` is {why.text}"
        return Reason(why.code, shown, a.access.span, _symbol_name(a.access))
    for side in (a, b):
        if not side.exact:
            text = _TEXTS.get(side.reason or "", side.reason or "")
            if side.reason == "call" and side.access.call is not None:
                text = (
                    f"`{side.access.call}` accesses `{_symbol_name(side.access) or 'memory'}`, which elements is not known"
                )
            return Reason(side.reason or "inexact", text, side.access.span, _symbol_name(side.access))
    return None


_TEXTS = {
    "not-canonical": "a loop around the access is not counted",
    "bound-not-affine": "a loop bound is not an affine expression",
    "guard-not-affine": "the access is under a condition that cannot be evaluated",
    "symbolic-step": "a loop advances by a step that is not known",
    "early-exit": "the loop may be left early",
    "goto": "the function contains a goto",
    "switch": "the access is in a switch",
    "call": "the access is made by a called function",
    "volatile": "the object is volatile",
}


def _better_direction(first: Access, second: Access, present: set[bool]) -> bool:
    if len(present) == 1:
        return next(iter(present))
    rank = {"flow": 0, "output": 1, "anti": 2}
    return rank[_kind(first, second)] <= rank[_kind(second, first)]


def _kind(source: Access, sink: Access) -> DependenceKind:
    if source.writes and sink.reads:
        return "flow"
    return "output" if source.writes else "anti"


def _dependence(
    first: Access, second: Access, forward: bool, distance: int | None, found: Witness | None
) -> Dependence:
    source, sink = (first, second) if forward else (second, first)
    return Dependence(
        _kind(source, sink),
        _symbol_name(source) or _symbol_name(sink) or "memory",
        source.span,
        sink.span,
        spell_access(source),
        spell_access(sink),
        distance,
        found,
        found is not None,
    )


def _distance(cases: list[_Case], a: Instance, b: Instance, depth: int | None, solver: Solver) -> int | None:
    """The distance in iterations of the loop where it is the same in all points of the cases."""
    if depth is None:
        return None
    header = solver.headers.get(id(a.access.loops[depth]))
    if header is None:
        return None
    _, step = direction(header, a.env)
    if not step:
        return None
    gap = plus({b.variables[depth]: 1}, {a.variables[depth]: 1}, -1)
    distance: int | None = None
    for case in cases:
        order = _ordered(case.constraints, ())
        if distance is None:
            values = _sample(_basic_set(case.constraints, order), order)
            if values is None:
                return None
            distance = values.get(b.variables[depth], 0) - values.get(a.variables[depth], 0)
        for sign in (1, -1):
            other = plus(plus({}, gap, sign), {None: -sign * distance - 1})
            if not _guarded(_basic_set([*case.constraints, Constraint(other)], order).is_empty):
                return None
    return abs(distance // step) if distance else None


def _guard_constants(a: Instance, b: Instance) -> int:
    """How far conditions reach: a dependence under `i > 100` is one of every run with more iterations."""
    total = 0
    for side in (a, b):
        for guard in side.access.guards:
            total += sum(abs(value) for value in _constants(guard.condition))
    return min(2 * total, 100_000)


def _constants(expr: Expr) -> list[int]:
    found = (e.value for e in itertools.islice(walk(expr), 50) if isinstance(e, Constant))
    return [value for value in found if isinstance(value, int)]


def _happens_typically(
    a: Instance, b: Instance, cases: list[_Case], parameters: Sequence[Variable], trips: int
) -> bool:
    """Does a conflict exist for all parameter values for which every symbolic loop can run `trips` times?"""
    constraints: list[Constraint] = []
    for side in (a, b):
        constraints.extend(side.constraints)
        for trip in side.trips:
            for low, high in itertools.product(trip.lower, trip.upper):
                room = plus(high, low, -1)
                if any(f for v, f in room.items() if v is not None):
                    constraints.append(Constraint(plus(room, {None: -trips * max(1, abs(trip.step or 1))})))
    constraints.extend(_nonnegative(parameters))
    runs = _projected(constraints, parameters, ())
    if _guarded(runs.is_empty):
        return False
    happens: isl.Set | None = None
    for case in cases:
        piece = _projected(case.constraints, parameters, ())
        happens = piece if happens is None else happens.union(piece)
    assert happens is not None
    return bool(_guarded(lambda: runs.is_subset(happens)))


def _witness(solver: Solver, a: Instance, b: Instance, case: _Case, parameters: Sequence[Variable]) -> Witness | None:
    defined = []
    for p in parameters:
        form = unwrapped(p, a.env) if isinstance(p, (Binary, Unary)) else None
        if form is not None:
            defined.append(Constraint(plus({p: 1}, a.linear(form), -1), True))
    constraints = [*case.constraints, *defined]
    order = _ordered(constraints, parameters)
    sizes = [v for v in order if not isinstance(v, tuple)]
    small = [Constraint({p: 1}) for p in sizes]
    for extra in (small, []):
        points = _basic_set([*constraints, *extra], order)
        try:
            values = _smallest(points, order) if extra is small else _sample(points, order)
        except isl.Error:
            continue
        if values is None:
            continue
        found = _confirmed(solver, a, b, case, values, sizes)
        if found is not None:
            return found
    return None


def _confirmed(
    solver: Solver, a: Instance, b: Instance, case: _Case, values: dict[Variable, int], parameters: Sequence[Variable]
) -> Witness | None:
    """The witness, if evaluation by the rules of the language agrees that both iterations touch one element."""
    known: dict[Symbol | Expr, int] = {}
    for p in parameters:
        if not isinstance(p, (tuple, FloorDiv, Symbol)):
            known[p] = values.get(p, 0)  # type: ignore[index]
    for p, value in list(known.items()):
        if isinstance(p, (Binary, Unary)):
            computed = concrete.evaluate(p, {k: v for k, v in known.items() if k is not p})
            if computed is not None:
                if computed != value:
                    return None
                del known[p]
    bindings = []
    for side in (a, b):
        binding = dict(known)
        for symbol, variable in side.indices.items():
            binding[symbol] = values.get(variable, 0)
        if not concrete.runs(side.access, solver.headers, binding):
            return None
        bindings.append(binding)
    first, second = (concrete.element(s.access, k) for s, k in zip((a, b), bindings))
    if first is None or second is None or any(x != y for x, y in zip(first, second)):
        return None
    iterations = [tuple((s.name, k[s]) for s in side.indices) for side, k in zip((a, b), bindings)]
    if not case.forward:
        iterations.reverse()

    def value(expr: Expr) -> str:
        return str(concrete.evaluate(expr, bindings[0]))

    sizes = tuple((spell(e), v) for e, v in known.items() if not isinstance(e, Symbol))
    return Witness(iterations[0], iterations[1], spell_access(a.access, value), sizes)


def _distinct_index(a: Instance, b: Instance, equations: _Equations) -> Assumption | None:
    return None


def _missing_assumption(
    a: Instance, b: Instance, cases: list[_Case], parameters: Sequence[Variable]
) -> Assumption | None:
    """The condition on the parameters under which there is no conflict, by `gist` against what makes the loops run."""
    return None


# --- isl ------------------------------------------------------------------------------------------------------------


def _reset(budget: int) -> None:
    _context.set_max_operations(0)
    _context.reset_operations()
    _context.set_max_operations(budget)


def _guarded(question: Callable[[], T]) -> T:
    try:
        return question()
    except isl.Error as error:
        if _context.get_max_operations():
            raise BudgetError from error
        raise


def _parameters_of(sides: Sequence[Instance], linears: Iterable[Linear] = ()) -> list[Variable]:
    """The parameters in constraints, in order of appearance: variables that are no index and no existential."""
    found: dict[Variable, None] = {}
    for side in sides:
        for constraint in itertools.chain(
            side.constraints, side.guards, *(c for alt in side.alternatives for c in alt)
        ):
            for variable in constraint.linear:
                if variable is not None and not isinstance(variable, tuple):
                    found[variable] = None
        for linear in side.strides.values():
            for variable in linear:
                if variable is not None and not isinstance(variable, tuple):
                    found[variable] = None
    for linear in linears:
        for variable in linear:
            if variable is not None and not isinstance(variable, tuple):
                found[variable] = None
    return list(found)


def _ordered(constraints: Iterable[Constraint], first: Iterable[Variable]) -> dict[Variable, int]:
    """A column for each variable, parameters first."""
    order: dict[Variable, int] = {}
    for variable in first:
        order.setdefault(variable, len(order))
    rest: dict[Variable, None] = {}
    for constraint in constraints:
        for variable in constraint.linear:
            if variable is not None:
                if isinstance(variable, tuple):
                    rest[variable] = None
                else:
                    order.setdefault(variable, len(order))
    for variable in sorted(rest, key=_column_key):
        order.setdefault(variable, len(order))
    return order


def _column_key(variable: Variable) -> tuple[int, int, str]:
    assert isinstance(variable, tuple)
    depth = variable[1] if isinstance(variable[1], int) else 1000 + variable[2]
    return (1 if len(variable) > 2 else 0, depth, str(variable[0]))


def _basic_set(constraints: Iterable[Constraint], order: dict[Variable, int]) -> isl.BasicSet:
    space = isl.Space.set_alloc(_context, 0, len(order))
    local = isl.LocalSpace.from_space(space)
    result = isl.BasicSet.universe(space)
    for constraint in constraints:
        made = isl.Constraint.alloc_equality(local) if constraint.equality else isl.Constraint.alloc_inequality(local)
        for variable, factor in constraint.linear.items():
            if not factor:
                continue
            value = isl.Val.int_from_si(_context, factor)
            if variable is None:
                made = made.set_constant_val(value)
            else:
                made = made.set_coefficient_val(_SET, order[variable], value)
        result = result.add_constraint(made)
    return result


def _projected(constraints: Sequence[Constraint], parameters: Sequence[Variable], keep: Sequence[Variable]) -> isl.Set:
    """The values of parameters and kept variables for which the rest can be chosen; columns in that order."""
    order = _ordered(constraints, [*parameters, *keep])
    wanted = len(parameters) + len(keep)
    points = _basic_set(constraints, order).to_set()
    return _guarded(lambda: points.project_out(_SET, wanted, len(order) - wanted))


def _sample(points: isl.BasicSet, order: dict[Variable, int]) -> dict[Variable, int] | None:
    point = _guarded(points.sample_point)
    if point.is_void():
        return None
    return {v: point.get_coordinate_val(_SET, c).to_python() for v, c in order.items()}


def _smallest(points: isl.BasicSet, order: dict[Variable, int]) -> dict[Variable, int] | None:
    """The lexicographically smallest point: small sizes, early iterations."""
    least = points.lexmin()
    point = _guarded(least.sample_point)
    if point.is_void():
        return None
    return {v: point.get_coordinate_val(_SET, c).to_python() for v, c in order.items()}


def _spell_form(form: Affine) -> str:
    """An affine form as text."""
    parts: list[str] = []
    for key, factor in form.terms:
        name = key.name if isinstance(key, Symbol) else "(…)" if isinstance(key, FloorDiv) else spell(key)
        sign = "-" if factor < 0 else "+"
        size = name if abs(factor) == 1 else f"{abs(factor)} * {name}"
        parts.append(f"{sign} {size}" if parts else f"-{size}" if factor < 0 else size)
    if form.constant or not parts:
        value = form.constant
        parts.append((f"- {-value}" if value < 0 else f"+ {value}") if parts else str(value))
    return " ".join(parts)


__all__ = ["BUDGET", "Solver", "carried", "covered", "same_iteration", "unordered"]
