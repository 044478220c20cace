"""What calls do: to the memory their pointer arguments reach, to file-scope objects, to the world.

Library functions come from `standards.library`; functions of the file are summarised bottom-up over the call graph.
Everything else is unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from analyzers.dependence.callgraph import components
from analyzers.dependence.collected import join, parameter_use
from analyzers.dependence.facts import Basis, Effects, ParameterUse
from analyzers.dependence.summaries import summarise
from analyzers.dependence.transparency import see_through
from analyzers.ir import flow
from analyzers.ir.statements import Function
from analyzers.ir.symbols import Symbol
from analyzers.ir.uses import is_variable
from analyzers.standards import mpi
from analyzers.standards.cpp_library import CPP_ROUTINES
from analyzers.standards.library import COMBINES, ROUTINES

__all__ = ["INDEPENDENT", "joined", "library", "parameter_use", "summarise", "table", "vouched_for"]

_USES: dict[str, ParameterUse] = {"-": "none", "r": "read", "w": "write", "b": "readwrite", "e": "escapes"}

INDEPENDENT = Effects(parameters=("none",))
"""What the user vouches for: calls of the function do not get in each other's way."""


def vouched_for(effect: Effects | None) -> Effects:
    """A function that somebody vouches for, of which only its name was known."""
    return INDEPENDENT if effect is None else replace(INDEPENDENT, combines=effect.combines, allocates=effect.allocates)


@cache
def library(name: str, headers: frozenset[str] = frozenset()) -> Effects | None:
    """The effects of a library function, None for a name that the tables do not know. It is `trusted` where its
    header is among the system `headers` that the file includes; otherwise the program may mean another function."""
    routine = CPP_ROUTINES.get(name) or ROUTINES.get(name.removeprefix("std::")) or mpi.routine(name)
    if routine is None:
        return None
    seen = routine.header == "builtin" or routine.header in headers
    return Effects(
        parameters=tuple(_USES[letter] for letter in routine.parameters),
        io=routine.io,
        state=routine.state,
        exits=routine.exits,
        dies=routine.aborts,
        allocates=routine.allocates,
        overwrites=frozenset(routine.fills),
        length=routine.length,
        begins=frozenset(routine.begins),
        idles=routine.idles,
        basis=frozenset() if seen else frozenset({Basis(name)}),
        synchronizes=routine.synchronizes,
        keeps_locks=routine.synchronizes,
        whole_parameters=not routine.single,
    )


_OVERLOADED = Effects(unknown="is overloaded: which one is called is not known")
ROUNDS = 8  # effects only grow, and rarely more than twice

UNSEEN = Effects(unknown="is defined elsewhere and may read and write anything")
NOTHING: Mapping[str, Effects] = {}
_CLEAR: Mapping[str, str] = {}

Memo = dict[tuple[object, ...], Effects]
"""Summaries of functions by fingerprint and the effects of what they call."""


def table(
    functions: Iterable[Function],
    independent: frozenset[str] = frozenset(),
    memo: Memo | None = None,
    headers: frozenset[str] = frozenset(),
    outside: Mapping[str, Effects] = NOTHING,
    vague: Mapping[str, str] = _CLEAR,
) -> dict[str, Effects]:
    """The effects of every function that the functions of a file define or call, callees first.

    A definition in the file wins over a library function of the same name; `independent` names functions that the user
    vouches for. `memo` holds the summaries of the last version; afterwards it holds those of this one. `headers` are
    the system headers that the file includes; `outside` is what is known of functions of other files; `vague` says of
    functions why their definitions do not count.
    """
    memo = {} if memo is None else memo
    fresh: Memo = {}
    every = list(functions)
    overloads: dict[str, list[Function]] = {}
    for function in every:
        overloads.setdefault(function.name, []).append(function)
    defined = {name: _together(group) for name, group in overloads.items()}
    known: dict[str, Effects] = {}
    for function in defined.values():
        for name in function.callees:
            if name not in defined and name not in known:
                known[name] = _elsewhere(name, headers, outside)
    for component in components({name: function.callees for name, function in defined.items()}):
        known.update((name, Effects(unknown=vague[name])) for name in component if name in vague)
        groups = [overloads[name] for name in component if name not in vague]
        if len(component) > 1 or component[0] in defined[component[0]].callees:
            _solve(groups, known)
            continue
        if not groups or len(groups[0]) > 1:
            known.update((group[0].name, joined([_described(f, known) for f in group])) for group in groups)
            continue
        function = defined[component[0]]
        key = (function.fingerprint, *(known[callee] for callee in function.callees))
        known[function.name] = fresh[key] = memo.get(key) or _described(function, known)
    memo.clear()
    memo.update(fresh)
    dead = _dead(defined, known)
    if dead:
        known.update((name, replace(known[name], dead=dead)) for name in defined)
    known.update((name, vouched_for(known.get(name))) for name in independent)
    return known


def _elsewhere(name: str, headers: frozenset[str], outside: Mapping[str, Effects]) -> Effects:
    """A function that the file does not define. What the program defines itself counts before a library function of
    that name, unless the header of the library was included."""
    found = library(name, headers)
    if name in outside and not (found is not None and found.trusted):
        return outside[name]
    return replace(found or UNSEEN, combines=COMBINES.get(name.removeprefix("std::")))


def _together(group: list[Function]) -> Function:
    """What stands for functions of one name where only what they call and see counts."""
    if len(group) == 1:
        return group[0]
    callees = dict.fromkeys(name for function in group for name in function.callees)
    seen = dict.fromkeys(symbol for function in group for symbol in function.globals)
    return replace(group[0], callees=tuple(callees), globals=tuple(seen))


def joined(group: list[Effects]) -> Effects:
    """What a call of any of several functions may do."""
    first, *others = group
    for other in others:
        if first.unknown is not None or other.unknown is not None:
            return _OVERLOADED
        count = max(len(first.parameters), len(other.parameters))
        uses = (join(parameter_use(first, k), parameter_use(other, k)) for k in range(count))
        same = first.state == other.state
        first = replace(
            first,
            parameters=tuple(uses),
            reads=first.reads | other.reads,
            writes=first.writes | other.writes,
            needs=None if first.needs is None or other.needs is None else first.needs | other.needs,
            memory=tuple(dict.fromkeys((*first.memory, *other.memory))),
            io=first.io or other.io,
            state=first.state if same else first.state or other.state,
            exits=first.exits or other.exits,
            fails=(first.fails or other.fails) and not any(e.exits and not e.fails for e in (first, other)),
            dies=first.dies and other.dies,
            allocates=first.allocates and other.allocates,
            overwrites=first.overwrites & other.overwrites,
            length=None,
            begins=frozenset(),
            whole_parameters=first.whole_parameters or other.whole_parameters,
            outgrows=first.outgrows or other.outgrows,
            generic=first.generic or other.generic,
            basis=first.basis | other.basis,
            synchronizes=first.synchronizes or other.synchronizes,
            keeps_locks=first.keeps_locks or other.keeps_locks,
            team=first.team or other.team,
            criticals=first.criticals | other.criticals,
            excludes=first.excludes and other.excludes,
            transparent=None,
            nesting=max(first.nesting, other.nesting),
            threadprivate=first.threadprivate | other.threadprivate,
        )
    return first


def _described(function: Function, known: Mapping[str, Effects]) -> Effects:
    effect = summarise(function, known)
    effect = replace(effect, needs=_needs(function, effect, known))
    if effect.unknown is not None or "escapes" in effect.parameters:
        return effect
    return replace(effect, transparent=see_through(function, known))


def _needs(function: Function, effect: Effects, known: Mapping[str, Effects]) -> frozenset[str]:
    """The file-scope objects that the function may read before it writes them."""
    named = {s.name for s in function.globals}
    below: set[str] = set()
    for name in function.callees:
        callee = known.get(name)
        if callee is not None:
            below |= callee.reads if callee.needs is None else callee.needs
    scalars = {s.name for s in function.globals if lasts_only_in_file(s)}
    if not scalars:
        return frozenset(below | (effect.reads & named))
    needed = {s.name for s in flow.build(function, known).needed()}
    return frozenset((below | (effect.reads & named) | needed) - (scalars - needed))


def lasts_only_in_file(symbol: Symbol) -> bool:
    """Is it a variable that only the functions of this file read and write, all of them by name?"""
    return (
        symbol.internal
        and is_variable(symbol)
        and not (symbol.address_taken or symbol.threadprivate or symbol.type.volatile or symbol.type.atomic)
    )


def _dead(defined: Mapping[str, Function], known: Mapping[str, Effects]) -> frozenset[str]:
    """The variables of the file that no function needs: whoever reads one has written it before."""
    candidates = {s.name for function in defined.values() for s in function.globals if lasts_only_in_file(s)}
    for name in defined:
        if not candidates:
            break
        effect = known[name]
        if effect.needs is not None:
            candidates -= effect.needs
        elif effect.unknown is None:
            candidates -= effect.reads
        else:
            candidates.clear()
    return frozenset(candidates)


def _solve(circle: list[list[Function]], known: dict[str, Effects]) -> None:
    """The effects of functions that call each other: the least ones that agree with each other. Each group holds the
    forms of one function."""
    names = [group[0].name for group in circle]
    known.update((name, Effects(parameters=("none",))) for name in names)
    for _ in range(ROUNDS):
        before = [known[name] for name in names]
        for name, group in zip(names, circle, strict=True):
            known[name] = joined([summarise(function, known) for function in group])
        if [known[name] for name in names] == before:
            return
    for name in names:
        known[name] = Effects(unknown="is recursive", io=known[name].io)
