"""What the rules on MPI share: findings about arguments, with where the value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.verdicts import Assumption, Confidence, Finding, Related
from analyzers.mpi.arguments import Fault, Kind, faults, names
from analyzers.mpi.buffers import Kind as Fit
from analyzers.mpi.buffers import Misfit, misfits
from analyzers.mpi.calls import MPICall
from analyzers.mpi.values import Values
from analyzers.rules.registry import Context, Rule
from analyzers.text import Span


@dataclass(slots=True)
class _Looked:
    """What was found in the function that was looked at last: several rules ask for it one after the other."""

    facts: FunctionFacts | None = None
    values: Values | None = None
    faults: tuple[Fault, ...] = ()
    misfits: tuple[Misfit, ...] = ()


_last = _Looked()


def of_kind(context: Context, *kinds: Kind) -> Iterator[Fault]:
    """The faults of these kinds in a function."""
    return (fault for fault in _looked(context).faults if fault.kind in kinds)


def misfits_of(context: Context, *kinds: Fit) -> Iterator[Misfit]:
    """The arguments of calls of a function that do not fit each other in one of these ways."""
    return (misfit for misfit in _looked(context).misfits if misfit.kind in kinds)


def values_of(context: Context) -> Values:
    """The values of the variables of a function."""
    values = _looked(context).values
    assert values is not None
    return values


def _looked(context: Context) -> _Looked:
    if _last.facts is not context.facts:
        function = context.facts.function
        values = Values(function, context.facts.effects)
        _last.faults, _last.misfits = tuple(faults(function, values)), tuple(misfits(function, values))
        _last.facts, _last.values = context.facts, values
    return _last


def about(rule: Rule, fault: Fault | Misfit, message: str, label: str, why: str) -> Finding:
    """The finding about an argument, at the argument; where a branch gives it the value, the assumption says so."""
    value = fault.value
    name = names(fault.argument) or fault.argument.parameter.name
    confidence: Confidence = "possible" if value.doubtful else "proved" if value.certain else "likely"
    assumptions: tuple[Assumption, ...] = ()
    related: tuple[Related, ...] = ()
    if value.given is not None:
        word = "is declared here and not set" if value.unset else f"gets this value here: {_value(fault)}"
        related = (Related(value.given, f"`{name}` {word}"),)
    if not value.certain:
        text = f"control takes the path on which `{name}` is {_value(fault)}"
        assumptions = (Assumption("condition", text, "ordinary", (name,)),)
        why += f" This happens if {text}."
    return finding(rule, fault.call, fault.argument.span, message, label, why, related, confidence, assumptions, name)


def _value(fault: Fault | Misfit) -> str:
    if isinstance(fault, Fault):
        return fault.said
    return fault.value.handle or str(fault.value.number)


def finding(
    rule: Rule,
    call: MPICall,
    span: Span,
    message: str,
    label: str,
    why: str,
    related: tuple[Related, ...] = (),
    confidence: Confidence = "proved",
    assumptions: tuple[Assumption, ...] = (),
    variable: str = "",
) -> Finding:
    """A finding of a rule on a call."""
    return Finding(
        rule.code,
        rule.category,
        rule.severity,
        confidence,
        span if span.end else call.call.span,
        message,
        label,
        why,
        related,
        (),
        {"section": rule.section, "procedure": call.name, "variable": variable or call.name},
        assumptions=assumptions,
    )
