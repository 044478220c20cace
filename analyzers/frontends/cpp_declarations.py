"""Declarations of C++: classes, references, `auto`, initialisers in all their spellings."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types, cpp_containers
from analyzers.frontends.c_algebra import address
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import declaration as c_declaration
from analyzers.frontends.c_declarations import declarator as c_declarator
from analyzers.frontends.c_declarations import parameter_type, specifiers, type_name
from analyzers.frontends.c_expressions import effect_free, expression, sealed
from analyzers.frontends.c_guesses import by_subscripts, guesses
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_calls import REFERENCE, arguments_of, called, constructed
from analyzers.frontends.cpp_inline import register
from analyzers.frontends.cpp_types import AUTO, deduced, find, is_container, owns, path
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ZERO, Cast, Constant, Element, Expr, Field, Name, Opaque
from analyzers.ir.statements import Declare, Evaluate
from analyzers.ir.symbols import UNKNOWN_TYPE, Storage, Symbol, Type

_REFERENCES = frozenset(("reference_declarator", "abstract_reference_declarator"))


def declarator(c: Context, node: Node, base: Type) -> tuple[Node | None, Type, bool]:
    """The declared name, its type, and whether it is a reference to an object of that type."""
    current: Node | None = node
    wrapped: Node | None = None
    reference = False
    while current is not None:
        if current.type in _REFERENCES:
            reference = True
            following = next((n for n in current.named_children if n.type not in ("type_qualifier", "comment")), None)
            if wrapped is None:
                node = following if following is not None else node
                if following is None:
                    return None, base, True
            current = following
            continue
        wrapped = wrapped or current
        following = current.child_by_field_name("declarator")
        if following is None and current.type == "parenthesized_declarator":
            following = next((n for n in current.named_children if n.type.endswith(("declarator", "identifier"))), None)
        current = following
    if not reference or wrapped is None:
        return (*_plain(c, node, base), False)
    name, kind = _plain(c, node, base)
    return name, kind, True


def _plain(c: Context, node: Node, base: Type) -> tuple[Node | None, Type]:
    """As in C; a reference inside parentheses (`T (&a)[10]`) is looked through, a qualified name is a name."""
    name, kind = c_declarator(c, node, base)
    if name is None:
        current: Node | None = node
        while current is not None:
            if current.type in (
                "qualified_identifier",
                "operator_name",
                "destructor_name",
                "template_function",
                "operator_cast",
            ):
                return current, kind
            if current.type in _REFERENCES:
                current = next((n for n in current.named_children if n.type != "type_qualifier"), None)
                if current is not None and current.type == "identifier":
                    return current, kind
                continue
            following = current.child_by_field_name("declarator")
            if following is None and current.type.startswith("parenthesized"):
                following = next(
                    (n for n in current.named_children if n.type.endswith(("declarator", "identifier"))), None
                )
            current = following
    return name, kind


def formals(c: Context, function: Node) -> tuple[tuple[str, Type], ...]:
    """Names and types of the parameters of a function declarator; a reference is a pointer whose name ends in `&`."""
    list_node = function.child_by_field_name("parameters")
    found: list[tuple[str, Type]] = []
    for child in () if list_node is None else list_node.named_children:
        if child.type not in (
            "parameter_declaration",
            "optional_parameter_declaration",
            "variadic_parameter_declaration",
        ):
            continue
        base, _ = specifiers(c, child)
        part = child.child_by_field_name("declarator")
        name, kind, reference = (None, base, False) if part is None else declarator(c, part, base)
        if name is None and kind.kind == "void" and not reference:
            continue
        kind = referred(kind) if reference else parameter_type(kind) if not owns(kind) else kind
        found.append((c.text(name) if name is not None else "", kind))
    return tuple(found)


def referred(kind: Type) -> Type:
    """The pointer that a reference to an object of this type becomes."""
    inner = c_types.decayed(kind) if kind.kind == "array" else c_types.pointer_to(kind)
    container = kind.name if owns(kind) else inner.name.removesuffix("*").rstrip()
    return replace(inner, name=f"{container} {REFERENCE}")


def declaration(c: Context, node: Node) -> None:
    """Declare everything in a declaration; local objects give `Declare` statements."""
    base, words = specifiers(c, node)
    parts = node.children_by_field_name("declarator")
    if node.type == "type_definition" or "typedef" in words:
        c_declaration(c, node)
        return
    for part in parts:
        value_node = None
        if part.type == "init_declarator":
            value_node = part.child_by_field_name("value")
            inner = part.child_by_field_name("declarator")
            if inner is None:
                continue
            part = inner
        if part.type == "structured_binding_declarator":
            _bindings(c, part, value_node, False)
            continue
        if (
            part.type == "reference_declarator"
            and part.named_children[-1:]
            and (part.named_children[-1].type == "structured_binding_declarator")
        ):
            _bindings(c, part.named_children[-1], value_node, True)
            continue
        if _most_vexing(c, part):
            part, value_node = part.child_by_field_name("declarator") or part, part.child_by_field_name("parameters")
        name, kind, reference = declarator(c, part, base)
        if name is not None:
            _declared(c, name, kind, reference, words, part, value_node)


def _most_vexing(c: Context, part: Node) -> bool:
    """`T x(n);` inside a function, which reads as a function that takes an `n`."""
    if part.type != "function_declarator" or c.scope.depth == 0:
        return False
    parameters = part.child_by_field_name("parameters")
    inner = part.child_by_field_name("declarator")
    if parameters is None or inner is None or inner.type != "identifier" or not parameters.named_children:
        return False
    for child in parameters.named_children:
        kind = child.child_by_field_name("type")
        if child.type != "parameter_declaration" or kind is None or child.child_by_field_name("declarator") is not None:
            return False
        if kind.type != "type_identifier" or isinstance(c.scope.find(c.text(kind)), Type):
            return False
    return True


def _declared(
    c: Context, name_node: Node, kind: Type, reference: bool, words: frozenset[str], part: Node, value_node: Node | None
) -> None:
    name = c.text(name_node)
    if name_node.type == "qualified_identifier":
        name = "::".join(path(c, name_node))
    if kind.kind == "function":
        function = function_declarator(part)
        takes = formals(c, function) if function is not None else ()
        declare_function(c, name, replace(kind, fields=takes), "", c.span(name_node))
        return
    storage: Storage = "local"
    if c.scope.depth == 0 or "extern" in words:
        storage = "global"
    elif "static" in words:
        storage = "static"
    span = c.span(name_node)
    whole = c.at(part.start_byte, part.end_byte if value_node is None else value_node.end_byte)
    if storage == "global" and c.scope.depth > 0:
        c.scope.names[name] = Symbol(f"//{name}", name, kind, storage, address_taken=True)
        return
    own = not words.isdisjoint(("thread_local", "__thread"))
    if storage != "local":
        constant: Expr | None = None
        if kind.name == "auto" and value_node is not None:
            kind = deduced(effect_free(c, value_node).type, kind)
        if kind.const and (kind.is_scalar or kind.kind == "unknown") and value_node is not None:
            constant = _constant(c, value_node, kind)
        if constant is not None and name not in c.addressed:
            c.declare(name, kind, "constant", span, constant)
            _in_namespace(c, name)
            return
        symbol = c.declare(name, kind, storage, span, constant)
        c.scope.names[name] = replace(
            symbol,
            threadprivate=own or symbol.threadprivate,
            internal=storage == "global" and "static" in words,
            address_taken=symbol.address_taken or reference,
        )
        _in_namespace(c, name)
        return
    if reference:
        bind(c, name, kind, None if value_node is None else value_of(c, value_node, kind), span, whole)
        return
    value: Expr | None = None
    if value_node is not None:
        value = value_of(c, value_node, kind)
        kind = deduced(value.type, kind)
    if kind.kind == "unknown" and kind is not AUTO and not kind.name.startswith("auto"):
        kind = _by_use(c, name, kind)
    count = None
    if is_container(kind):
        count, value = _count(c, value_node, value, kind, name)
    if kind.kind == "array" and kind.extents and kind.extents[0].size is None and isinstance(value, Opaque):
        kind = _sized(kind, value_node)
    symbol = c.declare(name, kind, storage, span, None)
    if kind.const and kind.kind == "integer" and value is not None and (number := fold(value)) is not None:
        symbol = c.scope.names[name] = replace(symbol, value=Constant(number, kind))
    c.out.append(Declare(symbol, value, whole))
    if value_node is not None and value_node.type == "lambda_expression":
        c.lambdas[symbol] = value_node.id
    if is_container(kind):
        cpp_containers.declared(c, symbol, count, whole)
    elif value is None and kind.kind == "record" and not kind.name.startswith("std::"):
        _construct(c, symbol, kind)
    elif kind.kind == "unknown" and b"%s." % name.encode() in (c.body or c.data):
        # Its methods may be those of a container: then it has a size of its own too.
        cpp_containers.declared(c, symbol, None, whole)
    c.flush()


def _in_namespace(c: Context, name: str) -> None:
    """Give a variable at file scope its full name, by which clauses have to call it elsewhere."""
    symbol = c.scope.names.get(name)
    if not c.space or c.scope.depth > 0 or not isinstance(symbol, Symbol) or "::" in name:
        return
    full = f"{c.space}::{name}"
    c.scope.names[full] = c.scope.names[name] = replace(symbol, uid=f"//{full}", name=full)


def _construct(c: Context, symbol: Symbol, kind: Type) -> None:
    """A class with a constructor of its own runs it."""
    name = kind.name.removeprefix("struct ").removeprefix("union ")
    full = f"{name}::{name.rpartition('::')[2]}"
    if isinstance(c.scope.find(full), Symbol):
        span = symbol.span
        c.out.append(Evaluate(called(c, full, (address(Name(symbol, span), span),), UNKNOWN_TYPE, span), span))


def _constant(c: Context, node: Node, kind: Type) -> Constant | None:
    """The value of an object that never changes, where it is a number."""
    if node.type in ("initializer_list", "argument_list"):
        inner = arguments_of(node)
        if len(inner) != 1:
            return None
        node = inner[0]
    value = effect_free(c, node)
    if isinstance(value, Constant) and isinstance(value.value, float):
        return Constant(value.value, kind) if kind.kind == "real" else None
    number = fold(value)
    return None if number is None else Constant(float(number) if kind.kind == "real" else number, kind)


def _by_use(c: Context, name: str, kind: Type) -> Type:
    """An object of an unseen class that is subscripted holds elements."""
    if c.guesses is None:
        c.guesses = guesses(c.body or c.data, c.snippet)
    found = c.guesses.get(name)
    if found is None or found.kind not in ("array", "pointer") or c.body.find(b"*" + name.encode()) >= 0:
        return kind
    count = len(found.extents) if found.kind == "array" else 1
    return replace(by_subscripts(count, True), element=UNKNOWN_TYPE)


def _count(c: Context, node: Node | None, value: Expr | None, kind: Type, name: str) -> tuple[Expr | None, Expr | None]:
    """How many elements a container begins with, and what they are."""
    span = c.span(node) if node is not None else None
    if node is None or span is None:
        return ZERO, None
    arguments = arguments_of(node) if node.type in ("argument_list", "parameter_list", "initializer_list") else []
    reads = value.reads if isinstance(value, Opaque) else () if value is None else (value,)
    filled = Opaque(c.text(node)[:200], None, reads, kind, span)
    if node.type == "initializer_list":
        return Constant(len(arguments)), filled
    if node.type in ("argument_list", "parameter_list") and reads:
        first = reads[0]
        if first.type.kind in ("integer", "character", "logical", "unknown") and not first.type.atomic:
            return first, filled
    return None, filled


def _sized(kind: Type, node: Node | None) -> Type:
    if node is None or node.type != "initializer_list" or is_container(kind):
        return kind
    first, *rest = kind.extents
    return replace(kind, extents=(replace(first, size=Constant(len(arguments_of(node)))), *rest))


def value_of(c: Context, node: Node, kind: Type) -> Expr:
    """The initialiser in any of its spellings: `= x`, `(x)`, `{x}`."""
    if node.type == "parameter_list":  # see `_most_vexing`
        names = [n.child_by_field_name("type") for n in node.named_children]
        values = tuple(expression(c, n) for n in names if n is not None)
        return (
            values[0] if len(values) == 1 and kind.is_scalar else Opaque(c.text(node), None, values, kind, c.span(node))
        )
    if node.type == "argument_list":
        nodes = arguments_of(node)
        if len(nodes) == 1 and kind.kind in ("unknown", "pointer"):
            return expression(c, nodes[0])
        return constructed(c, kind, nodes, node) if nodes else Opaque("()", None, (), kind, c.span(node))
    value = initial_value(c, node, kind)
    return sealed(c, value) if not isinstance(value, Opaque) else value


def is_lvalue(value: Expr) -> bool:
    return isinstance(value, (Name, Element, Field)) and not (
        isinstance(value, Name) and value.symbol.storage in ("constant", "function")
    )


def bind(c: Context, name: str, kind: Type, value: Expr | None, span: object, whole: object) -> None:
    """`T &name = value`: another name for an object, or for a temporary."""
    from analyzers.text import NOWHERE, Span

    where = span if isinstance(span, Span) else NOWHERE
    all_ = whole if isinstance(whole, Span) else NOWHERE
    while isinstance(value, Cast):
        value = value.operand
    if value is None:
        symbol = c.declare(name, kind, "local", where)
        c.out.append(Declare(symbol, None, all_))
        return
    inner = value.type if kind.name.startswith("auto") or kind.kind == "unknown" else kind
    inner = replace(inner, const=inner.const or kind.const) if inner.kind != "array" else inner
    if is_lvalue(value):
        if value.type.kind == "array":  # a row, a container
            pointer = referred(value.type)
            symbol = c.declare(name, pointer, "local", where)
            c.out.append(Declare(symbol, value, all_))
        else:
            pointer = referred(inner)
            symbol = c.declare(name, pointer, "local", where)
            c.references.add(symbol)
            c.out.append(Declare(symbol, address(value, all_), all_))
    elif value.type.kind == "unknown" and not kind.const:
        # What a function gives back by reference.
        symbol = c.declare(name, referred(inner), "local", where)
        c.references.add(symbol)
        c.out.append(Declare(symbol, Cast(value, symbol.type, all_), all_))
    else:
        symbol = c.declare(name, inner, "local", where)
        c.out.append(Declare(symbol, value, all_))
    c.flush()


def _bindings(c: Context, node: Node, value_node: Node | None, reference: bool) -> None:
    """`auto [a, b] = x`: each name a copy of a part, or the part itself."""
    value = None if value_node is None else value_of(c, value_node, AUTO)
    bound(c, node, value, reference)


def bound(c: Context, node: Node, value: Expr | None, reference: bool) -> None:
    fields = value.type.fields if value is not None and value.type.kind == "record" else None
    names = [n for n in node.named_children if n.type == "identifier"]
    for position, name in enumerate(names):
        part: Expr | None = None
        span = c.span(name)
        if value is not None and fields is not None and position < len(fields) and is_lvalue(value):
            part = Field(value, fields[position][0], fields[position][1], span)
        elif value is not None and is_lvalue(value):
            word = ("first", "second")[position] if len(names) == 2 else f"get<{position}>"
            part = Field(value, word, UNKNOWN_TYPE, span)
        elif value is not None:
            part = Opaque(c.text(name), None, (value,), UNKNOWN_TYPE, span)
        if reference and part is not None and is_lvalue(part):
            bind(c, c.text(name), AUTO, part, span, c.span(node))
            continue
        symbol = c.declare(c.text(name), part.type if part is not None else UNKNOWN_TYPE, "local", span)
        c.out.append(Declare(symbol, part, c.span(node)))


def function_declarator(node: Node | None) -> Node | None:
    found = None
    while node is not None:
        if node.type == "function_declarator":
            found = node
        following = node.child_by_field_name("declarator")
        if following is None and node.type in ("reference_declarator", "parenthesized_declarator"):
            following = next((n for n in node.named_children if n.type.endswith("declarator")), None)
        node = following
    return found


def function_type(c: Context, node: Node) -> tuple[str, Type, bool] | None:
    """Name and type of the function that a definition or a declaration in a class declares, and whether it gives back
    a reference."""
    part = node.child_by_field_name("declarator")
    function = function_declarator(part)
    if part is None or function is None:
        return None
    base, words = specifiers(c, node)
    name_node = function.child_by_field_name("declarator")
    if name_node is None:
        return None
    _, kind, reference = declarator(c, part, base)
    result = kind.element if kind.kind == "function" and kind.element is not None else base
    reference = reference or part.type == "reference_declarator"
    if reference:
        result = UNKNOWN_TYPE
    name = "::".join(path(c, name_node)) if name_node.type == "qualified_identifier" else c.text(name_node)
    if result.name == "auto":
        result = UNKNOWN_TYPE
    prefix = "static " if "static" in words and c.holder else ""
    if any(
        n.type in ("virtual", "virtual_function_specifier", "virtual_specifier")
        for n in (*node.children, *function.children)
    ):
        prefix = "virtual "
    name = "".join(name.split()) if "operator" not in name else name.replace(" ", "")
    return name, Type("function", f"{prefix}{result.name} ()", element=result, fields=formals(c, function)), reference


def declare_function(c: Context, name: str, kind: Type, holder: str, span: object) -> None:
    full = f"{holder}::{name}" if holder and "::" not in name else name
    known = c.scope.names.get(full)
    if isinstance(known, Symbol) and known.type.kind == "function":
        if known.type.fields != kind.fields:
            # Overloaded: which one a call means is not decided here.
            c.scope.names[full] = replace(known, type=replace(known.type, fields=None))
        return
    c.scope.names[full] = Symbol(f"//{full}", full, kind, "function")


def head(c: Context, node: Node) -> None:
    """Declare the function that a definition at file scope defines."""
    found = function_type(c, node)
    if found is None:
        return
    name, kind, reference = found
    full = f"{c.holder}::{name}" if c.holder else name
    known = c.scope.find(full)
    if not (isinstance(known, Symbol) and known.type.kind == "function"):
        declare_function(c, name, kind, c.holder, None)
    elif not c.holder:
        c.scope.names[full] = known  # its text counts
    if not c.holder and "::" in name:
        holder = find(c.scope, tuple(name.split("::")[:-1]))
        c.holder = holder.name if isinstance(holder, Type) and holder.kind == "record" else ""
    register(c, full, kind, node, reference)


__all__ = ["bind", "bound", "declaration", "declarator", "formals", "function_type", "head", "type_name"]
