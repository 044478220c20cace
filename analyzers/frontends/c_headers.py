"""Functions that the headers of a file define: `inline` ones, methods and templates.

They are lowered where functions of the file call them, and belong to the file from then on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from analyzers.frontends.c_chunks import Item
from analyzers.frontends.c_environment import Environment, Macros, Texts
from analyzers.frontends.includes import Header
from analyzers.ir.statements import Function

# Words of attributes by which the linker, the loader or the processor chooses among definitions.
REPLACEABLE = re.compile(rb"\b_*(?:weak|weakref|alias|ifunc|target_clones|target_version|selectany)_*\b")
_MOST = 300  # names that one file may reach
_LONGEST = 20_000  # bytes of one function

Lower = Callable[[Item, bytes], Function]  # an item of a header and its text
Definitions = Mapping[str, list[tuple[Header, Item]] | None]


@dataclass(slots=True)
class Inline:
    """What is known of the functions of headers, for one environment."""

    environment: Environment | None = None
    definitions: Definitions = field(default_factory=dict)
    lowered: dict[str, tuple[Function, ...]] = field(default_factory=dict)

    def reached(self, functions: Iterable[Function], lower: Lower) -> tuple[Function, ...]:
        """The functions of headers that these call, themselves or through each other."""
        found: dict[str, tuple[Function, ...]] = {function.name: () for function in functions}
        waiting = [name for function in functions for name in function.callees]
        room = len(found) + _MOST
        while waiting and len(found) < room:
            name = waiting.pop()
            definitions = self.definitions.get(name)
            if name in found or not definitions:
                continue
            if name not in self.lowered:
                self.lowered[name] = tuple(lower(item, item.text(header.code)) for header, item in definitions)
            found[name] = self.lowered[name]
            waiting += (callee for function in found[name] for callee in function.callees)
        return tuple(function for group in found.values() for function in group)


def definitions(headers: Iterable[Header], macros: Macros, texts: Texts, unsteady: frozenset[bytes]) -> Definitions:
    """The functions that headers of the project define, by name; None where one of that name cannot be read behind all
    headers as where it stands: it holds directives, or macros that do not stay what they are."""
    found: dict[str, list[tuple[Header, Item]] | None] = {}
    for header in headers:
        if header.library:
            continue
        for item in texts.dialect.cut(header.code, header.skeleton):
            if item.kind != "function" or item.body <= item.start:
                continue
            code = item.text(header.code)
            legible = (
                len(code) <= _LONGEST
                and not any(item.start <= offset < item.end for offset in header.directives)
                and not REPLACEABLE.search(code, 0, item.body - item.start)
                and unsteady.isdisjoint(_meant(code, macros, texts))
            )
            group = found.setdefault(item.name, [])
            if not legible:
                found[item.name] = None
            elif group is not None:
                group.append((header, item))
    return found


def _meant(code: bytes, macros: Macros, texts: Texts) -> set[bytes]:
    """The words of a text, those in its macros included."""
    seen: set[bytes] = set()
    waiting = list(texts.words(code))
    while waiting:
        word = waiting.pop()
        if word not in seen:
            seen.add(word)
            macro = macros.table.get(word)
            waiting += () if macro is None else texts.words(macro.body)
    return seen
