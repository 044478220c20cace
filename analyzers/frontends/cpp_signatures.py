"""Declarators of C++: names, references, and what functions take and give back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import declarator as c_declarator
from analyzers.frontends.c_declarations import parameter_type, specifiers
from analyzers.frontends.cpp_inline import register
from analyzers.frontends.cpp_overloads import note
from analyzers.frontends.cpp_types import REFERENCE, find, owns, path
from analyzers.ir.symbols import UNKNOWN_TYPE, Symbol, Type

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


DEFAULT = "= call"  # how the name of a parameter's type ends whose default argument is a call


_PARAMETERS = ("parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration")


def parameters(c: Context, function: Node) -> Iterator[tuple[Node, Node | None, Type, bool]]:
    """The parameters of a function declarator: the declaration, the name, the type, and whether it is a reference."""
    list_node = function.child_by_field_name("parameters")
    for child in () if list_node is None else list_node.named_children:
        if child.type not in _PARAMETERS:
            continue
        base, _ = specifiers(c, child)
        part = child.child_by_field_name("declarator")
        name, kind, reference = (None, base, False) if part is None else declarator(c, part, base)
        if name is not None or kind.kind != "void" or reference:
            yield child, name, kind, reference


def formals(c: Context, function: Node) -> tuple[tuple[str, Type], ...]:
    """Names and types of the parameters of a function declarator; a reference is a pointer whose name ends in `&`."""
    found: list[tuple[str, Type]] = []
    for child, name, kind, reference in parameters(c, function):
        kind = referred(kind) if reference else parameter_type(kind) if not owns(kind) else kind
        default = child.child_by_field_name("default_value")
        if default is not None and default.type == "call_expression" and not reference:
            kind = replace(kind, name=f"{kind.name} {DEFAULT}")
        found.append((c.text(name) if name is not None else "", kind))
    return tuple(found)


def referred(kind: Type) -> Type:
    """The pointer that a reference to an object of this type becomes."""
    inner = c_types.decayed(kind) if kind.kind == "array" else c_types.pointer_to(kind)
    if kind.kind == "array" and kind.const and inner.element is not None:
        inner = replace(inner, element=replace(inner.element, const=True))
    container = kind.name if owns(kind) else inner.name.removesuffix("*").rstrip()
    return replace(inner, name=f"{container} {REFERENCE}")


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
    trailing = next((n for n in function.named_children if n.type == "trailing_return_type"), None)
    if trailing is not None and trailing.named_children:
        result = c.type_name(c, trailing.named_children[0])
        reference = "&" in c.text(trailing)
    if reference:
        result = UNKNOWN_TYPE
    name = "::".join(path(c, name_node)) if name_node.type == "qualified_identifier" else c.text(name_node)
    if result.name == "auto":
        result = UNKNOWN_TYPE
    constant = any(n.type == "type_qualifier" and c.text(n) == "const" for n in function.named_children)
    prefix = "static " if "static" in words and c.holder else ""
    if any(
        n.type in ("virtual", "virtual_function_specifier", "virtual_specifier")
        for n in (*node.children, *function.children)
    ):
        prefix = "virtual "
    name = "".join(name.split()) if "operator" not in name else name.replace(" ", "")
    kind = Type("function", f"{prefix}{result.name} ()", element=result, fields=formals(c, function), const=constant)
    return name, kind, reference


def declare_function(c: Context, name: str, kind: Type, holder: str, *, defined: bool = False) -> None:
    """Declare a function at file scope, or a method by its full name; `defined`: its body can be read."""
    full = f"{holder}::{name}" if holder and "::" not in name else name
    note(c.scope, full, kind, defined=defined)
    known = c.scope.names.get(full)
    if _is_another(c, name, full):
        _specialised(c, full, f"\N{HORIZONTAL ELLIPSIS}::{full}")
    elif isinstance(known, Symbol) and known.type.kind == "function":
        if known.type.fields != kind.fields:
            # Overloaded: which one a call means is not decided here.
            c.scope.names[full] = replace(known, type=replace(known.type, fields=None))
    else:
        c.scope.names[full] = Symbol(f"//{full}", full, kind, "function")


def _is_another(c: Context, name: str, full: str) -> bool:
    """Does the name mean a function of another namespace already?"""
    return c.scope.depth == 0 and "::" not in name and c.scope.first_space(full, c.space) != c.space


def _specialised(c: Context, name: str, shown: str) -> None:
    """Which of the definitions of a template, or of the functions of one name in different namespaces, a call means is
    not decided here: it may be any."""
    known = c.scope.find(name)
    if isinstance(known, Symbol) and known.type.kind == "function":
        c.scope.names[name] = replace(known, uid=f"//{shown}", name=shown)
    for key in [key for key in c.scope.accessors if key[0] == name]:
        c.scope.accessors[key] = None


def head(c: Context, node: Node) -> None:
    """Declare the function that a definition at file scope defines."""
    found = function_type(c, node)
    if found is None:
        return
    name, kind, reference = found
    if "<" in name and "operator" not in name:
        base = name.partition("<")[0]
        _specialised(c, base, f"{base}<>")
    full = f"{c.holder}::{name}" if c.holder else name
    known = c.scope.find(full)
    note(c.scope, full, kind, defined=True)
    if not (isinstance(known, Symbol) and known.type.kind == "function") or _is_another(c, name, full):
        declare_function(c, name, kind, c.holder, defined=True)
    elif not c.holder:
        c.scope.names[full] = known  # its text counts
    if not c.holder and "::" in name:
        holder = find(c.scope, tuple(name.split("::")[:-1]))
        c.holder = holder.name if isinstance(holder, Type) and holder.kind == "record" else ""
    register(c, full, kind, node, reference)
