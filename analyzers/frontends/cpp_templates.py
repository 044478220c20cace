"""Class templates of the program: what their parameters are called, and the class that some arguments make of one.

A template is read once, with its parameters as types of which nothing is known (`cpp_types.type_parameter`). Where an
object of `Grid<double>` is used, the members of `Grid` get the types that they have in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends.c_context import Context
from analyzers.ir.symbols import GENERIC, UNKNOWN_TYPE, Type

_DEEP = 8


def remember(c: Context, name: str, node: Node) -> None:
    """Note the parameters of the template whose class the specifier `node` defines."""
    around = node.parent
    listed = around.child_by_field_name("parameters") if around is not None else None
    if around is None or around.type != "template_declaration" or listed is None:
        return
    parameters: list[tuple[str, Type]] = []
    for child in listed.named_children:
        if child.type == "variadic_type_parameter_declaration":
            break
        if child.type in ("type_parameter_declaration", "optional_type_parameter_declaration"):
            word = child.child_by_field_name("name") or next(iter(child.named_children), None)
            default = child.child_by_field_name("default_type")
            kind = UNKNOWN_TYPE if default is None else c.type_name(c, default)
            parameters.append(("" if word is None else c.text(word), kind))
        elif child.type != "comment":
            parameters.append(("", UNKNOWN_TYPE))
    c.scope.names[f"{name}<>"] = Type("unknown", name, fields=tuple(parameters))


def instance(c: Context, kind: Type, arguments: list[Node]) -> Type:
    """The class that a template, read as `kind`, is with these arguments."""
    template = c.scope.find(f"{kind.name}<>")
    if not isinstance(template, Type) or kind.fields is None:
        return kind
    bound: dict[str, Type] = {}
    for position, (name, default) in enumerate(template.fields or ()):
        node = arguments[position] if position < len(arguments) else None
        if node is None:
            bound[name] = applied(default, bound)
        elif node.type == "type_descriptor":
            bound[name] = c.type_name(c, node)
    given = {name: kind for name, kind in bound.items() if name and kind != UNKNOWN_TYPE}
    return replace(applied(kind, given), arguments=tuple(given.items()))


def applied(kind: Type, bound: Mapping[str, Type], depth: int = 0) -> Type:
    """The type with arguments in place of parameters."""
    if not bound or depth > _DEEP:
        return kind
    if kind.kind == "unknown" and kind.runs == (f"{GENERIC}{kind.name}",):
        found = bound.get(kind.name)
        return kind if found is None else replace(found, const=found.const or kind.const)
    changes: dict[str, object] = {}
    if kind.element is not None and (element := applied(kind.element, bound, depth + 1)) != kind.element:
        changes["element"] = element
        if kind.name.startswith(kind.element.name):
            changes["name"] = element.name + kind.name.removeprefix(kind.element.name)
    if kind.fields is not None:
        changes["fields"] = tuple((name, applied(part, bound, depth + 1)) for name, part in kind.fields)
    brought = [bound[name.removeprefix(GENERIC)] for name in kind.runs if name.removeprefix(GENERIC) in bound]
    if brought:
        own = (name for name in kind.runs if name.removeprefix(GENERIC) not in bound)
        changes["runs"] = tuple(dict.fromkeys((*own, *(name for part in brought for name in part.runs))))
        changes["active"] = kind.active or any(part.active or part.kind == "pointer" for part in brought)
    return replace(kind, **changes) if changes else kind  # type: ignore[arg-type]  # by name, as built above
