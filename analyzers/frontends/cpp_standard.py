"""Functions of namespace `std`: those that are expressions of the language in disguise, the others by their effects."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.frontends import c_names, c_types, cpp_containers
from analyzers.frontends.c_algebra import combine
from analyzers.frontends.c_context import Context
from analyzers.frontends.c_expressions import expression
from analyzers.frontends.c_memory import initial_value
from analyzers.frontends.cpp_locks import all_taken
from analyzers.frontends.cpp_names import referred_to
from analyzers.frontends.cpp_types import AUTO, is_container, record
from analyzers.ir.expressions import Address, Binary, Element, Expr, Field, Name, Opaque
from analyzers.ir.statements import Assign, Evaluate
from analyzers.ir.symbols import REAL, UNKNOWN_TYPE, Type
from analyzers.standards.cpp_library import CPP_ROUTINES
from analyzers.standards.library import ROUTINES
from analyzers.standards.library import words as row
from analyzers.text import Span

_VALUE = frozenset(
    ("move", "forward", "ref", "cref", "as_const", "decay_copy", "launder", "assume_aligned", "addressof")
)
_PURE = frozenset(
    row(
        "make_pair make_tuple tie to_string stoi stol stoul stod stof numeric_limits string pair tuple "
        "complex vector distance clamp polar arg norm real imag conj gcd lcm midpoint lerp popcount "
        "numeric_limits::max numeric_limits::min numeric_limits::epsilon numeric_limits::lowest "
        "numeric_limits::infinity numeric_limits::quiet_NaN numeric_limits::digits make_unique "
        "make_shared next prev setw setprecision chrono::steady_clock::now "
        "chrono::high_resolution_clock::now chrono::system_clock::now"
    )
)
_STRING = record("std::string")
_METHODS = {"begin": "begin", "end": "end", "cbegin": "begin", "cend": "end", "size": "size", "data": "data"}
STANDARD = frozenset(("max", "min", "swap")) | {name.removeprefix("std::") for name in CPP_ROUTINES}
"""Names that mean the function of namespace `std` also where nothing qualifies and nothing declares them."""


def standard(c: Context, words: tuple[str, ...], function: Node, nodes: list[Node], node: Node) -> Expr:
    """A call of `std::words(...)`."""
    span = c.span(node)
    name = "::".join(words)
    values = tuple(cpp_containers.whole_bits(initial_value(c, n, UNKNOWN_TYPE)) for n in nodes)
    if name in ("min", "max"):
        chosen = _extreme(c, name, values, nodes, span)
        if chosen is not None:
            return chosen
    if name == "move" and len(values) == 1:
        _moved(c, values[0], c.text(nodes[0]), span)
    if name in _VALUE and len(values) >= 1:
        return Address(values[0], c_types.pointer_to(values[0].type), span) if name == "addressof" else values[0]
    if name == "abs" and len(values) == 1:
        kind = c_types.promoted(values[0].type) if values[0].type.kind in ("real", "integer") else values[0].type
        kind = REAL if kind.kind == "complex" else kind
        return cpp_containers.call(c, "std::abs", values, span, kind)
    if name == "get" and len(values) == 1:
        index = "".join(ch for ch in c.text(function).partition("<")[2] if ch.isalnum() or ch == "_")
        kind = values[0].type
        field = (
            {"0": "first", "1": "second"}.get(index, index) if kind.name.startswith("std::pair") else f"get<{index}>"
        )
        return referred_to(Field(values[0], field, kind.field_type(field), span))
    if name == "swap" and len(values) == 2 and _swapped(c, values, node):
        return Opaque(c.text(node), None, (), span=span)
    if name in _METHODS and len(values) == 1:
        found = cpp_containers.method(c, values[0], _METHODS[name], (), node, c.text(nodes[0]))
        if found is not None:
            return found
    if name == "lock" and (held := all_taken(c, values, span)) is not None:
        return held
    if name in ("exit", "abort", "terminate", "quick_exit", "_Exit"):
        return cpp_containers.call(c, f"std::{name}", values, span)
    full = f"std::{name}"
    if name in _PURE and full not in CPP_ROUTINES:
        return Opaque(c.text(node)[:200], None, values, _type(values, name), span)
    routine = CPP_ROUTINES.get(full) or ROUTINES.get(name)
    letters = "e" if routine is None else routine.parameters
    passed = tuple(
        value if letters[min(k, len(letters) - 1)] in ("-", "r" if value.type.is_scalar else "-") else _reached(value)
        for k, value in enumerate(values)
    )
    kind = c_names.RESULTS.get(name, UNKNOWN_TYPE)
    if kind == REAL and any(v.type.kind == "real" and v.type.bits == 32 for v in values):
        kind = c_types.FLOAT
    if kind == REAL and any(v.type.kind == "complex" for v in values):
        kind = next(v.type for v in values if v.type.kind == "complex")
    return cpp_containers.call(c, full, passed, span, kind)


def _type(values: tuple[Expr, ...], name: str) -> Type:
    if name in ("clamp", "gcd", "lcm", "midpoint", "lerp", "conj") and values:
        return values[0].type
    if name in ("arg", "norm", "real", "imag"):
        return REAL
    if name in ("make_unique", "make_shared", "tie"):
        return AUTO
    if name in ("to_string", "string"):
        return _STRING
    return UNKNOWN_TYPE


def _extreme(c: Context, name: str, values: tuple[Expr, ...], nodes: list[Node], span: Span) -> Expr | None:
    if len(values) == 2:
        kind = combine("+", values[0], values[1], span).type
        return Binary("max" if name == "max" else "min", values[0], values[1], kind, span)
    if len(nodes) == 1 and nodes[0].type == "initializer_list":
        parts = [expression(c, n) for n in nodes[0].named_children if n.type != "comment"]
        if parts:
            best = parts[0]
            for part in parts[1:]:
                best = Binary("max" if name == "max" else "min", best, part, part.type, span)
            return best
    return None


def _moved(c: Context, value: Expr, text: str, span: Span) -> None:
    """What is moved may be empty afterwards, where it holds anything."""
    if is_container(value.type):
        cpp_containers.changed(c, value, "swap", (), text, span)
    elif value.type.kind == "record" and not _is_flat(value.type):
        c.out.append(Evaluate(cpp_containers.call(c, "std::move", (_reached(value),), span), span))


def _is_flat(kind: Type) -> bool:
    return kind.is_scalar or (
        kind.kind == "record"
        and not (kind.active or kind.runs)
        and kind.fields is not None
        and all(_is_flat(field) for _, field in kind.fields)
    )


def _swapped(c: Context, values: tuple[Expr, ...], node: Node) -> bool:
    """`std::swap(a, b)` of single values as three assignments."""
    first, second = values
    for value in values:
        if not isinstance(value, (Name, Element, Field)) or value.type.kind == "array":
            return False
        if is_container(value.type):
            return False
    span = c.span(node)
    kept = c.temporary(first.type, span, first)
    c.out.append(Assign(first, second, None, span))
    c.out.append(Assign(second, kept, None, span))
    return True


def _reached(value: Expr) -> Expr:
    if value.type.kind in ("array", "pointer", "function"):
        return value
    if isinstance(value, (Element, Field)) or (isinstance(value, Name) and value.symbol.storage != "constant"):
        return Address(value, c_types.pointer_to(value.type), value.span)
    return value


__all__ = ["STANDARD", "standard"]
