"""Iteration domains and subscripts of one access as linear constraints over named variables.

A variable is any hashable value: an index of a loop, a parameter (its structural expression) or an existential. `None`
is the constant. Whatever is not affine is left out, which over-approximates, and makes the instance inexact.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from analyzers.dependence.affine import (
    Affine,
    Env,
    FloorDiv,
    Key,
    Monomial,
    NotAffine,
    Range,
    bounds,
    combine,
    constant,
    constant_value,
    floor_mod,
    poly_of,
    prove_nonnegative,
    to_affine,
)
from analyzers.dependence.alias import type_at
from analyzers.ir.accesses import Access, Guard, Member
from analyzers.ir.expressions import Binary, Constant, Element, Expr, Field, Name, Unary
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol

Variable = Hashable
Linear = dict[Variable, int]  # key None: the constant
MAX_ALTERNATIVES = 8
Invariant = Callable[[Expr], bool]
Headers = Mapping[int, LoopHeader]


@dataclass(frozen=True, slots=True)
class Constraint:
    """`linear` >= 0, or == 0."""

    linear: Linear
    equality: bool = False


Conjunction = tuple[Constraint, ...]


@dataclass(frozen=True, slots=True)
class Subscript:
    """One subscript: its linear form, or the reason why it may be anything."""

    linear: Linear | None
    expr: Expr
    reason: NotAffine | None = None
    poly: Mapping[Monomial, int] | None = None


@dataclass(slots=True)
class Trip:
    """Bounds of one loop in an instance, for questions about its trip count: upper - lower in both directions."""

    variable: Variable
    sign: int
    step: int | None
    lower: list[Linear] = field(default_factory=list)
    upper: list[Linear] = field(default_factory=list)


@dataclass(slots=True)
class Instance:
    """One execution of an access."""

    access: Access
    env: Env
    indices: dict[Symbol, Variable]
    variables: list[Variable]  # indices, outermost first
    constraints: list[Constraint] = field(default_factory=list)  # of the loops, and definitions
    guards: list[Constraint] = field(default_factory=list)
    alternatives: list[tuple[Conjunction, ...]] = field(default_factory=list)  # one conjunction of each holds
    trips: list[Trip] = field(default_factory=list)
    steps: list[str | tuple[Subscript, ...]] = field(default_factory=list)
    exact: bool = True
    reason: str | None = None
    strides: dict[int, Linear] = field(default_factory=dict)  # by depth: a symbolic step
    tag: str = ""
    quotients: dict[FloorDiv, Variable] = field(default_factory=dict)

    def doubt(self, reason: str) -> None:
        self.exact = False
        self.reason = self.reason or reason

    def linear(self, form: Affine) -> Linear:
        """The form over this instance's variables; quotients become existentials."""
        total: Linear = {None: form.constant} if form.constant else {}
        for key, factor in form.terms:
            variable = self.variable(key)
            total[variable] = total.get(variable, 0) + factor
        return total

    def variable(self, key: Key) -> Variable:
        if isinstance(key, Symbol):
            return self.indices[key]
        if not isinstance(key, FloorDiv):
            return key
        known = self.quotients.get(key)
        if known is not None:
            return known
        variable = (self.tag, "q", len(self.quotients))
        self.quotients[key] = variable
        # 0 <= numerator - divisor * q < divisor
        rest = plus(self.linear(key.numerator), {variable: -key.divisor})
        self.constraints.append(Constraint(rest))
        self.constraints.append(Constraint(plus({None: key.divisor - 1}, rest, -1)))
        return variable


def plus(first: Linear, second: Linear, factor: int = 1) -> Linear:
    """first + factor * second."""
    total = dict(first)
    for variable, value in second.items():
        total[variable] = total.get(variable, 0) + factor * value
    return total


def instance(access: Access, tag: str, shared: int, headers: Headers, invariant: Invariant) -> Instance:
    """The executions of `access`. Indices of the first `shared` loops are variables common to all instances."""
    indices: dict[Symbol, Variable] = {}
    ranges: dict[Symbol, Range] = {}
    result = Instance(access, Env({}, invariant), indices, [], tag=tag)
    if not access.exact:
        result.doubt(access.reason or "inexact")
    for depth, loop in enumerate(access.loops):
        variable: Variable = ("o" if depth < shared else tag, depth)
        result.variables.append(variable)
        header = headers.get(id(loop))
        if header is None:
            result.doubt("not-canonical")
            continue
        _loop(result, depth, loop, header, variable, Env(dict(ranges), invariant), ranges)
        indices[header.index] = variable
        result.env = Env(dict(ranges), invariant)
    by_depth = _environments(access, headers, ranges, invariant)
    for guard in access.guards:
        _guard(result, guard, by_depth[len(access.loops) if guard.depth is None else guard.depth])
    place: Expr | None = None if access.symbol is None else Name(access.symbol)
    for position, step in enumerate(access.path):
        kind = UNKNOWN_TYPE if access.symbol is None else type_at(access.symbol, access.path[: position + 1])
        if isinstance(step, Member):
            result.steps.append(step.name)
            place = None if place is None else Field(place, step.name, kind)
            continue
        if step.through_pointer and not (place is not None and invariant(place)):
            moving = NotAffine("pointer-varies", "a pointer that changes in the loop", place)
            result.steps.append(tuple(Subscript(None, e, moving) for e in step.indices))
        else:
            result.steps.append(tuple(_subscript(result, e) for e in step.indices))
        # Which row does not matter here: whether any of them is written in the region does.
        place = None if place is None else Element(place, tuple(Constant(0) for _ in step.indices), kind)
    return result


def _environments(access: Access, headers: Headers, ranges: Mapping[Symbol, Range], invariant: Invariant) -> list[Env]:
    visible: dict[Symbol, Range] = {}
    found = [Env({}, invariant)]
    for loop in access.loops:
        header = headers.get(id(loop))
        if header is not None and header.index in ranges:
            visible[header.index] = ranges[header.index]
        found.append(Env(dict(visible), invariant))
    return found


def _subscript(result: Instance, expr: Expr) -> Subscript:
    form = to_affine(expr, result.env, offset=True)
    if isinstance(form, Affine):
        return Subscript(result.linear(form), expr)
    return Subscript(None, expr, form, form.poly)


def direction(header: LoopHeader, env: Env) -> tuple[int, int | None]:
    """The sign of the step (0: not known) and the step where it is constant."""
    step = constant_value(header.step, env)
    if step is not None:
        return (step > 0) - (step < 0), step
    if header.relation in ("<", "<="):
        return 1, None
    if header.relation in (">", ">="):
        return -1, None
    return 0, None


def _loop(
    result: Instance,
    depth: int,
    loop: Loop,
    header: LoopHeader,
    variable: Variable,
    env: Env,
    ranges: dict[Symbol, Range],
) -> None:
    sign, step = direction(header, env)
    ranges[header.index] = Range()
    if sign == 0 or (header.relation in ("<", "<=") and sign < 0) or (header.relation in (">", ">=") and sign > 0):
        result.doubt("not-canonical")
        return
    up = sign > 0
    starts, all_starts = bounds(header.lower, env, largest=up)
    ends, all_ends = bounds(header.bound, env, largest=not up)
    if not (all_starts and all_ends):
        result.doubt("bound-not-affine")
    if header.relation in ("<", ">", "!="):
        ends = [combine(e, constant(-sign)) for e in ends]
    if header.relation == "!=" and step not in (1, -1):
        result.doubt("not-canonical")
    ranges[header.index] = Range(tuple(starts if up else ends), tuple(ends if up else starts))
    index: Linear = {variable: 1}
    trip = Trip(variable, sign, step)
    for form in starts:
        linear = result.linear(form)
        (trip.lower if up else trip.upper).append(linear)
        result.constraints.append(Constraint(plus(index, linear, -1) if up else plus(linear, index, -1)))
    for form in ends:
        linear = result.linear(form)
        (trip.upper if up else trip.lower).append(linear)
        result.constraints.append(Constraint(plus(linear, index, -1) if up else plus(index, linear, -1)))
    result.trips.append(trip)
    if step is None:
        result.doubt("symbolic-step")
        symbolic = to_affine(header.step, env)
        if isinstance(symbolic, Affine) and not any(isinstance(k, Symbol) for k, _ in symbolic.terms):
            result.strides[depth] = result.linear(symbolic)
    elif abs(step) > 1:
        if len(starts) == 1 and all_starts:
            # index = lower + step * t, t >= 0
            ticks = (*variable, "t") if isinstance(variable, tuple) else (variable, "t")
            walked = plus(plus(index, result.linear(starts[0]), -1), {ticks: -step})
            result.constraints.append(Constraint(walked, equality=True))
        else:
            result.doubt("bound-not-affine")


def _guard(result: Instance, guard: Guard, env: Env) -> None:
    outer = result.env
    result.env = env
    cases = condition(result, guard.condition, guard.positive, 0)
    result.env = outer
    if cases is None:
        result.doubt("guard-not-affine")
    elif len(cases) == 1:
        result.guards.extend(cases[0])
    else:
        result.alternatives.append(cases)


_NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def condition(result: Instance, expr: Expr, positive: bool, depth: int) -> tuple[Conjunction, ...] | None:
    """The condition (or its negation) as alternatives of constraints; None where it is not affine."""
    if depth > 30:
        return None
    match expr:
        case Unary(op="!", operand=operand):
            return condition(result, operand, not positive, depth + 1)
        case Binary(op=("&&" | "||") as op, left=left, right=right):
            first = condition(result, left, positive, depth + 1)
            second = condition(result, right, positive, depth + 1)
            if (op == "&&") == positive:
                if first is None or second is None:
                    # Half of a conjunction still bounds it.
                    result.doubt("guard-not-affine")
                    return first if second is None else second
                cases = tuple((*a, *b) for a in first for b in second)
            else:
                if first is None or second is None:
                    return None
                cases = (*first, *second)
            return cases if len(cases) <= MAX_ALTERNATIVES else None
        case Binary(op=("<" | "<=" | ">" | ">=" | "==" | "!=") as op, left=left, right=right):
            return _comparison(result, op if positive else _NEGATED[op], left, right)
        case Constant(value=value) if isinstance(value, int):
            return ((),) if bool(value) == positive else ()
        case _:
            return _comparison(result, "!=" if positive else "==", expr, Constant(0))


def _comparison(result: Instance, op: str, left: Expr, right: Expr) -> tuple[Conjunction, ...] | None:
    if left.type.is_unsigned != right.type.is_unsigned and not _same_sign(result, left, right):
        return None
    first = _side(result, left, right, op)
    second = _side(result, right, left, op)
    if first is None or second is None:
        return None
    linear = plus(result.linear(first), result.linear(second), -1)
    less = plus({None: -1}, linear, -1)
    greater = plus(linear, {None: -1})
    match op:
        case "<":
            return ((Constraint(less),),)
        case ">":
            return ((Constraint(greater),),)
        case "<=":
            return ((Constraint(plus({}, linear, -1)),),)
        case ">=":
            return ((Constraint(linear),),)
        case "==":
            return ((Constraint(linear, equality=True),),)
        case _:
            return ((Constraint(less),), (Constraint(greater),))


def _side(result: Instance, expr: Expr, other: Expr, op: str) -> Affine | None:
    # Whether a remainder is zero does not depend on the sign of what is divided.
    if op in ("==", "!=") and isinstance(expr, Binary) and expr.op == "%" and constant_value(other) == 0:
        divisor = constant_value(expr.right, result.env)
        if divisor:
            form = floor_mod(expr.left, abs(divisor), result.env)
            return form if isinstance(form, Affine) else None
    form = to_affine(expr, result.env)
    return form if isinstance(form, Affine) else None


def _same_sign(result: Instance, left: Expr, right: Expr) -> bool:
    """Does a comparison of a signed with an unsigned value mean what it says (the signed one is converted)?"""
    signed = right if left.type.is_unsigned else left
    form = to_affine(signed, result.env)
    return isinstance(form, Affine) and prove_nonnegative(poly_of(form), result.env)
