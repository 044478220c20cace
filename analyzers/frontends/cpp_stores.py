"""Assignments to objects of classes: what `=` and `+=` mean there."""

from __future__ import annotations

from dataclasses import replace

from analyzers.frontends import c_types, cpp_containers
from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.cpp_calls import called
from analyzers.frontends.cpp_inline import inlined
from analyzers.frontends.cpp_names import complete
from analyzers.frontends.cpp_objects import handed
from analyzers.frontends.cpp_types import find, is_container, owns
from analyzers.ir.expressions import ONE, ZERO, BinaryOp, Call, Constant, Expr, Opaque
from analyzers.ir.statements import Evaluate
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol
from analyzers.standards.cpp_library import CPP_ROUTINES
from analyzers.text import Span


def stores(c: Context, target: Expr, value: Expr, op: BinaryOp | None, span: Span) -> bool:
    """Emit `target op= value` where it is more than an assignment of a value; False where it is not."""
    kind = target.type
    cpp_containers.reached(c, target, span)
    if isinstance(target, Call):
        if target.name not in CPP_ROUTINES:
            return False
        # `m[key] = x`, `s.back() = x`: a change of the object.
        c.out.append(Evaluate(replace(target, arguments=(*target.arguments, value)), span))
        return True
    if owns(kind) or (is_container(kind) and kind.name.endswith("&")):
        _whole(c, target, value, op, span)
        return True
    kind = complete(c, kind)
    if kind.kind != "record" or not kind.name or (op is None and kind.name.startswith("std::")):
        return False
    name = f"{kind.name.partition('<')[0] if kind.name.startswith('std::') else kind.name}::operator{op or ''}="
    found = find(c.scope, (name,))
    if op is not None and value == ONE and not isinstance(found, Symbol):
        name = f"{kind.name}::operator{op}{op}"  # `++x`
        found = find(c.scope, (name,))
        if isinstance(found, Symbol):
            value = ZERO
    if not isinstance(found, Symbol) and name not in CPP_ROUTINES:
        return False
    this = address(target, span)
    formals = found.type.fields if isinstance(found, Symbol) else None
    if inlined(c, name, this, (value,), span) is None:
        c.out.append(Evaluate(called(c, name, (this, *handed(c, (value,), formals)), UNKNOWN_TYPE, span), span))
    return True


def _whole(c: Context, target: Expr, value: Expr, op: BinaryOp | None, span: Span) -> None:
    """`v = w` copies elements and size; `v *= 2` of a `valarray` changes every element."""
    cpp_containers.touch(c, target, "operator=", (value,), span)
    if op is not None:
        return
    before = cpp_containers.size(c, target, "", span)
    if isinstance(before, Constant):
        return
    new: Expr = Opaque("size", None, (value,) if value.type.is_scalar else (), c_types.LONG, span)
    if is_container(value.type):
        new = cpp_containers.size(c, value, "", span)
    cpp_containers.resized(c, target, new, "", span)
