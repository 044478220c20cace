"""Which language a bare loop is written in: its text is all there is to tell by."""

from __future__ import annotations

import re

from analyzers.frontends.c_dialect import Dialect
from analyzers.frontends.c_function import C
from analyzers.frontends.c_recovery import errors
from analyzers.frontends.cpp import CPP
from analyzers.frontends.masking import mask

# What C reads too, as something that nobody writes: `T &x = e` assigns to a conjunction, `v.at<T>(i)` compares.
_ONLY_CPP = re.compile(
    rb"[;{}(]\s*(?:const\s+)?[A-Za-z_]\w*\s*&\s*[A-Za-z_]\w*\s*=(?!=)"
    rb"|(?:\.|->)\s*[A-Za-z_]\w*<[\w\s,*]+>\s*\("
    rb"|[;{}]\s*[A-Za-z_]\w*(?:<[\w\s,*<>]+>|\s+<[\w\s*<>]+>)\s*&?\s*[A-Za-z_]\w*\s*[;=({]"
    rb"|[;{}]\s*[A-Za-z_]\w*\s*<[\w\s*]+>\s*\("
)
_WORD = re.compile(rb"[A-Za-z_]\w*")


def is_cpp(data: bytes) -> bool:
    """Does the grammar of C++ read statements that the grammar of C stumbles over?"""
    code = b"void _(){" + mask(data).code + b"\n;}"
    if _ONLY_CPP.search(code):
        return True
    in_c = _unread(code, C)
    return in_c > 0 and _unread(code, CPP) < in_c


def _unread(code: bytes, dialect: Dialect) -> int:
    """How much of the text the grammar does not understand."""
    words = frozenset(_WORD.findall(code))
    root = dialect.parser().parse(dialect.rewritten(code, words, lambda _: None)).root_node
    if not root.has_error:
        return 0
    return sum(max(8, error.end_byte - error.start_byte) for error in errors(root))
