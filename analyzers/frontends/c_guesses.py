"""What undeclared names are, judged by their use: a snippet, or a header that was not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzers.frontends import c_types
from analyzers.ir.symbols import INT, LOGICAL, REAL, UNKNOWN_TYPE, Extent, Type
from analyzers.standards.library import ROUTINES

_TOKEN = re.compile(rb"""[A-Za-z_]\w*|"(?:[^"\\\r\n]|\\.)*"?|'(?:[^'\\\r\n]|\\.)*'?|[0-9][\w.]*|[^\s\w]""")
_INTEGER_OPERATORS = frozenset((b"&", b"|", b"^", b"%"))
_ASSIGNED = re.compile(rb"(?<![\w.>])([A-Za-z_]\w*)\s*(?:(=)(?!=)\s*([^;]*)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)")
_STEPPED = re.compile(rb"(?:\+\+|--)\s*([A-Za-z_]\w*)")
# `(T *)(p + i)`, `static_cast<T *>(p)`
_CAST = re.compile(
    rb"(?:\(\s*(?:const\s+|unsigned\s+|struct\s+)*[A-Za-z_]\w*\s*\*+\s*\)\s*\(?"
    rb"|\b(?:static|reinterpret)_cast\s*<[^<>;()]*\*\s*>\s*\()\s*([A-Za-z_]\w*)\s*(?=[-+);])"
)
_OPERAND_ENDS = frozenset((b")", b"]"))
_CALL = re.compile(rb"(?<![\w.>])([A-Za-z_]\w*)\s*\(")
_HANDED = re.compile(rb"\s*([A-Za-z_]\w*)\s*[-+,)]")  # `p`, `p + i` as an argument
_WRITTEN = frozenset("wb")  # of `Routine.parameters`
_WRITERS = {name.encode(): each.parameters for name, each in ROUTINES.items() if _WRITTEN & set(each.parameters)}


_SELECTING = frozenset((b".", b">", b":"))  # `p->f(x)`, `ns::f(x)`: not the variable `f`


def by_subscripts(count: int, snippet: bool) -> Type:
    """A name with `count` brackets behind it. In a snippet arrays are distinct objects of unknown extents."""
    if count == 0:
        return UNKNOWN_TYPE
    if snippet:
        return Type("array", "", element=REAL, extents=(Extent(None),) * count)
    kind = UNKNOWN_TYPE
    for _ in range(count):
        kind = c_types.pointer_to(kind)
    return kind


def guesses(code: bytes, snippet: bool) -> dict[str, Type]:
    """The types of all names in the text as if none were declared: subscripted ones are arrays or pointers, as in a
    snippet those that the library writes to, those in subscripts and loop headers integers, called ones functions, the
    rest of a snippet real scalars."""
    subscripts: dict[bytes, int] = {}
    integers: set[bytes] = set()
    functions: set[bytes] = set()
    pointers: set[bytes] = set()
    masked: set[bytes] = set()  # in `m &= e`
    flags = _flags(code) if snippet else frozenset()
    moved: set[bytes] = set()  # in `*(p + i)`
    records: set[bytes] = set()  # `s.x`, also in `*s.x`
    dereferenced = False
    seen: set[bytes] = set()
    brackets: list[tuple[bytes, int]] = []  # open ones: whose subscript, and the how-manieth
    closed: tuple[bytes, int] = (b"", 0)
    header = 0  # depth of parentheses inside `for (...)`
    previous = before = b""
    for token in _TOKEN.findall(code):
        first = token[0]
        if first == 0x5B:  # [
            owner, count = closed if previous == b"]" else (previous, 0)
            brackets.append((owner, count + 1))
            if owner[:1].isalpha() or owner[:1] == b"_":
                subscripts[owner] = max(count + 1, subscripts.get(owner, 0))
        elif first == 0x5D:  # ]
            closed = brackets.pop() if brackets else (b"", 0)
        elif first == 0x28:  # (
            if header or previous == b"for":
                header += 1
            elif (previous[:1].isalpha() or previous[:1] == b"_") and before not in _SELECTING:
                functions.add(previous)
            dereferenced = previous == b"*" and _begins_operand(before)
        elif first == 0x29:  # )
            if header == 1:
                token = b";"  # behind the header of a loop a statement begins
            header = max(0, header - 1)
        elif token[:1].isalpha() or first == 0x5F:
            if previous not in (b".", b">") or before not in (b"-", b"."):
                seen.add(token)
                if brackets or header:
                    integers.add(token)
                if previous == b"*" and _begins_operand(before):
                    pointers.add(token)
                elif previous == b"(" and dereferenced:
                    moved.add(token)
        elif first == 0x2E:  # .
            records.add(previous)
        elif first == 0x3D and previous in _INTEGER_OPERATORS:
            masked.add(before)
        elif first == 0x3E and previous == b"-" and before:
            pointers.add(before)
        before, previous = previous, token
    moved.update(_CAST.findall(code))
    if snippet:
        moved.update(_written_behind(code))
    found: dict[str, Type] = {}
    for name in seen:
        text = name.decode("ascii")
        if name in subscripts:
            # An array cannot be assigned to: then it is a pointer, whoever wrote the snippet.
            found[text] = by_subscripts(subscripts[name], snippet and not changes(name, code))
        elif name in functions:
            found[text] = c_types.FUNCTION
        elif name in moved and snippet and not changes(name, code):
            found[text] = by_subscripts(1, snippet)
        elif name in moved or (name in pointers and name not in records):
            found[text] = c_types.pointer_to(UNKNOWN_TYPE)
        elif name in integers or name in masked:
            found[text] = INT
        elif snippet and name in flags:
            found[text] = LOGICAL
        elif snippet:
            found[text] = REAL
    return found


def _written_behind(code: bytes) -> Iterator[bytes]:
    """The names that are handed to the library where that writes to memory: `buf` of `sprintf(buf, ...)`."""
    for call in _CALL.finditer(code):
        parameters = _WRITERS.get(call[1])
        if parameters is None:
            continue
        for position, start in enumerate(_arguments(code, call.end())):
            letter = parameters[min(position, len(parameters) - 1)]
            if letter in _WRITTEN and (name := _HANDED.match(code, start)) is not None:
                yield name[1]


def _arguments(code: bytes, start: int) -> Iterator[int]:
    """Where the arguments of a call begin, the first of them at `start`."""
    yield start
    depth = 0
    for token in _TOKEN.finditer(code, start):
        first = code[token.start()]
        if depth == 0 and first == 0x2C:  # ,
            yield token.end()
        depth += (first in b"([{") - (first in b")]}")
        if depth < 0:
            return


def _flags(code: bytes) -> frozenset[bytes]:
    """Names that are assigned nothing but 0 and 1, or `x && ...` and `x || ...` of themselves."""
    found: dict[bytes, bool] = {}
    for match in _ASSIGNED.finditer(code):
        name, value = match[1], match[3]
        simple = match[2] is not None and (
            value.strip() in (b"0", b"1", b"true", b"false", b"TRUE", b"FALSE")
            or re.match(re.escape(name) + rb"\s*(?:&&|\|\|)", value) is not None
        )
        found[name] = simple and found.get(name, True)
    for match in _STEPPED.finditer(code):
        found[match[1]] = False
    return frozenset(name for name, simple in found.items() if simple)


def _begins_operand(before: bytes) -> bool:
    """May a `*` behind this token be an indirection?"""
    return before not in _OPERAND_ENDS and not before[:1].isalnum() and before[:1] != b"_"


_CHANGE = re.compile(rb"\s*(?:\+\+|--|(?:<<|>>|[-+*/%&|^])?=(?!=)(?!\s*\{))")


def is_only_read(name: bytes, code: bytes) -> bool:
    """Are elements of the array read wherever its name stands, and nothing else done with it?"""
    for match in re.finditer(rb"(?<![\w.])(?<!->)" + re.escape(name) + rb"\b", code):
        before = code[max(0, match.start() - 40) : match.start()].rstrip()
        if before.endswith((b"++", b"--")) or (before.endswith(b"&") and not before.endswith(b"&&")):
            return False
        at = match.end()
        while code[at : at + 1] in (b" ", b"\t", b"\n", b"\r"):
            at += 1
        if code[at : at + 1] != b"[":
            return False
        depth = 1
        while depth and at < len(code):
            at += 1
            depth += (code[at : at + 1] == b"[") - (code[at : at + 1] == b"]")
        if _CHANGE.match(code, at + 1):
            return False
    return True


def changes(name: bytes, code: bytes) -> bool:
    """Is the variable itself assigned to or moved?"""
    word = re.escape(name)
    return re.search(rb"\b" + word + rb"\s*(?:\+\+|--|[-+]?=(?!=))|(?:\+\+|--)\s*" + word + rb"\b", code) is not None
