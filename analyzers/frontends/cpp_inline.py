"""Functions that are one expression (`double &operator()(int i, int j) { return a[i * n + j]; }`), put in place of
their calls: an accessor then is the element that it names.

Their bodies count as part of the declarations: whoever calls one depends on its text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tree_sitter import Node

from analyzers.frontends.c_algebra import address, element
from analyzers.frontends.c_context import Context, Scope
from analyzers.frontends.c_expressions import expression
from analyzers.frontends.cpp_chunks import MAX_BODY
from analyzers.frontends.cpp_names import same_class
from analyzers.frontends.cpp_objects import is_made
from analyzers.frontends.cpp_overloads import may_be_elsewhere
from analyzers.frontends.cpp_templates import applied
from analyzers.frontends.cpp_types import REFERENCE
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
    walk,
)
from analyzers.ir.symbols import Symbol, Type
from analyzers.text import Span

_PREFIX = b"int _=("
_DEEP = 12
_LARGE = 200


@dataclass(frozen=True, slots=True)
class Accessor:
    """A function that is one expression. Parameters by reference have a pointer as type, as everywhere."""

    holder: str
    params: tuple[tuple[str, Type], ...]
    code: bytes
    result: Type | None  # None: a reference to what the expression names


def register(c: Context, name: str, kind: Type, node: Node, reference: bool) -> None:
    """Remember the function of a definition if it is one expression. Overloads for constant objects say the same in
    other words; where they do not, none is taken."""
    value = _returned(node)
    if value is None or kind.fields is None or kind.name.startswith(("virtual ", "static ")):
        return
    result = None if reference else kind.element
    accessor = Accessor(c.holder, kind.fields, c.data[value.start_byte : value.end_byte], result)
    key = (name, len(kind.fields))
    known = c.scope.accessors.get(key, accessor)
    same = isinstance(known, Accessor) and (known.code, known.params) == (accessor.code, accessor.params)
    c.scope.accessors[key] = accessor if same else None


def _returned(node: Node) -> Node | None:
    """The expression of a body that is nothing but `return expression;`."""
    body = node.child_by_field_name("body")
    if body is None or body.end_byte - body.start_byte > MAX_BODY + 2:
        return None
    statements = [n for n in body.named_children if n.type not in ("comment", "static_assert_declaration")]
    if len(statements) != 1 or statements[0].type != "return_statement" or statements[0].has_error:
        return None
    values = [n for n in statements[0].named_children if n.type != "comment"]
    return values[0] if len(values) == 1 and values[0].type != "initializer_list" else None


def inlined(c: Context, name: str, this: Expr | None, arguments: tuple[Expr, ...], span: Span) -> Expr | None:
    """What the call of a known function of one expression means; None where it has to stay a call."""
    if c.inlining >= _DEEP:
        return None
    accessor = _find(c.scope, (name, len(arguments)))
    if accessor is None or (this is None and accessor.holder) or may_be_elsewhere(c.scope, name, len(arguments)):
        return None
    if any(is_made(c, value, _object(kind)) for (_, kind), value in zip(accessor.params, arguments, strict=True)):
        return None
    top = c.scope
    while top.parent is not None and top.depth > 0:
        top = top.parent
    data = _PREFIX + accessor.code + b");"
    root = c.dialect.parser().parse(data).root_node
    node = _initialiser(root)
    if node is None or root.has_error:
        return None
    inner = Context(
        data,
        Scope(top, 1),
        c.dialect,
        f"{c.function}>",
        snippet=c.snippet,
        type_name=c.type_name,
        expanded=_Everywhere(span),
        limit=0,
        macros=c.macros,
        globals=c.globals,
        callees=c.callees,
        holder=accessor.holder,
        inlining=c.inlining + 1,
    )
    values: dict[Symbol, Expr] = {}
    bound: dict[str, Type] = {}
    if this is not None and accessor.holder:
        holder = top.find(accessor.holder)
        kind = holder if isinstance(holder, Type) else Type("record", accessor.holder)
        own = this.type.element if this.type.kind == "pointer" else None
        if own is not None and own.fields is not None and same_class(own, kind):
            bound, kind = dict(own.arguments), own
        inner.scope.names.update(bound)
        inner.this = Symbol(f"{inner.function}/p:this", "this", Type("pointer", "", 64, element=kind), "parameter")
        values[inner.this] = this
    for (word, written), argument in zip(accessor.params, arguments, strict=True):
        kind = applied(written, bound)
        symbol = Symbol(f"{inner.function}/p:{word}", word, kind, "parameter", depth=1)
        inner.scope.names[word] = symbol
        if kind.name.endswith("&"):
            inner.references.add(symbol)
        values[symbol] = argument
    value = expression(inner, node)
    if inner.out or inner.post or not _may_replace(value, values):
        return None
    result = None if accessor.result is None else applied(accessor.result, bound)
    if result is not None and is_made(inner, value, result):
        return None
    value = _substituted(value, values, span)
    return Cast(value, result, span) if result is not None and result.is_scalar and result != value.type else value


def _object(kind: Type) -> Type:
    """What a parameter of the type, by reference perhaps, is."""
    return kind.element or kind if kind.name.endswith(REFERENCE) else kind


def _find(scope: Scope | None, key: tuple[str, int]) -> Accessor | None:
    while scope is not None:
        if key in scope.accessors:
            found = scope.accessors[key]
            return found if isinstance(found, Accessor) else None
        scope = scope.parent
    return None


def _initialiser(root: Node) -> Node | None:
    node = next(iter(root.named_children), None)
    node = None if node is None else node.child_by_field_name("declarator")
    return None if node is None else node.child_by_field_name("value")


def _may_replace(value: Expr, values: dict[Symbol, Expr]) -> bool:
    """Are all arguments evaluated as often as before, as far as that matters?"""
    uses: dict[Symbol, int] = {}
    for count, part in enumerate(walk(value)):
        if count > _LARGE or (isinstance(part, Opaque) and part.reason is not None):
            return False
        if isinstance(part, Name):
            uses[part.symbol] = uses.get(part.symbol, 0) + 1
    return all(
        uses.get(symbol, 0) == 1 or not any(isinstance(part, (Call, Opaque)) for part in walk(argument))
        for symbol, argument in values.items()
    )


def _substituted(value: Expr, values: dict[Symbol, Expr], span: Span) -> Expr:
    """The expression over the arguments, in canonical form. It is small: see `MAX_BODY`."""

    def new(expr: Expr) -> Expr:
        match expr:
            case Name(symbol=symbol):
                return _as(values[symbol], symbol.type) if symbol in values else expr
            case Element(base=base, subscripts=subscripts):
                found = new(base)
                for subscript in subscripts:
                    found = element(found, new(subscript), span)
                return found if found.type.kind != "unknown" else _typed(found, expr.type)
            case Field(base=base):
                return replace(expr, base=new(base))
            case Address(operand=operand):
                return address(new(operand), span)
            case Call(callee=callee, arguments=arguments):
                return replace(expr, callee=new(callee), arguments=tuple(map(new, arguments)))
            case Unary(operand=operand) | Cast(operand=operand):
                return replace(expr, operand=new(operand))
            case Binary(left=left, right=right):
                return replace(expr, left=new(left), right=new(right))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return replace(expr, condition=new(condition), then=new(then), otherwise=new(otherwise))
            case Opaque(reads=reads):
                return replace(expr, reads=tuple(map(new, reads)))
            case Constant():
                return expr

    return new(value)


def _typed(value: Expr, kind: Type) -> Expr:
    return replace(value, type=kind) if isinstance(value, (Element, Field)) else value


def _as(argument: Expr, kind: Type) -> Expr:
    """The argument as the parameter gets it."""
    if kind.name.endswith("&"):
        lvalue = isinstance(argument, (Name, Element, Field)) and argument.type.kind not in ("array", "pointer")
        return Address(argument, kind, argument.span) if lvalue else argument
    given = argument.type
    same = not kind.is_scalar or not given.is_scalar or (kind.kind, kind.bits, kind.signed) == (
        given.kind, given.bits, given.signed
    )  # fmt: skip
    return argument if same else Cast(argument, kind, argument.span)


class _Everywhere:
    """A map that sends every range to the call."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def span(self, start: int, end: int) -> Span:
        return self._span
