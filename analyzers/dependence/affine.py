"""Affine forms of integer expressions over loop indices and loop-invariant parameters.

Signed overflow is undefined (C17 §6.5), so signed arithmetic is exact. Unsigned arithmetic is modular: a form is taken
only where its value was proved not to be negative, or where it is a pointer offset as wide as a pointer, in which the
modulus cancels. That it does not wrap upward is assumed: it would need more elements than the type can number.
`/` and `%` truncate toward zero and are taken only of values proved non-negative (or where the sign cannot matter).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Union

from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Element, Expr, Field, Name, Unary, walk
from analyzers.ir.symbols import Symbol, Type

MAX_DEPTH = 60
MAX_PARAMETER_NODES = 40
MAX_TERMS = 400
POINTER_BITS = 64


@dataclass(frozen=True, slots=True)
class FloorDiv:
    """The value floor(numerator / divisor), divisor positive."""

    numerator: Affine
    divisor: int


Key = Union[Symbol, Expr, FloorDiv]  # noqa: UP007  (read at run time on 3.10): an index, a parameter, a quotient
Monomial = tuple[Key, ...]  # sorted by hash; the empty one is the constant
Poly = dict[Monomial, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """`constant` + the sum of coefficient times key. Keys: the Symbol of a surrounding loop's index, a loop-invariant
    expression by its structure, or a quotient."""

    terms: tuple[tuple[Key, int], ...]
    constant: int

    @property
    def coefficients(self) -> Mapping[Key, int]:
        return dict(self.terms)

    @property
    def is_constant(self) -> bool:
        return not self.terms


@dataclass(frozen=True, slots=True)
class NotAffine:
    """Why an expression has no affine form. `poly` is set where only products of variables are in the way."""

    code: str  # "indirect-subscript", "not-affine", "product", "may-be-negative", "varies", "cast", "call"
    text: str
    expr: Expr | None = None
    poly: Mapping[Monomial, int] | None = field(default=None, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Range:
    """Affine bounds of an index while its body runs, both inclusive; each alternative holds."""

    lower: tuple[Affine, ...] = ()
    upper: tuple[Affine, ...] = ()


@dataclass(frozen=True, slots=True)
class Env:
    """What is known where an expression stands: the indices of the surrounding loops, outermost first, and which other
    expressions keep their value throughout the region under study."""

    indices: Mapping[Symbol, Range]
    invariant: Callable[[Expr], bool]
    facts: tuple[Affine, ...] = ()  # known to be >= 0


def constant(value: int) -> Affine:
    return Affine((), value)


def to_affine(expr: Expr, env: Env, *, offset: bool = False) -> Affine | NotAffine:
    """The affine form of `expr`, or why there is none. `offset`: the value is only used as a pointer offset (a
    subscript), so that pointer-wide unsigned wrap-around cancels."""
    result = _consumed(expr, env, 0, offset)
    if isinstance(result, NotAffine):
        return result
    return from_poly(result, env, expr)


def to_poly(expr: Expr, env: Env, *, offset: bool = False) -> Poly | NotAffine:
    """As `to_affine`, with products of variables kept."""
    return _consumed(expr, env, 0, offset)


def unwrapped(expr: Expr, env: Env) -> Affine | None:
    """What an unsigned parameter is if its computation did not wrap around; None for one that is no computation."""
    if not isinstance(expr, (Binary, Unary)):
        return None
    poly = _form(expr, env, 0)
    form = poly if isinstance(poly, NotAffine) else from_poly(poly, env, expr)
    return None if isinstance(form, NotAffine) or expr in dict(form.terms) else form


def from_poly(poly: Poly, env: Env, expr: Expr | None = None) -> Affine | NotAffine:
    """Affine where no monomial multiplies an index; products of parameters alone are parameters."""
    terms: list[tuple[Key, int]] = []
    for monomial, factor in poly.items():
        if not monomial or not factor:
            continue
        if len(monomial) == 1:
            terms.append((monomial[0], factor))
        elif all(_is_parameter(k, env) for k in monomial):
            terms.append((_product(monomial), factor))
        else:
            return NotAffine("product", "a product of variables", expr, poly)
    return Affine(tuple(sorted(terms, key=_term_order)), poly.get((), 0))


def _term_order(term: tuple[Key, int]) -> int:
    return hash(term[0])


def _is_parameter(key: Key, env: Env) -> bool:
    if isinstance(key, Symbol):
        return False
    if isinstance(key, FloorDiv):
        return all(_is_parameter(k, env) for k, _ in key.numerator.terms)
    return True


def _product(monomial: Monomial) -> Expr:
    product: Expr | None = None
    for key in monomial:
        factor = to_expr(Affine(((key, 1),), 0))
        product = factor if product is None else Binary("*", product, factor, factor.type)
    assert product is not None
    return product


def _quotient_expr(quotient: FloorDiv) -> Expr:
    return Binary("/", to_expr(quotient.numerator), Constant(quotient.divisor))


def to_expr(form: Affine) -> Expr:
    """An expression with the value of the form."""
    total: Expr | None = None
    for key, factor in form.terms:
        base = Name(key) if isinstance(key, Symbol) else _quotient_expr(key) if isinstance(key, FloorDiv) else key
        term = base if factor == 1 else Binary("*", Constant(factor), base)
        total = term if total is None else Binary("+", total, term)
    if total is None:
        return Constant(form.constant)
    return Binary("+", total, Constant(form.constant)) if form.constant else total


def add(first: Mapping[Monomial, int], second: Mapping[Monomial, int], factor: int = 1) -> Poly:
    """first + factor * second, without zero terms."""
    total = dict(first)
    for monomial, value in second.items():
        new = total.get(monomial, 0) + factor * value
        if new:
            total[monomial] = new
        else:
            total.pop(monomial, None)
    return total


def multiply(first: Mapping[Monomial, int], second: Mapping[Monomial, int]) -> Poly:
    total: Poly = {}
    for a, x in first.items():
        for b, y in second.items():
            monomial = tuple(sorted((*a, *b), key=hash))
            new = total.get(monomial, 0) + x * y
            if new:
                total[monomial] = new
            else:
                total.pop(monomial, None)
    return total


def poly_of(form: Affine) -> Poly:
    poly: Poly = {(key,): factor for key, factor in form.terms}
    if form.constant:
        poly[()] = form.constant
    return poly


def combine(first: Affine, second: Affine, factor: int = 1) -> Affine:
    """first + factor * second."""
    total = dict(first.terms)
    for key, value in second.terms:
        new = total.get(key, 0) + factor * value
        if new:
            total[key] = new
        else:
            total.pop(key, None)
    return Affine(tuple(sorted(total.items(), key=_term_order)), first.constant + factor * second.constant)


def _consumed(expr: Expr, env: Env, depth: int, offset: bool) -> Poly | NotAffine:
    """The form of `expr` where its value is used as a mathematical integer: unsigned results must not have wrapped."""
    poly = _form(expr, env, depth)
    kind = expr.type
    if isinstance(poly, NotAffine) or not _modular(kind, expr):
        return poly
    if offset and (kind.bits or 0) >= POINTER_BITS:
        return poly
    if prove_nonnegative(poly, env):
        return poly
    if _invariant(expr, env):
        return _parameter(expr)
    return NotAffine("may-be-negative", "an unsigned difference that may wrap around", expr)


def _modular(kind: Type, expr: Expr) -> bool:
    """Can the value of `expr` have wrapped around?"""
    return kind.is_unsigned and not isinstance(expr, (Name, Constant, Element, Field))


def _form(expr: Expr, env: Env, depth: int) -> Poly | NotAffine:
    """The form of `expr`, modulo 2**bits where its type is unsigned."""
    if depth > MAX_DEPTH:
        return NotAffine("not-affine", "an expression too deep to analyse", expr)
    match expr:
        case Constant(value=value):
            if isinstance(value, bool) or not isinstance(value, int):
                return NotAffine("not-affine", "not an integer", expr)
            return {(): value} if value else {}
        case Name(symbol=symbol):
            return _name(expr, symbol, env, depth)
        case Binary(op=("+" | "-")):
            return _sum(expr, env, depth)
        case Binary(op=op, left=left, right=right):
            result = _binary(expr, op, left, right, env, depth)
        case Unary(op=("-" | "+") as op, operand=operand):
            inner = _operand(operand, expr.type, env, depth)
            if isinstance(inner, NotAffine):
                return inner
            return inner if op == "+" else add({}, inner, -1)
        case Cast(operand=operand):
            result = _cast(expr, operand, env, depth)
        case _:
            result = NotAffine(*_describe(expr), expr)
    # What has no form of its own may still be a parameter as a whole.
    if isinstance(result, NotAffine) and result.poly is None and _invariant(expr, env):
        return _parameter(expr)
    return result


def _describe(expr: Expr) -> tuple[str, str]:
    match expr:
        case Element():
            return "indirect-subscript", "a value loaded from an array"
        case Field():
            return "varies", "a member that changes in the loop"
        case Conditional():
            return "not-affine", "a conditional value"
        case _:
            return "not-affine", "not a sum of loop indices and constants"


def _name(expr: Name, symbol: Symbol, env: Env, depth: int) -> Poly | NotAffine:
    if symbol.storage == "constant" and symbol.value is not None:
        return _form(symbol.value, env, depth + 1)
    if symbol.type.kind not in ("integer", "unknown", "logical", "character"):
        return NotAffine("not-affine", "not an integer", expr)
    if symbol in env.indices:
        return {(symbol,): 1}
    if env.invariant(expr):
        return {(expr,): 1}
    return NotAffine("varies", f"`{symbol.name}` changes in the loop", expr)


def _invariant(expr: Expr, env: Env) -> bool:
    if expr.type.kind not in ("integer", "unknown", "logical", "character"):
        return False
    for count, each in enumerate(walk(expr)):
        # Structural equality ignores the type of a cast.
        if (
            isinstance(each, Cast)
            or count > MAX_PARAMETER_NODES
            or (isinstance(each, Name) and each.symbol in env.indices)
        ):
            return False
    return env.invariant(expr)


def _parameter(expr: Expr) -> Poly:
    return {(expr,): 1}


def _operand(operand: Expr, into: Type, env: Env, depth: int) -> Poly | NotAffine:
    """An operand of arithmetic in type `into`: congruent is enough where that is as wide as the operand."""
    own = operand.type
    if into.is_unsigned and (not own.is_unsigned or own.bits == into.bits):
        return _form(operand, env, depth + 1)
    return _consumed(operand, env, depth + 1, False)


def _sum(expr: Binary, env: Env, depth: int) -> Poly | NotAffine:
    """Sums are flattened along their left spine: macros and generated code write thousands of terms."""
    total: Poly = {}
    node: Expr = expr
    seen = 0
    while isinstance(node, Binary) and node.op in ("+", "-") and _same_arithmetic(node.type, expr.type):
        seen += 1
        if seen > MAX_TERMS:
            return NotAffine("not-affine", "a sum too long to analyse", expr)
        term = _operand(node.right, expr.type, env, depth)
        if isinstance(term, NotAffine):
            return _whole(expr, term, env)
        total = add(total, term, 1 if node.op == "+" else -1)
        node = node.left
    first = _operand(node, expr.type, env, depth)
    if isinstance(first, NotAffine):
        return _whole(expr, first, env)
    return add(first, total)


def _whole(expr: Expr, reason: NotAffine, env: Env) -> Poly | NotAffine:
    return _parameter(expr) if _invariant(expr, env) else reason


def _same_arithmetic(first: Type, second: Type) -> bool:
    return first.signed == second.signed and first.bits == second.bits


def _binary(expr: Binary, op: str, left: Expr, right: Expr, env: Env, depth: int) -> Poly | NotAffine:
    if op == "*":
        first = _operand(left, expr.type, env, depth)
        second = _operand(right, expr.type, env, depth)
        if isinstance(first, NotAffine):
            return first
        if isinstance(second, NotAffine):
            return second
        if len(first) * len(second) > MAX_TERMS:
            return NotAffine("not-affine", "a product too long to analyse", expr)
        return multiply(first, second)
    divisor = constant_value(right, env)
    if divisor is None or op not in ("/", "%", "<<", ">>", "&"):
        return NotAffine("not-affine", f"`{op}` is not affine", expr)
    if op == "<<":
        inner = _operand(left, expr.type, env, depth)
        if isinstance(inner, NotAffine) or not 0 <= divisor < 63:
            return inner if isinstance(inner, NotAffine) else NotAffine("not-affine", "a shift out of range", expr)
        return multiply(inner, {(): 1 << divisor})
    value = _consumed(left, env, depth + 1, False)
    if isinstance(value, NotAffine):
        return value
    return _divided(expr, op, value, divisor, env)


def _divided(expr: Expr, op: str, value: Poly, divisor: int, env: Env) -> Poly | NotAffine:
    """`value` by a constant; `/` and `%` truncate, `>>` and `&` of two's complement numbers floor."""
    floors = op in (">>", "&")
    if op == ">>":
        divisor = 1 << divisor if 0 <= divisor < 63 else 0
    elif op == "&":
        divisor += 1
        if divisor & (divisor - 1):
            divisor = 0
    if divisor <= 0:
        return NotAffine("not-affine", f"`{op}` is not affine here", expr)
    remainder = op in ("%", "&")
    if all(factor % divisor == 0 for factor in value.values()):
        return {} if remainder else {m: factor // divisor for m, factor in value.items()}
    if not floors and not prove_nonnegative(value, env):
        return NotAffine("may-be-negative", f"`{op}` of a value that may be negative", expr)
    numerator = from_poly(value, env, expr)
    if isinstance(numerator, NotAffine):
        return NotAffine(numerator.code, numerator.text, expr)
    if numerator.is_constant:
        quotient, rest = divmod(numerator.constant, divisor)
        return _constant(rest if remainder else quotient)
    quotient_key: Poly = {(FloorDiv(numerator, divisor),): 1}
    return add(value, quotient_key, -divisor) if remainder else quotient_key


def floor_mod(expr: Expr, divisor: int, env: Env) -> Affine | NotAffine:
    """`expr` modulo a positive constant, floored: zero exactly where the truncating remainder is."""
    value = _consumed(expr, env, 0, False)
    if isinstance(value, NotAffine):
        return value
    numerator = from_poly(value, env, expr)
    if isinstance(numerator, NotAffine):
        return numerator
    if numerator.is_constant:
        return constant(numerator.constant % divisor)
    return combine(numerator, Affine(((FloorDiv(numerator, divisor), 1),), 0), -divisor)


def _constant(value: int) -> Poly:
    return {(): value} if value else {}


def constant_value(expr: Expr, env: Env | None = None) -> int | None:
    """The value of an integer constant expression."""
    form = to_affine(expr, env or _NOTHING)
    return form.constant if isinstance(form, Affine) and form.is_constant else None


def _cast(expr: Cast, operand: Expr, env: Env, depth: int) -> Poly | NotAffine:
    target, source = expr.type, operand.type
    if target.kind not in ("integer", "unknown"):
        return NotAffine("cast", "a conversion that is not between integers", expr)
    if source.kind not in ("integer", "logical", "character", "unknown"):
        return NotAffine("cast", "a conversion from something that is no integer", expr)
    if target.bits is None or source.bits is None:
        return _consumed(operand, env, depth + 1, False)
    if target.is_unsigned:
        if target.bits >= source.bits and (not source.is_unsigned or target.bits == source.bits):
            return _form(operand, env, depth + 1)  # congruent; whoever uses it proves the range
        if target.bits >= source.bits:
            return _consumed(operand, env, depth + 1, False)
    elif target.bits > source.bits or (target.bits == source.bits and not source.is_unsigned):
        return _consumed(operand, env, depth + 1, False)
    elif target.bits == source.bits:
        # Back to signed: the difference that wrapped below zero comes out negative again.
        return _form(operand, env, depth + 1)
    value = _consumed(operand, env, depth + 1, False)
    if isinstance(value, NotAffine):
        return value
    if _fits(value, target, env):
        return value
    return NotAffine("cast", "a conversion to a narrower integer", expr)


def _fits(value: Poly, target: Type, env: Env) -> bool:
    bits = target.bits or 0
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if target.signed else (0, (1 << bits) - 1)
    return prove_nonnegative(add(value, {(): -low}), env) and prove_nonnegative(add({(): high}, value, -1), env)


def prove_nonnegative(poly: Mapping[Monomial, int], env: Env) -> bool:
    """Is the value never negative while the surrounding loops run? True only where bounds prove it."""
    goal = {m: f for m, f in poly.items() if f}
    if _obviously_nonnegative(goal, env):
        return True
    order = tuple(reversed(tuple(env.indices)))
    return _bounded_below(goal, order, env, 0)


def _bounded_below(goal: Poly, order: tuple[Symbol, ...], env: Env, at: int) -> bool:
    """Replaces each index, inner ones first, by the bound that makes the value smallest."""
    for position in range(at, len(order)):
        symbol = order[position]
        factor = goal.get((symbol,), 0)
        if not factor:
            continue
        known = env.indices[symbol]
        for bound in known.lower if factor > 0 else known.upper:
            replaced = add({m: f for m, f in goal.items() if m != (symbol,)}, poly_of(bound), factor)
            if _obviously_nonnegative(replaced, env) or _bounded_below(replaced, order, env, position + 1):
                return True
        return False
    return _obviously_nonnegative(goal, env)


def _obviously_nonnegative(goal: Mapping[Monomial, int], env: Env) -> bool:
    if all(f >= 0 and all(_never_negative(k, env) for k in m) for m, f in goal.items()):
        return True
    for fact in env.facts:
        rest = add(goal, poly_of(fact), -1)
        if all(f >= 0 and all(_never_negative(k, env) for k in m) for m, f in rest.items()):
            return True
    return False


def _never_negative(key: Key, env: Env) -> bool:
    if isinstance(key, FloorDiv):
        return prove_nonnegative(poly_of(key.numerator), env)
    if isinstance(key, Symbol):
        if key.type.is_unsigned:
            return True
        known = env.indices.get(key)
        return known is not None and any(
            _bounded_below(poly_of(b), tuple(s for s in reversed(tuple(env.indices)) if s != key), env, 0)
            for b in known.lower
            if key not in dict(b.terms)
        )
    return key.type.is_unsigned


def bounds(expr: Expr, env: Env, *, largest: bool) -> tuple[list[Affine], bool]:
    """The affine values of which `expr` is the maximum (`largest`) or the minimum; and whether these are all.

    Reads `max(a, b)`, `a > b ? a : b` and nests of them. For a lower bound of an index ask for the largest. A pointer-wide
    unsigned bound that wrapped around (`n - 1` for n = 0) would make the loop run for ever, and is taken not to have.
    """
    found: list[Affine] = []
    complete = True
    stack = [expr]
    while stack:
        top = stack.pop()
        operands = extremum(top, largest=largest)
        if operands is not None:
            stack.extend(operands)
            continue
        form = to_affine(top, env, offset=True)
        if isinstance(form, Affine):
            found.append(form)
        else:
            complete = False
    return found, complete


def extremum(expr: Expr, *, largest: bool) -> tuple[Expr, Expr] | None:
    """The operands of a maximum (or minimum), however it is written."""
    while isinstance(expr, Cast) and (expr.type.bits or 0) >= (expr.operand.type.bits or 0):
        expr = expr.operand
    match expr:
        case Binary(op=("max" | "min") as op, left=left, right=right):
            return (left, right) if (op == "max") == largest else None
        case Conditional(condition=Binary(op=("<" | "<=" | ">" | ">=") as op, left=a, right=b), then=x, otherwise=y):
            greater = op in (">", ">=")
            if (a, b) == (x, y):
                return (x, y) if greater == largest else None
            if (a, b) == (y, x):
                return (x, y) if greater != largest else None
    return None


def substitute(form: Affine, values: Mapping[Key, Affine]) -> Affine:
    """The form with keys replaced."""
    total = constant(form.constant)
    for key, factor in form.terms:
        total = combine(total, values.get(key, Affine(((key, 1),), 0)), factor)
    return total


def keys(forms: Iterable[Affine]) -> set[Key]:
    """All keys, those inside quotients included."""
    found: set[Key] = set()
    stack = list(forms)
    while stack:
        for key, _ in stack.pop().terms:
            found.add(key)
            if isinstance(key, FloorDiv):
                stack.append(key.numerator)
    return found


_NOTHING = Env({}, lambda expr: False)
