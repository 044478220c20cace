"""What differs between the languages that the C frontend reads: C, and C++ on top of it.

The lowering dispatches on the node types of a syntax tree through the tables of a dialect, and asks it at the few
places where the two languages read the same words differently. Everything else is shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tree_sitter import Language, Node, Parser

from analyzers.ir.notation import Notation
from analyzers.text import Span

if TYPE_CHECKING:
    from analyzers.frontends.c_chunks import Item
    from analyzers.frontends.c_context import Context
    from analyzers.ir.expressions import BinaryOp, Expr
    from analyzers.ir.symbols import Symbol, Type

Expressions = dict[str, "Callable[[Context, Node], Expr]"]
Statements = dict[str, "Callable[[Context, Node], None]"]
Types = dict[str, "Callable[[Context, Node], Type]"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What the head of a function definition says."""

    name: str
    name_span: Span
    params: tuple[Symbol, ...]
    variadic: bool
    static: bool


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """The tables are filled while the modules of the frontend load, and are not changed afterwards."""

    name: Literal["c", "cpp"]
    grammar: Language
    expressions: Expressions  # by node type
    statements: Statements
    outside: Statements  # what stands at file scope, declarations only
    types: Types  # type specifiers
    rewritten: Callable[[bytes, frozenset[bytes], Callable[[bytes], bool | None]], bytes]  # what the parser gets
    cut: Callable[[bytes, bytes], list[Item]]  # code and skeleton of a file, in items
    signature: Callable[[Context, Node], Signature]  # declares the parameters of a definition in a scope of its own
    head: Callable[[Context, Node], None]  # declares the function that a definition at file scope defines
    # Whether an assignment is more than one, and has been said in other words.
    stores: Callable[[Context, Expr, Expr, BinaryOp | None, Span], bool]
    notation: Notation
    has_classes: bool = False  # whose objects run code of their own

    def parser(self) -> Parser:
        """A parser of its own: they are no use to two threads."""
        return Parser(self.grammar)
