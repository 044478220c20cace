"""Which forms of an overloaded function are declared, and which of them are defined where they can be read.

A call may mean any form. Where one of them is defined elsewhere, the bodies that are there do not say what it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.frontends.c_context import Form, Scope
from analyzers.frontends.cpp_types import REFERENCE
from analyzers.ir.symbols import Type


def note(scope: Scope, name: str, kind: Type, *, defined: bool) -> None:
    """A declaration or a definition of a function of this type."""
    forms = scope.forms.setdefault(name, {})
    form = (kind.const, *(_coarse(each) for _, each in kind.fields or ()))
    forms[form] = forms.get(form, False) or defined


def incomplete(scope: Scope) -> frozenset[str]:
    """The functions of which some forms are defined, and others only declared."""
    names = {name for each in scope.upwards() for name, forms in each.forms.items() if any(forms.values())}
    return frozenset(name for name in names if any(_undefined(scope, name)))


def may_be_elsewhere(scope: Scope, name: str, count: int) -> bool:
    """May a call with `count` arguments mean a form that is only declared? Parameters may have default arguments."""
    return any(len(form) > count for form in _undefined(scope, name))


def _undefined(scope: Scope, name: str) -> Iterator[Form]:
    declared = [each.forms[name] for each in scope.upwards() if name in each.forms]
    for form in {form for forms in declared for form in forms}:
        if not any(forms.get(form, False) for forms in declared):
            yield form


def _coarse(kind: Type) -> Form:
    """As much of a parameter's type as its spelling in different places does not change."""
    if kind.is_scalar:
        return (kind.kind, kind.bits, kind.signed)
    if kind.kind in ("pointer", "array") and kind.element is not None:
        return ("pointer", kind.name.endswith(REFERENCE), kind.element.const, _coarse(kind.element))
    if kind.kind == "record":
        return (kind.kind, kind.name.rpartition("::")[2].removeprefix("struct "))
    return (kind.kind,)
