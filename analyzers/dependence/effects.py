"""What calls do: to the memory their pointer arguments reach, to file-scope objects, to the world.

Library functions come from `standards.library`; functions of the file are summarised bottom-up over the call graph.
Everything else is unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from analyzers.dependence.facts import Effects, ParameterUse
from analyzers.ir.expressions import Address, Call, Element, Expr, Field, Name, Opaque, walk
from analyzers.ir.pointers import targets
from analyzers.ir.statements import (
    Construct,
    Declare,
    Function,
    Jump,
    Loop,
    Stmt,
    Unknown,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.uses import memory_base, of_statement
from analyzers.standards.library import ROUTINES

_USES: dict[str, ParameterUse] = {"-": "none", "r": "read", "w": "write", "b": "readwrite", "e": "escapes"}
_RANK: dict[ParameterUse, int] = {"none": 0, "read": 1, "write": 2, "readwrite": 3, "escapes": 4}

INDEPENDENT = Effects(parameters=("none",), trusted=True)
"""What the user vouches for: calls of the function do not get in each other's way."""


@cache
def library(name: str) -> Effects | None:
    """The effects of a library function, None for a name that the tables do not know. `trusted` is False: a program may
    define another function of that name elsewhere."""
    routine = ROUTINES.get(name.removeprefix("std::"))
    if routine is None:
        return None
    return Effects(
        parameters=tuple(_USES[letter] for letter in routine.parameters),
        io=routine.io,
        state=routine.state,
        exits=routine.exits,
        allocates=routine.allocates,
        overwrites=frozenset(routine.fills),
        trusted=routine.header == "builtin",
        synchronizes=routine.synchronizes,
    )


def join(left: ParameterUse, right: ParameterUse) -> ParameterUse:
    """The use that covers both."""
    if {left, right} == {"read", "write"}:
        return "readwrite"
    return left if _RANK[left] >= _RANK[right] else right


Memo = dict[tuple[object, ...], Effects]
"""Summaries of functions by fingerprint and the effects of what they call."""


def table(
    functions: Iterable[Function], independent: frozenset[str] = frozenset(), memo: Memo | None = None
) -> dict[str, Effects]:
    """The effects of every function that the functions of a file define or call, callees first.

    A definition in the file wins over a library function of the same name; `independent` names functions that the user
    vouches for. Functions that call each other in a circle are unknown. `memo` holds the summaries of the last version;
    afterwards it holds those of this one.
    """
    memo = {} if memo is None else memo
    fresh: Memo = {}
    defined = {function.name: function for function in functions}
    known: dict[str, Effects] = {}
    for function in defined.values():
        for name in function.callees:
            if name not in defined and name not in known:
                known[name] = library(name) or Effects(unknown="is defined elsewhere and may read and write anything")
    for component in _components(defined):
        for name in component:
            circular = len(component) > 1 or name in defined[name].callees
            if circular:
                known[name] = Effects(unknown="is recursive")
                continue
            function = defined[name]
            key = (function.fingerprint, *(known[callee] for callee in function.callees))
            known[name] = fresh[key] = memo.get(key) or summarise(function, known)
    memo.clear()
    memo.update(fresh)
    known.update((name, INDEPENDENT) for name in independent)
    return known


def _components(defined: Mapping[str, Function]) -> list[list[str]]:
    """Strongly connected components of the call graph, callees first (Tarjan 1972, with an explicit stack)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    components: list[list[str]] = []
    for start in defined:
        if start in number:
            continue
        work = [(start, iter(defined[start].callees))]
        number[start] = low[start] = len(number)
        path.append(start)
        on_path.add(start)
        while work:
            name, callees = work[-1]
            for callee in callees:
                if callee not in defined:
                    continue
                if callee not in number:
                    number[callee] = low[callee] = len(number)
                    path.append(callee)
                    on_path.add(callee)
                    work.append((callee, iter(defined[callee].callees)))
                    break
                if callee in on_path:
                    low[name] = min(low[name], number[callee])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    component = []
                    while True:
                        top = path.pop()
                        on_path.discard(top)
                        component.append(top)
                        if top == name:
                            break
                    components.append(component)
    return components


def summarise(function: Function, known: Mapping[str, Effects]) -> Effects:
    """What a call of the function does, given the effects of the functions that it calls."""
    summary = _Summary(function, known)
    for stmt in walk_statements(function.body):
        summary.add(stmt)
        if summary.unknown is not None:
            return Effects(unknown=summary.unknown)
    return summary.result()


class _Summary:
    """Collects the effects of the statements of one function."""

    def __init__(self, function: Function, known: Mapping[str, Effects]) -> None:
        self.function = function
        self.known = known
        self.positions = {symbol: n for n, symbol in enumerate(function.params)}
        self.uses: list[ParameterUse] = ["none"] * len(function.params)
        self.whole = False
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.statics_written: set[str] = set()
        self.io = self.exits = False
        self.trusted = True
        self.state: str | None = None
        self.unknown: str | None = None
        self.synchronizes = False
        self.threadprivate: set[str] = set()
        self.origins = _origins(function, known)

    def add(self, stmt: Stmt) -> None:
        if isinstance(stmt, Unknown):
            self.unknown = f"has code that could not be read: {stmt.reason}"
            return
        if isinstance(stmt, Jump) and stmt.kind == "exit":
            self.exits = self.io = True
        self.synchronizes = self.synchronizes or isinstance(stmt, Construct)
        uses = of_statement(stmt)
        if uses.opaque is not None:
            self.unknown = f"has code that could not be read: {uses.opaque}"
            return
        for symbol, _ in uses.reads:
            self._object(symbol, "read")
        for symbol, _ in (*uses.writes, *uses.touches):
            self._object(symbol, "write")
        for lvalue in uses.elements:
            self._object(_array(lvalue), "read")
        for lvalue in uses.element_stores:
            self._object(_array(lvalue), "write")
        for lvalue in uses.loads:
            self._memory(lvalue, "read")
        for lvalue in uses.stores:
            self._memory(lvalue, "write")
        for call in uses.calls:
            self._call(call)
        self._leaks(stmt)

    def _object(self, symbol: Symbol | None, use: ParameterUse) -> None:
        if symbol is None:
            return
        if symbol.type.volatile:
            self.unknown = f"accesses the volatile `{symbol.name}`"
        if symbol.threadprivate:
            self.state = self.state or f"the threadprivate `{symbol.name}`"
            self.threadprivate.add(symbol.name)
        if symbol.storage in ("global", "undeclared"):
            if use != "write":
                self.reads.add(symbol.name)
            if use != "read":
                self.writes.add(symbol.name)
        elif symbol.storage == "static" and use != "read":
            self.state = self.state or f"the static variable `{symbol.name}` of `{self.function.name}`"

    def _memory(self, lvalue: Expr, use: ParameterUse) -> None:
        """An access through a pointer."""
        if lvalue.type.volatile:
            self.unknown = "accesses volatile memory"
            return
        base = memory_base(lvalue)
        if base is None:
            self.unknown = "accesses memory that cannot be named"
            return
        own = isinstance(lvalue, Element) and isinstance(base, Name) and all(_is_zero(s) for s in lvalue.subscripts)
        self._reached(base, use, whole=not own)

    def _reached(self, pointer: Expr, use: ParameterUse, *, whole: bool) -> None:
        """The memory behind the value of `pointer` is used."""
        found = targets(pointer, self.known)
        for symbol in found.objects:
            self._object(symbol, use)
            if use == "escapes":
                self._object(symbol, "readwrite")
        loaded = found.anything
        for source in found.copies:
            origin = self.origins.get(source)
            if origin is None:
                if source.type.kind == "unknown" and source.storage != "undeclared":
                    continue
                loaded = True
                continue
            for symbol in origin.objects:
                self._object(symbol, use)
            for position in origin.parameters:
                self.uses[position] = join(self.uses[position], use)
                self.whole = self.whole or whole or source not in self.positions
            loaded = loaded or origin.anything
        if loaded:
            self._loaded(pointer, use)

    def _loaded(self, pointer: Expr, use: ParameterUse) -> None:
        """Memory behind a pointer that itself came from memory: reached from a parameter, or unknown."""
        reached = False
        for part in walk(pointer):
            if isinstance(part, Name) and part.symbol.is_pointer:
                origin = self.origins.get(part.symbol)
                if origin is not None and origin.parameters and not origin.anything and not origin.objects:
                    for position in origin.parameters:
                        self.uses[position] = "escapes"
                    reached = True
                    continue
                reached = False
                break
        if not reached:
            verb = "reads" if use == "read" else "writes"
            self.unknown = f"{verb} memory through a pointer that it finds in memory"

    def _call(self, call: Call) -> None:
        effect = self.known.get(call.name) if call.name else None
        if effect is None:
            self.unknown = f"calls `{call.name}`, which is unknown" if call.name else "calls through a pointer"
            return
        if effect.unknown is not None:
            self.unknown = f"calls `{call.name}`, which {effect.unknown}"
            return
        self.reads |= effect.reads
        self.writes |= effect.writes
        self.io = self.io or effect.io
        self.exits = self.exits or effect.exits
        self.state = self.state or effect.state
        self.trusted = self.trusted and effect.trusted
        self.synchronizes = self.synchronizes or effect.synchronizes
        self.threadprivate |= effect.threadprivate
        for position, argument in enumerate(call.arguments):
            use = parameter_use(effect, position)
            if use != "none" and not argument.type.is_scalar:
                self._reached(argument, use, whole=effect.whole_parameters or not isinstance(argument, Name))

    def _leaks(self, stmt: Stmt) -> None:
        """Parameters whose value is stored where others can find it."""
        match stmt:
            case Jump() | Loop():
                return
            case _:
                pass
        parts = expressions(stmt)
        if len(parts) != 2:
            return
        target, value = parts
        if isinstance(target, Name) and target.symbol.storage in ("local", "parameter"):
            return
        if value.type.is_scalar and not any(isinstance(part, Address) for part in walk(value)):
            return
        for source in targets(value, self.known).copies:
            origin = self.origins.get(source)
            for position in origin.parameters if origin is not None else ():
                self.uses[position] = "escapes"

    def result(self) -> Effects:
        return Effects(
            parameters=tuple(self.uses) or ("none",),
            reads=frozenset(self.reads),
            writes=frozenset(self.writes),
            io=self.io,
            state=self.state,
            exits=self.exits,
            overwrites=_overwrites(self.function),
            whole_parameters=self.whole,
            trusted=self.trusted,
            synchronizes=self.synchronizes,
            threadprivate=frozenset(self.threadprivate),
        )


def parameter_use(effect: Effects, position: int) -> ParameterUse:
    """What a call does with the memory behind the argument at `position`."""
    if effect.unknown is not None:
        return "escapes"
    if not effect.parameters:
        return "none"
    return effect.parameters[min(position, len(effect.parameters) - 1)]


class _Origin:
    """Where the value of a pointer variable may come from."""

    __slots__ = ("anything", "copies", "objects", "parameters")

    def __init__(self) -> None:
        self.objects: set[Symbol] = set()
        self.parameters: set[int] = set()
        self.copies: set[Symbol] = set()
        self.anything = False


def _origins(function: Function, known: Mapping[str, Effects]) -> dict[Symbol, _Origin]:
    """The origins of the pointer parameters and local pointers, flow-insensitively."""
    origins: dict[Symbol, _Origin] = {}
    for position, symbol in enumerate(function.params):
        origin = origins[symbol] = _Origin()
        origin.parameters.add(position)
        origin.anything = symbol.address_taken
    for stmt in walk_statements(function.body):
        parts = expressions(stmt)
        target: Symbol | None = None
        value: Expr | None = None
        if len(parts) == 2 and isinstance(parts[0], Name):
            target, value = parts[0].symbol, parts[1]
        elif isinstance(stmt, Declare):
            target, value = stmt.symbol, stmt.value
        if target is None or target.storage not in ("local", "parameter") or not _carries(target):
            continue
        origin = origins.setdefault(target, _Origin())
        origin.anything = origin.anything or target.address_taken
        if value is None:
            continue
        found = targets(value, known)
        origin.objects |= found.objects
        origin.copies |= found.copies - {target}
        origin.anything = origin.anything or found.anything
    changed = True
    while changed:
        changed = False
        for origin in origins.values():
            before = (len(origin.objects), len(origin.parameters), origin.anything)
            for source in origin.copies:
                other = origins.get(source)
                if other is None:
                    origin.anything = True
                    continue
                origin.objects |= other.objects
                origin.parameters |= other.parameters
                origin.anything = origin.anything or other.anything
            changed = changed or before != (len(origin.objects), len(origin.parameters), origin.anything)
    return origins


def _carries(symbol: Symbol) -> bool:
    return symbol.type.kind in ("pointer", "unknown", "record")


def _array(lvalue: Expr) -> Symbol | None:
    while isinstance(lvalue, (Element, Field)):
        lvalue = lvalue.base
    return lvalue.symbol if isinstance(lvalue, Name) else None


def _is_zero(expr: Expr) -> bool:
    return getattr(expr, "value", None) == 0


def _overwrites(function: Function) -> frozenset[int]:
    """Parameters `p` for which `*p = ...` stands among the first statements that every call runs."""
    positions = {symbol: n for n, symbol in enumerate(function.params) if symbol.is_pointer}
    found: set[int] = set()
    if not positions:
        return frozenset()
    for stmt in function.body.statements:
        if any(isinstance(s, Jump) for s in walk_statements(stmt)):
            break
        if any(isinstance(part, Opaque) for expr in expressions(stmt) for part in walk(expr)):
            break
        parts = expressions(stmt)
        if len(parts) != 2:
            continue
        target = parts[0]
        if isinstance(target, Name):
            positions.pop(target.symbol, None)
        elif isinstance(target, Element) and isinstance(target.base, Name) and all(map(_is_zero, target.subscripts)):
            position = positions.get(target.base.symbol)
            if position is not None and getattr(stmt, "op", None) is None:
                found.add(position)
    return frozenset(found)
