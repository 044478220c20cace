"""Calls that stand beside each other in a block, and whether they may run at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analyzers.dependence import alias
from analyzers.dependence.alias import PointerFacts
from analyzers.dependence.facts import Effects, FunctionFacts
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Address, Call, Name, Opaque, calls_in, symbols, walk
from analyzers.ir.statements import Assign, Block, Declare, Evaluate, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.text import Span, line_start
from analyzers.words import listed

_TYPE = re.compile(rb"[ \t]*([A-Za-z_][\w ]*[\w*](?: ?\*)*) *\Z")
_NO_TYPE = re.compile(rb"\b(?:const|static|auto|constexpr|register|return|else|do)\b")


@dataclass(frozen=True, slots=True)
class Site:
    """A statement that is one call, whose result, if any, goes to a local variable."""

    statement: Stmt
    call: Call
    result: Symbol | None
    kind: str  # the type in front of a declaration, "" where there is none
    text: str  # of the statement, without the type
    span: Span  # with the type and the semicolon


def runs(body: Stmt, text: bytes, wanted: Callable[[Call], bool]) -> Iterator[list[Site]]:
    """Each longest row of at least two wanted calls with nothing between them; `text` is the function's."""
    for block in walk_statements(body):
        if not isinstance(block, Block):
            continue
        row: list[Site] = []
        for stmt in block.statements:
            site = _site(stmt, text, wanted)
            if site is None or (row and text[row[-1].span.end : site.span.start].strip()):
                if len(row) > 1:
                    yield row
                row = []
            if site is not None:
                row.append(site)
        if len(row) > 1:
            yield row


def _site(stmt: Stmt, text: bytes, wanted: Callable[[Call], bool]) -> Site | None:
    result: Symbol | None = None
    match stmt:
        case Evaluate(value=Call() as call):
            pass
        case Assign(target=Name(symbol=symbol), value=Call() as call, op=None) if symbol.storage == "local":
            result = symbol
        case Declare(symbol=symbol, value=Call() as call) if symbol.type.is_scalar or symbol.is_pointer:
            result = symbol
        case _:
            return None
    if not wanted(call) or any(list(calls_in(argument)) for argument in call.arguments):
        return None
    if any(isinstance(part, Opaque) for argument in call.arguments for part in walk(argument)):
        return None
    return _placed(stmt, call, result, text)


def _placed(stmt: Stmt, call: Call, result: Symbol | None, text: bytes) -> Site | None:
    """The site where it stands in the text as it is spelled: no macro wrote it, and it ends with a semicolon."""
    span = stmt.span
    end = span.end - 1 if text[span.start : span.end].endswith(b";") else span.end
    written = text[span.start : end].strip()
    name = (call.name or "").encode()
    if not re.match(rb"(?:\w+\s*=\s*)?" + re.escape(name) + rb"\s*\(", written) or b"\n#" in written:
        return None
    while text[end : end + 1] in (b" ", b"\t"):
        end += 1
    if text[end : end + 1] != b";":
        return None
    start, kind = span.start, b""
    if isinstance(stmt, Declare):
        before = _TYPE.match(text[line_start(text, start) : start])
        if before is None or _NO_TYPE.search(before[1]):
            return None
        start, kind = line_start(text, start) + before.start(1), before[1]
    return Site(stmt, call, result, kind.decode(), written.decode("utf-8", "replace"), Span(start, end + 1))


# May they run at the same time?


def harmless(effect: Effects | None) -> bool:
    """Is everything that a call does seen, and none of it visible in its order?"""
    return effect is not None and (
        effect.unknown is None
        and not effect.io
        and not effect.exits
        and effect.state is None
        and not effect.synchronizes
        and not effect.threadprivate
        and "escapes" not in effect.parameters
    )


def independent(sites: Sequence[Site], facts: FunctionFacts) -> tuple[Assumption, ...] | None:
    """What must hold for the statements to run at the same time; None where they get in each other's way."""
    pointers = alias.summarize(facts.function, facts.effects)
    touched = [[a for a in facts.accesses if a.statement is site.statement] for site in sites]
    assumed: dict[Assumption, None] = {}
    for number, site in enumerate(sites):
        for later in range(number + 1, len(sites)):
            for first in touched[number]:
                for second in touched[later]:
                    if not first.writes and not second.writes:
                        continue
                    needed = _apart(first, second, site, sites[later], pointers)
                    if needed is None:
                        return None
                    assumed.update(dict.fromkeys(needed))
    for site in sites:
        assumed.update(dict.fromkeys(by_name(facts.effects[site.call.name or ""])))
    parts = [a.text for a in assumed if a.kind == "condition"]
    text = f"the calls work on different parts of {listed([f'`{name}`' for name in parts])}"
    divided = [Assumption("condition", text, "strong", tuple(parts))] if parts else []
    return (*divided, *(a for a in assumed if a.kind != "condition"))


def by_name(effect: Effects) -> tuple[Assumption, ...]:
    """The assumption about functions of which only the name is known."""
    if effect.trusted:
        return ()
    return (Assumption("library", "the library functions that are called do what their names say", "ordinary"),)


def _apart(
    first: Access, second: Access, one: Site, other: Site, pointers: PointerFacts
) -> tuple[Assumption, ...] | None:
    if first.symbol is None or second.symbol is None:
        return None
    if first.symbol == second.symbol:
        name = first.symbol.name
        if not first.path or not second.path:
            return () if first.path or second.path else None  # a pointer, and what it leads to
        if first.symbol.storage == "global" or one.call.arguments == other.call.arguments:
            return None
        return (Assumption("condition", name, "strong", (name,)),)
    answer = alias.relation(first, second, assume_no_alias=False, facts=pointers, invariant=lambda _: False)
    if answer.status == "distinct":
        return ()
    if answer.assumption is not None:
        return (answer.assumption,)
    names = (first.symbol.name, second.symbol.name)
    return (Assumption("no-alias", f"`{names[0]}` and `{names[1]}` do not overlap", "strong", names),)


def shared(site: Site) -> list[str]:
    """The variables that a task for the call has to share: its result, and what it would otherwise copy and work on
    the copy of, arrays and what addresses are taken of (OpenMP 5.2 §5.1.1: implicitly firstprivate)."""
    found = {} if site.result is None else {site.result.name: None}
    for argument in site.call.arguments:
        for part in walk(argument):
            if isinstance(part, Address):
                found.update(dict.fromkeys(s.name for s in symbols(part) if _is_copied(s, whole=False)))
            elif isinstance(part, Name) and _is_copied(part.symbol, whole=True):
                found[part.symbol.name] = None
    return list(found)


def _is_copied(symbol: Symbol, *, whole: bool) -> bool:
    if symbol.storage not in ("local", "parameter"):
        return False
    kind = symbol.type
    return kind.kind in ("array", "record") or kind.name.endswith("&") or symbol.is_reference or not whole
