"""Cutting a masked C file into top-level items by its braces and semicolons, without a syntax tree.

Only the items whose text changed are parsed again, and an error stays inside its item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analyzers.frontends.masking import blank_ranges

_MARK = re.compile(rb"[{}();=]")
_BRACE = re.compile(rb"[{}]")
_SPACE = b" \t\r\n\f\v\0"
_NOT_SPACE = re.compile(rb"[^ \t\r\n\f\v\0]")
_ATTRIBUTE = re.compile(rb"\b__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)|\[\[[^\]]*\]\]")
_RECORD = re.compile(rb"\s*(?:(?:typedef|static|extern|const|volatile|inline)\s+)*(?:struct|union|enum)\b\s*\w*\s*\Z")
_FIRST_WORD = re.compile(rb"\s*([A-Za-z_]\w*)")
_STATEMENT_WORDS = frozenset((b"if", b"for", b"while", b"switch", b"do", b"else", b"return"))
_STATEMENT = re.compile(
    rb"(?:if|for|while|switch|do)\b|\{|[*(]|[A-Za-z_]\w*\s*(?:\[|[-+*/%&|^]?=[^=]|\+\+|--|->|\.|\()"
)
# Words of attributes by which the linker, the loader or the processor chooses among definitions.
REPLACEABLE = re.compile(rb"\b_*(?:weak|weakref|alias|ifunc|target_clones|target_version|selectany)_*\b")
_LINKAGE = re.compile(rb'\s*extern\s*"[^"]*"\s*\Z')
_NAME_BEFORE_PARENTHESIS = re.compile(rb"([A-Za-z_\x80-\xff][\w\x80-\xff]*)\s*\(")
_NOT_NAMES = frozenset(b"int char void float double long short signed unsigned const struct".split()) | frozenset(
    (b"if", b"for", b"while", b"switch", b"do", b"else", b"return", b"sizeof", b"__attribute__", b"__declspec")
)
# A line at the margin that begins a function: where to pick up the thread after an unclosed brace.
_RESTART = re.compile(
    rb"^(?!(?:else|if|for|while|do|switch|return|case|default|goto)\b)[A-Za-z_][\w \t*]*[ \t*]+[A-Za-z_]\w*[ \t]*"
    rb"\([^;{}()=]*(?:\([^;{}()=]*\)[^;{}()=]*)*\)\s*\{",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """`code[start:end]` is one external declaration; a function's body begins at `body`."""

    kind: Literal["function", "declaration", "stray"]
    start: int
    end: int
    body: int = -1
    name: str = ""
    holder: str = ""  # of a method: its class
    space: str = ""  # the namespaces around it
    hidden: bool = False  # in a namespace without a name: other files do not see it
    brief: bool = False  # a function that is one expression: its callers depend on its body
    holes: tuple[tuple[int, int], ...] = ()  # bodies inside a declaration, which are items of their own

    @property
    def declaring(self) -> int:
        """Where the part of a function ends that others depend on."""
        return self.end if self.brief else self.body

    def text(self, code: bytes) -> bytes:
        """Its own text, with the same length."""
        text = code[self.start : self.end]
        if not self.holes:
            return text
        return blank_ranges(text, [(start - self.start, end - self.start) for start, end in self.holes])


def cut(code: bytes, skeleton: bytes) -> list[Item]:
    """The items of a file in order; the texts between them hold only blanks (and lost closing braces)."""
    items: list[Item] = []
    length = len(skeleton)
    at = start = 0
    depth = 0
    initialiser = False
    while at < length:
        match = _MARK.search(skeleton, at)
        if match is None:
            break
        mark = skeleton[match.start()]
        at = match.end()
        if mark == 0x28:
            depth += 1
        elif mark == 0x29:
            depth = max(0, depth - 1)
        elif mark == 0x3D:
            initialiser = initialiser or depth == 0
        elif mark == 0x3B:
            if depth == 0 or _restarts(skeleton, at):
                _add(items, skeleton, start, at)
                start, depth, initialiser = at, 0, False
        elif mark == 0x7D:
            start, depth, initialiser = at, 0, False  # closes `extern "C" {`, or nothing
        else:
            head = skeleton[start : at - 1]
            if _LINKAGE.match(code[start : at - 1]):
                start, depth, initialiser = at, 0, False
                continue
            end = matching(skeleton, at - 1)
            if not initialiser and _is_function(head, items, skeleton, start):
                first = _knr(items, skeleton, start, head)
                _add_function(items, skeleton, first, at - 1, end)
                start, depth, initialiser = end, 0, False
            elif skeleton[end - 1] != 0x7D:  # never closed: what follows is another item
                _add(items, skeleton, start, end)
                start, depth, initialiser = end, 0, False
            at = end
    _add(items, skeleton, start, length)
    return items


def _restarts(skeleton: bytes, at: int) -> bool:
    """After a lost parenthesis: a declaration at the margin begins on the next line."""
    match = re.compile(rb"\s*?[\r\n]+(?=[A-Za-z_])").match(skeleton, at)
    return match is not None


def with_statements(code: bytes, items: list[Item]) -> list[Item]:
    """The items of a snippet: statements outside functions are functions without a name. Without any function the
    whole text is one, its declarations included."""
    if not any(item.kind == "function" for item in items):
        return [Item("function", 0, len(code), 0)]
    found: list[Item] = []
    for item in items:
        if item.kind == "function" or not _STATEMENT.match(code, item.start):
            found.append(item)
        elif found and found[-1].kind == "function" and found[-1].body == found[-1].start:
            found[-1] = Item("function", found[-1].start, item.end, found[-1].start)
        else:
            found.append(Item("function", item.start, item.end, item.start))
    return found


def matching(skeleton: bytes, opening: int) -> int:
    """The end of the block that opens at `opening`. An unclosed one ends before the next function at the margin."""
    depth = 0
    for match in _BRACE.finditer(skeleton, opening):
        if skeleton[match.start()] == 0x7B:
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                end = match.end()
                break
    else:
        end = len(skeleton)
    # A definition at the margin inside the block: a brace was lost before it.
    restart = _RESTART.search(skeleton, opening + 1, end)
    return end if restart is None else restart.start()


def _first(skeleton: bytes, start: int, end: int) -> int:
    match = _NOT_SPACE.search(skeleton, start, end)
    return match.start() if match else end


def declared(skeleton: bytes, start: int, end: int) -> Item | None:
    """The declaration in a range, None where nothing stands in it."""
    start = _first(skeleton, start, end)
    while end > start and skeleton[end - 1] in _SPACE:
        end -= 1
    return Item("declaration", start, end) if end > start and skeleton[start:end] != b";" else None


def _add(items: list[Item], skeleton: bytes, start: int, end: int) -> None:
    item = declared(skeleton, start, end)
    if item is not None:
        items.append(item)


def _is_function(head: bytes, items: list[Item], skeleton: bytes, start: int) -> bool:
    bare = _ATTRIBUTE.sub(b" ", head)
    first = _FIRST_WORD.match(bare)
    if first is not None and first[1] in _STATEMENT_WORDS:
        return False
    if _RECORD.match(bare):
        return False
    if b"(" in bare:
        return True
    return not bare.strip() and bool(items) and _is_knr_head(skeleton, items) >= 0


def _is_knr_head(skeleton: bytes, items: list[Item]) -> int:
    """The index of the item that begins a K&R definition whose body opens behind the items, -1 if none does."""
    for k in range(len(items) - 1, max(-1, len(items) - 40), -1):
        item = items[k]
        if item.kind != "declaration":
            return -1
        text = skeleton[item.start : item.end]
        closing = text.find(b")")
        if closing >= 0 and b"(" in text[:closing]:
            return k if re.match(rb"\)\s*[A-Za-z_]", text[closing:]) else -1
    return -1


def _knr(items: list[Item], skeleton: bytes, start: int, head: bytes) -> int:
    """K&R parameter declarations end in semicolons: take them back."""
    if head.strip():
        return start
    k = _is_knr_head(skeleton, items)
    if k < 0:
        return start
    first = items[k].start
    del items[k:]
    return first


def _add_function(items: list[Item], skeleton: bytes, start: int, body: int, end: int) -> None:
    start = _first(skeleton, start, body)
    name, _ = name_of_function(skeleton[start:body])
    items.append(Item("function", start, end, body, name))


def name_of_function(head: bytes) -> tuple[str, int]:
    """The name of the function whose definition begins like this, and its offset; capitals are taken for macros."""
    head = _ATTRIBUTE.sub(lambda m: b" " * len(m[0]), head)
    found = [m for m in _NAME_BEFORE_PARENTHESIS.finditer(head) if m[1] not in _NOT_NAMES]
    best = next((m for m in found if not m[1].isupper()), found[0] if found else None)
    return ("", 0) if best is None else (best[1].decode("utf-8", "replace"), best.start(1))


def replaced(items: Iterable[Item], code: bytes) -> frozenset[str]:
    """The functions that a declaration in a file lets the linker replace by another definition."""
    found: set[str] = set()
    for item in items:
        head = code[item.start : item.body if item.kind == "function" else item.end]
        if REPLACEABLE.search(head):
            found.add(item.name if item.kind == "function" else name_of_function(head)[0])
    return frozenset(found)
