"""Iteration domains and subscripts of one access as linear constraints over named variables.

A variable is a tuple (of an access: an index, a derived value) or a parameter by its structural expression. Whatever is
not affine is left out, which over-approximates, and makes the instance inexact.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence.affine import bounds, constant_value, floor_mod, to_affine
from analyzers.dependence.forms import (
    Affine,
    Key,
    Loaded,
    Monomial,
    NotAffine,
    Quotient,
    Selected,
    Wrapped,
    combine,
    constant,
    is_parameter,
    parts,
    poly_of,
)
from analyzers.dependence.lvalues import type_at
from analyzers.dependence.ranges import Env, Range, prove_nonnegative
from analyzers.ir.accesses import Access, Guard, Member
from analyzers.ir.expressions import Binary, Constant, Element, Expr, Field, Name, Unary
from analyzers.ir.statements import Loop, LoopHeader
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol

Variable = Hashable
Linear = dict[Variable, int]  # key None: the constant
Invariant = Callable[[Expr], bool]
Headers = Mapping[int, LoopHeader]
MAX_ALTERNATIVES = 8


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


@dataclass(slots=True)
class Trips:
    """Bounds of one loop in an instance, both inclusive."""

    variable: Variable
    sign: int
    step: int | None
    lower: list[Linear] = field(default_factory=list)
    upper: list[Linear] = field(default_factory=list)


@dataclass(slots=True)
class Instance:
    """One execution of an access."""

    access: Access
    tag: str
    environments: list[Env]  # by the number of loops around
    shared: int = 0  # of them, outermost first: their indices are common to all instances
    indices: dict[Symbol, tuple[str, int]] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)  # of the loops, outermost first
    constraints: list[Constraint] = field(default_factory=list)  # of the loops, and definitions of derived values
    guards: list[Constraint] = field(default_factory=list)
    alternatives: list[tuple[Conjunction, ...]] = field(default_factory=list)  # of guards: one of each holds
    context: dict[int, tuple[Conjunction, ...]] = field(default_factory=dict)  # of `outside` guards, by id()
    unclear: frozenset[int] = frozenset()  # `outside` guards that are not affine, by id()
    definitions: dict[Variable, tuple[Conjunction, ...]] = field(default_factory=dict)  # of derived values: one holds
    trips: list[Trips] = field(default_factory=list)
    steps: list[str | tuple[Subscript, ...]] = field(default_factory=list)
    directions: dict[int, tuple[int, int | None]] = field(default_factory=dict)  # by depth: see `direction`
    strides: dict[int, Linear] = field(default_factory=dict)  # by depth: a step that is a parameter
    derived: dict[Key, Variable] = field(default_factory=dict)
    exact: bool = True
    reason: str | None = None
    text: str | None = None  # of the reason, where it says more than the code

    @property
    def env(self) -> Env:
        """What is known where the access stands."""
        return self.environments[-1]

    def doubt(self, reason: str, text: str | None = None) -> None:
        if self.exact or self.reason is None:
            self.reason, self.text = reason, text
        self.exact = False

    @property
    def loads(self) -> dict[Loaded, Variable]:
        return {k: v for k, v in self.derived.items() if isinstance(k, Loaded)}

    def linear(self, form: Affine) -> Linear:
        """The form over this instance's variables; derived values become variables of their own."""
        total: Linear = {None: form.constant} if form.constant else {}
        for key, factor in form.terms:
            variable = self.variable(key)
            total[variable] = total.get(variable, 0) + factor
        return total

    def variable(self, key: Key) -> Variable:
        if isinstance(key, Symbol):
            return self.indices[key]
        if not isinstance(key, (Quotient, Wrapped, Selected, Loaded)):
            return key
        known = self.derived.get(key)
        if known is not None:
            return known
        variable: Variable = (self.tag, "z", len(self.derived))
        if not isinstance(key, Loaded) and self._is_shared(key):
            variable = ("o", "z", key)
        self.derived[key] = variable
        match key:
            case Quotient(numerator=numerator, divisor=divisor, truncates=truncates):
                self._define_quotient(self.linear(numerator), variable, divisor, truncates)
            case Wrapped(form=form, bits=bits):
                turns: Linear = {(variable, "w", 0): 1 << bits}
                self.constraints.append(Constraint(plus(plus(self.linear(form), turns), {variable: -1}), True))
                self.constraints.append(Constraint({variable: 1}))
                self.constraints.append(Constraint({variable: -1, None: (1 << bits) - 1}))
            case Selected(test=test, then=then, otherwise=otherwise, equality=equality):
                self._define_choice(variable, self.linear(test), self.linear(then), self.linear(otherwise), equality)
            case Loaded(expr=expr):
                if expr.type.is_unsigned:
                    self.constraints.append(Constraint({variable: 1}))
        return variable

    def _is_shared(self, key: Key) -> bool:
        """Is the derived value the same in all instances?"""
        stack = [key]
        while stack:
            top = stack.pop()
            if isinstance(top, Loaded) or (isinstance(top, Symbol) and self.indices[top][0] != "o"):
                return False
            stack.extend(k for form in parts(top) for k, _ in form.terms)
        return True

    def _define_quotient(self, numerator: Linear, variable: Variable, divisor: int, truncates: bool) -> None:
        rest = plus(numerator, {variable: -divisor})  # what the division leaves
        down = (Constraint(rest), Constraint(plus({None: divisor - 1}, rest, -1)))
        if not truncates:
            self.constraints.extend(down)
            return
        up = (Constraint(plus({}, rest, -1)), Constraint(plus({None: divisor - 1}, rest)))
        below = plus({None: -1}, numerator, -1)
        self.definitions[variable] = ((Constraint(numerator), *down), (Constraint(below), *up))

    def _define_choice(self, variable: Variable, test: Linear, then: Linear, otherwise: Linear, equality: bool) -> None:
        first = Constraint(plus(then, {variable: -1}), True)
        second = Constraint(plus(otherwise, {variable: -1}), True)
        below = Constraint(plus({None: -1}, test, -1))
        cases: list[Conjunction] = [(Constraint(test, equality), first), (below, second)]
        if equality:
            cases.append((Constraint(plus(test, {None: -1})), second))
        self.definitions[variable] = tuple(cases)


def plus(first: Linear, second: Linear, factor: int = 1) -> Linear:
    """first + factor * second."""
    total = dict(first)
    for variable, value in second.items():
        total[variable] = total.get(variable, 0) + factor * value
    return total


def outermost(access: Access, tag: str, invariant: Invariant) -> Instance:
    """An execution outside all loops."""
    return Instance(access, tag, [Env({}, invariant, loads="stable")])


def within(outer: Instance, loop: Loop, headers: Headers, *, shared: bool) -> Instance:
    """The execution in one loop more. The index of a `shared` loop is common to all instances."""
    result = _copy(outer)
    result.shared += shared
    depth = len(outer.variables)
    variable = ("o" if shared else outer.tag, depth)
    result.variables.append(variable)
    env = outer.env
    ranges, fixed, facts = dict(env.indices), env.fixed, env.facts
    header = headers.get(id(loop))
    if header is None:
        result.doubt("not-canonical")
    else:
        ranges.pop(header.index, None)
        ranges[header.index] = _loop(result, depth, header, variable, env)
        result.indices[header.index] = variable
        facts = (*facts, *_facts(ranges[header.index]))
        fixed = fixed | {header.index} if shared else fixed - {header.index}
    result.environments.append(Env(ranges, env.invariant, fixed, "stable", facts))
    return result


def instance(access: Access, nest: Instance) -> Instance:
    """An execution of `access` in the loops of `nest`, which are those around it."""
    result = _copy(nest)
    result.access = access
    if not access.exact:
        result.exact, result.reason, result.text = False, access.reason or "inexact", None
    for guard in access.guards:
        depth = len(access.loops) if guard.depth is None else guard.depth
        _guard(result, guard, nest.environments[depth], outside=depth <= nest.shared)
    result.environments[-1] = replace(nest.env, loads="all")
    _path(result, nest.env.invariant)
    return result


def _copy(original: Instance) -> Instance:
    return replace(
        original,
        environments=list(original.environments),
        indices=dict(original.indices),
        variables=list(original.variables),
        constraints=list(original.constraints),
        guards=list(original.guards),
        alternatives=list(original.alternatives),
        context=dict(original.context),
        definitions=dict(original.definitions),
        trips=list(original.trips),
        steps=list(original.steps),
        directions=dict(original.directions),
        strides=dict(original.strides),
        derived=dict(original.derived),
    )


def _facts(known: Range) -> list[Affine]:
    """What a loop that runs says of parameters: that its bounds leave room."""
    room = (combine(high, low, -1) for low in known.lower for high in known.upper)
    return [form for form in room if form.terms and all(is_parameter(k) for k, _ in form.terms)]


def _path(result: Instance, invariant: Invariant) -> None:
    access = result.access
    symbol = access.symbol
    place: Expr | None = None if symbol is None else Name(symbol)
    for position, step in enumerate(access.path):
        # With its type, so that stores of other types are known to leave a pointer alone.
        kind = UNKNOWN_TYPE if symbol is None else type_at(symbol, access.path[: position + 1])
        if isinstance(step, Member):
            if symbol is not None and type_at(symbol, access.path[:position]).union:
                result.doubt("union")  # all members share memory
                return
            result.steps.append(step.name)
            place = None if place is None else Field(place, step.name, kind)
            continue
        unseen = position == 0 and symbol is not None and symbol.type.kind == "unknown"  # an object like a pointer
        if (step.through_pointer or unseen) and not (place is not None and invariant(place)):
            moving = NotAffine("pointer-varies", "a pointer that changes in the loop", place)
            result.steps.append(tuple(Subscript(None, e, moving) for e in step.indices))
        else:
            result.steps.append(tuple(_subscript(result, e) for e in step.indices))
        # Which row does not matter here: whether any of them is written in the region does.
        place = None if place is None else Element(place, tuple(Constant(0) for _ in step.indices), kind)


def _subscript(result: Instance, expr: Expr) -> Subscript:
    form = to_affine(expr, result.env, offset=True)
    if isinstance(form, NotAffine):
        return Subscript(None, expr, form)
    for key, _ in form.terms:
        if isinstance(key, Loaded):
            return Subscript(result.linear(form), expr, loaded_reason(key))
    return Subscript(result.linear(form), expr)


def loaded_reason(key: Loaded) -> NotAffine:
    if isinstance(key.expr, Name):
        return NotAffine("varies", "not the same in all iterations", key.expr)
    return NotAffine("indirect-subscript", "a value from memory", key.expr)


def direction(header: LoopHeader) -> tuple[int, int | None]:
    """The sign of the step (0: not known) and the step where it is constant."""
    step = constant_value(header.step)
    up, down = header.relation in ("<", "<="), header.relation in (">", ">=")
    if step is not None:
        sign = (step > 0) - (step < 0)
        return (0, None) if (up and sign < 0) or (down and sign > 0) else (sign, step)
    return (1, None) if up else (-1, None) if down else (0, None)


def _loop(result: Instance, depth: int, header: LoopHeader, variable: Variable, env: Env) -> Range:
    """Adds the iterations of a loop; the range of its index."""
    sign, step = direction(header)
    if sign == 0:
        result.doubt("not-canonical")
        return Range()
    result.directions[depth] = sign, step
    up = sign > 0
    starts, all_starts = bounds(header.lower, env, largest=up)
    ends, all_ends = bounds(header.bound, env, largest=not up)
    if not (all_starts and all_ends) or any(isinstance(k, Loaded) for f in (*starts, *ends) for k, _ in f.terms):
        result.doubt("bound-not-affine")
    if header.relation in ("<", ">", "!="):
        ends = [combine(e, constant(-sign)) for e in ends]
    if header.relation == "!=" and not _is_met(header, step, starts, ends, env):
        result.doubt("not-canonical")
        ends = []  # a bound that is stepped over does not end the loop
        starts = [] if header.index.type.is_unsigned else starts
    trips = Trips(variable, sign, step)
    for forms, into in ((starts, trips.lower if up else trips.upper), (ends, trips.upper if up else trips.lower)):
        into.extend(result.linear(form) for form in forms)
    index: Linear = {variable: 1}
    result.constraints.extend(Constraint(plus(index, low, -1)) for low in trips.lower)
    result.constraints.extend(Constraint(plus(high, index, -1)) for high in trips.upper)
    result.trips.append(trips)
    if step is None:
        result.doubt("symbolic-step")
        symbolic = to_affine(header.step, env)
        if isinstance(symbolic, Affine) and not any(isinstance(k, Symbol) for k, _ in symbolic.terms):
            result.strides[depth] = result.linear(symbolic)
    elif abs(step) > 1 and len(starts) == 1 and all_starts:
        # index = lower + step * t; t >= 0 follows from the bounds
        walked = plus(plus(index, result.linear(starts[0]), -1), {(result.tag, "t", depth): -step})
        result.constraints.append(Constraint(walked, equality=True))
    elif abs(step) > 1:
        result.doubt("bound-not-affine")
    return Range(tuple(starts if up else ends), tuple(ends if up else starts))


def _is_met(header: LoopHeader, step: int | None, starts: list[Affine], ends: list[Affine], env: Env) -> bool:
    """Does an index that runs until it equals the bound get there? Signed ones must; unsigned ones may pass zero."""
    if step not in (1, -1):
        return False
    if not header.index.type.is_unsigned:
        return True
    return any(
        prove_nonnegative(poly_of(combine(combine(end, start, -1), constant(step))), env)
        if step > 0
        else prove_nonnegative(poly_of(combine(combine(start, end, -1), constant(-step))), env)
        for start in starts
        for end in ends
    )


def _guard(result: Instance, guard: Guard, env: Env, *, outside: bool) -> None:
    """Adds a guard. What is asked `outside` of the iterations that differ is asked once for all of them: it says for
    which inputs they run, and where that is not known, it takes nothing from what is known of them."""
    doubts = result.exact, result.reason, result.text
    cases = condition(result, guard.condition, guard.positive, env)
    if outside and cases is not None:
        result.context[id(guard)] = cases
    if outside and (cases is None or result.exact != doubts[0]):
        result.exact, result.reason, result.text = doubts
        result.unclear |= {id(guard)}
        if cases is None:
            return
    if cases is None:
        result.doubt("guard-not-affine")
    elif len(cases) == 1:
        result.guards.extend(cases[0])
    else:
        result.alternatives.append(cases)


_NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def condition(result: Instance, expr: Expr, positive: bool, env: Env, depth: int = 0) -> tuple[Conjunction, ...] | None:
    """The condition (or its negation) as alternatives of constraints; None where it is not affine."""
    if depth > 30:
        return None
    match expr:
        case Unary(op="!", operand=operand):
            return condition(result, operand, not positive, env, depth + 1)
        case Binary(op=("&&" | "||") as op, left=left, right=right):
            first = condition(result, left, positive, env, depth + 1)
            second = condition(result, right, positive, env, depth + 1)
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
            return _comparison(result, op if positive else _NEGATED[op], left, right, env)
        case Constant(value=value) if isinstance(value, int):
            return ((),) if bool(value) == positive else ()
        case _:
            return _comparison(result, "!=" if positive else "==", expr, Constant(0), env)


def _comparison(result: Instance, op: str, left: Expr, right: Expr, env: Env) -> tuple[Conjunction, ...] | None:
    if left.type.is_unsigned != right.type.is_unsigned and not _same_sign(left, right, env):
        return None
    first, second = _side(left, right, op, env), _side(right, left, op, env)
    if first is None or second is None:
        return None
    if any(isinstance(k, Loaded) for f in (first, second) for k, _ in f.terms):
        result.doubt("guard-not-affine")
        if op in ("==", "!="):
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


def _side(expr: Expr, other: Expr, op: str, env: Env) -> Affine | None:
    # Whether a remainder is zero does not depend on the sign of what is divided.
    if op in ("==", "!=") and isinstance(expr, Binary) and expr.op == "%" and constant_value(other) == 0:
        divisor = constant_value(expr.right)
        if divisor:
            form = floor_mod(expr.left, abs(divisor), env)
            return form if isinstance(form, Affine) else None
    form = to_affine(expr, env)
    return form if isinstance(form, Affine) else None


def _same_sign(left: Expr, right: Expr, env: Env) -> bool:
    """Does a comparison of a signed with an unsigned value mean what it says (the signed one is converted)?"""
    signed = right if left.type.is_unsigned else left
    form = to_affine(signed, env)
    return isinstance(form, Affine) and prove_nonnegative(poly_of(form), env)


def places(key: Loaded) -> tuple[Expr, tuple[Expr, ...]] | None:
    """The array a value was loaded from (with its last subscripts taken off), and those subscripts."""
    expr = key.expr
    if isinstance(expr, Element):
        return expr.base, expr.subscripts
    return None


__all__ = [
    "Constraint",
    "Headers",
    "Instance",
    "Invariant",
    "Linear",
    "Monomial",
    "Subscript",
    "Variable",
    "direction",
    "instance",
    "plus",
]
