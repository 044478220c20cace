"""Affine forms of integer expressions over loop indices and loop-invariant parameters.

Signed overflow is undefined (C17 §6.5), so signed arithmetic is exact. Unsigned arithmetic is modular: where a result
was not proved to be non-negative its wrap-around is part of the form (`forms.Wrapped`), except in subscripts as wide as
a pointer, in which the modulus cancels. That sums of non-negative values do not wrap upward is assumed where no step is
as large as the square root of the modulus: it would need more elements than the type can number. `/` and `%` of values
of unknown sign are `forms.Quotient`s that truncate.
"""

from __future__ import annotations

from dataclasses import replace

from analyzers.dependence.forms import (
    Affine,
    Loaded,
    NotAffine,
    Poly,
    Quotient,
    Selected,
    Wrapped,
    add,
    combine,
    constant,
    from_poly,
    multiply,
    poly_of,
    single,
)
from analyzers.dependence.ranges import Env, prove_nonnegative
from analyzers.ir.expressions import (
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Opaque,
    Unary,
    walk,
)
from analyzers.ir.symbols import Symbol, Type

MAX_DEPTH = 60
MAX_PARAMETER_NODES = 40
MAX_TERMS = 400
POINTER_BITS = 64
_INTEGERS = ("integer", "unknown", "logical", "character")


def to_affine(expr: Expr, env: Env, *, offset: bool = False) -> Affine | NotAffine:
    """The affine form of `expr`, or why there is none. `offset`: the value is only used as a pointer offset (a
    subscript), so that pointer-wide unsigned wrap-around cancels."""
    result = to_poly(expr, env, offset=offset)
    return result if isinstance(result, NotAffine) else from_poly(result, expr)


def to_poly(expr: Expr, env: Env, *, offset: bool = False) -> Poly | NotAffine:
    """As `to_affine`, with products of variables kept."""
    return _consumed(expr, env, 0, offset)


def constant_value(expr: Expr, env: Env | None = None) -> int | None:
    """The value of an integer constant expression."""
    form = to_affine(expr, env or _NOTHING)
    return form.constant if isinstance(form, Affine) and form.is_constant else None


def _consumed(expr: Expr, env: Env, depth: int, offset: bool = False) -> Poly | NotAffine:
    """The form of `expr` where its value is used as a mathematical integer."""
    poly = _form(expr, env, depth)
    kind = expr.type
    if isinstance(poly, NotAffine) or not kind.is_unsigned or isinstance(expr, (Name, Constant, Element, Field)):
        return poly
    bits = kind.bits or POINTER_BITS
    if offset and bits >= POINTER_BITS:
        return poly
    if prove_nonnegative(poly, env) and (not _is_steep(poly, bits) or _fits(poly, kind, env)):
        return poly
    form = from_poly(poly, expr)
    return NotAffine(form.code, form.text, expr) if isinstance(form, NotAffine) else poly_of(wrapped(form, bits))


def _is_steep(poly: Poly, bits: int) -> bool:
    """Does a step of an index take it so far that wrapping upward is likely meant, as in hashes?"""
    return any(abs(factor) >> (bits // 2) for monomial, factor in poly.items() if monomial)


def wrapped(form: Affine, bits: int) -> Affine:
    if form.is_constant:
        return constant(form.constant % (1 << bits))
    return single(Wrapped(form, bits))


def _form(expr: Expr, env: Env, depth: int) -> Poly | NotAffine:
    """The form of `expr`, modulo 2**bits where its type is unsigned."""
    if depth > MAX_DEPTH:
        return NotAffine("not-affine", "too deeply nested to analyse", expr)
    match expr:
        case Constant(value=value):
            if isinstance(value, bool) or not isinstance(value, int):
                return NotAffine("not-affine", "not an integer", expr)
            return {(): value} if value else {}
        case Name(symbol=symbol):
            return _name(expr, symbol, env, depth)
        case Binary(op=("+" | "-")):
            result = _sum(expr, env, depth)
        case Binary(op=op, left=left, right=right):
            result = _binary(expr, op, left, right, env, depth)
        case Unary(op=("-" | "+") as op, operand=operand):
            result = _operand(operand, expr.type, env, depth)
            if not isinstance(result, NotAffine):
                return result if op == "+" else add({}, result, -1)
        case Cast(operand=operand):
            result = _cast(expr, operand, env, depth)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            result = _selected(expr, condition, then, otherwise, env, depth)
        case _:
            result = NotAffine("not-affine", _describe(expr), expr)
    if not isinstance(result, NotAffine):
        return result
    return _as_unit(expr, result, env)


def _as_unit(expr: Expr, why: NotAffine, env: Env) -> Poly | NotAffine:
    """What has no form of its own may still be a parameter as a whole, or an unknown number."""
    if expr.type.kind not in _INTEGERS or not _is_small(expr):
        return why
    varying = [e.symbol for e in walk(expr) if isinstance(e, Name) and e.symbol in env.indices]
    if all(s in env.fixed for s in varying) and env.invariant(_at_zero(expr, varying)):
        return {(expr,): 1}
    if env.loads == "none" or not isinstance(expr, (Element, Field, Name)):
        return why
    stable = env.invariant(_at_zero(expr, varying)) if not isinstance(expr, Name) else False
    if stable or env.loads == "all":
        return {(Loaded(expr, stable),): 1}
    return why


def _is_small(expr: Expr) -> bool:
    for count, each in enumerate(walk(expr)):
        # Structural equality ignores the type of a cast, and says nothing of what was not understood.
        if isinstance(each, Opaque) or (isinstance(each, Cast) and not _is_widening(each)):
            return False
        if count > MAX_PARAMETER_NODES:
            return False
    return True


def _is_widening(cast: Cast) -> bool:
    target, source = cast.type, cast.operand.type
    if target.kind == "pointer":
        return False
    known = target.bits is not None and source.bits is not None and target.kind == source.kind == "integer"
    return known and (target.bits or 0) >= (source.bits or 0) and target.signed == source.signed


def _at_zero(expr: Expr, varying: list[Symbol]) -> Expr:
    """The expression for iteration zero: whether memory is written in the region does not depend on the place in it."""
    if not varying:
        return expr
    match expr:
        case Name(symbol=symbol):
            return Constant(0) if symbol in varying else expr
        case Element(base=base, subscripts=subscripts):
            return replace(
                expr, base=_at_zero(base, varying), subscripts=tuple(_at_zero(s, varying) for s in subscripts)
            )
        case Field(base=base):
            return replace(expr, base=_at_zero(base, varying))
        case Binary(left=left, right=right):
            return replace(expr, left=_at_zero(left, varying), right=_at_zero(right, varying))
        case Unary(operand=operand) | Cast(operand=operand):
            return replace(expr, operand=_at_zero(operand, varying))
        case Call(arguments=arguments):
            return replace(expr, arguments=tuple(_at_zero(a, varying) for a in arguments))
        case _:
            return expr


def _describe(expr: Expr) -> str:
    match expr:
        case Element() | Field():
            return "a value from memory"
        case Conditional():
            return "a conditional value"
        case Call():
            return "the result of a call"
        case Opaque():
            return "a place that is not known: the memory is accessed as another type"
        case _:
            return "not a sum of loop indices and constants"


def _name(expr: Name, symbol: Symbol, env: Env, depth: int) -> Poly | NotAffine:
    if symbol.storage == "constant" and symbol.value is not None:
        return _form(symbol.value, env, depth + 1)
    if symbol.type.kind not in _INTEGERS:
        return NotAffine("not-affine", "not an integer", expr)
    if symbol in env.indices:
        return {(symbol,): 1}
    return _as_unit(expr, NotAffine("varies", "not the same in all iterations", expr), env)


def _operand(operand: Expr, into: Type, env: Env, depth: int) -> Poly | NotAffine:
    """An operand of arithmetic in type `into`: congruent is enough where that is as wide as the operand."""
    own = operand.type
    if into.is_unsigned and (not own.is_unsigned or own.bits == into.bits):
        return _form(operand, env, depth + 1)
    return _consumed(operand, env, depth + 1)


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
            return term
        total = add(total, term, 1 if node.op == "+" else -1)
        node = node.left
    first = _operand(node, expr.type, env, depth)
    return first if isinstance(first, NotAffine) else add(first, total)


def _same_arithmetic(first: Type, second: Type) -> bool:
    return first.signed == second.signed and first.bits == second.bits


def _binary(expr: Binary, op: str, left: Expr, right: Expr, env: Env, depth: int) -> Poly | NotAffine:
    if op in ("*", "<<"):
        first = _operand(left, expr.type, env, depth)
        if op == "<<":
            amount = constant_value(right)
            second: Poly | NotAffine = (
                {(): 1 << amount} if amount is not None and 0 <= amount < 63 else NotAffine("", "")
            )
        else:
            second = _operand(right, expr.type, env, depth)
        if isinstance(first, NotAffine):
            return first
        if isinstance(second, NotAffine):
            return second if second.code else NotAffine("not-affine", "a shift by an unknown amount", expr)
        if len(first) * len(second) > MAX_TERMS:
            return NotAffine("not-affine", "a product too long to analyse", expr)
        return multiply(first, second)
    if op in ("min", "max"):
        least: Expr = Binary("<", left, right) if op == "min" else Binary(">", left, right)
        return _selected(expr, least, left, right, env, depth)
    divisor = constant_value(right)
    if divisor is None and op == "%":
        return _wrapped_once(expr, left, right, env, depth)
    if divisor is None or op not in ("/", "%", ">>", "&"):
        return NotAffine("not-affine", f"not affine (`{op}`)", expr)
    value = _consumed(left, env, depth + 1)
    return value if isinstance(value, NotAffine) else _divided(expr, op, value, divisor, env)


def _selected(expr: Expr, condition: Expr, then: Expr, otherwise: Expr, env: Env, depth: int) -> Poly | NotAffine:
    """`condition ? then : otherwise`, also minimum and maximum."""
    why = NotAffine("not-affine", "a conditional value", expr)
    if not isinstance(condition, Binary) or condition.op not in ("<", "<=", ">", ">=", "==", "!="):
        return why
    mixed = condition.left.type.is_unsigned != condition.right.type.is_unsigned
    forms: list[Affine] = []
    for each in (condition.left, condition.right, then, otherwise):
        poly = _consumed(each, env, depth + 1)
        form = poly if isinstance(poly, NotAffine) else from_poly(poly, each)
        if isinstance(form, NotAffine):
            return why
        if mixed and len(forms) < 2 and not each.type.is_unsigned and not prove_nonnegative(poly_of(form), env):
            return why  # the signed side is converted
        forms.append(form)
    left, right, first, second = forms
    op = condition.op
    if op in ("<", "<="):
        left, right = right, left
    test = combine(left, right, -1)
    if op in ("<", ">"):
        test = combine(test, constant(-1))
    if op == "!=":
        first, second = second, first
    equality = op in ("==", "!=")
    if test.is_constant:
        holds = test.constant == 0 if equality else test.constant >= 0
        return poly_of(first if holds else second)
    return poly_of(first) if first == second else {(Selected(test, first, second, equality),): 1}


def _wrapped_once(expr: Binary, left: Expr, right: Expr, env: Env, depth: int) -> Poly | NotAffine:
    """`(i + 1) % n` where the value is proved to be below 2 * n: it is the value, or n less."""
    value, size = _consumed(left, env, depth + 1), _consumed(right, env, depth + 1)
    why = NotAffine("not-affine", "not affine (`%`)", expr)
    if isinstance(value, NotAffine) or isinstance(size, NotAffine):
        return why
    last = add(add(size, size), add(value, {(): 1}), -1)
    if not (prove_nonnegative(value, env) and prove_nonnegative(last, env)):
        return why
    less = add(value, size, -1)
    whole, rest = from_poly(value), from_poly(less)
    if isinstance(whole, NotAffine) or isinstance(rest, NotAffine):
        return why
    return {(Selected(rest, rest, whole),): 1}


def _divided(expr: Expr, op: str, value: Poly, divisor: int, env: Env) -> Poly | NotAffine:
    """`value` by a constant; `/` and `%` truncate, `>>` and `&` of two's complement numbers round down."""
    if op == ">>":
        divisor = 1 << divisor if 0 <= divisor < 63 else 0
    elif op == "&":
        divisor = divisor + 1 if divisor >= 0 and not divisor & (divisor + 1) else 0
    sign = -1 if divisor < 0 and op == "/" else 1  # the remainder ignores the sign of its divisor
    divisor = abs(divisor)
    if not divisor:
        return NotAffine("not-affine", f"not affine (`{op}`)", expr)
    remainder = op in ("%", "&")
    if all(factor % divisor == 0 for factor in value.values()):
        return {} if remainder else {m: sign * factor // divisor for m, factor in value.items()}
    numerator = from_poly(value, expr)
    if isinstance(numerator, NotAffine):
        return NotAffine(numerator.code, numerator.text, expr)
    truncates = op in ("/", "%") and not prove_nonnegative(value, env)
    if numerator.is_constant:
        quotient = abs(numerator.constant) // divisor * (1 if numerator.constant > 0 else -1)
        if not truncates:
            quotient = numerator.constant // divisor
        whole: Poly = {(): quotient}
    else:
        whole = {(Quotient(numerator, divisor, truncates),): 1}
    return add(value, whole, -divisor) if remainder else add({}, whole, sign)


def floor_mod(expr: Expr, divisor: int, env: Env) -> Affine | NotAffine:
    """`expr` modulo a positive constant, rounded down: zero exactly where the truncating remainder is."""
    numerator = to_affine(expr, env)
    if isinstance(numerator, NotAffine):
        return numerator
    if numerator.is_constant:
        return constant(numerator.constant % divisor)
    return combine(numerator, single(Quotient(numerator, divisor)), -divisor)


def _cast(expr: Cast, operand: Expr, env: Env, depth: int) -> Poly | NotAffine:
    target, source = expr.type, operand.type
    if target.kind not in ("integer", "unknown") or source.kind not in _INTEGERS:
        return NotAffine("cast", "a conversion that is not between integers", expr)
    if target.bits is None or source.bits is None:
        return _consumed(operand, env, depth + 1)
    if target.is_unsigned:
        if target.bits >= source.bits and (not source.is_unsigned or target.bits == source.bits):
            return _form(operand, env, depth + 1)  # congruent; whoever uses it takes care of the range
        if target.bits >= source.bits:
            return _consumed(operand, env, depth + 1)
    elif target.bits > source.bits or (target.bits == source.bits and not source.is_unsigned):
        return _consumed(operand, env, depth + 1)
    elif target.bits == source.bits:
        # Back to signed: the difference that wrapped below zero comes out negative again.
        return _form(operand, env, depth + 1)
    value = _consumed(operand, env, depth + 1)
    if isinstance(value, NotAffine) or _fits(value, target, env):
        return value
    form = from_poly(value, expr)
    if target.signed or isinstance(form, NotAffine):
        return NotAffine("cast", "converted to a narrower integer", expr)
    return poly_of(wrapped(form, target.bits))


def _fits(value: Poly, target: Type, env: Env) -> bool:
    bits = target.bits or 0
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if target.signed else (0, (1 << bits) - 1)
    return prove_nonnegative(add(value, {(): -low}), env) and prove_nonnegative(add({(): high}, value, -1), env)


def bounds(expr: Expr, env: Env, *, largest: bool) -> tuple[list[Affine], bool]:
    """The affine values of which `expr` is the maximum (`largest`) or the minimum; and whether these are all.

    Reads `max(a, b)`, `a > b ? a : b` and nests of them. For a lower bound of an index ask for the largest. An
    unsigned bound as wide as a pointer that wrapped around (`n - 1` for n = 0) would make the loop run for ever: it is
    taken not to have.
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
    while isinstance(expr, Cast) and _is_widening(expr):
        expr = expr.operand
    match expr:
        case Binary(op=("max" | "min") as op, left=left, right=right):
            return (left, right) if (op == "max") == largest else None
        case Conditional(condition=Binary(op=("<" | "<=" | ">" | ">=") as op, left=a, right=b), then=x, otherwise=y):
            greater = op in (">", ">=")
            if not (_is_small(expr) and a.type.is_unsigned == b.type.is_unsigned):
                return None
            if (a, b) == (x, y):
                return (x, y) if greater == largest else None
            if (a, b) == (y, x):
                return (x, y) if greater != largest else None
    return None


_NOTHING = Env({}, lambda expr: False)


__all__ = ["Env", "bounds", "constant_value", "extremum", "floor_mod", "to_affine", "to_poly"]
