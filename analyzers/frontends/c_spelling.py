"""Rewriting in place, length kept, of what the grammar cannot read: words it does not know, casts that are none.

`(n) * x` reads as a cast of `*x` where `n` could be a type; macros are full of it (`#define A(i) a[(i)*n]`). Without
its parentheses the name can only be a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PLAIN: dict[bytes, bytes] = {
    b"_Thread_local": b"thread_local",
    b"__const": b"const",
    b"__const__": b"const",
    b"__signed__": b"signed",
    b"__signed": b"signed",
    b"__volatile": b"volatile",
    b"__volatile__": b"volatile",
    b"__typeof": b"typeof",
    b"__complex__": b"_Complex",
}
_WORDS = re.compile(rb"\b(?:" + rb"|".join(sorted(_PLAIN, reverse=True)) + rb")\b")
_ATOMIC = re.compile(rb"(\b_Atomic\s*)\(([^()]*)\)")
_COMPLEX = re.compile(
    rb"\b(?:(?P<before>float|double|long\s+double)\s+(?:_Complex|complex)\b"
    rb"|(?:_Complex|complex)\s+(?P<behind>float|double|long\s+double)\b|_Complex\b)"
)
COMPLEX_NAMES = {b"float": b"_cf", b"double": b"_cd"}  # pseudo types, known to `c_types`
REWRITTEN = frozenset((*_PLAIN, b"_Atomic", b"_Complex", b"complex"))

_PARENTHESISED = re.compile(rb"\(\s*([A-Za-z_]\w*)\s*\)(?=\s*[-+*&(])")
_WORD_BEFORE = re.compile(rb"([A-Za-z_]\w*)\s*\Z")
_CAST_BEFORE = re.compile(rb"\(\s*((?:[A-Za-z_]\w*\s*)+)\**\s*\)\s*\Z")
_TEMPLATE_BEFORE = re.compile(rb"\b[A-Za-z_]\w*\s*<[\w\s:*&,<>]*>\Z")  # of C++: `static_cast<T>(x) - 1`
_LOOK_BACK = 80
_VISIBLE = re.compile(rb"\S")

# What compilers are told of a variable, in place of which the grammar knows nothing: `x[3] ALIGNED = {0}`,
# `x[3] __attribute__((aligned(64)));`, `double *NOALIAS p`, `float ALIGNED x[3]`. None can be part of an expression.
_BEHIND_BRACKETS = re.compile(
    rb"(?<=\])(?<!delete\[\])\s*(?:[A-Za-z_]\w*|__attribute__\s*\(\((?!\s*(?:__)?(?:vector_size|mode|cleanup))[^()]*(?:\([^()]*\)[^()]*)*\)\))"
    rb"(?=\s*(?:=(?!=)|;))"
)
# A macro alone at the end of a block: it brings its own semicolon, or needs none.
_BARE_MACRO = re.compile(rb"(?:[;}]|\b(?:for|while|if)\b[^\n{}]*\)\s*\{)\s*[A-Za-z_]\w*[ \t\r\n](?=\s*\})")
_BLOCK_MACRO = re.compile(
    rb"(?:[;}]|\)\s*\{)\s*(?!(?:do|else|try|return|co_return|struct|union|enum|class|namespace)\b)[A-Za-z_]\w*\s(?=\{)"
)
_QUALIFIER = re.compile(
    rb"(?<=\*)\s*(?!(?:const|volatile|restrict|__restrict|__restrict__|sizeof|_Atomic|new)\b)[A-Za-z_]\w*"
    rb"(?=\s+(?:(?:const|volatile)\s+)?[A-Za-z_]\w*\s*[=;,)\[])"
)
_BEHIND_TYPE = re.compile(
    rb"(?:(?<=\bfloat)|(?<=\bdouble)|(?<=\bint)|(?<=\bchar))\s+(?!(?:unsigned|signed|short|long|int|char|const|volatile|static|register|complex|_Complex"
    rb"|restrict|inline|extern|operator)\b)[A-Za-z_]\w*(?=\s+(?!(?:unsigned|signed|short|long|int|char|const|volatile)\b)"
    rb"[A-Za-z_]\w*\s*[=;,\[])"
)
# A type among the arguments of a macro that was not seen: `Malloc(struct node *, n)`, `va_arg(list, char *)`. Behind a
# value, or another argument that is none, the parentheses belong to no declaration.
_TYPE_ARGUMENT = re.compile(
    rb"(?<=[(,])\s*((?:const\s+)?(?:(?:struct|union|enum)\s+[A-Za-z_]\w*(?:\s*\*)*"
    rb"|(?:(?:unsigned|signed|long|short|int|char|float|double|_Bool|bool)\b\s*)+(?:\*\s*)*"
    rb"|[A-Za-z_]\w*\s*\*[\s*]*))(?=\s*[,)])"
)
_CALLED = re.compile(rb"([A-Za-z_]\w*)\s*\Z")
_A_TYPE = b"0"
_IN_EXPRESSION = re.compile(rb"(?:[=(,?+\-/%!|]|\breturn)\s*\Z")
_NO_MACRO = frozenset(
    b"sizeof alignof _Alignof alignas _Alignas typeof __typeof__ decltype offsetof __builtin_offsetof _Generic operator"
    b" catch if for while switch return".split()
)
_VALUE_CONTEXT = frozenset((b"return", b"case", b"else", b"do", b"goto"))
_BASIC = frozenset(b"int char void float double long short signed unsigned _Bool bool".split())
_TYPE_WORDS = _BASIC | {b"const", b"struct", b"union"}


def rewritten(code: bytes, words: frozenset[bytes], is_type: Callable[[bytes], bool | None]) -> bytes:
    """The text with the same length that the grammar reads as meant. `words` are the identifiers in it; `is_type` says
    whether a name of the file scope is a type, None where it is not declared there."""
    if words & REWRITTEN:
        code = _WORDS.sub(lambda m: _PLAIN[m[0]].ljust(len(m[0])), code)
        code = _ATOMIC.sub(lambda m: m[1] + b" " + m[2] + b" ", code)
        if b"_Complex" in words or b"__complex__" in words or b"complex" in words:
            code = _COMPLEX.sub(_complex, code)
    code = _BARE_MACRO.sub(lambda m: m[0][:-1] + b";", code)
    code = _BLOCK_MACRO.sub(lambda m: m[0][:-1] + b";", code)
    code = _BEHIND_BRACKETS.sub(_blanked, code)
    code = _QUALIFIER.sub(_blanked, code)
    code = _BEHIND_TYPE.sub(_blanked, code)
    code = _TYPE_ARGUMENT.sub(_as_value, code)
    matches = list(_PARENTHESISED.finditer(code))
    if not matches:
        return code
    values: dict[bytes, bool] = {}
    out: bytearray | None = None
    for match in matches:
        name = match[1]
        value = values.get(name)
        if value is None:
            value = values[name] = _is_value(name, code, is_type)
        if not value or not _begins_operand(code, match.start(), is_type):
            continue
        if out is None:
            out = bytearray(code)
        out[match.start()] = out[match.end() - 1] = 0x20
    return code if out is None else bytes(out)


def _blanked(match: re.Match[bytes]) -> bytes:
    return _VISIBLE.sub(b" ", match[0])


def _as_value(match: re.Match[bytes]) -> bytes:
    """The type as a number, where it is an argument."""
    start, end = match.span(1)
    opening = _opening(match.string, start)
    called = _CALLED.search(match.string, max(0, opening - _LOOK_BACK), opening) if opening >= 0 else None
    if called is None or called[1] in _NO_MACRO or called[1] in _BASIC:
        return match[0]
    if not _IN_EXPRESSION.search(match.string, max(0, called.start() - _LOOK_BACK), called.start()):
        return match[0]
    return match[0][: start - match.start()] + _A_TYPE.ljust(end - start)


def _opening(code: bytes, at: int) -> int:
    """The parenthesis around `at`, not far before it; -1 where there is none."""
    depth = 0
    for position in range(at - 1, max(-1, at - 4 * _LOOK_BACK), -1):
        byte = code[position]
        if byte == 0x29:
            depth += 1
        elif byte == 0x28:
            if depth == 0:
                return position
            depth -= 1
        elif byte in b";{}":
            return -1
    return -1


def _complex(match: re.Match[bytes]) -> bytes:
    word = b" ".join((match["before"] or match["behind"] or b"double").split())
    return COMPLEX_NAMES.get(word, b"_cl").ljust(len(match[0]))


def _is_value(name: bytes, code: bytes, is_type: Callable[[bytes], bool | None]) -> bool:
    """`name` is a variable in `code`, judged by its declaration or another use of it."""
    if name in _BASIC or is_type(name):
        return False
    word = re.escape(name)
    if re.search(rb"\btypedef\b[^;{}]*\b" + word + rb"\s*(?:\[[^]]*\]\s*)*;", code):
        return False
    if re.search(rb"\b" + word + rb"\s*(?:[-+*/%&|^<>=!]?=|\[|\+\+|--|;|<|>|/|%|\?|->|\.)", code):
        return True
    if is_type(name) is False:
        return True
    declared = rb"(?<!struct )(?<!union )(?<!enum )(?<!const )\b(?!sizeof)\w+[\s*]+" + word + rb"\s*[,)\[;=]"
    return re.search(declared, code) is not None


def _begins_operand(code: bytes, at: int, is_type: Callable[[bytes], bool | None]) -> bool:
    """Where a value may begin: not behind a name (a call) and not behind a parenthesis that is no cast."""
    start = max(0, at - _LOOK_BACK)
    before = code[start:at].rstrip()
    last = before[-1:]
    if last.isalnum() or last == b"_":
        word = _WORD_BEFORE.search(before)
        return word is not None and word[1] in _VALUE_CONTEXT
    if last == b"]" or (last == b">" and _TEMPLATE_BEFORE.search(before)):
        return False
    if last == b")":
        cast = _CAST_BEFORE.search(before)
        return cast is not None and all(w in _TYPE_WORDS or is_type(w) for w in cast[1].split())
    return True
