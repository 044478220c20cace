"""Classes: their members become records, their methods functions that take the object's address."""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_declarations import close_bits, continues_bits, specifiers
from analyzers.frontends.c_expressions import constant_value
from analyzers.frontends.cpp_inline import register
from analyzers.frontends.cpp_signatures import declarator, declare_function, function_type, referred
from analyzers.frontends.cpp_templates import remember
from analyzers.frontends.cpp_types import BIT, innermost, named_type, path, qualified, type_parameter, type_parameters
from analyzers.ir.expressions import Constant
from analyzers.ir.symbols import ANONYMOUS, INT, Symbol, Type


def record(c: Context, node: Node) -> Type:
    """The type that a class specifier names or defines."""
    union = node.type == "union_specifier"
    name_node = node.child_by_field_name("name")
    tag = (
        ""
        if name_node is None
        else "::".join(path(c, name_node))
        if name_node.type != "template_type"
        else (c.text(name_node.child_by_field_name("name") or name_node))
    )
    body = node.child_by_field_name("body")
    if body is None:
        found = c.scope.find(tag)
        return found if isinstance(found, Type) else Type("record", tag, union=union)
    full = f"{c.holder}::{tag}" if c.holder and tag else tag
    outer, c.holder = c.holder, full
    if full and full not in c.scope.names:
        c.scope.names[full] = Type("record", full, union=union)
    remember(c, full, node)
    for name in type_parameters(c, node):
        c.scope.names[f"{full}::{name}"] = type_parameter(name)
    fields = [(f"{ANONYMOUS}{base.name}", base) for base in _bases(c, node)]
    shared: list[tuple[str, Type]] = []  # adjacent bit-fields so far
    for child in _members(body):
        variable = child.type == "field_declaration" and not _is_function(child)
        is_bits = variable and continues_bits(c, child, shared, fields)
        _member(c, child, shared if is_bits else fields)
    close_bits(shared, fields)
    own = _Own()
    for child in _members(body):
        own.add(c, child)
    for _, kind in fields:
        own.active |= _is_active(kind)
        own.runs.update(dict.fromkeys(innermost(kind).runs))
    c.holder = outer
    layout = c_types.UNKNOWN_LAYOUT if any(n.type == "base_class_clause" for n in node.children) else None
    complete = Type("record", full, layout, fields=tuple(fields), union=union, active=own.active, runs=tuple(own.runs))
    if full and c.scope.depth == 0 and c.scope.first_space(full, c.space) != c.space:
        # Which of the classes of this name in different namespaces is meant is not decided here.
        complete = Type("unknown", full, active=True)
    if full:
        c.scope.names[full] = complete
        if outer:
            c.scope.names.setdefault(tag, complete)
    return complete


_RUNS = frozenset(("call_expression", "assignment_expression", "update_expression", "new_expression"))


@dataclass(slots=True)
class _Own:
    """What runs where objects of a class are made, copied, converted, assigned or end."""

    runs: dict[str, None] = field(default_factory=dict)  # functions with a name
    active: bool = False  # what has none

    def add(self, c: Context, member: Node) -> None:
        """The part of a member of the class."""
        part = member.child_by_field_name("declarator")
        reference = False
        while part is not None and part.type not in ("function_declarator", "operator_cast"):
            reference = reference or part.type == "reference_declarator"
            part = part.child_by_field_name("declarator") or next(iter(part.named_children), None)
        if part is None:
            value = member.child_by_field_name("default_value")
            self.active |= member.type == "field_declaration" and (reference or _holds(value))
            return
        if any(n.type in ("default_method_clause", "delete_method_clause") for n in member.children) or _does_nothing(
            member
        ):
            return
        if part.type == "operator_cast":
            self.active = True
            return
        name = part.child_by_field_name("declarator")
        text = "" if name is None else c.text(name).replace(" ", "")
        if text.removeprefix("~") == c.holder.rpartition("::")[2] or text == "operator=":
            self.runs[f"{c.holder}::{text}"] = None


def _does_nothing(member: Node) -> bool:
    """Is it a definition whose body, which is seen, has no effect?"""
    body = member.child_by_field_name("body")
    if body is None or _holds(member):
        return False
    blank = not body.named_children and body.end_byte - body.start_byte > len("{ }")  # bodies are read apart
    return member.type == "function_definition" and not blank


def _holds(node: Node | None) -> bool:
    """Does the piece of the tree hold anything that has an effect?"""
    stack = [] if node is None else [node]
    while stack:
        top = stack.pop()
        if top.type in _RUNS:
            return True
        stack.extend(top.children)
    return False


def _is_active(kind: Type) -> bool:
    """A member that leads elsewhere, or that is active itself: what is done to the object is done there."""
    kind = innermost(kind)
    return kind.active or kind.kind == "pointer" or kind == BIT


def _members(body: Node) -> list[Node]:
    found: list[Node] = []
    for child in body.children:
        if child.type == "template_declaration":
            found += [n for n in child.named_children if n.type != "template_parameter_list"]
        else:
            found.append(child)
    return found


def _bases(c: Context, node: Node) -> list[Type]:
    clause = next((n for n in node.children if n.type == "base_class_clause"), None)
    found: list[Type] = []
    for child in () if clause is None else clause.named_children:
        if child.type == "type_identifier":
            found.append(named_type(c, child))
        elif child.type in ("qualified_identifier", "template_type"):
            found.append(qualified(c, child))
    return [base for base in found if base.kind == "record"]


def _member(c: Context, child: Node, fields: list[tuple[str, Type]]) -> None:
    if child.type in ("function_definition", "declaration") or (
        child.type == "field_declaration" and _is_function(child)
    ):
        found = function_type(c, child)
        if found is not None:
            declare_function(c, found[0], found[1], c.holder, defined=child.type == "function_definition")
            register(c, f"{c.holder}::{found[0]}", found[1], child, found[2])
        return
    if child.type in ("alias_declaration", "type_definition"):
        handler = c.dialect.outside.get(child.type)
        if handler is not None:
            handler(c, child)
        return
    if child.type != "field_declaration":
        return
    base, words = specifiers(c, child)
    parts = child.children_by_field_name("declarator")
    if (
        not parts
        and base.kind == "record"
        and any(
            n.type in ("struct_specifier", "union_specifier") and n.child_by_field_name("name") is None
            for n in child.children
        )
    ):
        fields.append((f"{ANONYMOUS}{len(fields)}", base))
    for part in parts:
        name, kind, reference = declarator(c, part, base)
        if name is None:
            continue
        if "static" in words:
            _static(c, child, c.text(name), kind)
        else:
            fields.append((c.text(name), referred(kind) if reference else kind))


def _is_function(node: Node) -> bool:
    part = node.child_by_field_name("declarator")
    while part is not None:
        if part.type == "function_declarator":
            inner = part.child_by_field_name("declarator")
            return inner is not None and inner.type != "parenthesized_declarator"
        part = part.child_by_field_name("declarator") or next(
            (n for n in part.named_children if n.type.endswith("declarator")), None
        )
    return False


def _static(c: Context, node: Node, name: str, kind: Type) -> None:
    """A static member is an object at file scope."""
    full = f"{c.holder}::{name}"
    value_node = node.child_by_field_name("default_value")
    value = constant_value(c, value_node) if kind.const and value_node is not None else None
    c.scope.names[full] = Symbol(
        f"//{full}",
        full,
        kind,
        "global",
        threadprivate=name in c.threadprivate,
        value=None if value is None else Constant(value, kind),
    )


def enumeration(c: Context, node: Node) -> Type:
    """Enumerators, those of an `enum class` by their full names."""
    name_node = node.child_by_field_name("name")
    name = "" if name_node is None else c.text(name_node)
    body = node.child_by_field_name("body")
    scoped = any(n.type in ("class", "struct") for n in node.children)
    base = node.child_by_field_name("base")
    kind = Type("integer", name, 32) if name else INT
    if base is not None and base.type == "primitive_type":
        known = c_types.from_words([c.text(base)])
        kind = Type("integer", name or known.name, known.bits, known.signed)
    following: int | None = 0
    for child in () if body is None else body.children:
        if child.type != "enumerator":
            continue
        word, value_node = child.child_by_field_name("name"), child.child_by_field_name("value")
        if value_node is not None:
            following = constant_value(c, value_node)
        if word is not None:
            text = c.text(word)
            symbol = Symbol(
                f"//{text}", text, kind, "constant", value=None if following is None else Constant(following)
            )
            for full in (f"{name}::{text}",) if scoped else (text, f"{name}::{text}"):
                c.scope.names[full] = symbol
        following = None if following is None else following + 1
    if name:
        c.scope.names[name] = kind
        return kind
    return kind
