"""Calls of small functions replaced by what they do, where `Effects.transparent` says it (see `transparency`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzers.dependence.facts import Effects, ParameterUse
from analyzers.dependence.lvalues import container, strip_casts
from analyzers.dependence.rewriting import bottom_up, converted, rewrite, with_children
from analyzers.ir.expressions import Address, Call, Expr, calls_in, walk
from analyzers.ir.pointers import CallEffects
from analyzers.ir.symbols import Symbol

Known = Mapping[str, Effects]

SIZE = 60  # operators of one expression; larger ones are not looked into


def called(call: Call, known: Known) -> list[tuple[Expr, ParameterUse]] | None:
    """The accesses that a call makes, in terms of its arguments; None where they are not known one by one."""
    effect = known.get(call.name) if call.name else None
    if effect is None or effect.unknown is not None:
        return None
    if effect.transparent is None:
        harmless = effect.pure and all(use == "none" for use in effect.parameters)
        return [] if harmless and not effect.reads and not effect.memory else None
    formals = effect.transparent.formals
    if len(formals) != len(call.arguments) or _is_outgrown(call, effect):
        return None
    mapping = {formal: converted(a, formal) for formal, a in zip(formals, call.arguments, strict=True)}
    return [(rewrite(lvalue, mapping), use) for lvalue, use in effect.transparent.accesses]


def _is_outgrown(call: Call, effect: CallEffects) -> bool:
    """Does the callee go from a member that it gets the address of to the object that holds it?"""
    given = (strip_casts(argument)[0] for argument in call.arguments if effect.outgrows)
    places = (g.operand if isinstance(g, Address) else g for g in given if not g.type.is_scalar)
    return any(container(place) is not place for place in places)


def expand(expr: Expr, known: Mapping[str, CallEffects]) -> Expr:
    """The expression with calls of one-expression functions replaced by what they return."""
    if not any(calls_in(expr)):
        return expr

    def change(top: Expr, new: list[Expr], same: bool) -> Expr:
        top = top if same else with_children(top, new)
        return _returned(top, known) if isinstance(top, Call) else top

    return bottom_up(expr, change)


def _returned(call: Call, known: Mapping[str, CallEffects]) -> Expr:
    effect = known.get(call.name) if call.name else None
    transparent = effect.transparent if effect is not None else None
    if effect is None or transparent is None or transparent.result is None:
        return call
    if len(transparent.formals) != len(call.arguments):
        return call
    if any(use != "read" for _, use in transparent.accesses) or _is_outgrown(call, effect):
        return call
    mapping = {f: converted(a, f) for f, a in zip(transparent.formals, call.arguments, strict=True)}
    result = rewrite(transparent.result, mapping)
    if sum(1 for _ in walk(result)) > SIZE:
        return call
    return converted(result, replace(_ANY, type=call.type))


_ANY = Symbol("result", "result")
