"""Guards: objects that take mutexes when they are made and give them back when their block ends."""

from __future__ import annotations

from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.cpp_containers import call
from analyzers.ir.expressions import Call, Expr, Name, Opaque
from analyzers.ir.statements import Evaluate
from analyzers.ir.symbols import Type
from analyzers.standards.cpp_library import GUARDS, MUTEXES
from analyzers.text import Span

_LATER = ("defer_lock", "try_to_lock")  # the guard may be without the mutex at first
_BEFORE = "adopt_lock"  # the mutex is taken already
POLICIES = (*_LATER, _BEFORE)
_SHARED = "std::shared_lock"


def is_guard(kind: Type) -> bool:
    """One of the library, or of a class of the program that refers to a mutex."""
    return kind.name.startswith(GUARDS) or any(
        field.kind == "pointer" and field.element is not None and field.element.name in MUTEXES
        for _, field in kind.fields or ()
    )


def guard(c: Context, place: Expr, value: Expr | None, span: Span) -> None:
    """A guard is made from the mutexes and the policy in `value`."""
    reads = value.reads if isinstance(value, Opaque) else () if value is None else (value,)
    mutexes = tuple(each for each in reads if each.type.name in MUTEXES)
    if not mutexes or not isinstance(place, Name):
        return
    c.guards[place.symbol] = mutexes
    policy = [each.text for each in reads if isinstance(each, Opaque)]
    if not any(text.endswith(POLICIES) for text in policy):
        c.out += (Evaluate(each, span) for each in _each(c, place, "lock", span))
    c.scope.closing += (Evaluate(each, span) for each in _each(c, place, "unlock", span))


def told(c: Context, place: Expr, name: str, span: Span) -> Expr | None:
    """`l.lock()` and `l.unlock()` of a guard; None where it is something else."""
    if not isinstance(place, Name) or name not in ("lock", "unlock") or place.symbol not in c.guards:
        return None
    *others, last = _each(c, place, name, span)
    c.out += (Evaluate(each, span) for each in others)
    return last


def all_taken(c: Context, mutexes: tuple[Expr, ...], span: Span) -> Expr | None:
    """`std::lock(a, b)`; None where these are no mutexes."""
    if not mutexes or any(each.type.name not in MUTEXES for each in mutexes):
        return None
    *others, last = (call(c, f"{each.type.name}::lock", (address(each, span),), span) for each in mutexes)
    c.out += (Evaluate(each, span) for each in others)
    return last


def _each(c: Context, place: Name, name: str, span: Span) -> list[Call]:
    how = f"{name}_shared" if place.type.name.startswith(_SHARED) else name
    return [call(c, f"{each.type.name}::{how}", (address(each, span),), span) for each in c.guards[place.symbol]]
