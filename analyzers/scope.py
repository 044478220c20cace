"""Which variables are in scope at a place: what may stand in the list of a clause."""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.frontends import frontend_of
from analyzers.ir.statements import Block, Construct, Declare, Function, If, Loop, Stmt, Switch, substatements
from analyzers.ir.symbols import Symbol, Type
from analyzers.settings import Language, Options
from analyzers.text import SourceText

_STORAGE = {
    "parameter": "a parameter",
    "local": "a local variable",
    "static": "static in this function",
    "global": "a global variable",
    "undeclared": "not declared here",
}


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
