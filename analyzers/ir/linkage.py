"""How functions of different files find each other: by name, linkage and parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analyzers.ir.symbols import Type

Linkage = Literal[
    "external",
    "internal",  # not seen by other files
    "replaceable",  # another definition may take its place when the program is linked or started
]

_ANY = "?"


@dataclass(frozen=True, slots=True)
class Declared:
    """A function as one file declares it. `parameters`: their shapes, None where they are not said (or are several).
    `headers`: the files that both declare it and are included."""

    parameters: tuple[str, ...] | None = None
    headers: frozenset[str] = frozenset()


def shape(kind: Type) -> str:
    """A type as far as files have to agree on it: `*real64`, `integer32`, `record particle`, `?`."""
    steps = ""
    while kind.kind in ("pointer", "array") and kind.element is not None:
        # Nested arrays are flattened: a parameter `a[][N]` is a pointer to an array of reals.
        steps += "*" if kind.kind == "pointer" else ""
        kind = kind.element
    if kind.kind in ("unknown", "void", "pointer", "array"):
        return steps + _ANY
    if kind.kind == "record":
        return f"{steps}record {kind.name}".rstrip()
    return steps + kind.kind + (str(kind.bits) if kind.bits else _ANY)


def shapes(kinds: Iterable[Type]) -> tuple[str, ...]:
    return tuple(shape(kind) for kind in kinds)


def agree(left: Declared, right: Declared) -> bool:
    """May both declare one function? What is not known agrees with everything."""
    if left.parameters is None or right.parameters is None:
        return True
    if len(left.parameters) != len(right.parameters):
        return False
    return all(_fit(*pair) for pair in zip(left.parameters, right.parameters, strict=True))


def _fit(left: str, right: str) -> bool:
    if left == right:
        return True
    a, b = left.lstrip("*"), right.lstrip("*")
    if left.count("*") != right.count("*"):
        # A pointer to something unknown may be one to a pointer; something unknown may be a pointer.
        return (a == _ANY and len(left) <= len(right)) or (b == _ANY and len(right) <= len(left))
    if _ANY in (a, b):
        return True
    if a.endswith(_ANY) or b.endswith(_ANY):  # a scalar of unknown size
        return a.rstrip("?0123456789") == b.rstrip("?0123456789")
    return a.startswith("record") and b.startswith("record") and "record" in (a, b)
