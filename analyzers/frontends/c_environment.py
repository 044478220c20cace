"""The file scope of a C document: what functions see of everything outside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TypeVar

from tree_sitter import Parser, Tree

from analyzers.frontends import c_declarations
from analyzers.frontends.c_chunks import Item, replaced
from analyzers.frontends.c_context import Context, Scope
from analyzers.frontends.c_dialect import Dialect
from analyzers.frontends.c_guesses import is_only_read
from analyzers.frontends.c_recovery import definition
from analyzers.frontends.c_types import NAMED
from analyzers.frontends.includes import Header, uses
from analyzers.frontends.macros import Macro, expand, words
from analyzers.ir.symbols import Symbol, Type

_AMPERSAND = re.compile(rb"&[\s(]*([A-Za-z_]\w*)(?![\w\s]*(?:\[|->|\())")
_CAST_BEFORE = re.compile(rb"(?<![\w\])])\s*\(\s*[A-Za-z_][\w\s]*\**\s*\)\s*\Z")
_TEMPLATE_BEFORE = re.compile(rb"\b[A-Za-z_]\w*\s*<[\w\s:*&,<>]*>\Z")
_BEFORE = 120  # bytes looked at to tell `(T *) &x` from `(a) & x`
_TREES = 8192
_LONG_DECLARATION = 50_000  # bytes: from here on it can only be a table of data, whose values are of no interest
_MAX_DECLARATION = 1_000_000
_INITIALISER = re.compile(rb"(=\s*\{)[^;]*(?=\}\s*;)")


@dataclass(slots=True)
class Environment:
    """Declarations at file scope, and which text declares which name."""

    scope: Scope
    texts: dict[str, list[tuple[bytes, str]]]  # with the namespaces and the class around it
    broken: list[int] = field(default_factory=list)  # which items could not be read
    addressed: frozenset[str] = frozenset()
    closed: bool = True  # every function that sees the declarations is in the file itself
    fingerprints: dict[tuple[bytes, bytes, bytes], str] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()  # functions that may give way to others of their names
    bodies: dict[str, list[Body]] = field(default_factory=dict)  # of functions of headers, without their classes

    def declaring(self, name: str) -> Iterable[bytes]:
        return (text for text, _ in self.texts.get(name, ()))


@dataclass(frozen=True, slots=True)
class Body:
    """A function that a header defines; `macros` are those of the header, `number` is its place among the headers."""

    header: Header
    item: Item
    macros: Macros
    number: int


_Value = TypeVar("_Value")


class _Names(dict[str, _Value]):
    """Remembers which names were declared since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[str] = []

    def __setitem__(self, name: str, value: _Value) -> None:
        self.fresh.append(name)
        super().__setitem__(name, value)


@dataclass(slots=True)
class Texts:
    """Caches that depend on nothing but the text: syntax trees and identifiers."""

    parser: Parser
    dialect: Dialect
    trees: dict[bytes, Tree] = field(default_factory=dict)
    identifiers: dict[bytes, frozenset[bytes]] = field(default_factory=dict)
    addresses: dict[bytes, frozenset[str]] = field(default_factory=dict)

    def parse(self, data: bytes) -> Tree:
        tree = self.trees.get(data)
        if tree is None:
            if len(self.trees) > _TREES:
                self.trees.clear()
            tree = self.trees[data] = self.parser.parse(data)
        return tree

    def addressed(self, data: bytes) -> frozenset[str]:
        found = self.addresses.get(data)
        if found is None:
            if len(self.addresses) > _TREES:
                self.addresses.clear()
            found = self.addresses[data] = addressed(data)
        return found

    def reparse(self, data: bytes, old: Tree) -> Tree:
        """Parse a variant of a text whose edited tree is `old`; not kept."""
        return self.parser.parse(data, old)

    def words(self, data: bytes) -> frozenset[bytes]:
        found = self.identifiers.get(data)
        if found is None:
            if len(self.identifiers) > _TREES:
                self.identifiers.clear()
            found = self.identifiers[data] = words(data)
        return found


@dataclass(slots=True)
class Macros:
    """A table of macros with what is derived from it."""

    table: Mapping[bytes, Macro]
    compound: frozenset[bytes]  # those that are more than a number and have to be expanded in the text
    expansions: dict[bytes, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Mapping[bytes, Macro]) -> Macros:
        return cls(table, frozenset(name for name, macro in table.items() if macro.number is None))


def addressed(code: bytes) -> frozenset[str]:
    """The names behind a unary `&`. `&a[i]` and `&p->x` take no address of `a` and `p` themselves."""
    found: set[str] = set()
    for match in _AMPERSAND.finditer(code):
        at = match.start()
        while at and code[at - 1] in b" \t\r\n":
            at -= 1
        before = code[at - 1 : at]
        if before == b"&":
            continue
        if before == b")":
            if not _CAST_BEFORE.search(code, max(0, at - _BEFORE), at):
                continue
        elif before == b">" and _TEMPLATE_BEFORE.search(code, max(0, at - _BEFORE), at):
            continue  # C++: `std::vector<T> &x` declares a reference
        elif before == b"]" or ((before.isalnum() or before == b"_") and code[max(0, at - 6) : at] != b"return"):
            continue
        found.add(match[1].decode("ascii"))
    return frozenset(found)


def of_headers(headers: Iterable[Header], macros: Macros, texts: Texts) -> Environment:
    """The declarations of headers."""
    environment = Environment(Scope(None, 0, _Names(), _Names()), {})
    for number, header in enumerate(headers):
        items = texts.dialect.cut(header.code, header.skeleton)
        functions = [item for item in items if item.kind == "function" and item.body != item.start]
        environment.closed = environment.closed and not functions
        environment.replaced |= replaced(items, header.code)
        _declare_items(environment, items, header.code, macros, texts, header.threadprivate, foreign=True)
        if functions and header.bodies is not None:
            own = Macros.of(header.bodies.macros)
            for item in functions:
                name = item.name.rpartition("::")[2]
                environment.bodies.setdefault(name, []).append(Body(header, item, own, number))
    return environment


def is_readable(body: Body, texts: Texts) -> bool:
    """Do all names in the function mean what they mean at the end of its header?"""
    bodies, item = body.header.bodies, body.item
    assert bodies is not None
    if any(guess.end > item.start and guess.start < item.end for guess in bodies.guesses):
        return False
    pragmas = b" ".join(
        line.text.encode("utf-8", "replace") for line in bodies.pragmas if item.start <= line.span.start < item.end
    )
    code = body.header.code[item.start : item.end] + b" " + pragmas
    return all(bodies.changed.get(name, -1) < item.start for name in uses(code, bodies.macros))


def of_file(
    items: Sequence[Item],
    code: bytes,
    headers: Environment,
    macros: Macros,
    texts: Texts,
    threadprivate: frozenset[str],
    addresses: frozenset[str],
    complete: bool,
) -> Environment:
    """The declarations of the file on top of those of its headers.

    `addresses` are the names whose address is taken anywhere in the file; `complete`: no header of the project is
    missing."""
    environment = Environment(
        Scope(headers.scope, 0, _Names(), _Names()), {name: list(parts) for name, parts in headers.texts.items()}
    )
    environment.addressed = addresses
    environment.replaced = headers.replaced | replaced(items, code)
    environment.closed = complete and headers.closed
    _declare_items(environment, items, code, macros, texts, threadprivate)
    _revise(environment, headers, addresses)
    _forget_tables(environment, headers, code, macros)
    return environment


def _forget_tables(environment: Environment, headers: Environment, code: bytes, macros: Macros) -> None:
    """The values of arrays at file scope are known where nothing in the file changes them."""
    names = environment.scope.names
    for name, found in [*headers.scope.names.items(), *names.items()]:
        if not isinstance(found, Symbol) or not found.values or (found.type.element or found.type).const:
            continue
        word = name.encode()
        own = names.get(name) is found
        if not own or not is_only_read(word, code) or any(word in macro.body for macro in macros.table.values()):
            names[name] = replace(found, values=())


def _revise(environment: Environment, headers: Environment, addresses: frozenset[str]) -> None:
    """What the whole file says of objects: the address of a header's object may be taken here, and where functions of
    headers may see a static object, it is not this file's alone."""
    names = environment.scope.names
    for name in addresses:
        found = names.get(name) or headers.scope.find(name)
        if isinstance(found, Symbol) and found.storage == "global" and not found.address_taken:
            names[name] = replace(found, address_taken=True)
            if found.name != name:  # in a namespace
                names[found.name] = names[name]
    if environment.closed:
        return
    for name, found in (*headers.scope.names.items(), *names.items()):
        if isinstance(found, Symbol) and found.internal:
            known = names.get(name)
            names[name] = replace(known if isinstance(known, Symbol) else found, internal=False)


def _declare_items(
    environment: Environment,
    items: Iterable[Item],
    code: bytes,
    macros: Macros,
    texts: Texts,
    threadprivate: frozenset[str],
    foreign: bool = False,
) -> None:
    names, tags = environment.scope.names, environment.scope.tags
    assert isinstance(names, _Names)
    assert isinstance(tags, _Names)
    for number, item in enumerate(items):
        function = item.kind == "function"
        if function and item.body == item.start:
            continue
        text = code[item.start : item.declaring] if function else item.text(code)
        if len(text) > _LONG_DECLARATION:
            text = _INITIALISER.sub(rb"\1", text, count=1)
        context = Context(
            text,
            environment.scope,
            texts.dialect,
            macros=macros.table,
            addressed=environment.addressed,
            type_name=c_declarations.type_name,
            foreign=foreign,
            holder=item.holder,
            space=item.space,
            threadprivate=threadprivate,
        )
        used = texts.words(text) & macros.compound
        if used:
            context.expanded = expansion = expand(text, macros.table, used, macros.expansions)
            context.data = expansion.text
        context.limit = len(context.data)
        # No declaration may depend on where it stands: the value is not known.
        context.data = context.data.replace(b"__LINE__", b"__line__")
        context.data = texts.dialect.rewritten(context.data, texts.words(text), is_type(environment.scope))
        names.fresh.clear()
        tags.fresh.clear()
        if function:
            _declare_function(context, texts)
            tree = None
        elif len(context.data) > _MAX_DECLARATION:
            environment.broken.append(number)
            continue
        else:
            tree = texts.parse(context.data)
            for node in tree.root_node.children:
                handler = texts.dialect.outside.get(node.type)
                if handler is not None:
                    handler(context, node)
        place = f"{item.space} {item.holder}"
        for name in (*names.fresh, *(tag.split()[-1] for tag in tags.fresh)):
            environment.texts.setdefault(name, []).append((text, place))
            if "::" in name:  # a member is named without its class too
                environment.texts.setdefault(name.rpartition("::")[2], []).append((text, place))
        if tree is not None and tree.root_node.has_error:
            environment.broken.append(number)


def is_type(scope: Scope) -> Callable[[bytes], bool | None]:
    """Whether a name is a type at file scope, None where it is not declared."""

    def ask(word: bytes) -> bool | None:
        name = word.decode("utf-8", "replace")
        found = scope.find(name)
        if found is None:
            return True if name in NAMED else None
        return isinstance(found, Type)

    return ask


def _declare_function(context: Context, texts: Texts) -> None:
    """Declare a function by its head; one without a type gives `int`."""
    head = context.data
    for prefix in (b"", b"int "):
        context.data = prefix + head if head.endswith(b"}") else prefix + head + b"{}"
        context.shift = len(prefix)
        node = definition(texts.parse(context.data).root_node)
        if node is not None and node.child_by_field_name("declarator") is not None:
            texts.dialect.head(context, node)
            return


def fingerprint(text: bytes, code: bytes, environment: Environment, macros: Macros, texts: Texts, extra: bytes) -> str:
    """A hash of a function's original and masked text and of everything outside that its names depend on."""
    digest = blake2b(text, digest_size=16)
    digest.update(code)
    digest.update(extra)
    if b"#" in text or b"_Pragma" in text:
        code = code + b" " + text  # names in clauses count
    told: set[int] = set()
    for word in sorted(_reachable(code, environment, macros, texts)):
        name = word.decode("utf-8", "replace")
        macro = macros.table.get(word)
        if macro is not None:
            digest.update(b"|".join((macro.name, *(macro.parameters or (b"-",)), macro.body)))
        for part, place in environment.texts.get(name, ()):
            if id(part) not in told:  # a class declares many names
                told.add(id(part))
                digest.update(part)
                digest.update(place.encode())
        symbol = environment.scope.find(name)
        if isinstance(symbol, Symbol) and symbol.storage == "global":
            told_of = (symbol.name, symbol.address_taken, symbol.threadprivate, symbol.internal, bool(symbol.values))
            digest.update(repr(told_of).encode())
    return digest.hexdigest()


def _reachable(code: bytes, environment: Environment, macros: Macros, texts: Texts) -> set[bytes]:
    """The declared names that a text depends on, through macros and other declarations."""
    found: set[bytes] = set()
    stack = list(texts.words(code))
    followed: set[int] = set()
    while stack:
        word = stack.pop()
        if word in found:
            continue
        macro = macros.table.get(word)
        declaring = tuple(environment.declaring(word.decode("utf-8", "replace")))
        if macro is None and not declaring:
            continue
        found.add(word)
        if macro is not None:
            stack.extend(texts.words(macro.body))
        for text in declaring:
            if id(text) not in followed:
                followed.add(id(text))
                stack.extend(texts.words(text))
    return found
