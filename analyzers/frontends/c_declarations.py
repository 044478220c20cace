"""Declarations of C: specifiers, declarators, records, enumerations."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_context import RESTRICT, Context, qualified
from analyzers.frontends.c_expressions import by_use, constant_value, expression, sealed
from analyzers.frontends.c_guesses import changes, is_only_read
from analyzers.frontends.c_memory import initial_value
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Constant, Expr
from analyzers.ir.statements import Declare
from analyzers.ir.symbols import ANONYMOUS, BIT_FIELDS, INT, UNKNOWN_TYPE, Extent, Storage, Symbol, Type

_TABLE = 2_000  # elements: longer ones are not looked at
_QUALIFIER_NODES = frozenset(("type_qualifier", "ms_pointer_modifier"))
_SPECIFIER_NODES = frozenset(
    (
        "primitive_type",
        "sized_type_specifier",
        "type_identifier",
        "struct_specifier",
        "union_specifier",
        "enum_specifier",
        "macro_type_specifier",
    )
)


def specifiers(c: Context, node: Node) -> tuple[Type, frozenset[str]]:
    """The base type of a declaration and its storage classes ("static", "extern", "typedef", ...)."""
    kind: Type | None = None
    storage: set[str] = set()
    qualifiers: set[str] = set()
    for child in node.children:
        name = child.type
        if name in _SPECIFIER_NODES or name in c.dialect.types:
            if kind is None:
                kind = specified(c, child)
        elif name == "type_qualifier":
            qualifiers.add(c.text(child).split("(")[0])
        elif name == "storage_class_specifier":
            storage.add(c.text(child))
        elif name in ("typedef", "__extension__"):
            storage.add(name)
        elif child.is_named and kind is not None and name not in ("attribute_specifier", "ERROR"):
            break
    return qualified(kind or INT, frozenset(qualifiers)), frozenset(storage)


def specified(c: Context, node: Node) -> Type:
    """The type that a type specifier names."""
    handler = c.dialect.types.get(node.type)
    if handler is not None:
        return handler(c, node)
    match node.type:
        case "primitive_type":
            return c_types.from_words([c.text(node)])
        case "sized_type_specifier":
            return c_types.from_words(c.text(node).split())
        case "type_identifier" | "identifier":
            name = c.text(node)
            found = c.scope.find(name)
            if isinstance(found, Type):
                return found
            return c_types.NAMED.get(name) or Type("unknown", name)
        case "struct_specifier" | "union_specifier":
            return _record(c, node)
        case "enum_specifier":
            return _enumeration(c, node)
        case "macro_type_specifier":
            return _type_operator(c, node)
    return UNKNOWN_TYPE


def _type_operator(c: Context, node: Node) -> Type:
    """`typeof(x)`, `_Atomic(int)`."""
    name = node.child_by_field_name("name")
    inner = node.child_by_field_name("type")
    if name is None or inner is None:
        return UNKNOWN_TYPE
    word = c.text(name)
    if word not in ("typeof", "__typeof__", "__typeof", "_Atomic"):
        return UNKNOWN_TYPE
    found = c.scope.find(c.text(inner))
    kind = found.type if isinstance(found, Symbol) else type_name(c, inner)
    return replace(kind, atomic=True) if word == "_Atomic" else kind


def type_name(c: Context, node: Node) -> Type:
    """The type of a `type_descriptor` node."""
    kind, _ = specifiers(c, node)
    declarator_node = node.child_by_field_name("declarator")
    return kind if declarator_node is None else declarator(c, declarator_node, kind)[1]


def _record(c: Context, node: Node) -> Type:
    union = node.type == "union_specifier"
    name_node = node.child_by_field_name("name")
    tag = c.text(name_node) if name_node is not None else ""
    name = f"{'union' if union else 'struct'} {tag}".strip()
    body = node.child_by_field_name("body")
    if body is None:
        return c.scope.find_tag(name) or Type("record", name, union=union)
    if tag and name not in c.scope.tags:
        c.scope.tags[name] = Type("record", name, union=union)
    fields: list[tuple[str, Type]] = []
    shared: list[tuple[str, Type]] = []  # adjacent bit-fields so far
    plain = not any(n.type == "attribute_specifier" for n in node.children)
    for child in body.children:
        if child.type != "field_declaration":
            continue
        is_bits = continues_bits(c, child, shared, fields)
        base, _ = specifiers(c, child)
        declarators = child.children_by_field_name("declarator")
        if not declarators and base.kind == "record":
            fields.append((f"{ANONYMOUS}{len(fields)}", base))
        plain = plain and not any(n.type in ("bitfield_clause", "attribute_specifier") for n in child.children)
        for part in declarators:
            found, kind = declarator(c, part, base)
            if found is not None and not found.is_missing:
                (shared if is_bits else fields).append((c.text(found), kind))
    close_bits(shared, fields)
    complete = Type(
        "record", name if tag else "", None if plain else c_types.UNKNOWN_LAYOUT, fields=tuple(fields), union=union
    )
    if tag:
        c.scope.tags[name] = complete
    return complete


def continues_bits(c: Context, child: Node, shared: list[tuple[str, Type]], fields: list[tuple[str, Type]]) -> bool:
    """Is the member a bit-field? What is none, or has no width, ends the row of those before it."""
    clause = next((n for n in child.children if n.type == "bitfield_clause"), None)
    width = clause.named_child(0) if clause is not None else None
    if width is None or constant_value(c, width) == 0:
        close_bits(shared, fields)
    return clause is not None


def close_bits(shared: list[tuple[str, Type]], fields: list[tuple[str, Type]]) -> None:
    """Adjacent bit-fields are one memory location (C11 §3.14): a thread that writes one writes back the others, as if
    they were members of a union. A bit-field of width zero separates them."""
    if len(shared) > 1:
        fields.append((f"{ANONYMOUS}{len(fields)}", Type("record", BIT_FIELDS, fields=tuple(shared), union=True)))
    else:
        fields += shared
    shared.clear()


def _enumeration(c: Context, node: Node) -> Type:
    name_node = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if body is not None:
        following: int | None = 0
        for child in body.children:
            if child.type != "enumerator":
                continue
            word = child.child_by_field_name("name")
            value_node = child.child_by_field_name("value")
            if value_node is not None:
                following = constant_value(c, value_node)
            if word is not None:
                value = None if following is None else Constant(following)
                c.declare(c.text(word), INT, "constant", c.span(word), value)
            following = None if following is None else following + 1
    return INT if name_node is None else Type("integer", f"enum {c.text(name_node)}", 32)


def declarator(c: Context, node: Node, base: Type) -> tuple[Node | None, Type]:
    """The declared name (None in an abstract declarator) and its type, from outside in."""
    current: Node | None = node
    while current is not None:
        kind = current.type
        following: Node | None = current.child_by_field_name("declarator")
        if kind in ("identifier", "field_identifier", "type_identifier"):
            return current, base
        if kind in ("pointer_declarator", "abstract_pointer_declarator"):
            words = frozenset(c.text(q) for q in current.children if q.type in _QUALIFIER_NODES)
            base = qualified(c_types.pointer_to(base), words)
        elif kind in ("array_declarator", "abstract_array_declarator"):
            base = c_types.array_of(base, Extent(_extent(c, current)))
            # `x[restrict n]` qualifies the pointer that the parameter becomes (C11 §6.7.6.3).
            # Other words change nothing here.
            words = frozenset(c.text(q) for q in current.children if q.type in _QUALIFIER_NODES)
            base = replace(base, restrict=bool(words & RESTRICT))
            if base.element is not None and base.element.volatile:
                base = replace(base, volatile=True)
        elif kind in ("function_declarator", "abstract_function_declarator"):
            base = Type("function", f"{base.name} ()", element=base, fields=_formals(c, current))
        elif kind in ("parenthesized_declarator", "abstract_parenthesized_declarator", "attributed_declarator"):
            following = following or next(
                (n for n in current.named_children if n.type.endswith("declarator") or n.type.endswith("identifier")),
                None,
            )
        elif kind == "primitive_type":  # a typedef of a name that the grammar takes for a keyword
            return current, base
        current = following
    return None, base


def _formals(c: Context, node: Node) -> tuple[tuple[str, Type], ...] | None:
    """The parameters of a function declarator; None where C does not say them: `f()`, `f(a, b)`, `f(int, ...)`. C++
    reads its own (`cpp_signatures`)."""
    listed = node.child_by_field_name("parameters")
    if c.dialect.name != "c" or listed is None or not listed.named_children:
        return None
    found: list[tuple[str, Type]] = []
    for child in listed.named_children:
        if child.type == "comment":
            continue
        if child.type != "parameter_declaration":
            return None
        base, _ = specifiers(c, child)
        part = child.child_by_field_name("declarator")
        name, kind = (None, base) if part is None else declarator(c, part, base)
        if not (part is None and kind.kind == "void"):
            found.append((c.text(name) if name is not None else "", parameter_type(kind)))
    return tuple(found)


def _extent(c: Context, node: Node) -> Expr | None:
    size = node.child_by_field_name("size")
    if size is None or size.type == "*":
        return None
    value = sealed(c, expression(c, size))
    number = fold(value)
    return value if number is None else Constant(number, INT, c.span(size))


def parameter_type(kind: Type) -> Type:
    """Arrays and functions as parameters are pointers; qualifiers of the outermost bound are those of the pointer."""
    if kind.kind != "array" or not kind.extents:
        return c_types.decayed(kind)
    pointer = c_types.decayed(replace(kind, restrict=False))
    return replace(pointer, restrict=kind.restrict, declared=kind.extents[0])


LASTING = ("static", "thread_local", "_Thread_local", "__thread")  # a local object outlives its block


def _storage(c: Context, words: frozenset[str], kind: Type) -> Storage:
    if kind.kind == "function":
        return "function"
    if c.scope.depth == 0 or "extern" in words:
        return "global"
    return "local" if words.isdisjoint(LASTING) else "static"


def declaration(c: Context, node: Node) -> None:
    """Declare everything in a declaration; local objects give `Declare` statements."""
    base, words = specifiers(c, node)
    typedef = "typedef" in words or node.type == "type_definition"
    for part in node.children_by_field_name("declarator"):
        value_node = None
        if part.type == "init_declarator":
            value_node = part.child_by_field_name("value")
            inner = part.child_by_field_name("declarator")
            if inner is None:
                continue
            part = inner
        name_node, kind = declarator(c, part, base)
        if name_node is None:
            continue
        name = c.text(name_node)
        if typedef:
            c.scope.names[name] = replace(kind, name=name) if kind.kind == "record" and not kind.name else kind
            continue
        if not name:
            continue
        if kind.kind == "array" and value_node is not None and kind.extents[0].size is None:
            kind = _sized(c, kind, value_node)
        if value_node is None or value_node.type != "initializer_list":
            kind = by_use(c, name, kind) if kind.kind == "unknown" and changes(name.encode(), c.body) else kind
        storage = _storage(c, words, kind)
        own = not words.isdisjoint(("_Thread_local", "__thread", "thread_local"))
        _declare_object(c, name, kind, storage, name_node, value_node, part, own, "static" in words)


def _declare_object(
    c: Context,
    name: str,
    kind: Type,
    storage: Storage,
    name_node: Node,
    value_node: Node | None,
    part: Node,
    threadprivate: bool,
    internal: bool,
) -> None:
    span = c.span(name_node)
    if storage in ("global", "function") and c.scope.depth > 0:
        _declare_outer(c, name, kind, storage)
        return
    constant: Expr | None = None
    if storage in ("global", "static") and kind.const and kind.is_scalar and value_node is not None:
        found = constant_value(c, value_node)
        constant = None if found is None else Constant(found, kind)
    symbol = c.declare(name, kind, storage, span, constant)
    table = _table(c, kind, value_node)
    if table and (c.scope.depth == 0 or _is_kept(c, name, kind)):
        symbol = c.scope.names[name] = replace(symbol, values=table)
    if threadprivate or (internal and storage == "global"):
        symbol = replace(symbol, threadprivate=threadprivate or symbol.threadprivate, internal=storage == "global")
        c.scope.names[name] = symbol
    if storage != "local":
        return
    value = None if value_node is None else initial_value(c, value_node, kind)
    whole = c.at(part.start_byte, part.end_byte if value_node is None else value_node.end_byte)
    c.out.append(Declare(symbol, value, whole))
    c.flush()


def _table(c: Context, kind: Type, node: Node | None) -> tuple[int, ...]:
    """The elements of an array of integers that is written out, the last ones zero; empty where it is not."""
    if node is None or node.type != "initializer_list" or len(kind.extents) != 1 or kind.element is None:
        return ()
    size = fold(kind.extents[0].size)
    items = [n for n in node.named_children if n.type != "comment"]
    if kind.kind != "array" or kind.element.kind != "integer" or size is None or not 0 < len(items) <= size <= _TABLE:
        return ()
    values = [constant_value(c, item) for item in items]
    found = tuple(value for value in values if value is not None)
    return (*found, *(0 for _ in range(size - len(found)))) if len(found) == len(values) else ()


def _is_kept(c: Context, name: str, kind: Type) -> bool:
    """Does a function leave its own table as it is?"""
    if kind.element is not None and kind.element.const:
        return True
    word = name.encode()
    return is_only_read(word, c.body) and not any(word in macro.body for macro in c.macros.values())


def type_only(c: Context, node: Node) -> None:
    """`struct s { ... };` declares a type and no object."""
    specified(c, node)


def head(c: Context, node: Node) -> None:
    """Declare the function that a definition at file scope defines."""
    part = node.child_by_field_name("declarator")
    if part is None:
        return
    base, _ = specifiers(c, node)
    name, kind = declarator(c, part, base)
    if name is not None and kind.kind == "function":
        c.declare(c.text(name), kind, "function", c.span(name))


def _declare_outer(c: Context, name: str, kind: Type, storage: Storage) -> None:
    """`extern int x;` or a prototype inside a function: the object at file scope."""
    scope = c.scope
    while scope.parent is not None:
        scope = scope.parent
    known = scope.names.get(name)
    if not isinstance(known, Symbol):
        known = Symbol(f"//{name}", name, kind, storage, address_taken=name in c.globals_addressed)
    c.scope.names[name] = known


def _sized(c: Context, kind: Type, value: Node) -> Type:
    """`int a[] = {1, 2}` has as many elements as its initialiser."""
    if value.type == "initializer_list":
        items = [n for n in value.named_children if n.type != "comment"]
        if any(n.type == "initializer_pair" for n in items):
            return kind
        size = len(items)
    elif value.type == "string_literal":
        size = len(c.text(value)) - 1
        if "\\" in c.text(value):
            return kind
    else:
        return kind
    return replace(kind, extents=(Extent(Constant(size)), *kind.extents[1:]))
