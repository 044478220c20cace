"""What a file says of its functions and of those of other files: linkage, parameters, the headers that declare them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzers.frontends.c_chunks import Item
from analyzers.frontends.c_environment import Environment
from analyzers.frontends.includes import Header
from analyzers.frontends.masking import PreprocessorLine
from analyzers.ir.linkage import Declared, Linkage, shapes
from analyzers.ir.symbols import Symbol

# Words of attributes by which the linker, the loader or the processor chooses among definitions.
_REPLACEABLE = re.compile(rb"\b_*(?:weak|weakref|alias|ifunc|target_clones|target_version|selectany)_*\b")
_NONE: frozenset[str] = frozenset()
_PRAGMA_WEAK = re.compile(r"#\s*pragma\s+weak\s+([A-Za-z_]\w*)")


def declared(name: str, environment: Environment, within: frozenset[str] | None, language: str) -> Declared | None:
    """A function as the file declares it, None where it does not, where C++ has several of that name, or where it is
    one of the headers' own. `within` is what `declaring` says."""
    symbol = environment.scope.find(name)
    if within is None or not isinstance(symbol, Symbol) or symbol.type.kind != "function":
        return None
    fields = symbol.type.fields
    if fields is None and language == "cpp":
        return None
    # Names of C++ are without their namespaces: that two are one function is never certain.
    return Declared(
        None if fields is None else shapes(kind for _, kind in fields), within if language == "c" else _NONE
    )


def declaring(name: str, below: Environment, headers: Iterable[Header]) -> frozenset[str] | None:
    """Which headers declare a function; None where one of them defines it or makes it static. `below` are the
    declarations of the headers."""
    if any(_is_own(text, name) for text in below.declaring(name)):
        return None
    if below.scope.find(name) is None:
        return _NONE
    mentions = _declaration_of(name)
    return frozenset(header.path for header in headers if mentions.search(header.code))


def linkage(item: Item, name: str, environment: Environment, lines: Iterable[PreprocessorLine]) -> Linkage:
    """Who may mean the function of an item; a function is static if any of its declarations says so."""
    if item.hidden:
        return "internal"
    before = _static(name)
    texts = [text for text in environment.declaring(name) if _declaration_of(name).search(text)]
    if not item.holder and "::" not in name and any(before.search(text) for text in texts):
        return "internal"
    weak = {match[1] for line in lines if (match := _PRAGMA_WEAK.match(line.text)) is not None}
    if name in weak or any(_REPLACEABLE.search(text) for text in texts):
        return "replaceable"
    return "external"


def internal_names(*environments: Environment) -> frozenset[str]:
    """The objects at file scope that other files do not see."""
    return frozenset(
        name
        for environment in environments
        for name, symbol in environment.scope.names.items()
        if isinstance(symbol, Symbol) and symbol.internal
    )


def _declaration_of(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\b" + re.escape(name.rpartition("::")[2].encode()) + rb"\s*\(")


def _is_own(text: bytes, name: str) -> bool:
    """Does a declaration in a header define the function, or make it static?"""
    if _declaration_of(name).search(text) is None or text.lstrip().startswith((b"class", b"struct", b"template")):
        return False
    return not text.rstrip().endswith(b";") or _static(name).search(text) is not None


def _static(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\bstatic\b[^;{}()]*" + _declaration_of(name).pattern)
