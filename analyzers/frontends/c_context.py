"""What the lowering of a function or of the file scope carries along: scopes, statements, the way back to offsets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from tree_sitter import Node

from analyzers.frontends.c_dialect import Dialect
from analyzers.frontends.macros import Macro
from analyzers.frontends.masking import PreprocessorLine
from analyzers.ir.expressions import Expr, Name
from analyzers.ir.statements import Declare, Problem, Stmt
from analyzers.ir.symbols import UNKNOWN_TYPE, Storage, Symbol, Type
from analyzers.text import Span, decode

Form = tuple[object, ...]  # of a function: what tells it from others of its name
MAX_DEPTH = 120  # of nested expressions or statements; each costs a few frames of the interpreter


@dataclass(slots=True)
class Scope:
    """Names and tags of one block."""

    parent: Scope | None
    depth: int
    names: dict[str, Symbol | Type] = field(default_factory=dict)  # a Type: a typedef name
    tags: dict[str, Type] = field(default_factory=dict)
    closing: list[Stmt] = field(default_factory=list)  # what runs where the block ends
    accessors: dict[tuple[str, int], object] = field(default_factory=dict)  # of C++, see `cpp_inline`
    spaces: dict[str, str] = field(default_factory=dict)  # of C++: the namespaces in which names are declared
    forms: dict[str, dict[Form, bool]] = field(default_factory=dict)  # of functions of C++: is it defined?

    def upwards(self) -> Iterator[Scope]:
        """The scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def find(self, name: str) -> Symbol | Type | None:
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def space_of(self, name: str) -> str | None:
        """The namespaces around the first declaration of a function or class; None where that is not known."""
        return next((scope.spaces[name] for scope in self.upwards() if name in scope.spaces), None)

    def first_space(self, name: str, space: str) -> str:
        """The same; the declaration at hand, in `space`, may be the first one."""
        known = self.space_of(name)
        if known is None:
            known = self.spaces[name] = space
        return known

    def find_tag(self, name: str) -> Type | None:
        scope: Scope | None = self
        while scope is not None:
            found = scope.tags.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None


class SpanMap(Protocol):
    """The way back from expanded text to the original."""

    def span(self, start: int, end: int) -> Span: ...


@dataclass(slots=True)
class Context:
    """State of one lowering. `data` is the text that was parsed; with `expanded` it is not the original one."""

    data: bytes
    scope: Scope
    dialect: Dialect
    function: str = ""
    expanded: SpanMap | None = None
    shift: int = 0  # bytes put in front of the text before parsing
    limit: int | None = None  # length without what was put in front and behind; None: offsets are the original ones
    line_starts: tuple[int, ...] = (0,)
    macros: Mapping[bytes, Macro] = field(default_factory=dict)
    snippet: bool = False
    addressed: frozenset[str] = frozenset()  # names whose address is taken
    globals_addressed: frozenset[str] = frozenset()
    out: list[Stmt] = field(default_factory=list)
    foreign: bool = False  # declarations of a header
    failed: frozenset[bytes] = frozenset()  # macros that could not be expanded
    unsure: tuple[tuple[str, Span], ...] = ()  # #ifs decided without knowing all headers
    threadprivate: frozenset[str] = frozenset()
    post: list[Stmt] = field(default_factory=list)  # side effects due at the next sequence point
    problems: list[Problem] = field(default_factory=list)
    taints: list[tuple[str, Span]] = field(default_factory=list)
    directives: list[PreprocessorLine] = field(default_factory=list)  # offsets in the original text of the function
    positions: list[int] = field(default_factory=list)  # the same in `data`
    operators: list[tuple[int, PreprocessorLine]] = field(default_factory=list)  # from expanded macros
    next_directive: int = 0
    counter: int = 0
    depth: int = 0
    unclosed: int | None = None  # a brace is missing: what ends behind this offset may end elsewhere
    missing_headers: bool = False
    flipped: frozenset[int] = frozenset()  # offsets of `<` that the parser got as `>`
    closures: dict[int, object] = field(default_factory=dict)  # of C++, by node: see `cpp_lambdas`
    lambdas: dict[Symbol, int] = field(default_factory=dict)  # the variables that hold them
    headed: set[int] = field(default_factory=set)  # blocks that were read with the macro in front of them, by node
    inlining: int = 0  # how many functions are being put in place of their calls
    holder: str = ""  # the class whose method this is
    space: str = ""  # the namespaces around it
    result: Type = UNKNOWN_TYPE  # what the function gives back
    this: Symbol | None = None
    guards: dict[Symbol, tuple[Expr, ...]] = field(default_factory=dict)  # the mutexes that objects of C++ hold
    references: set[Symbol] = field(default_factory=set)  # pointers that stand for what they point to
    globals: dict[str, Symbol] = field(default_factory=dict)
    callees: dict[str, None] = field(default_factory=dict)
    body: bytes = b""  # the text in which undeclared names are looked for
    guesses: dict[str, Type] | None = None  # types of undeclared names by their use, made when first needed
    type_name: Callable[[Context, Node], Type] = lambda c, node: UNKNOWN_TYPE

    def text(self, node: Node) -> str:
        data = self.data[node.start_byte : node.end_byte]
        return data.decode("ascii") if data.isascii() else decode(data)

    def span(self, node: Node) -> Span:
        if self.limit is None:
            return Span(node.start_byte, node.end_byte)
        return self.at(node.start_byte, node.end_byte)

    def at(self, start: int, end: int) -> Span:
        """The original range of a range of `data`."""
        if self.limit is None:
            return Span(start, end)
        start -= self.shift
        end -= self.shift
        if start < 0 or end > self.limit:
            start, end = max(0, min(start, self.limit)), max(0, min(end, self.limit))
        return Span(start, end) if self.expanded is None else self.expanded.span(start, end)

    def line(self, offset: int) -> int:
        return bisect_right(self.line_starts, offset) - 1

    # Scopes and symbols

    def push(self) -> Scope:
        previous = self.scope
        self.scope = Scope(previous, previous.depth + 1)
        return previous

    def leave(self, previous: Scope) -> None:
        """The block ends."""
        self.out += self.scope.closing
        self.scope = previous

    def declare(self, name: str, kind: Type, storage: Storage, span: Span, value: Expr | None = None) -> Symbol:
        """A new symbol in the current scope; at file scope a second declaration completes the first."""
        if self.scope.depth == 0:
            return self._declare_global(name, kind, storage, value)
        self.counter += 1
        symbol = Symbol(
            f"{self.function}/{self.counter}:{name}",
            name,
            kind,
            storage,
            span,
            address_taken=name in self.addressed,
            depth=self.scope.depth,
            value=value,
        )
        self.scope.names[name] = symbol
        return symbol

    def _declare_global(self, name: str, kind: Type, storage: Storage, value: Expr | None) -> Symbol:
        known = self.scope.find(name)
        if isinstance(known, Symbol) and known.storage == storage and not _completes(kind, known.type):
            declared_here = name in self.scope.names and not self.foreign
            if declared_here or storage != "global":
                self.scope.names[name] = known
                return known
            kind = known.type
        symbol = Symbol(
            f"//{name}",
            name,
            kind,
            storage,
            address_taken=name in self.addressed,
            threadprivate=name in self.threadprivate,
            value=value,
        )
        self.scope.names[name] = symbol
        return symbol

    def undeclared(self, name: str, kind: Type) -> Symbol:
        """A symbol for a name without declaration, known to the whole function from now on."""
        scope = self.scope
        while scope.parent is not None and scope.depth > 1:
            scope = scope.parent
        symbol = Symbol(f"//{name}", name, kind, "undeclared", address_taken=name in self.addressed)
        if scope.depth > 0:
            scope.names[name] = symbol
        return symbol

    def temporary(self, kind: Type, span: Span, value: Expr | None) -> Name:
        """A local that C leaves unnamed: declared where it is needed, so that it belongs to the iteration."""
        self.counter += 1
        symbol = Symbol(
            f"{self.function}/{self.counter}:",
            "",
            kind,
            "local",
            span,
            depth=self.scope.depth + 1,
        )
        self.out.append(Declare(symbol, value, span))
        return Name(symbol, span)

    @contextmanager
    def captured(self) -> Iterator[list[Stmt]]:
        """Collect the statements of what is lowered inside, those due at its end included."""
        out, post = self.out, self.post
        self.out, self.post = [], []
        try:
            yield self.out
            self.out += self.post
        finally:
            self.out, self.post = out, post

    def flush(self, since: int = 0) -> None:
        """A sequence point: the effects that became due after there were `since` of them happen now."""
        if len(self.post) > since:
            self.out += self.post[since:]
            del self.post[since:]

    def taint(self, reason: str, span: Span) -> None:
        self.taints.append((reason, span))


def _completes(new: Type, old: Type) -> bool:
    """A later declaration knows more: `extern int a[];` and then `int a[10];`."""
    if old.kind != new.kind:
        return old.kind == "unknown"
    if new.kind == "array":
        return any(o.size is None and n.size is not None for o, n in zip(old.extents, new.extents, strict=False))
    return False


def qualified(kind: Type, words: frozenset[str]) -> Type:
    """The type with the qualifiers `words`."""
    if not words:
        return kind
    return replace(
        kind,
        const=kind.const or "const" in words or "constexpr" in words,
        volatile=kind.volatile or "volatile" in words or "__volatile__" in words or "__volatile" in words,
        atomic=kind.atomic or "_Atomic" in words,
        restrict=kind.restrict or bool(words & RESTRICT),
    )


RESTRICT = frozenset(("restrict", "__restrict", "__restrict__"))
