"""Calls in C++: functions by qualified names, methods, constructors, casts that look like calls."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.frontends import c_names, c_types, cpp_containers
from analyzers.frontends.c_algebra import address, element
from analyzers.frontends.c_calls import EXPRESSIONS as C_CALLS
from analyzers.frontends.c_calls import looks_like_macro, parenthesised_type
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_dialect import Expressions
from analyzers.frontends.c_expressions import expression, noted, opaque
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_inline import inlined
from analyzers.frontends.cpp_locks import told
from analyzers.frontends.cpp_names import as_base, complete, converted, dereferenced, member, through
from analyzers.frontends.cpp_objects import handed, has_constructor, is_class, made, passed
from analyzers.frontends.cpp_operators import followed
from analyzers.frontends.cpp_signatures import DEFAULT
from analyzers.frontends.cpp_standard import STANDARD, standard
from analyzers.frontends.cpp_types import find, last_name, path
from analyzers.ir.expressions import (
    ZERO,
    Address,
    BinaryOp,
    Call,
    Cast,
    Constant,
    Expr,
    Name,
    Opaque,
    root,
)
from analyzers.ir.statements import Assign, Evaluate
from analyzers.ir.symbols import ANONYMOUS, REAL, UNKNOWN_TYPE, Symbol, Type
from analyzers.standards.cpp_library import CPP_ROUTINES
from analyzers.standards.library import ROUTINES
from analyzers.text import Span

_ATOMIC: dict[str, BinaryOp | None] = {
    "store": None, "fetch_add": "+", "fetch_sub": "-", "fetch_and": "&", "fetch_or": "|", "fetch_xor": "^",
}  # fmt: skip
"""Methods of `std::atomic` as assignments, where nobody takes what they give back."""

_CASTS = frozenset(("static_cast", "reinterpret_cast", "const_cast", "dynamic_cast"))
_DEEPEST = 8  # of classes derived from each other


def arguments_of(node: Node) -> list[Node]:
    return [n for n in node.named_children if n.type != "comment"]


def _call(c: Context, node: Node) -> Expr:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return opaque(c, node, "syntax error")
    nodes = arguments_of(arguments)
    match function.type:
        case "primitive_type" | "sized_type_specifier" | "template_type":
            return constructed(c, type_of(c, function), nodes, node)
        case "template_function":
            name = function.child_by_field_name("name")
            if name is not None and c.text(name) in _CASTS:
                return _cast(c, function, nodes, node)
            return _by_name(c, function, nodes, node)
        case "identifier" | "qualified_identifier":
            if c.data[function.start_byte : function.end_byte] in c.failed:
                return C_CALLS["call_expression"](c, node)
            return _by_name(c, function, nodes, node)
        case "field_expression":
            return _method(c, function, nodes, node)
        case "parenthesized_expression" if parenthesised_type(c, function) is not None:
            return C_CALLS["call_expression"](c, node)
    pointed = _member_pointer(function)
    if pointed is None:
        return called_value(c, expression(c, function), nodes, node)
    base, member = expression(c, pointed.named_children[0]), c.text(pointed.named_children[-1])
    return called(c, f".*{member}", (passed(base), *values_of(c, nodes, None)), UNKNOWN_TYPE, c.span(node), True)


def _member_pointer(function: Node) -> Node | None:
    """The `x.*f` of a call `(x.*f)(i)`."""
    while function.type in ("parenthesized_expression", "pointer_expression") and function.named_children:
        function = function.named_children[-1]
    return function if function.type == "field_expression" and function.children[1].type == ".*" else None


def type_of(c: Context, node: Node) -> Type:
    handler = c.dialect.types.get(node.type)
    return c_types.from_words(c.text(node).split()) if handler is None else handler(c, node)


def _cast(c: Context, function: Node, nodes: list[Node], node: Node) -> Expr:
    arguments = function.child_by_field_name("arguments")
    inner = None if arguments is None else next((n for n in arguments.named_children if n.type != "comment"), None)
    if inner is None or len(nodes) != 1:
        return opaque(c, node, "syntax error")
    kind = c.type_name(c, inner) if inner.type == "type_descriptor" else UNKNOWN_TYPE
    value = expression(c, nodes[0])
    if kind.kind == "unknown" and "&" in c.text(inner):
        return value
    if "&" in c.text(inner):
        return converted(c, value, kind)
    value = pointing(c, value, kind)
    return Cast(value, kind, c.span(node))


def pointing(c: Context, value: Expr, kind: Type) -> Expr:
    """A pointer to an object as one to its base class."""
    if not isinstance(value, Address) or kind.kind != "pointer" or kind.element is None:
        return value
    part = converted(c, value.operand, complete(c, kind.element))
    if part is value.operand:
        return value
    return (
        Opaque("another class", None, (value,), kind, value.span)
        if isinstance(part, Opaque)
        else address(part, value.span)
    )


def constructed(c: Context, kind: Type, nodes: list[Node], node: Node) -> Expr:
    """`T(x)`: a conversion, or a new object."""
    value = construction(c, kind, nodes, node)
    return made(c, value, kind, value.span) if is_class(c, kind) else value


def construction(c: Context, kind: Type, nodes: list[Node], node: Node) -> Expr:
    """What an object of the type is made from, of a class all of it as one value."""
    span = c.span(node)
    if len(nodes) == 1 and (kind.is_scalar or kind.kind == "pointer"):
        return Cast(initial_value(c, nodes[0], kind), kind, span)
    values = tuple(initial_value(c, n, UNKNOWN_TYPE) for n in nodes)
    if not nodes and kind.is_scalar:
        return Constant(0, kind, span)
    if kind.kind == "unknown" and kind.name and not c.snippet and len(values) != 1:
        return called(c, kind.name, values, kind, span)
    if not has_constructor(c, kind):
        values = tuple(map(cpp_containers.contents, values))
    return Opaque(c.text(node)[:200], None, values, kind, span)


def _by_name(c: Context, function: Node, nodes: list[Node], node: Node) -> Expr:
    words = path(c, function)
    name = words[-1] if words else c.text(function)
    span = c.span(node)
    found = find(c.scope, words)
    if isinstance(found, Type):
        return constructed(c, found, nodes, node)
    if found is None and len(words) == 1:
        known = c_types.NAMED.get(name)
        if known is not None and len(nodes) == 1:
            return Cast(expression(c, nodes[0]), known, span)
    if len(words) == 1 and c.this is not None and (own := _own_method(c, name, found)) is not None:
        kind = complete(c, c.this.type.element or UNKNOWN_TYPE)
        base = through(element(Name(c.this, span), ZERO, span), kind, own[1], span)
        return _member_call(c, own[0], address(base, span) if own[1] else Name(c.this, span), nodes, span)
    if isinstance(found, Symbol) and found.storage not in ("function", "undeclared"):
        return called_value(c, dereferenced(c, Name(noted(c, found), span)), nodes, node)
    if isinstance(found, Symbol) and found.storage == "function":
        plain = plain_values(c, nodes)
        if (
            not found.type.name.startswith("static ")
            and (value := inlined(c, found.name, None, plain, span)) is not None
        ):
            return value
        defaults(c, found.name, len(plain), found.type.fields, span)
        values = handed(c, plain, found.type.fields)
        kind = found.type.element or UNKNOWN_TYPE
        if found.type.name.startswith("static "):
            return called(c, found.name, (Constant(0, c_types.VOID_POINTER), *values), kind, span)
        return called(c, found.name, values, kind, span)
    if c.this is not None and len(words) == 1 and (value := member(c, name, span)) is not None:
        return called_value(c, value, nodes, node)
    if words[:1] == ("std",) or (len(words) == 1 and name in STANDARD):
        return standard(c, words[1:] if words[0] == "std" else words, function, nodes, node)
    if len(words) == 1:
        if c.missing_headers and looks_like_macro(c, name):
            return C_CALLS["call_expression"](c, node)
        return _unseen(c, name, nodes, span)
    return called(c, "::".join(words), values_of(c, nodes, None), UNKNOWN_TYPE, span)


def _unseen(c: Context, name: str, nodes: list[Node], span: Span) -> Expr:
    """A function that is not declared: of the C library, or anything."""
    result = c_names.RESULTS.get(name)
    values = tuple(expression(c, n) for n in nodes) if name in ROUTINES else values_of(c, nodes, None)
    symbol = c.undeclared(name, c_types.FUNCTION)
    c.callees[name] = None
    return Call(Name(symbol, span), values, result or UNKNOWN_TYPE, span)


def defaults(c: Context, name: str, count: int, formals: tuple[tuple[str, Type], ...] | None, span: Span) -> None:
    """Run what the default arguments of a call call, or touch."""
    if any(DEFAULT in kind.name for _, kind in (formals or ())[count:]):
        c.out.append(Evaluate(called(c, f"the default arguments of {name}", (), UNKNOWN_TYPE, span), span))


def called(c: Context, name: str, values: tuple[Expr, ...], kind: Type, span: Span, method: bool = False) -> Call:
    return cpp_containers.call(c, name, values, span, kind, method)


def called_value(c: Context, value: Expr, nodes: list[Node], node: Node) -> Expr:
    """`f(x)` where `f` is an object: a function pointer, or an object with `operator()`."""
    span = c.span(node)
    kind = value.type
    if kind.kind == "pointer" and kind.element is not None and kind.element.kind == "function":
        return Call(value, values_of(c, nodes, None), kind.element.element or UNKNOWN_TYPE, span)
    kind = complete(c, kind)
    name = f"{kind.name}::operator()"
    if kind.kind == "record" and find(c.scope, (name,)) is not None:
        return _member_call(c, name, address(value, span), nodes, span)
    values = values_of(c, nodes, None)
    if (of_template := f"{kind.name.partition('<')[0]}::operator()") in CPP_ROUTINES:
        return called(c, of_template, (address(value, span), *values), UNKNOWN_TYPE, span, True)
    if isinstance(value, Name):
        if isinstance(value.symbol, Symbol) and value.symbol.type.kind == "unknown":
            return called(c, value.symbol.name, (address(value, span), *values), UNKNOWN_TYPE, span, True)
        return Call(value, values, UNKNOWN_TYPE, span)
    start = root(value)
    name = f"{start.symbol.name}.operator()" if isinstance(start, Name) else "operator()"
    return called(c, name, (passed(value), *values), UNKNOWN_TYPE, span, True)


def values_of(c: Context, nodes: list[Node], formals: tuple[tuple[str, Type], ...] | None) -> tuple[Expr, ...]:
    """The arguments as the function gets them."""
    return handed(c, plain_values(c, nodes), formals)


def plain_values(c: Context, nodes: list[Node]) -> tuple[Expr, ...]:
    return tuple(initial_value(c, node, UNKNOWN_TYPE) for node in nodes)


def _member_call(c: Context, name: str, this: Expr, nodes: list[Node], span: Span) -> Expr:
    """A call of a known method for the object at address `this`."""
    plain = plain_values(c, nodes)
    value = inlined(c, name, this, plain, span)
    if value is not None:
        return value
    formals = _parameters(c, name)[1:]
    defaults(c, name, len(plain), formals, span)
    return called(c, name, (this, *handed(c, plain, formals)), _result(c, name), span)


def given(values: tuple[Expr, ...], letters: str) -> tuple[Expr, ...]:
    """The arguments of a function of the library: scalars that it only reads are values."""
    letters = letters or "-"
    uses = (letters[min(k, len(letters) - 1)] for k in range(len(values)))
    return tuple(
        value if use == "-" or (use == "r" and value.type.is_scalar) else passed(value)
        for use, value in zip(uses, values, strict=True)
    )


def _method(c: Context, function: Node, nodes: list[Node], node: Node) -> Expr:
    """`obj.f(x)`, `p->f(x)`."""
    object_node = function.child_by_field_name("argument")
    name_node = function.child_by_field_name("field")
    if object_node is None or name_node is None:
        return opaque(c, node, "syntax error")
    span = c.span(node)
    name = c.text(last_name(name_node))
    base = expression(c, object_node)
    if function.children[1].type == "->":
        base = followed(c, base, span)
    own_class = _named_class(c, name_node)
    if own_class is not None:
        base = as_base(c, base, own_class) or base
    kind = complete(c, base.type)
    if (held := told(c, base, name, span)) is not None:
        return held
    if kind.kind != "record":
        values = tuple(expression(c, n) for n in nodes)
        found = cpp_containers.method(c, base, name, values, node, c.text(object_node))
        if found is not None:
            return found
        if kind.kind == "complex" and name in ("real", "imag") and not nodes:
            return Opaque(c.text(node), None, (base,), REAL, span)
        if kind.atomic and name == "load":
            return base
        alone = node.parent is not None and node.parent.type == "expression_statement"
        if kind.atomic and alone and name in _ATOMIC and values:
            c.out.append(Assign(base, values[0], _ATOMIC[name], span))
            return ZERO
    own = _of_class(c, kind, name)
    if own is not None and own_class is not None:
        own = own[0].removeprefix("virtual "), own[1]
    if own is not None:
        return _member_call(c, own[0], address(through(base, kind, own[1], span), span), nodes, span)
    if kind.kind == "record":
        words = c_types.member_path(kind, name)
        if any(field == name for field, _ in kind.fields or ()):
            return called_value(c, through(base, kind, words, span), nodes, node)
    known = (
        f"{kind.name.partition('<')[0]}::{name}" if kind.kind == "record" and kind.name.startswith("std::") else name
    )
    routine = CPP_ROUTINES.get(known)
    if routine is not None:
        plain = tuple(initial_value(c, n, UNKNOWN_TYPE) for n in nodes)
        return called(c, known, (passed(base), *given(plain, routine.parameters[1:])), UNKNOWN_TYPE, span, True)
    if known == name and (name in ROUTINES or isinstance(c.scope.find(name), Symbol)):
        known = f".{name}"  # a method, not the function of that name
    return called(c, known, (passed(base), *values_of(c, nodes, None)), UNKNOWN_TYPE, span, True)


def _named_class(c: Context, node: Node) -> Type | None:
    """The `B` of `x.B::f()`, whose own `f` is called."""
    words = path(c, node) if node.type == "qualified_identifier" else ()
    found = find(c.scope, words[:-1]) if len(words) > 1 else None
    return found if isinstance(found, Type) else None


def _own_method(c: Context, name: str, found: Symbol | Type | None) -> tuple[str, tuple[str, ...]] | None:
    """`f(x)` inside a method as `this->f(x)`."""
    if isinstance(found, Symbol) and found.depth > 0:
        return None
    this = c.this
    if this is None or this.type.element is None:
        return None
    return _of_class(c, complete(c, this.type.element), name)


def _overrides(c: Context, kind: Type, name: str) -> bool:
    """Is the method virtual, by its own word or by that of a base class (ISO/IEC 14882:2020 §11.7.3)?"""
    waiting = [kind]
    for each in waiting:
        found = c.scope.find(f"{each.name.removeprefix('struct ').removeprefix('union ')}::{name}")
        if isinstance(found, Symbol) and found.type.name.startswith("virtual "):
            return True
        waiting += [complete(c, t) for n, t in each.fields or () if n.startswith(ANONYMOUS)][:20]
    return False


def _of_class(c: Context, kind: Type, name: str) -> tuple[str, tuple[str, ...]] | None:
    """The full name of a method of a class or of those it is derived from, that of a virtual one saying so, and the
    members that lead to the object of the class that has it."""
    waiting: list[tuple[Type, tuple[str, ...]]] = [(kind, ())]
    for each, steps in waiting:  # grows while it is walked
        if each.kind != "record" or not each.name:
            continue
        full = f"{each.name.removeprefix('struct ').removeprefix('union ')}::{name}"
        found = c.scope.find(full)
        if isinstance(found, Symbol) and found.type.kind == "function":
            return (f"virtual {full}" if _overrides(c, each, name) else full), steps
        if len(steps) < _DEEPEST:
            bases = ((n, t) for n, t in each.fields or () if n.startswith(ANONYMOUS))
            waiting += [(complete(c, t), (*steps, n)) for n, t in bases]
    return None


def _parameters(c: Context, name: str) -> tuple[tuple[str, Type], ...]:
    found = c.scope.find(name)
    return (("this", UNKNOWN_TYPE), *(found.type.fields or ())) if isinstance(found, Symbol) else ()


def _result(c: Context, name: str) -> Type:
    found = c.scope.find(name)
    return (found.type.element or UNKNOWN_TYPE) if isinstance(found, Symbol) else UNKNOWN_TYPE


EXPRESSIONS: Expressions = {"call_expression": _call}
