"""What can be left out of a text, or put more simply: the steps by which a program is made smaller.

The steps follow the syntax tree (Misherghi & Su, "HDD: Hierarchical Delta Debugging", ICSE 2006). Nothing is promised
about what is left after one: whoever takes it looks whether the result is still the program that is wanted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from analyzers.frontends import frontend_of
from analyzers.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

Language = Literal["c", "cpp", "fortran"]
Part = Span | bytes  # a stretch of the text that stays, or what is written instead

_PRAGMA = re.compile(rb"^[ \t]*#[ \t]*pragma\b(?:[^\\\r\n]|\\\r?\n|\\.)*(?:\r?\n)?", re.MULTILINE)
_CLAUSE = re.compile(rb"\w+[ \t]*(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?[ \t]*,?[ \t]*")
_ITEM = re.compile(rb"[^(),:\[\]]*(?:\[[^\]]*\][^(),:\[\]]*)*(,|(?=\)))")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_NOT_BREAK = re.compile(rb"[^\r\n]")
_MACRO_VALUE = re.compile(rb"-?[\w.]+\Z")

_LISTS = frozenset(("translation_unit", "compound_statement", "declaration_list", "field_declaration_list"))
_CONDITIONALS = frozenset(("preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif"))
_COMMAS = frozenset((
    "parameter_list", "argument_list", "initializer_list", "enumerator_list", "declaration", "field_declaration",
    "field_initializer_list", "template_parameter_list", "template_argument_list",
))  # fmt: skip
_WORDS = frozenset((
    "type_qualifier", "storage_class_specifier", "attribute_specifier", "attribute_declaration", "virtual_specifier",
    "base_class_clause", "noexcept", "else_clause", "comment",
))  # fmt: skip
_DECLARATORS = frozenset(("init_declarator", "pointer_declarator", "array_declarator", "reference_declarator"))
_ATOMS = frozenset(("identifier", "number_literal", "char_literal", "true", "false", "null", "this"))
_CONSTANTS = (b"0", b"1")
# Where a constant can stand for what is there: anywhere in the first, in one field of the second. Not in the extents of
# arrays: the subscripts that are left would be out of bounds.
_PLACES = frozenset((
    "binary_expression", "parenthesized_expression", "argument_list", "return_statement", "conditional_expression",
    "unary_expression", "subscript_argument_list", "initializer_list", "condition_clause", "comma_expression",
))  # fmt: skip
_VALUES = {
    "assignment_expression": "right",
    "init_declarator": "value",
    "subscript_expression": "index",
    "cast_expression": "value",
    "for_range_loop": "right",
    "preproc_if": "condition",
    "case_statement": "value",
}
_DECLARATIONS = frozenset((
    "declaration", "field_declaration", "parameter_declaration", "optional_parameter_declaration",
    "function_definition", "for_range_loop",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One step: the bytes of each span give way to the parts beside it. Spans ascend and do not overlap."""

    edits: tuple[tuple[Span, tuple[Part, ...]], ...]

    @property
    def gain(self) -> int:
        """How many bytes fewer there are afterwards."""
        kept = sum(len(p) if isinstance(p, bytes) else p.end - p.start for _, parts in self.edits for p in parts)
        return sum(span.end - span.start for span, _ in self.edits) - kept


@dataclass(frozen=True, slots=True)
class Pieces:
    """The steps that a text allows."""

    first: tuple[Change, ...]  # leave out what nothing names, followed from the item at the place; all comments
    lists: tuple[tuple[Span, ...], ...]  # what stands beside each other and may go in any number; outer lists first
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wrong with a text as far as its grammar tells."""

    errors: int
    undeclared: frozenset[bytes]  # names that it uses and declares nowhere
    unset: frozenset[bytes]  # local variables that it uses and gives no value anywhere

    def as_good_as(self, other: Reading) -> bool:
        """Whether it has no fault that the other does not have."""
        return self.errors <= other.errors and self.undeclared <= other.undeclared and self.unset <= other.unset


@dataclass(slots=True)
class _Found:
    data: bytes
    pragmas: dict[int, Span]  # by the offset of what follows them
    lists: list[tuple[Span, ...]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def replace(self, span: Span, *parts: Part) -> None:
        if span.end > span.start:
            self.changes.append(Change(((span, parts),)))


def reading(data: bytes, language: Language) -> Reading:
    """How well a text can be read."""
    declared: set[bytes] = set()
    used: Counter[bytes] = Counter()
    bare: Counter[bytes] = Counter()  # declared in a function without a value
    given: set[bytes] = set()  # one later
    errors = 0
    for node in _nodes(_tree(data, language)):
        errors += node.is_error or node.is_missing
        if node.type != "identifier":
            declared.update(name for name, _ in _declared(node))
            continue
        name, parent = node.text or b"", node.parent
        used[name] += 1
        if parent is None:
            continue
        if parent.type == "declaration":
            bare[name] += _is_plain_local(parent)
        elif _gives(parent, node, language):
            given.add(name)
    unset = {name for name, count in bare.items() if count and used[name] > count} - given
    return Reading(errors, frozenset(used.keys() - declared), frozenset(unset))


def _is_plain_local(declaration: Node) -> bool:
    kind, parent = declaration.child_by_field_name("type"), declaration.parent
    return (
        parent is not None
        and parent.type != "translation_unit"
        and kind is not None
        and kind.type in ("primitive_type", "sized_type_specifier")
        and all(child.type != "storage_class_specifier" for child in declaration.named_children)
    )


def _gives(parent: Node, node: Node, language: Language) -> bool:
    """Whether the variable has a value after the expression that it stands in."""
    match parent.type:
        case "assignment_expression":
            return parent.child_by_field_name("left") == node
        case "pointer_expression":
            return True
        case "argument_list" | "binary_expression" | "lambda_capture_specifier":
            return language == "cpp"  # by reference, `>>`
    return False


def pieces(data: bytes, language: Language, place: int) -> Pieces:
    """The steps for a text; `place` is the byte offset of what must stay."""
    root = _tree(data, language)
    pragmas = [Span(m.start(), m.end()) for m in _PRAGMA.finditer(data)]
    found = _Found(data, {_next(data, span.end): span for span in pragmas})
    for span in pragmas:
        _pragma(found, span)
    comments = tuple((_wide(data, _span(node)), ()) for node in _nodes(root) if node.type == "comment")
    for node in _nodes(root):
        _list(found, node)
        _commas(found, node)
        _statement(found, node)
        _expression(found, node)
    found.changes += _parameters(data, root)
    found.changes += _macros(data, root)
    unneeded = _unneeded(data, root, place)
    first = [Change(edits) for edits in (unneeded, comments) if edits]
    return Pieces(tuple(first), tuple(found.lists), tuple(dict.fromkeys(found.changes)))


def names(data: bytes, language: Language) -> dict[str, str]:
    """The names that a text declares itself, in order, each with what it is: variable, function, type or macro."""
    kinds: dict[str, str] = {}
    for node in _nodes(_tree(data, language)):
        for name, kind in _declared(node):
            kinds.setdefault(name.decode("utf-8", "replace"), kind)
    return kinds


def _tree(data: bytes, language: Language) -> Node:
    """The tree of a text without its pragmas, which the grammar allows in few places."""
    text = _PRAGMA.sub(lambda match: _NOT_BREAK.sub(b" ", match[0]), data)
    return frontend_of(language).dialect.parser().parse(text).root_node


def _nodes(root: Node) -> Iterator[Node]:
    """All nodes, those around others first, in the order of the text."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _span(node: Node) -> Span:
    return Span(node.start_byte, node.end_byte)


def _next(data: bytes, at: int) -> int:
    """The offset of the first byte that is no blank."""
    return at + len(data[at:]) - len(data[at:].lstrip())


def _wide(data: bytes, span: Span) -> Span:
    """With the rest of its lines, where nothing else stands on them."""
    start, end = span.start, span.end
    while start and data[start - 1] in b" \t":
        start -= 1
    if start and data[start - 1] not in b"\r\n":
        return span
    if data[span.start : end].endswith(b"\n"):
        return Span(start, end)
    while end < len(data) and data[end] in b" \t":
        end += 1
    if end < len(data) and data[end] not in b"\r\n":
        return span
    return Span(start, end + (2 if data[end : end + 2] == b"\r\n" else 1 if end < len(data) else 0))


# Lists


def _list(found: _Found, node: Node) -> None:
    """What stands one after the other: items, statements, members; each goes alone, or with the pragmas before it."""
    if node.type in _LISTS:
        children = [child for child in node.named_children if child.type != "comment"]
    elif node.type in _CONDITIONALS:
        head = [node.child_by_field_name(name) for name in ("name", "condition")]
        children = [child for child in node.named_children if child not in head and child.type != "comment"]
        branches = [child for child in children if child.type not in ("preproc_else", "preproc_elif")]
        if branches:
            found.replace(_span(node), Span(branches[0].start_byte, branches[-1].end_byte), b"\n")
        for child in children[len(branches) :]:
            found.replace(_span(child))
    elif node.type == "case_statement":
        value = node.child_by_field_name("value")
        children = [child for child in node.named_children if child != value]
    else:
        return
    spans = [_wide(found.data, _item(child)) for child in children if child.end_byte > child.start_byte]
    with_pragmas = tuple(_behind_pragmas(found, span) for span in spans)
    if with_pragmas:
        found.lists.append(with_pragmas)
    for bare, wide in zip(spans, with_pragmas, strict=True):
        found.replace(wide)
        if bare != wide:
            found.replace(bare)


def _item(node: Node) -> Span:
    after = node.next_sibling
    if node.type == "access_specifier" and after is not None and after.type == ":":
        return Span(node.start_byte, after.end_byte)
    return _span(node)


def _behind_pragmas(found: _Found, span: Span) -> Span:
    before = found.pragmas.get(_next(found.data, span.start))
    while before is not None:
        span = Span(before.start, span.end)
        before = found.pragmas.get(_next(found.data, span.start))
    return span


def _commas(found: _Found, node: Node) -> None:
    """One of several things between commas, with a comma."""
    if node.type not in _COMMAS:
        return
    items = node.named_children
    if node.type in ("declaration", "field_declaration"):
        items = node.children_by_field_name("declarator")
        if len(items) < 2:
            return
    for index, item in enumerate(items):
        if index + 1 < len(items):
            found.replace(Span(item.start_byte, items[index + 1].start_byte))
        elif index:
            found.replace(Span(items[index - 1].end_byte, item.end_byte))
        else:
            found.replace(_span(item))


# Statements and declarations


def _statement(found: _Found, node: Node) -> None:
    span = _span(node)
    parent = node.parent
    listed = parent is not None and (parent.type in _LISTS or parent.type in _CONDITIONALS)
    body = node.child_by_field_name("body")
    match node.type:
        case "if_statement":
            for branch in (node.child_by_field_name("consequence"), node.child_by_field_name("alternative")):
                if branch is not None:
                    arm = branch.named_children[-1] if branch.type == "else_clause" else branch
                    found.replace(span, _span(arm))
        case "for_statement" | "while_statement" | "do_statement" | "switch_statement" | "for_range_loop":
            if body is not None:
                found.replace(span, _span(body))
                first = node.child_by_field_name("initializer")
                if first is not None:
                    end = b"\n" if first.type == "declaration" else b";\n"
                    braces = (b"", b"") if listed else (b"{\n", b"\n}")
                    found.replace(span, braces[0], _span(first), end, _span(body), braces[1])
        case "compound_statement":
            children = node.named_children
            inside = Span(children[0].start_byte, children[-1].end_byte) if children else Span(span.end, span.end)
            if listed or (len(children) == 1 and children[0].type != "declaration" and _is_body(node)):
                found.replace(span, inside)
        case "labeled_statement" | "linkage_specification" | "namespace_definition" | "template_declaration":
            held = body or (node.named_children[-1] if node.named_children else None)
            if held is not None:
                whole = _span(held)
                braced = held.type == "declaration_list"
                found.replace(span, Span(whole.start + 1, whole.end - 1) if braced else whole)
        case "function_definition":
            kind, head = node.child_by_field_name("type"), node.child_by_field_name("declarator")
            if body is not None:
                found.replace(span, Span(span.start, body.start_byte), b";")
            if body is not None and kind is not None and head is not None and head.type == "function_declarator":
                returns = [inner for inner in _nodes(body) if inner.type == "return_statement" and inner.named_children]
                if returns and found.data[head.start_byte : head.end_byte].split(b"(")[0].strip() != b"main":
                    edits = tuple((_span(inner), (b"return;",)) for inner in returns)
                    found.changes.append(Change(((_span(kind), (b"void",)), *edits)))
        case kind if kind in _WORDS:
            rest = found.data[span.end :]
            blanks = len(rest) - len(rest.lstrip(b" \t"))
            found.replace(_wide(found.data, span) if node.type == "comment" else Span(span.start, span.end + blanks))
        case kind if kind in _DECLARATORS:
            declarator, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
            # A scalar keeps its first value: a program that reads it unset is nothing to report.
            if declarator is not None and (value is None or value.type == "initializer_list"):
                found.replace(span, _span(declarator))
        case "sized_type_specifier" | "template_type" | "qualified_identifier" | "placeholder_type_specifier":
            if span.end - span.start > len(b"int"):
                found.replace(span, b"int")
    if _is_body(node) and node.type.endswith("_statement") and span.end - span.start > 1:
        found.replace(span, b";")


def _is_body(node: Node) -> bool:
    """Whether it is what another statement governs, and not one of a list."""
    parent = node.parent
    return parent is not None and (
        parent.type == "else_clause"
        or (parent.type.endswith("_statement") and parent.type not in _LISTS and parent.type != "case_statement")
        or parent.type == "for_range_loop"
    )


# Expressions


def _expression(found: _Found, node: Node) -> None:
    """An operand in place of the whole, and a constant where a value is wanted."""
    span = _span(node)
    if node.type == "string_literal" and span.end - span.start > 2:
        found.replace(span, b'""')
    if not _is_expression(node):
        return
    operands = [child for child in node.named_children if _is_expression(child)]
    for part in ("arguments", "indices"):
        held = node.child_by_field_name(part)
        if held is not None:
            operands += [child for child in held.named_children if _is_expression(child)]
    parent = node.parent
    above = parent.parent if parent is not None else None
    ends = above is not None and above.type == "for_statement" and parent == above.child_by_field_name("condition")
    fixed = parent is not None and parent.type == "for_statement" and node != parent.child_by_field_name("body")
    if node.type != "lambda_expression":
        for operand in operands:
            # The head of a loop stays one, and one of many iterations.
            if operand.type == "binary_expression" or not (fixed or (ends and operand.type == "number_literal")):
                found.replace(span, _span(operand))
    if _is_value(node):
        for constant in _CONSTANTS:
            found.replace(span, constant)


def _is_expression(node: Node) -> bool:
    return node.type in _ATOMS or node.type.endswith("_expression")


def _is_value(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type in _PLACES:
        above = parent.parent
        # A loop of no or one iteration has verdicts of its own.
        return above is None or above.type != "for_statement" or parent != above.child_by_field_name("condition")
    name = _VALUES.get(parent.type)
    return name is not None and node in parent.children_by_field_name(name)


# Pragmas


def _pragma(found: _Found, span: Span) -> None:
    """The line, each of its words with what is in their parentheses, and each thing in those."""
    data = found.data
    found.replace(span)
    text = data[span.start : span.end]
    first = re.match(rb"\s*#\s*pragma\s+\w+\s*", text)
    at = span.start + (first.end() if first else len(text))
    for clause in _CLAUSE.finditer(data, at, span.end):
        found.replace(Span(clause.start(), clause.end()))
        opening = data.find(b"(", clause.start(), clause.end())
        if opening < 0:
            continue
        colon = data.find(b":", opening, clause.end())
        bracket = data.find(b"[", opening, clause.end())
        where = colon + 1 if colon >= 0 and not 0 <= bracket < colon else opening + 1
        while where < clause.end():
            item = _ITEM.match(data, where, clause.end())
            if item is None or item.end() == where:
                break
            before = where - 1 if not item[1] and data[where - 1 : where] == b"," else where
            found.replace(Span(before, item.end()))
            where = item.end()


# Several places at once


def _parameters(data: bytes, root: Node) -> Iterator[Change]:
    """A parameter of a function together with what its calls pass for it."""
    lists: dict[bytes, list[list[Node]]] = {}
    for node in _nodes(root):
        if node.type == "function_declarator":
            name, held = node.child_by_field_name("declarator"), node.child_by_field_name("parameters")
        elif node.type == "call_expression":
            name, held = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        else:
            continue
        if name is not None and held is not None and name.type in ("identifier", "field_identifier"):
            lists.setdefault(data[name.start_byte : name.end_byte], []).append(
                [child for child in held.named_children if child.type != "comment"]
            )
    for uses in lists.values():
        count = len(uses[0])
        if len(uses) < 2 or any(len(items) != count for items in uses):
            continue
        for k in range(count):
            spans = [_with_comma(items, k) for items in uses]
            if all(a.end <= b.start for a, b in pairwise(spans)):
                yield Change(tuple((span, ()) for span in spans))


def _with_comma(items: list[Node], k: int) -> Span:
    if k + 1 < len(items):
        return Span(items[k].start_byte, items[k + 1].start_byte)
    return Span(items[k - 1].end_byte if k else items[k].start_byte, items[k].end_byte)


def _macros(data: bytes, root: Node) -> Iterator[Change]:
    """A macro that is one word, put in everywhere, and not defined any more."""
    for node in _nodes(root):
        if node.type != "preproc_def":
            continue
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            continue
        meaning = data[value.start_byte : value.end_byte].strip()
        if not _MACRO_VALUE.match(meaning):
            continue
        whole = _wide(data, _span(node))
        uses = re.finditer(rb"\b" + re.escape(data[name.start_byte : name.end_byte]) + rb"\b", data)
        spans = [(Span(m.start(), m.end()), (meaning,)) for m in uses if not whole.covers(m.start())]
        yield Change(tuple(sorted([*spans, (whole, ())], key=lambda edit: edit[0])))


# What is needed


def _declared(node: Node) -> Iterator[tuple[bytes, str]]:
    """The names that a node itself declares."""
    name = node.child_by_field_name("name")
    kind = node.type
    if kind in ("preproc_def", "preproc_function_def", "enumerator", "namespace_definition") and name is not None:
        yield name.text or b"", "macro" if kind.startswith("preproc") else "variable"
    elif kind in ("struct_specifier", "union_specifier", "enum_specifier", "class_specifier"):
        if name is not None and node.child_by_field_name("body") is not None:
            yield name.text or b"", "type"
    elif kind == "type_definition":
        for declarator in node.children_by_field_name("declarator"):
            yield from ((found, "type") for found, _ in _declarator(declarator))
    elif kind in _DECLARATIONS:
        for declarator in node.children_by_field_name("declarator"):
            yield from _declarator(declarator)


def _declarator(node: Node | None) -> Iterator[tuple[bytes, str]]:
    kind = "variable"
    while node is not None:
        if node.type in ("identifier", "field_identifier", "type_identifier"):
            yield node.text or b"", kind
            return
        if node.type == "function_declarator":
            kind = "function"
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in ("parenthesized_declarator", "reference_declarator"):
            inner = node.named_children[-1] if node.named_children else None
        node = inner


def _unneeded(data: bytes, root: Node, place: int) -> tuple[tuple[Span, tuple[Part, ...]], ...]:
    """All items at file scope that the one at `place` does not name, nor anything that it names."""
    items = [child for child in root.named_children if child.type not in ("preproc_include", "comment")]
    declares = [{name for inner in _outside(item) for name, _ in _declared(inner)} for item in items]
    code = bytearray(data)
    for node in _nodes(root):
        if node.type == "comment":  # it may say any word
            code[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
    bare = bytes(code)
    words = [set(_WORD.findall(bare, item.start_byte, item.end_byte)) for item in items]
    needed = {k for k, item in enumerate(items) if item.start_byte <= place < item.end_byte or not declares[k]}
    if not any(items[k].start_byte <= place < items[k].end_byte for k in needed):
        return ()
    known: set[bytes] = set()
    pending = set().union(*(words[k] for k in needed))
    while pending:
        known |= pending
        new = {k for k in range(len(items)) if k not in needed and declares[k] & pending}
        needed |= new
        pending = set().union(*(words[k] for k in new)) - known
    return tuple((_wide(data, _span(item)), ()) for k, item in enumerate(items) if k not in needed)


def _outside(item: Node) -> Iterable[Node]:
    """An item and what is in it, bodies of functions left out."""
    stack = [item]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for child in reversed(node.named_children) if child.type != "compound_statement")
