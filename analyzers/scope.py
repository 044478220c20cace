"""Which variables are in scope at a place: what may stand in the list of a clause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzers.frontends import frontend_of
from analyzers.frontends.pieces import names as declared
from analyzers.ir.directives import Directive
from analyzers.ir.statements import Block, Construct, Declare, Function, If, Loop, Stmt, Switch, substatements
from analyzers.ir.symbols import Symbol, Type
from analyzers.settings import Language, Options
from analyzers.text import SourceText

_NAME = re.compile(r"(?<![\w.])[A-Za-z_$][\w$]*")
# Clauses whose items are variables and nothing else; the items of other ones are expressions.
_LISTS = frozenset({"private", "firstprivate", "lastprivate", "linear", "reduction", "shared", "copyin", "aligned"})
_RESERVED = frozenset({
    "auto", "break", "case", "class", "continue", "default", "delete", "do", "else", "enum", "extern", "for", "goto",
    "if", "inline", "namespace", "new", "operator", "private", "protected", "public", "register", "restrict", "return",
    "static", "switch", "template", "throw", "try", "typedef", "typename", "union", "using", "virtual", "volatile",
    "while",
})  # fmt: skip
_TYPES = frozenset(
    ["bool", "char", "const", "double", "float", "int", "long", "short", "signed", "struct", "unsigned", "void"]
)
_ALWAYS = frozenset({"sizeof", "omp_get_max_threads", "omp_get_num_procs"})
_STORAGE = {
    "parameter": "a parameter",
    "local": "a local variable",
    "static": "static in this function",
    "global": "a global variable",
    "undeclared": "not declared here",
}


def nameless(
    directive: Directive,
    known: Iterable[str],
    source: SourceText,
    language: Language,
    offset: int,
    options: Options,
    path: str | None,
) -> bool:
    """Does a directive at a byte offset name a variable that does not exist there? `known` are some that do."""
    names = set(known)
    items = [(clause.name in _LISTS, item.text) for clause in directive.clauses for item in clause.items]
    listed = {match[0] for is_list, text in items if is_list and (match := _NAME.match(text))}
    others = {match[0] for is_list, text in items if not is_list for match in _NAME.finditer(text)}
    if any("(" in text for is_list, text in items if not is_list):
        others -= _TYPES  # a cast, the size of a type
    if language == "fortran" or not (listed | others) - names:
        return False
    names.update(name for name, _ in variables(source, language, offset, options, path))
    if listed - names:
        return True
    # In an expression a macro or a function may stand as well.
    return any(
        name in _RESERVED | _TYPES or not re.search(rb"\b%s\b" % re.escape(name).encode(), source.data)
        for name in others - names - _ALWAYS
    )


def out_of_scope(
    expression: str, source: SourceText, language: Language, offset: int, options: Options, path: str | None
) -> bool:
    """Does an expression that would stand at a byte offset name a variable of another place of the text?"""
    named = {match[0] for match in _NAME.finditer(re.sub(r"->\s*\w+|\"(?:[^\"\\]|\\.)*\"", "", expression))}
    kinds = declared(source.data, language)
    named = {name for name in named if kinds.get(name) == "variable"}
    return bool(named - {name for name, _ in variables(source, language, offset, options, path)}) if named else False


def variables(
    source: SourceText, language: Language, offset: int, options: Options, path: str | None = None
) -> tuple[tuple[str, str], ...]:
    """The variables that are in scope at a byte offset, each with a line about it, in no special order.

    Of several declarations of a name the innermost counts.
    """
    if language == "fortran":
        return ()
    frontend = frontend_of(language)(options.defines, options.include_paths, path, options.snippet, options.database)
    frontend.update(source)
    chunk = next((c for c in frontend.chunks() if c.span.start <= offset <= c.span.end), None)
    if chunk is None:
        symbols = [*frontend.file().globals]
    else:
        function = frontend.lower(chunk)
        symbols = [*frontend.file().globals, *_in_scope(function, offset - chunk.start)]
    named = {symbol.name: symbol for symbol in symbols}
    objects = (s for s in named.values() if s.storage not in ("constant", "function") and s.name.isidentifier())
    return tuple((s.name, _described(s)) for s in objects)


def _in_scope(function: Function, at: int) -> Iterator[Symbol]:
    """Parameters and locals visible at `at`, outer ones first. The body is entered only where it surrounds `at`."""
    yield from function.globals
    yield from function.params
    pending: list[Stmt] = [function.body]
    while pending:
        statement = pending.pop(0)
        if isinstance(statement, Declare):
            if statement.span.end <= at:
                yield statement.symbol
        elif isinstance(statement, Block | If | Loop | Switch | Construct) and (
            statement.span.start <= at <= statement.span.end
        ):
            pending.extend(substatements(statement))


def _described(symbol: Symbol) -> str:
    return f"{_spelled(symbol.type)} {symbol.name}".strip() + f", {_STORAGE.get(symbol.storage, symbol.storage)}"


def _spelled(kind: Type) -> str:
    if kind.wrapped or kind.name.endswith("&"):
        return kind.name
    if kind.kind == "array" and kind.element is not None:
        return f"{kind.element.name or kind.element.kind}{'[]' * len(kind.extents)}"
    if kind.kind == "pointer" and kind.element is not None:
        return f"{_spelled(kind.element)} *"
    return kind.name or ("" if kind.kind == "unknown" else kind.kind)
