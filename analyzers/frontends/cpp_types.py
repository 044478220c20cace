"""Types of C++ on top of those of C: templates of the standard library, classes, `auto`."""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.frontends.c_context import Context, Scope
from analyzers.frontends.c_expressions import effect_free
from analyzers.frontends.cpp_templates import instance
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Constant
from analyzers.ir.symbols import GENERIC, LOGICAL, REAL, UNKNOWN_TYPE, Extent, Symbol, Type
from analyzers.standards.cpp_library import DISTRIBUTIONS, GENERATORS
from analyzers.standards.library import words

AUTO = Type("unknown", "auto", active=True)
OWNERS = frozenset(("vector", "valarray", "deque", "array"))  # the elements are the object's own
VIEWS = frozenset(("span", "shared_ptr", "initializer_list", "auto_ptr", "weak_ptr", "unique_ptr"))
_ITERATORS = frozenset(("iterator", "const_iterator", "pointer", "const_pointer"))
_SIZES = frozenset(("size_type", "difference_type"))
_VALUES = frozenset(("value_type", "reference", "const_reference", "element_type", "type"))
REFERENCE = "&"  # how the name of a parameter's type ends where it is a reference
BITS = "std::vector<bool>"
BIT = replace(LOGICAL, name=f"{BITS}::reference")
"""What names a bit of a word: a copy of it is another name for the same bit (ISO/IEC 14882:2020 §22.3.12)."""


def record(name: str, fields: tuple[tuple[str, Type], ...] | None = None) -> Type:
    return Type("record", name, fields=fields)


_SIZED = tuple(f"std::{name}<" for name in (*sorted(OWNERS), "span", "initializer_list"))


def is_container(kind: Type) -> bool:
    """An object of a container class, or what a reference to one became: it has a size and methods."""
    return kind.kind in ("array", "pointer") and kind.name.startswith(_SIZED) and not kind.name.endswith("*")


def owns(kind: Type) -> bool:
    """A container that holds its elements itself: an array that is copied by `=`."""
    return kind.kind == "array" and kind.name.startswith(_SIZED)


def innermost(kind: Type) -> Type:
    """What the elements of an array or a container are."""
    while kind.kind == "array" and kind.element is not None and not kind.active:
        kind = kind.element
    return kind


def last_name(node: Node) -> Node:
    """`c` of `a::b::c`."""
    while node.type in (
        "qualified_identifier",
        "dependent_name",
        "dependent_type",
        "template_method",
        "template_function",
    ):
        inner = node.child_by_field_name("name")
        if inner is None:
            inner = next((n for n in reversed(node.named_children) if n.type != "template_argument_list"), None)
        if inner is None:
            break
        node = inner
    return node


def path(c: Context, node: Node) -> tuple[str, ...]:
    """The words of a qualified name without template arguments: ("std", "vector", "iterator")."""
    words: list[str] = []
    current: Node | None = node
    while current is not None and current.type in ("qualified_identifier", "dependent_type", "dependent_name"):
        if current.type != "qualified_identifier":
            current = next(iter(current.named_children), None)
            continue
        scope = current.child_by_field_name("scope")
        if scope is not None:
            inner = scope.child_by_field_name("name") if scope.type == "template_type" else scope
            words.append(c.text(inner or scope))
        current = current.child_by_field_name("name")
    if current is not None:
        inner = (
            current.child_by_field_name("name") if current.type in ("template_type", "template_function") else current
        )
        words.append(c.text(inner or current))
    return tuple(words)


def find(scope: Scope, words: tuple[str, ...]) -> Symbol | Type | None:
    """What a qualified name stands for: a member of a class, or a name of which the namespaces are left out."""
    for start in range(len(words)):
        found = scope.find("::".join(words[start:]))
        if found is None or (0 < start == len(words) - 1 and _is_inner(found)):
            continue
        if start and isinstance(found, Symbol) and not _is_in(scope, words[start:], words[:start]):
            continue
        return found
    return None


def _is_in(scope: Scope, name: tuple[str, ...], spaces: tuple[str, ...]) -> bool:
    """May a name be one of these namespaces, as far as it is known in which it is declared?"""
    known = scope.space_of("::".join(name))
    asked = "::".join(spaces)
    return known is None or f"::{known}::".endswith(f"::{asked}::") or f"{known}::".startswith(f"{asked}::")


def _is_inner(found: Symbol | Type) -> bool:
    """A local variable, or one that nothing declares, is not what a qualified name means."""
    return isinstance(found, Symbol) and (found.depth > 0 or found.storage == "undeclared")


def qualified(c: Context, node: Node) -> Type:
    """`std::vector<T>`, `A<T>::iterator`, `ns::T`."""
    name = node
    holder: Node | None = None
    while name.type in ("qualified_identifier", "dependent_type"):
        if name.type == "dependent_type":
            inner = next(iter(name.named_children), None)
        else:
            scope = name.child_by_field_name("scope")
            if scope is not None and scope.type == "template_type":
                holder = scope
            inner = name.child_by_field_name("name")
        if inner is None:
            return Type("unknown", c.text(node), active=True)
        name = inner
    words = path(c, node)
    if len(words) > 1 and (member := _member_type(c, holder, words)) is not None:
        return member
    if name.type == "template_type":
        return template(c, name)
    found = find(c.scope, words)
    if isinstance(found, Type):
        return found
    return _standard(words[-1]) or Type("unknown", c.text(node), active=True)


def _member_type(c: Context, holder: Node | None, words: tuple[str, ...]) -> Type | None:
    """`std::vector<T>::iterator`, `Container::value_type`."""
    last = words[-1]
    if last in _SIZES:
        return c_types.SIZE if last == "size_type" else c_types.NAMED["ptrdiff_t"]
    if last not in _ITERATORS and last not in _VALUES:
        return None
    if holder is not None:
        kind = template(c, holder)
    else:
        found = find(c.scope, words[:-1])
        kind = found if isinstance(found, Type) else UNKNOWN_TYPE
    if kind.kind not in ("array", "pointer"):
        return None
    element = c_types.pointee(kind)
    if last == "reference" and kind.name.startswith(BITS):
        return BIT
    return c_types.pointer_to(element) if last in _ITERATORS else element


def named_type(c: Context, node: Node) -> Type:
    """A class, a typedef, a type of the standard library that `using` lets stand alone, a template's parameter."""
    name = c.text(node)
    found = c.scope.find(name)
    if isinstance(found, Type):
        return found
    return c_types.NAMED.get(name) or _standard(name) or _unseen(c, name, node)


def _unseen(c: Context, name: str, node: Node) -> Type:
    """A type parameter of a template, or a class of which nothing is known."""
    if name in type_parameters(c, node):
        return type_parameter(name)
    found = c.scope.find(f"{c.holder}::{name}") if c.holder else None
    return found if isinstance(found, Type) else Type("unknown", name, active=True)


def type_parameters(c: Context, node: Node) -> list[str]:
    """The names of the types that the templates around a declaration leave open."""
    found: list[str] = []
    current = node.parent
    while current is not None:
        parameters = current.child_by_field_name("parameters") if current.type == "template_declaration" else None
        for child in () if parameters is None else parameters.named_children:
            if child.type not in ("parameter_declaration", "optional_parameter_declaration"):
                found += [c.text(n) for n in child.named_children if n.type == "type_identifier"][:1]
        current = current.parent
    return found


def type_parameter(name: str) -> Type:
    return Type("unknown", name, runs=(f"{GENERIC}{name}",))


def _standard(name: str) -> Type | None:
    known = c_types.NAMED.get(name)
    if known is not None:
        return known
    if name == "string" or name in _OPAQUE:
        return record(f"std::{name}")
    return None


_OPAQUE = frozenset(
    words(
        "ostream istream iostream fstream ofstream ifstream stringstream ostringstream istringstream "
        "mutex recursive_mutex timed_mutex recursive_timed_mutex shared_mutex shared_timed_mutex shared_lock "
        "thread exception runtime_error condition_variable string_view lock_guard unique_lock scoped_lock"
    )
).union(GENERATORS)


def template(c: Context, node: Node) -> Type:
    """`vector<double>` and its like; another template is a type of its own, whose members are not known."""
    name_node = node.child_by_field_name("name")
    name = "" if name_node is None else c.text(name_node)
    arguments = node.child_by_field_name("arguments")
    nodes = [] if arguments is None else [n for n in arguments.named_children if n.type != "comment"]
    found = c.scope.find(name)
    if isinstance(found, Type):
        return instance(c, found, nodes)
    first = c.type_name(c, nodes[0]) if nodes and nodes[0].type == "type_descriptor" else UNKNOWN_TYPE
    text = f"std::{name}<{first.name}>"
    if name in ("unique_ptr", "shared_ptr") and first.kind == "array":
        element = replace(first, name=text, wrapped=True)
        return element if name == "unique_ptr" else c_types.decayed(first)
    if name in OWNERS:
        size = _size(c, nodes[1]) if name == "array" and len(nodes) > 1 else None
        whole = c_types.array_of(first, Extent(size))
        bits = name == "vector" and first == LOGICAL  # an element is a proxy
        return replace(whole, name=BITS if bits else text, wrapped=True)
    if name in VIEWS:
        return replace(c_types.pointer_to(first), name=text)
    match name:
        case "complex":
            real = first if first.kind == "real" else REAL
            return Type("complex", f"std::complex<{real.name}>", 2 * (real.bits or 64))
        case "atomic":
            return replace(first, atomic=True)
        case "pair":
            first, second = (_held(c, n) for n in (*nodes, node, node)[:2])
            whole = record(f"std::pair<{first.name}, {second.name}>", (("first", first), ("second", second)))
            return _holding(whole, first, second)
    if name in _TEMPLATES:
        held = (c.type_name(c, n) for n in nodes if n.type == "type_descriptor")
        return _holding(replace(record(text), active=name in _WRAPPERS), *held)
    return Type("unknown", c.text(node), active=True)


def _held(c: Context, node: Node) -> Type:
    """The type of a member that a template's argument gives; a reference is a pointer, as everywhere."""
    kind = c.type_name(c, node) if node.type == "type_descriptor" else UNKNOWN_TYPE
    if not c.text(node).rstrip().endswith(REFERENCE):
        return kind
    return replace(c_types.pointer_to(kind), name=f"{kind.name} {REFERENCE}")


def _holding(whole: Type, *parts: Type) -> Type:
    """A class with what objects of other classes in it run."""
    parts = tuple(map(innermost, parts))
    runs = dict.fromkeys(name for part in parts for name in part.runs)
    leads = any(part.active or part.kind == "pointer" for part in parts)
    return replace(whole, active=whole.active or leads, runs=tuple(runs))


_TEMPLATES = frozenset(
    words(
        "map multimap unordered_map unordered_multimap set multiset unordered_set unordered_multiset list "
        "forward_list queue stack priority_queue tuple optional variant function bitset "
        "lock_guard unique_lock scoped_lock shared_lock basic_string"
    )
).union(DISTRIBUTIONS)
_WRAPPERS = ("tuple", "optional", "variant", "function")  # may hold references, pointers or whatever runs code


def _size(c: Context, node: Node) -> Constant | None:
    if node.type == "type_descriptor":  # `N` reads as a type
        inner = node.child_by_field_name("type")
        found = None if inner is None else c.scope.find(c.text(inner))
        if isinstance(found, Symbol) and isinstance(found.value, Constant):
            return Constant(found.value.value)
        return None
    value = fold(effect_free(c, node))
    return None if value is None else Constant(value)


def decltype(c: Context, node: Node) -> Type:
    inner = next(iter(node.named_children), None)
    if inner is None or inner.type == "auto":
        return AUTO
    return effect_free(c, inner).type


def placeholder(c: Context, node: Node) -> Type:
    inner = next(iter(node.named_children), None)
    return decltype(c, inner) if inner is not None and inner.type == "decltype" else AUTO


def deduced(kind: Type, written: Type) -> Type:
    """What `auto`, written with pointers around it, becomes for a value of type `kind`."""
    if written.kind == "unknown" and written.name == "auto":
        if is_container(kind) and kind.name.endswith("&"):  # a copy of what the reference stands for
            kind = replace(c_types.array_of(c_types.pointee(kind), Extent(None)), name=kind.name.rstrip("& "))
        kind = kind if owns(kind) else c_types.decayed(kind)
        return replace(kind, const=written.const, restrict=False)
    if written.kind == "pointer" and written.element is not None and written.element.name == "auto":
        return c_types.decayed(kind)
    return written


TYPES = {
    "qualified_identifier": qualified,
    "dependent_type": qualified,
    "template_type": template,
    "type_identifier": named_type,
    "placeholder_type_specifier": placeholder,
    "decltype": decltype,
}
