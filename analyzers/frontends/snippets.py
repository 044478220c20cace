"""Which language a bare loop is written in: its text is all there is to tell by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

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
_FUNCTION = 16  # what it costs that there is a function where none can be
_BLOCKS = frozenset(
    ("compound_statement", "for_statement", "while_statement", "do_statement", "if_statement", "else_clause")
)


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
    misread = sum(_FUNCTION for _ in _functions_inside(root))
    if not root.has_error:
        return misread
    return misread + sum(max(8, error.end_byte - error.start_byte) for error in errors(root))


def _functions_inside(root: Node) -> Iterator[Node]:
    """What reads like a function in the body of the one around the snippet: a macro in front of a block."""
    for function in root.children:
        body = function.child_by_field_name("body")
        stack = [] if body is None else [body]
        while stack:
            top = stack.pop()
            if top.type == "function_definition":
                yield top
            elif top.type in _BLOCKS:
                stack.extend(top.named_children)
