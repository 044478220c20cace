"""May two accesses concern the same object? Types, storage, `restrict` and where pointers come from decide.

Where only the callers know (two pointer parameters), the answer is an ordinary assumption that the verdict names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from analyzers.dependence.lvalues import type_at
from analyzers.dependence.points_to import Origin, PointerFacts, origins_of, summarize, with_entry_values
from analyzers.ir.accesses import Access, Member, PathStep, Subscripts
from analyzers.ir.expressions import (
    Constant,
    Expr,
    Name,
)
from analyzers.ir.symbols import ANONYMOUS, Symbol, Type
from analyzers.ir.verdicts import Assumption

AliasStatus = Literal["same", "distinct", "assumed-distinct", "may"]


@dataclass(frozen=True, slots=True)
class AliasAnswer:
    """same: one object, compare elements. distinct: proved. assumed-distinct: under `assumption`. may: cannot tell.

    With "same", an `assumption` is what comparing element by element relies on (the rows of `double **a` differ).
    """

    status: AliasStatus
    assumption: Assumption | None = None
    why: str = ""


_NO_FACTS = PointerFacts()


def relation(
    a: Access,
    b: Access,
    *,
    assume_no_alias: bool = False,
    facts: PointerFacts | None = None,
    invariant: Callable[[Expr], bool] | None = None,
) -> AliasAnswer:
    """How the objects of two accesses relate. `assume_no_alias`: the user says that pointers never overlap. `invariant`
    says which expressions keep their value in the region: one row of `a[i][j]` is compared where `i` is fixed."""
    first, second = a.symbol, b.symbol
    if first is None or second is None:
        return _unnamed(a if first is None else b, b if first is None else a, facts or _NO_FACTS)
    known = facts or _NO_FACTS
    if first == second:
        return _same_symbol(first, a.path, b.path, known, assume_no_alias, invariant)
    left, right = _pointer_path(a.path), _pointer_path(b.path)
    if left is None and right is None and not _may_be_one(first, second):
        return AliasAnswer("distinct", why="two different objects")
    if _types_differ(first, a.path, second, b.path):
        return AliasAnswer("distinct", why="objects of different types")
    return _behind_pointers(a, b, first, second, left, right, known, assume_no_alias, invariant)


def _unnamed(unknown: Access, other: Access, facts: PointerFacts) -> AliasAnswer:
    symbol = other.symbol
    if symbol is not None and _is_out_of_reach(symbol, facts) and _pointer_path(other.path) is None:
        return AliasAnswer("distinct", why=f"nothing points to `{symbol.name}`")
    return AliasAnswer("may", why=unknown.reason or "an object without a name")


def _is_out_of_reach(symbol: Symbol, facts: PointerFacts) -> bool:
    """Can no pointer, called function or other name reach the object itself?"""
    if symbol.storage not in ("local", "parameter") or symbol.address_taken or symbol.target or symbol.is_reference:
        return False
    # An array gives its address away without a sign.
    if symbol.type.kind in ("array", "record"):
        copied = symbol.storage == "local" or symbol.type.kind == "record"
        return copied and facts.exposed is not None and symbol not in facts.exposed
    return True


def _may_be_one(first: Symbol, second: Symbol) -> bool:
    """A parameter by reference may be another name for an object that lives outside."""
    return any(
        one.is_reference and (other.is_reference or other.storage in ("global", "undeclared"))
        for one, other in ((first, second), (second, first))
    )


def _pointer_path(path: tuple[PathStep, ...]) -> int | None:
    """How many steps lead to the last pointer that is followed; None where the access is to the named object itself."""
    found = None
    for position, step in enumerate(path):
        if isinstance(step, Subscripts) and step.through_pointer:
            found = position
    return found


def _types_differ(first: Symbol, a: tuple[PathStep, ...], second: Symbol, b: tuple[PathStep, ...]) -> bool:
    """Strict aliasing: an object is accessed by its own type only, characters excepted (C17 §6.5 p7)."""
    left, right = type_at(first, a), type_at(second, b)
    kinds = {left.kind, right.kind}
    if not kinds <= {"integer", "real", "complex", "pointer", "logical"}:
        return False
    if left.kind != right.kind:
        # A complex number is an array of two reals.
        return kinds != {"real", "complex"} and not (_is_character(left) or _is_character(right))
    if left.kind == "pointer" or _is_character(left) or _is_character(right):
        return False
    return left.bits is not None and right.bits is not None and left.bits != right.bits


def _is_character(kind: Type) -> bool:
    return kind.kind == "character" or (kind.kind in ("integer", "logical") and (kind.bits or 8) <= 8)


def _same_symbol(
    symbol: Symbol,
    a: tuple[PathStep, ...],
    b: tuple[PathStep, ...],
    facts: PointerFacts,
    no_alias: bool,
    invariant: Callable[[Expr], bool] | None,
) -> AliasAnswer:
    """Two accesses that start from one name."""
    left, right = _pointer_path(a), _pointer_path(b)
    if left is None and right is None:
        return _same_object(symbol, a, b)
    if left != right and not no_alias and _of_one_record(symbol, a, b):
        one, other = a[-1:], b[-1:]
        if any(isinstance(x, Member) and isinstance(y, Member) and x != y for x, y in zip(one, other, strict=False)):
            return AliasAnswer("distinct", why="different members of one record type")
        if (left is not None and right is not None) or not _is_out_of_reach(symbol, facts):
            # As in lists, trees and meshes, whose pointers lead to others of their kind.
            return AliasAnswer("may", why=f"a pointer in `{symbol.name}` may lead back to it")
    if left is None or right is None:
        # The pointer itself, and what it (or a pointer behind it) points to.
        if not symbol.address_taken or no_alias or _types_differ(symbol, a, symbol, b):
            return AliasAnswer("distinct", why="a pointer and what it points to")
        return AliasAnswer("assumed-distinct", _no_alias(f"`{symbol.name}` and what it points to", (symbol.name,)))
    if left != right:
        kinds = {type_at(symbol, a).kind, type_at(symbol, b).kind}
        if _types_differ(symbol, a, symbol, b) or no_alias or (len(kinds) > 1 and not kinds & {"record", "unknown"}):
            return AliasAnswer("distinct", why="different levels of a pointer")
        names = (spelled_place(symbol, a[:left]), spelled_place(symbol, b[:right]))
        if names[0] != names[1]:
            return AliasAnswer("assumed-distinct", _overlap(*names))
        return AliasAnswer("assumed-distinct", _no_alias(f"`{symbol.name}` and what it points to", (symbol.name,)))
    within = _same_object(symbol, a, b)
    if within.status == "may" or (within.status == "distinct" and a[: left + 1] == b[: left + 1]):
        return within
    if _members(a[:left]) != _members(b[:left]):
        # Two members that are pointers.
        if no_alias:
            return AliasAnswer("distinct", why="pointers are taken as distinct")
        names = (spelled_place(symbol, a[:left]), spelled_place(symbol, b[:left]))
        return AliasAnswer("assumed-distinct", _overlap(*names))
    if left > 0 and not no_alias and not (a[:left] == b[:left] and _is_fixed(a[:left], invariant)):
        rows = spelled_place(symbol, a[:left])
        return AliasAnswer("same", Assumption("no-alias", f"the rows of `{rows}` do not overlap", "ordinary", (rows,)))
    return AliasAnswer("same")


def _of_one_record(symbol: Symbol, a: tuple[PathStep, ...], b: tuple[PathStep, ...]) -> bool:
    """Are both records of one type, or parts of such?"""
    one, two = _record_of(symbol, a), _record_of(symbol, b)
    return one.kind == "record" == two.kind and one.name == two.name != "" and not one.union


def _record_of(symbol: Symbol, path: tuple[PathStep, ...]) -> Type:
    """The type of the record that the last member belongs to; without one, of what is accessed."""
    for position in range(len(path) - 1, -1, -1):
        step = path[position]
        if isinstance(step, Member):
            return type_at(symbol, path[:position])
        if step.through_pointer:
            break
    return type_at(symbol, path)


def _is_fixed(path: tuple[PathStep, ...], invariant: Callable[[Expr], bool] | None) -> bool:
    """Does the path lead to one pointer: `s->d`, not one of the rows `a[i]`?"""
    indices = (e for step in path if isinstance(step, Subscripts) for e in step.indices)
    return all(isinstance(e, Constant) or (invariant is not None and invariant(e)) for e in indices)


def _members(path: tuple[PathStep, ...]) -> tuple[str, ...]:
    return tuple(step.name for step in path if isinstance(step, Member))


def _same_object(symbol: Symbol, a: tuple[PathStep, ...], b: tuple[PathStep, ...]) -> AliasAnswer:
    """Members of one object: different ones are distinct unless in a union."""
    for position, (left, right) in enumerate(zip(a, b, strict=False)):
        if isinstance(left, Member) and isinstance(right, Member) and left.name != right.name:
            if type_at(symbol, a[:position]).union:
                return AliasAnswer("may", why="members of a union share memory")
            return AliasAnswer("distinct", why="different members")
    return AliasAnswer("same")


def spelled_place(symbol: Symbol, path: tuple[PathStep, ...]) -> str:
    """A pointer or array by the members on the way to it: `s->atoms->f`, whatever the elements."""
    text = symbol.name
    arrow = False
    for step in path:
        if isinstance(step, Subscripts):
            arrow = step.through_pointer and (text != symbol.name or not symbol.type.name.endswith("&"))
        elif not step.name.startswith(ANONYMOUS):
            text += f"->{step.name}" if arrow else f".{step.name}"
            arrow = False
    return text


def _overlap(first: str, second: str) -> Assumption:
    one, two = sorted((first, second))
    return Assumption("no-alias", f"`{one}` and `{two}` do not overlap", "ordinary", (one, two))


def _no_alias(text: str, subjects: tuple[str, ...]) -> Assumption:
    return Assumption("no-alias", f"{text} do not overlap", "ordinary", subjects)


def _behind_pointers(
    a: Access,
    b: Access,
    first: Symbol,
    second: Symbol,
    left: int | None,
    right: int | None,
    facts: PointerFacts,
    no_alias: bool,
    invariant: Callable[[Expr], bool] | None,
) -> AliasAnswer:
    """Two names, at least one access through a pointer."""
    for depth, symbol, other, followed in ((left, first, second, right), (right, second, first, left)):
        if depth is None and symbol.type.wrapped and _is_outdated(origins_of(other, followed, facts), symbol, facts):
            return AliasAnswer("may", why=f"the elements of `{symbol.name}` were those of another container")
    for symbol, depth, other, followed in ((first, left, second, right), (second, right, first, left)):
        if depth is not None or not _is_out_of_reach(symbol, facts):
            continue
        if Origin("object", symbol) not in origins_of(other, followed, facts):
            return AliasAnswer("distinct", why=f"nothing points to `{symbol.name}`")
    if _member_types_differ(first, a.path, second, b.path):
        return AliasAnswer("distinct", why="different members of one record type")
    if left == 0 and right == 0 and "undeclared" in (first.storage, second.storage):
        return AliasAnswer("distinct", why="undeclared names are distinct objects")
    sources = (origins_of(first, left, facts), origins_of(second, right, facts))
    exchanged = left == 0 == right and facts.partners.get(first) == second
    if exchanged and invariant is not None and invariant(Name(first)) and invariant(Name(second)):
        # At any one moment, two pointers that are only exchanged hold different values.
        sources = (facts.swapped[first], facts.swapped[second])
    verdict = _compare_origins(*sources, facts)
    if verdict == "distinct":
        return AliasAnswer("distinct", why="they point to different objects")
    if verdict == "may":
        return AliasAnswer("may", why="one pointer may hold the other's address")
    if _restricted(first, left) or _restricted(second, right):
        return AliasAnswer("distinct", why="`restrict`")
    if no_alias:
        return AliasAnswer("distinct", why="pointers are taken as distinct")
    names = (spelled_place(first, a.path[: left or 0]), spelled_place(second, b.path[: right or 0]))
    return AliasAnswer("assumed-distinct", _overlap(*names))


def _is_outdated(origins: frozenset[Origin], container: Symbol, facts: PointerFacts) -> bool:
    """May a pointer lead to elements that the container got after it was set?"""
    return any(o.symbol in facts.handed_on and o.symbol != container for o in origins if o.kind == "object")


def _restricted(symbol: Symbol, depth: int | None) -> bool:
    return depth == 0 and symbol.type.restrict


def _member_types_differ(first: Symbol, a: tuple[PathStep, ...], second: Symbol, b: tuple[PathStep, ...]) -> bool:
    """`p->x` and `q->y` of one record type are never the same member of any object (no union around)."""
    if not (len(a) > 1 and len(b) > 1 and isinstance(a[-1], Member) and isinstance(b[-1], Member)):
        return False
    one, two = type_at(first, a[:-1]), type_at(second, b[:-1])
    return (
        one.kind == "record" == two.kind and one.name == two.name != "" and not one.union and a[-1].name != b[-1].name
    )


def _compare_origins(
    first: frozenset[Origin], second: frozenset[Origin], facts: PointerFacts
) -> Literal["distinct", "may", "assumable"]:
    answer: Literal["distinct", "may", "assumable"] = "distinct"
    for one in first:
        for two in second:
            pair = _compare_origin(one, two, facts)
            if pair == "may":
                return "may"
            if pair == "assumable":
                answer = "assumable"
    return answer


def _compare_origin(one: Origin, two: Origin, facts: PointerFacts) -> Literal["distinct", "may", "assumable"]:
    if one.kind == "unknown" or two.kind == "unknown":
        other = two if one.kind == "unknown" else one
        if other.kind == "allocation" and other.site not in facts.escaping:
            return "distinct"
        if other.kind == "object" and other.symbol is not None and _is_out_of_reach(other.symbol, facts):
            return "distinct"
        return "assumable"
    if one == two:
        return "may"
    kinds = {one.kind, two.kind}
    if kinds == {"object"} or "allocation" in kinds:
        return "distinct"
    for each in (one, two):
        # A value from before the call cannot point to an object that the call brought to life.
        if each.kind == "object" and each.symbol is not None and each.symbol.storage == "local":
            return "distinct"
        if each.kind == "entry" and each.symbol is not None and each.symbol.type.restrict:
            return "distinct"
    return "assumable"


__all__ = ["AliasAnswer", "PointerFacts", "relation", "summarize", "with_entry_values"]
