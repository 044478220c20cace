"""Finding the function in text that does not parse: half-typed lines are left out, missing braces added.

An editor's text is broken at one line, the one being typed. The parser often gives up on the whole statement around
it; without that line it reads the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node, Tree

_LITERAL_OR_BRACE = re.compile(rb"""[{}]|"(?:[^"\\\r\n]|\\[\s\S])*"?|'(?:[^'\\\r\n]|\\[\s\S])*'?""")
_NOT_BRACE = re.compile(rb"[^{}\r\n]")
_SPREAD = 40  # what it costs that an error reaches over several lines
_ATTEMPTS = 4
_MAX_LINE = 2_000
_MAX_TEXT = 400_000  # repeated parsing of more would be felt
_LOST = 1 << 30
_WRAPPERS = frozenset(("template_declaration", "linkage_specification"))  # of C++
_DEFINITIONS = _WRAPPERS | {"function_definition"}


@dataclass(frozen=True, slots=True)
class Recovered:
    """A text that the parser reads, its function, and the ranges of the text that were left out."""

    data: bytes
    node: Node | None
    gaps: tuple[tuple[int, int], ...]
    unclosed: int  # braces added at the end


def recover(data: bytes, parse: Callable[[bytes], Tree], reparse: Callable[[bytes, Tree], Tree]) -> Recovered:
    """The best reading of a text that holds one function definition. `reparse` takes an edited old tree."""
    tree = parse(data)
    node = definition(tree.root_node)
    if node is not None and not tree.root_node.has_error:
        return Recovered(data, node, (), 0)
    unclosed = _unclosed(data)
    if unclosed > 0:
        data = data + b"\n;" + b"}" * min(unclosed, 500)
        tree = parse(data)
    cost = _cost(tree.root_node)
    gaps: list[tuple[int, int]] = []
    for _ in range(_ATTEMPTS if len(data) <= _MAX_TEXT else 0):
        best = None
        for start, end in _suspects(data, tree.root_node):
            line = _NOT_BRACE.sub(b" ", data[start:end])
            lost = sum(map(len, data[start:end].split())) - sum(map(len, line.split()))
            if not lost or lost >= cost:
                continue
            candidate = data[:start] + line + data[end:]
            tried = _edited(tree, candidate, start, end, reparse)
            expense = _cost(tried.root_node) + lost
            if expense < cost:
                cost = expense
                best = (candidate, tried, (start, end))
        if best is None:
            break
        data, tree, gap = best
        gaps.append(gap)
        if not tree.root_node.has_error:
            break
    return Recovered(data, definition(tree.root_node), tuple(sorted(gaps)), unclosed)


def _edited(tree: Tree, data: bytes, start: int, end: int, reparse: Callable[[bytes, Tree], Tree]) -> Tree:
    """Parse `data`, which differs from what `tree` was made of by the bytes of one line."""
    old = tree.copy()
    row = data.count(b"\n", 0, start)
    column = start - (data.rfind(b"\n", 0, start) + 1)
    old.edit(start, end, end, (row, column), (row, column + end - start), (row, column + end - start))
    return reparse(data, old)


def definition(root: Node) -> Node | None:
    """The function in a tree: a definition whose name and parameters were understood."""
    for node in root.children:
        inner: Node | None = node
        while inner is not None and inner.type in _WRAPPERS:
            inner = next((n for n in inner.children if n.type in _DEFINITIONS), None)
        if inner is not None and inner.type == "function_definition":
            return inner
    return None


def errors(root: Node) -> Iterator[Node]:
    """The outermost places where the parser skipped or invented something."""
    stack = [root]
    while stack:
        top = stack.pop()
        if top.type == "ERROR" or top.is_missing:
            yield top
        elif top.has_error:
            stack.extend(reversed(top.children))


def _cost(root: Node) -> int:
    """How much of the text is not understood."""
    total = 0 if definition(root) is not None else _LOST
    for error in errors(root):
        total += max(8, error.end_byte - error.start_byte)
        if error.start_point[0] != error.end_point[0]:
            total += _SPREAD
    return total


def _suspects(data: bytes, root: Node) -> list[tuple[int, int]]:
    """The lines at which an error begins, and those before them."""
    lines: dict[tuple[int, int], None] = {}
    for count, error in enumerate(errors(root)):
        if count >= 3:
            break
        start = max(data.rfind(b"\n", 0, error.start_byte), data.rfind(b"\r", 0, error.start_byte)) + 1
        lines[_line(data, start)] = None
        if start > 0:
            before = max(data.rfind(b"\n", 0, start - 1), data.rfind(b"\r", 0, start - 1)) + 1
            lines[_line(data, before)] = None
        if error.end_byte > error.start_byte:
            last = max(data.rfind(b"\n", 0, error.end_byte - 1), data.rfind(b"\r", 0, error.end_byte - 1)) + 1
            lines[_line(data, last)] = None
    return [line for line in lines if line[0] > 0 and line[1] - line[0] <= _MAX_LINE]


def _line(data: bytes, start: int) -> tuple[int, int]:
    match = _LINE_END.search(data, start)
    return start, match.start() if match else len(data)


_LINE_END = re.compile(rb"[\r\n]")


def _unclosed(data: bytes) -> int:
    depth = 0
    for match in _LITERAL_OR_BRACE.finditer(data):
        first = data[match.start()]
        depth += (first == 0x7B) - (first == 0x7D)
    return depth
