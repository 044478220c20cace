"""What a file tells others about its functions: their effects, as far as the file itself says them.

A file is summarised without looking at others. Calls of functions that it does not define stay open; `linking` closes
them when all files are known. Objects that only the file sees get its name in front, so that no other file can mean
them: `relax.c:count`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence import callers
from analyzers.dependence.callers import Site
from analyzers.dependence.collected import Argument, Open, Root
from analyzers.dependence.facts import Effects, Transparent
from analyzers.dependence.summaries import left_open
from analyzers.dependence.transparency import is_small
from analyzers.ir.expressions import Expr, symbols
from analyzers.ir.linkage import Declared, Linkage
from analyzers.ir.notation import Notation
from analyzers.ir.statements import Function
from analyzers.ir.symbols import Symbol

Rename = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of a file. `effects` is open where it calls what the file does not define."""

    name: str
    linkage: Linkage
    declared: Declared | None
    variadic: bool
    effects: Open
    # A small function that is open may be seen through when its callees are known; those that are known already.
    body: Function | None = None
    callees: tuple[tuple[str, Effects], ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """A file as others see it. `declared`: the functions that it calls and does not define, None where they are not
    declared, or where the file has several of that name. `defined`: all its functions. `calls`: its calls, by
    callee."""

    source: str
    definitions: tuple[Definition, ...] = ()
    declared: Mapping[str, Declared | None] = field(default_factory=dict)
    defined: frozenset[str] = frozenset()
    calls: Mapping[str, tuple[Site, ...]] = field(default_factory=dict)


def unit(
    source: str,
    functions: Iterable[tuple[Function, Linkage]],
    known: Mapping[str, Effects],
    declared: Callable[[str], Declared | None],
    internal: frozenset[str],
) -> Unit:
    """The unit of a file. `known` are the effects as the file alone knows them, `internal` its objects that other files
    do not see."""
    functions = list(functions)
    defined = {function.name for function, _ in functions}
    settled = {name: effect for name, effect in known.items() if effect.unknown is None}

    def rename(name: str) -> str:
        return f"{source}:{name}" if name in internal else name

    found: dict[tuple[str, Open], Definition] = {}
    wanted: dict[str, None] = {}
    for function, linkage in functions:
        name = function.name
        if name in settled:
            if linkage == "internal":
                continue
            effects = Open(renamed(settled[name], rename), ())
        else:
            effects = _renamed_open(left_open(function, settled), rename)
        # Functions of one name share what is known of all of them.
        new = Definition(name, linkage, declared(name), function.variadic, effects)
        if effects.sites and is_small(function):
            callees = tuple((each, renamed(settled[each], rename)) for each in function.callees if each in settled)
            new = replace(new, body=replace(function, notation=Notation()), callees=callees)
        found.setdefault((name, effects), new)
        wanted.update((callee, None) for callee in function.callees if callee not in defined)
    calls = {name: declared(name) for name in wanted if name not in settled or not settled[name].trusted}
    return Unit(source, tuple(found.values()), calls, frozenset(defined), _calls(function for function, _ in functions))


def _calls(functions: Iterable[Function]) -> dict[str, tuple[Site, ...]]:
    """The calls by callee. Where they stand in their callers is of no interest to other files."""
    found: dict[str, dict[Site, None]] = {}
    for function in functions:
        for site in callers.sites(function):
            found.setdefault(site.callee, {})[replace(site, around=())] = None
    return {callee: tuple(sites) for callee, sites in found.items()}


def renamed(effects: Effects, rename: Rename) -> Effects:
    """Effects whose file-scope objects have other names."""
    if effects.unknown is not None:
        return Effects(unknown=effects.unknown)
    return replace(
        effects,
        reads=frozenset(map(rename, effects.reads)),
        writes=frozenset(map(rename, effects.writes)),
        needs=None if effects.needs is None else frozenset(map(rename, effects.needs)),
        dead=frozenset(),
        memory=tuple((_root(root, rename), steps, use) for root, steps, use in effects.memory),
        threadprivate=frozenset(map(rename, effects.threadprivate)),
        transparent=effects.transparent if effects.transparent and stands_alone(effects.transparent) else None,
        combines=None,
    )


def _root(root: Root, rename: Rename) -> Root:
    return rename(root) if isinstance(root, str) else root


def _renamed_open(effects: Open, rename: Rename) -> Open:
    def argument(old: Argument) -> Argument:
        return replace(old, paths=frozenset((_root(root, rename), steps) for root, steps in old.paths))

    return replace(
        effects,
        effects=renamed(effects.effects, rename),
        sites=tuple(replace(site, arguments=tuple(map(argument, site.arguments))) for site in effects.sites),
    )


def stands_alone(seen: Transparent) -> bool:
    """Does it speak of nothing but its parameters?"""
    every: list[Expr] = [lvalue for lvalue, _ in seen.accesses]
    if seen.result is not None:
        every.append(seen.result)
    return all(_is_portable(symbol, seen.formals) for expr in every for symbol in symbols(expr))


def _is_portable(symbol: Symbol, formals: tuple[Symbol, ...]) -> bool:
    return symbol in formals or symbol.storage == "constant"
