"""Cutting a masked C++ file into functions and declarations: through namespaces, linkage blocks and classes.

A method is an item of its own, with the class that it stands in; the class is a declaration in which the bodies of its
methods are blank. So an edit in one method costs that method.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from analyzers.frontends.c_chunks import Item, declared, matching

_MARK = re.compile(rb"[{}();]")
_ATTRIBUTE = re.compile(
    rb"\b(?:__attribute__|__declspec|alignas)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\[\[[^\]]*\]\]"
)
_LINKAGE = re.compile(rb'\s*extern\s*"[^"]*"\s*\Z')
_NAMESPACE = re.compile(rb"(?:\A|\s)namespace\b[\w\s:]*(?:\([^()]*\)\s*)?\Z")
_CLASS = re.compile(rb"(?:\A|[\s;>])(?:class|struct|union)\b[^=()]*\Z")
_CLASS_NAME = re.compile(
    rb"\b(?:class|struct|union)\s+(?:[A-Z_]+\s+(?=[A-Za-z_]))?((?:[A-Za-z_]\w*\s*::\s*)*[A-Za-z_]\w*)"
)
_ENUM = re.compile(rb"(?:\A|[\s;])enum\b[^(]*\Z")
_ACCESS = re.compile(rb"\s*(?:public|private|protected|signals|(?:public|private|protected)\s+slots)\s*:(?!:)")
_FIRST_WORD = re.compile(rb"\s*([A-Za-z_]\w*)")
_STATEMENT_WORDS = frozenset((b"if", b"for", b"while", b"switch", b"do", b"else", b"return", b"try", b"catch"))
_MEMBER_INITIALISER = re.compile(rb"\)[\w\s]*:(?!:)[^{}]*[\w>]\s*\Z")
_INITIALISERS = re.compile(rb"\)[\w\s]*:(?!:)")
_ASSIGNED = re.compile(rb"(?<![=!<>+\-*/%&|^])=(?!=)")
_OPERATOR_BEFORE = re.compile(rb"\boperator\s*[^\w\s(]*\Z")
_PARENTHESIS = re.compile(rb"[()]")
_LAST_WORD = re.compile(rb"(?:\boperator\s*(?:\[\s*\]|\"\"\s*\w+|[^\w\s(\"]{1,3})|~?\s*\b[A-Za-z_]\w*)\s*\Z")
_CONVERSION = re.compile(rb"\boperator\b[\w\s:*&<>,]*\Z")
_CALL_OPERATOR = re.compile(rb"\(\s*\)\s*\(")
_LONGEST_NAME = 200
_NOT_NAMES = frozenset(
    b"int char void float double long short signed unsigned const bool auto decltype noexcept throw requires explicit"
    b" sizeof alignas __attribute__ __declspec static_assert".split()
)
# See `cpp_inline`: `return e;`, after what only the compiler looks at perhaps.
_EXPRESSION = re.compile(rb"\{\s*(?:static_assert\s*\([^;{}]*;\s*)*return\b[^;{}]*;\s*\}\Z")
MAX_BODY = 300
_ARGUMENTS = re.compile(rb"<[^<>]*>")
_SPACES = re.compile(rb"\s+")


@dataclass(slots=True)
class _Level:
    """A block that items stand in. `start` is where its declaration begins, of a class only."""

    kind: str
    name: str = ""
    start: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)


class _Items(list[Item]):
    """The items found, each with the namespaces that were open then."""

    def __init__(self, levels: list[_Level]) -> None:
        super().__init__()
        self.levels = levels

    def append(self, item: Item) -> None:
        spaces = [level.name for level in self.levels if level.kind == "namespace"]
        space = "::".join(filter(None, spaces))
        super().append(replace(item, space=space, hidden="" in spaces) if spaces else item)


def cut(code: bytes, skeleton: bytes) -> list[Item]:
    """The items of a file in the order of their beginnings; those of a class lie inside it."""
    levels: list[_Level] = []
    items = _Items(levels)
    length = len(skeleton)
    at = start = depth = 0
    while at < length:
        match = _MARK.search(skeleton, at)
        if match is None:
            break
        mark = skeleton[match.start()]
        at = match.end()
        inside = bool(levels) and levels[-1].kind == "class"
        if mark == 0x28:
            depth += 1
        elif mark == 0x29:
            depth = max(0, depth - 1)
        elif mark == 0x3B:
            if depth == 0 or _restarts(skeleton, at):
                if not inside:
                    _declared(items, skeleton, start, at)
                start, depth = at, 0
        elif mark == 0x7D:
            depth, closed = 0, levels.pop() if levels else _Level("")
            start = at
            if closed.kind == "class":
                start = closed.start
                if levels and levels[-1].kind == "class":
                    levels[-1].holes += closed.holes
                    start = at
                else:
                    at = start = _class_end(items, skeleton, closed, at)
        else:
            if inside and (access := _ACCESS.match(skeleton, start, at)):
                start = access.end()
            head = skeleton[start : at - 1]
            kind, bare = ("linkage", head) if _LINKAGE.match(code[start : at - 1]) else _kind(head, depth)
            if kind in ("linkage", "namespace"):
                levels.append(_Level(kind, _space(bare) if kind == "namespace" else ""))
                start, depth = at, 0
                continue
            if kind == "class":
                found = _CLASS_NAME.search(bare)
                own = "" if found is None else _plain(found[1])
                outer = levels[-1].name if inside else ""
                levels.append(_Level("class", f"{outer}::{own}" if outer else own, start))
                start, depth = at, 0
                continue
            end = matching(skeleton, at - 1)
            if kind == "function":
                holder = next((level.name for level in reversed(levels) if level.kind == "class"), "")
                brief = _EXPRESSION.match(skeleton, at - 1, end) is not None and end - at <= MAX_BODY
                items.append(_function(skeleton, start, at - 1, end, holder, brief))
                if inside and not brief:
                    levels[-1].holes.append((at, max(at, end - 1)))
                start, depth = end, 0
            elif skeleton[end - 1] != 0x7D:
                _declared(items, skeleton, start, end)
                start, depth = end, 0
            at = end
    while levels and start < length:
        level = levels.pop()
        if level.kind == "class":
            items.append(_class_item(skeleton, level, length))
            start = length
    _declared(items, skeleton, start, length)
    return sorted(items, key=lambda item: (item.start, item.kind))


def _space(head: bytes) -> str:
    """`a::b` of `namespace a::b {`; nothing for what has no name."""
    words = head.rpartition(b"namespace")[2].partition(b"(")[0].split()
    name = b"".join(word for word in words if word != b"inline" and not word.isupper())
    return name.decode("utf-8", "replace").strip(":")


def _restarts(skeleton: bytes, at: int) -> bool:
    """After a lost parenthesis: a declaration at the margin begins on the next line."""
    return re.compile(rb"\s*?[\r\n]+(?=[A-Za-z_])").match(skeleton, at) is not None


def _kind(head: bytes, depth: int) -> tuple[str, bytes]:
    """What a `{` behind `head` opens, and the head without templates and attributes."""
    bare = _without_templates(_ATTRIBUTE.sub(lambda m: b" " * len(m[0]), head))
    if _NAMESPACE.search(bare):
        return "namespace", bare
    first = _FIRST_WORD.match(bare)
    if depth or (first is not None and first[1] in _STATEMENT_WORDS):
        return "other", bare
    if _ENUM.search(bare):
        return "other", bare
    if _CLASS.search(bare):
        return "class", bare
    if b"(" not in bare or _is_assigned(bare) or bare.lstrip()[:1] in (b"[", b"(", b"*"):
        return "other", bare
    if _MEMBER_INITIALISER.search(bare):
        return "other", bare  # `A() : x{1}`: the body is still to come
    return "function", bare


def _without_templates(head: bytes) -> bytes:
    """Blank `template <...>` in front, in which `=` and `class` mean something else."""
    while (match := re.match(rb"\s*template\s*<", head)) is not None:
        depth, at = 1, match.end()
        while at < len(head) and depth:
            depth += (head[at] == 0x3C) - (head[at] == 0x3E)
            at += 1
        head = b" " * at + head[at:]
    return head


def _is_assigned(head: bytes) -> bool:
    depth = last = 0
    for match in re.finditer(rb"[()=]", head):
        sign = head[match.start()]
        if sign == 0x28:
            depth += 1
        elif sign == 0x29:
            depth = max(0, depth - 1)
        elif depth == 0 and match.start() > last and _ASSIGNED.match(head, match.start()):
            if not _OPERATOR_BEFORE.search(head, 0, match.start()):
                return True
            last = match.start()
    return False


def _declared(items: list[Item], skeleton: bytes, start: int, end: int) -> None:
    item = declared(skeleton, start, end)
    if item is not None:
        items.append(item)


def _class_end(items: list[Item], skeleton: bytes, level: _Level, at: int) -> int:
    """Add a class that closed before `at`; its declaration may go on with objects of it."""
    end = skeleton.find(b";", at)
    brace = skeleton.find(b"{", at, end if end >= 0 else len(skeleton))
    if end < 0 or (brace >= 0 and b"=" not in skeleton[at:brace]):
        end = at - 1  # the semicolon is missing
    items.append(_class_item(skeleton, level, end + 1))
    return end + 1


def _class_item(skeleton: bytes, level: _Level, end: int) -> Item:
    item = declared(skeleton, level.start, end)
    start = level.start if item is None else item.start
    return Item("declaration", start, end, holes=tuple(sorted(level.holes)))


def _function(skeleton: bytes, start: int, body: int, end: int, holder: str, brief: bool) -> Item:
    while start < body and skeleton[start] in b" \t\r\n\f\v\0":
        start += 1
    name, _ = name_of(skeleton[start:body])
    if holder and "::" not in name:
        name = f"{holder}::{name}"
    return Item("function", start, end, body, name, holder=holder, brief=brief)


def name_of(head: bytes) -> tuple[str, int]:
    """The name of the function whose definition begins like this, with its classes, and its offset; words in capitals
    are taken for macros."""
    bare = _without_templates(_ATTRIBUTE.sub(lambda m: b" " * len(m[0]), head))
    initialisers = _INITIALISERS.search(bare)
    end = len(bare) if initialisers is None else initialisers.start() + 1
    found: list[tuple[int, bytes]] = []
    depth = 0
    for match in _PARENTHESIS.finditer(bare, 0, end):
        opens = bare[match.start()] == 0x28
        depth = depth + 1 if opens else max(0, depth - 1)
        if opens and depth == 1:
            name = _name_before(bare, match.start())
            if name is not None and name[1] not in _NOT_NAMES:
                found.append(name)
    best = next((each for each in found if not each[1].isupper()), found[0] if found else None)
    return ("", 0) if best is None else (_plain(best[1]), best[0])


def _name_before(head: bytes, end: int) -> tuple[int, bytes] | None:
    """The name, with its classes, in front of a parenthesis, and where it begins."""
    first = max(0, end - _LONGEST_NAME)
    stop = _arguments_start(head, first, end)
    last = _CONVERSION.search(head, first, stop) or _LAST_WORD.search(head, first, stop)
    if last is None:
        return None
    start, name = last.start(), head[last.start() : stop]
    if name.strip() == b"operator" and (call := _CALL_OPERATOR.match(head, end)) is not None:
        name += b"()"
        stop = call.end() - 1
    while start > first and head[first:start].rstrip().endswith(b"::"):
        at = head.rindex(b"::", first, start)
        scope = _LAST_WORD.search(head, first, _arguments_start(head, first, at))
        if scope is None:
            break
        start = scope.start()
        name = scope[0].strip() + b"::" + name
    return start, name


def _arguments_start(head: bytes, first: int, end: int) -> int:
    """Where the template arguments begin that end before `end`; `end` itself where there are none."""
    at = end
    while at > first and head[at - 1] in b" \t\r\n":
        at -= 1
    if at == first or head[at - 1] != 0x3E or b"operator" in head[max(first, at - 12) : at]:
        return end
    depth = 0
    while at > first:
        at -= 1
        depth += (head[at] == 0x3E) - (head[at] == 0x3C)
        if depth == 0:
            return at
    return end


def _plain(name: bytes) -> str:
    """`A<T> :: f` as `A::f`."""
    if b"operator" not in name:
        while b"<" in name:
            shorter = _ARGUMENTS.sub(b"", name)
            if shorter == name:
                break
            name = shorter
        return _SPACES.sub(b"", name).decode("utf-8", "replace")
    scope, _, symbol = name.rpartition(b"operator")
    return _plain(scope) + "operator" + _SPACES.sub(b" ", symbol).decode("utf-8", "replace").rstrip()
