"""Expressions and accesses as a person would write them, for reasons, witnesses and assumptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzers.ir.accesses import Access, Member, PathStep
from analyzers.ir.arithmetic import PRECEDENCE
from analyzers.ir.expressions import (
    Address,
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
)
from analyzers.ir.symbols import Symbol, Type

_TOO_DEEP = 40


def spell(expr: Expr, depth: int = 0) -> str:
    """The expression as text; "…" for what is nested too deeply to be read."""
    return _spell(expr, 0, depth)


def _spell(expr: Expr, outer: int, depth: int) -> str:
    if depth > _TOO_DEEP:
        return "…"
    match expr:
        case Constant(value=value):
            return str(value)
        case Name(symbol=symbol):
            return symbol.name
        case Element(base=base, subscripts=subscripts):
            return _postfix(base, depth) + "".join(f"[{_spell(s, 0, depth + 1)}]" for s in subscripts)
        case Field(base=Element(base=base, subscripts=(Constant(value=0),)), name=name) if base.type.kind == "pointer":
            reference = base.type.name.endswith("&")  # nobody wrote a pointer
            return f"{_postfix(base, depth)}{'.' if reference else '->'}{name}"
        case Field(base=base, name=name):
            return f"{_postfix(base, depth)}.{name}"
        case Address(operand=operand, type=Type(name=name)) if name.endswith("&"):  # by reference: nobody wrote it
            return _spell(operand, outer, depth)
        case Address(operand=operand):
            return "&" + _spell(operand, 11, depth + 1)
        case Call(callee=Name(symbol=Symbol(method=True, name=name)), arguments=(first, *rest)):
            shown = ", ".join(_spell(a, 0, depth + 1) for a in rest)
            if name == "operator()":
                return f"{_postfix(first.operand if isinstance(first, Address) else first, depth)}({shown})"
            if isinstance(first, Address):
                return f"{_postfix(first.operand, depth)}.{name}({shown})"
            return f"{_postfix(first, depth)}{'->' if first.type.kind == 'pointer' else '.'}{name}({shown})"
        case Call(callee=callee, arguments=arguments):
            return f"{_postfix(callee, depth)}({', '.join(_spell(a, 0, depth + 1) for a in arguments)})"
        case Unary(op=op, operand=operand):
            return op + _spell(operand, 11, depth + 1)
        case Binary(op=("min" | "max" | "**") as op, left=left, right=right):
            return f"{op}({_spell(left, 0, depth + 1)}, {_spell(right, 0, depth + 1)})"
        case Binary(op=op, left=left, right=right):
            own = PRECEDENCE.get(op, 0)
            text = f"{_spell(left, own, depth + 1)} {op} {_spell(right, own + 1, depth + 1)}"
            return f"({text})" if own < outer else text
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            parts = (_spell(condition, 1, depth + 1), _spell(then, 0, depth + 1), _spell(otherwise, 0, depth + 1))
            return "({} ? {} : {})".format(*parts)
        case Cast(operand=operand):
            return _spell(operand, outer, depth + 1)
        case Opaque(text=text):
            return text


def _postfix(base: Expr, depth: int) -> str:
    return _spell(base, 12, depth + 1)


def spell_access(access: Access, value: Callable[[Expr], str] = spell) -> str:
    """The object of an access: `a[i - 1]`. `value` spells each subscript."""
    return (access.symbol.name if access.symbol is not None else "memory") + spell_path(access.path, value)


def spell_path(path: Sequence[PathStep], value: Callable[[Expr], str] = spell) -> str:
    text = ""
    for step in path:
        if isinstance(step, Member):
            text = f"{text[:-3]}->{step.name}" if text == "[0]" else f"{text}.{step.name}"
        else:
            text += "".join(f"[{value(e)}]" for e in step.indices)
    return text
