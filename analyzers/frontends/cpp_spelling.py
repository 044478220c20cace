"""Rewriting in place, length kept, of what the grammar of C++ reads as something else."""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzers.frontends.c_spelling import rewritten as c_rewritten

_WORDS: dict[bytes, bytes] = {
    b"and": b"&&",
    b"or": b"||",
    b"not": b"!",
    b"xor": b"^",
    b"bitand": b"&",
    b"bitor": b"|",
    b"compl": b"~",
    b"not_eq": b"!=",
    b"and_eq": b"&=",
    b"or_eq": b"|=",
}
_ALTERNATIVE = re.compile(rb"\b(?:" + rb"|".join(sorted(_WORDS, reverse=True)) + rb")\b")
# `i < n && k > (m)` reads as a call of the template `i<n && k>`, `i < 0 ? 0 : k >= m` as an assignment to one.
_COMPARED = re.compile(rb"\b[A-Za-z_]\w*\s*(<)(?![<=:])(?=[^<>;{}]*(?:&&|\|\||\?)[^<>;{}]*>(?:\s*\(|=))")
_DELETE = re.compile(rb"\bdelete(\s*)\[(\s*)\]")
_NEW_POINTERS = re.compile(rb"(\bnew\s+[\w:<>, ]+?)([\s*]*\*[\s*]*)(?=\[)")
_OPERATOR_CALL = re.compile(rb"(?<=[.>])(\s*)operator(\s*)(\[\s*\]|\(\s*\)|[^\w\s(]+)(?=\s*\()")
_LAUNCH = re.compile(rb"<<<[^;{}]*?>>>")


def rewritten(code: bytes, words: frozenset[bytes], is_type: Callable[[bytes], bool | None]) -> bytes:
    """The text with the same length that the grammar reads as meant; a `<` that became `>` is found by comparison."""
    if not words.isdisjoint(_WORDS):
        code = _ALTERNATIVE.sub(lambda m: _WORDS[m[0]].ljust(len(m[0])), code)
    if b"delete" in words:
        code = _DELETE.sub(lambda m: b"delete[]".ljust(len(m[0])), code)
    if b"new" in words:
        code = _NEW_POINTERS.sub(lambda m: m[1] + b" " * len(m[2]), code)
    if b"operator" in words:
        code = _OPERATOR_CALL.sub(lambda m: (b"at" if m[3][:1] == b"[" else b"operator_").ljust(len(m[0])), code)
    code = code.replace(b"->*", b" .*")
    if b"<<<" in code:  # the grid of a kernel of CUDA: what is left is a call
        code = _LAUNCH.sub(lambda m: b" " * len(m[0]), code)
    matches = list(_COMPARED.finditer(code))
    if matches:
        out = bytearray(code)
        for match in matches:
            out[match.start(1)] = 0x3E
        code = bytes(out)
    return c_rewritten(code, words, is_type)
