"""Declarations of objects in C++: `auto`, initialisers in all their spellings, containers and their sizes."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types, cpp_containers
from analyzers.frontends.c_algebra import element
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import LASTING, specifiers
from analyzers.frontends.c_declarations import declaration as c_declaration
from analyzers.frontends.c_directives import resolve
from analyzers.frontends.c_expressions import effect_free, expression, mentions, sealed
from analyzers.frontends.c_guesses import by_subscripts, guesses
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_calls import arguments_of, construction, pointing
from analyzers.frontends.cpp_locks import POLICIES
from analyzers.frontends.cpp_objects import born
from analyzers.frontends.cpp_references import bind, bound, copies
from analyzers.frontends.cpp_signatures import declarator, declare_function, formals, function_declarator, referred
from analyzers.frontends.cpp_types import AUTO, deduced, is_container, path
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ZERO, Binary, Call, Constant, Element, Expr, Name, Opaque
from analyzers.ir.statements import Declare
from analyzers.ir.symbols import Storage, Symbol, Type


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
    """`T x(n);`, `T x(a[i])`, `T x(f(n))` inside a function, which read as functions that take an `n`, an array of
    `a`, a function that gives back an `f`."""
    if part.type != "function_declarator":
        return False
    parameters = part.child_by_field_name("parameters")
    inner = part.child_by_field_name("declarator")
    if parameters is None or inner is None or inner.type != "identifier" or not parameters.named_children:
        return False
    for child in parameters.named_children:
        kind = child.child_by_field_name("type")
        if child.type != "parameter_declaration" or kind is None:
            return False
        found = c.scope.find(c.text(kind))
        if c.scope.depth == 0 and not (isinstance(found, Symbol) and found.storage in ("constant", "global")):
            return False
        inner = child.child_by_field_name("declarator")
        if inner is not None and inner.type == "abstract_function_declarator" and not isinstance(found, Type):
            return True
        if isinstance(found, Symbol) or (kind.type == "qualified_identifier" and _is_policy(c, kind)):
            return True
        if kind.type != "type_identifier" or isinstance(found, Type):
            return False
        if found is None and child.child_by_field_name("declarator") is not None:
            return False
    return True


def _is_policy(c: Context, node: Node) -> bool:
    """`std::defer_lock`: a name of the standard library that is no type."""
    return path(c, node)[:1] == ("std",) and c.text(node).endswith(POLICIES)


def _declared(
    c: Context, name_node: Node, kind: Type, reference: bool, words: frozenset[str], part: Node, value_node: Node | None
) -> None:
    name = c.text(name_node)
    if name_node.type == "qualified_identifier":
        name = "::".join(path(c, name_node))
    if kind.kind == "function":
        function = function_declarator(part)
        takes = formals(c, function) if function is not None else ()
        declare_function(c, name, replace(kind, fields=takes), "")
        return
    storage: Storage = "local"
    if c.scope.depth == 0 or "extern" in words:
        storage = "global"
    elif not words.isdisjoint(LASTING):
        storage = "static"
    if reference and storage != "local":
        kind = referred(kind)  # where it leads to is not followed from here
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
        value = pointing(c, value_of(c, value_node, kind), kind)
        if not copies(value, kind):
            bind(c, name, kind, value, span, whole)
            return
        kind = deduced(value.type, kind)
    if kind.kind == "unknown" and kind is not AUTO and not kind.name.startswith("auto"):
        kind = _by_use(c, name, kind)
        if kind.kind == "array" and value is not None and _takes_memory(value):
            kind = c_types.decayed(kind)  # perhaps a view of it
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
        born(c, element(Name(symbol, span), ZERO, span), None, span)
    elif kind.kind == "array":
        cpp_containers.members_declared(c, symbol, whole)
        born(c, element(Name(symbol, span), ZERO, span), None, span)
    elif kind.kind == "record":
        born(c, Name(symbol, span), value, span)
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


def _takes_memory(value: Expr) -> bool:
    """Is an object made from anything but numbers? Who sums up to one (`= begin + k`) adds to an iterator."""
    if isinstance(value, Binary):
        return True
    reads = value.reads if isinstance(value, Opaque) else value.arguments if isinstance(value, Call) else (value,)
    whole = (e for e in reads if isinstance(e, Element) and isinstance(e.subscripts[-1], Opaque))
    return any(True for _ in whole) or not all(e.type.is_scalar for e in reads)


def _by_use(c: Context, name: str, kind: Type) -> Type:
    """An object of an unseen class that is subscripted holds elements."""
    if c.guesses is None:
        c.guesses = guesses(c.body or c.data, c.snippet)
    found = c.guesses.get(name)
    if found is None or found.kind not in ("array", "pointer") or c.body.find(b"*" + name.encode()) >= 0:
        return kind
    count = len(found.extents) if found.kind == "array" else 1
    return replace(by_subscripts(count, True), element=replace(AUTO, name=kind.name))


def _count(c: Context, node: Node | None, value: Expr | None, kind: Type, name: str) -> tuple[Expr | None, Expr | None]:
    """How many elements a container begins with, and what they are."""
    span = c.span(node) if node is not None else None
    if node is None or span is None:
        return ZERO, None
    arguments = arguments_of(node) if node.type in ("argument_list", "parameter_list", "initializer_list") else []
    reads = value.reads if isinstance(value, Opaque) else () if value is None else (value,)
    filled = Opaque(c.text(node)[:200], None, tuple(map(cpp_containers.contents, reads)), kind, span)
    if node.type == "initializer_list":
        return Constant(len(arguments)), filled
    if node.type in ("argument_list", "parameter_list") and reads:
        first = reads[0]
        if isinstance(first, Element) and first.subscripts[-1] == cpp_containers.ANY:
            return None, filled  # a copy
        if first.type.kind in ("integer", "character", "logical", "unknown") and not first.type.atomic:
            return first, filled
    return None, filled


def _sized(kind: Type, node: Node | None) -> Type:
    if node is None or node.type != "initializer_list" or is_container(kind):
        return kind
    first, *rest = kind.extents
    return replace(kind, extents=(replace(first, size=Constant(len(arguments_of(node)))), *rest))


def _reread(c: Context, node: Node) -> Expr:
    """What was read as a parameter, as the expression that it is."""
    span = c.span(node)
    kind = node.child_by_field_name("type")
    if kind is not None and node.named_child_count == 1:
        return expression(c, kind)
    value = resolve(c, c.text(node), span, runs=True)
    return Opaque(c.text(node), "syntax error", mentions(c, node), span=span) if value is None else value


def value_of(c: Context, node: Node, kind: Type) -> Expr:
    """The initialiser in any of its spellings: `= x`, `(x)`, `{x}`."""
    if node.type == "parameter_list":  # see `_most_vexing`
        values = tuple(_reread(c, n) for n in node.named_children)
        if len(values) == 1 and (kind.is_scalar or kind.kind in ("unknown", "pointer")):
            return values[0]
        return Opaque(c.text(node), None, tuple(map(cpp_containers.contents, values)), kind, c.span(node))
    if node.type == "argument_list":
        nodes = arguments_of(node)
        if len(nodes) == 1 and kind.kind in ("unknown", "pointer"):
            return expression(c, nodes[0])
        return construction(c, kind, nodes, node) if nodes else Opaque("()", None, (), kind, c.span(node))
    value = initial_value(c, node, kind)
    return sealed(c, value) if not isinstance(value, Opaque) else value


def _bindings(c: Context, node: Node, value_node: Node | None, reference: bool) -> None:
    """`auto [a, b] = x`: each name a copy of a part, or the part itself."""
    value = None if value_node is None else value_of(c, value_node, AUTO)
    bound(c, node, value, reference)
