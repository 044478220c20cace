"""What undeclared names are, judged by their use: a snippet, or a header that was not read."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.frontends import c_types
from analyzers.ir.symbols import INT, REAL, UNKNOWN_TYPE, Extent, Type


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


def guesses(root: Node, data: bytes, snippet: bool) -> dict[str, Type]:
    """The types of all names in the tree as if none were declared: subscripted ones are arrays or pointers, those in
    subscripts and loop headers integers, called ones functions, the rest of a snippet real scalars."""
    subscripts: dict[str, int] = {}
    integers: set[str] = set()
    functions: set[str] = set()
    pointers: set[str] = set()
    seen: set[str] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, integral = stack.pop()
        kind = node.type
        if kind == "identifier":
            name = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
            seen.add(name)
            if integral:
                integers.add(name)
        elif kind == "subscript_expression":
            count = 0
            current: Node | None = node
            while current is not None and current.type == "subscript_expression":
                index = current.child_by_field_name("index")
                if index is not None:
                    stack.append((index, True))
                count += 1
                current = current.child_by_field_name("argument")
            if current is not None and current.type == "identifier":
                name = data[current.start_byte : current.end_byte].decode("utf-8", "replace")
                subscripts[name] = max(count, subscripts.get(name, 0))
            elif current is not None:
                stack.append((current, False))
        elif kind == "for_statement":
            for k, child in enumerate(node.children):
                stack.append((child, node.field_name_for_child(k) != "body"))
        elif kind == "call_expression":
            function = node.child_by_field_name("function")
            if function is not None and function.type == "identifier":
                functions.add(data[function.start_byte : function.end_byte].decode("utf-8", "replace"))
            stack.extend((child, False) for child in node.children if child != function)
        elif kind == "pointer_expression" and node.children[0].type == "*":
            argument = node.child_by_field_name("argument")
            if argument is not None and argument.type == "identifier":
                pointers.add(data[argument.start_byte : argument.end_byte].decode("utf-8", "replace"))
            stack.extend((child, False) for child in node.children)
        elif kind == "field_expression":
            stack.extend((child, False) for child in node.children)
        else:
            stack.extend((child, integral) for child in node.children)
    found: dict[str, Type] = {}
    for name in seen | set(subscripts) | functions:
        if name in subscripts:
            found[name] = by_subscripts(subscripts[name], snippet)
        elif name in functions:
            found[name] = c_types.FUNCTION
        elif name in pointers:
            found[name] = c_types.pointer_to(UNKNOWN_TYPE)
        elif name in integers:
            found[name] = INT
        elif snippet:
            found[name] = REAL
    return found
