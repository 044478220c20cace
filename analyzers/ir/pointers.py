"""Which named variables a pointer may reach, flow-insensitively within one function.

Inclusion-based (Andersen 1994) over the local pointers; everything that comes from memory or from a call reaches all
variables whose address left the function's sight. Accesses are filtered by type (C11 6.5p7, Fortran's and C++'s rules
are stricter): a store of `double` does not change an `int`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from analyzers.ir.expressions import Address, Binary, Call, Cast, Conditional, Element, Expr, Field, Name, Opaque, Unary
from analyzers.ir.statements import Assign, Declare, Function, Jump, Stmt
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import Place, Uses, is_variable, memory_base, place_of


class SeenThrough(Protocol):
    """The body of a small function; `dependence.facts.Transparent` has this shape."""

    @property
    def formals(self) -> tuple[Symbol, ...]: ...
    @property
    def accesses(self) -> tuple[tuple[Expr, str], ...]: ...
    @property
    def result(self) -> Expr | None: ...


class CallEffects(Protocol):
    """What is asked of the effects of a call; `dependence.facts.Effects` has this shape."""

    @property
    def parameters(self) -> tuple[str, ...]: ...
    @property
    def reads(self) -> frozenset[str]: ...
    @property
    def writes(self) -> frozenset[str]: ...
    @property
    def allocates(self) -> bool: ...
    @property
    def unknown(self) -> str | None: ...
    @property
    def memory(self) -> tuple[tuple[int | str, tuple[str, ...], str], ...]: ...
    @property
    def outgrows(self) -> bool: ...
    @property
    def overwrites(self) -> frozenset[int]: ...
    @property
    def needs(self) -> frozenset[str] | None: ...
    @property
    def dead(self) -> frozenset[str]: ...
    @property
    def transparent(self) -> SeenThrough | None: ...
    @property
    def combines(self) -> str | None: ...


def may_share_memory(left: Type, right: Type) -> bool:
    """May an access of one type touch an object of the other (strict aliasing)? Characters and records may be all."""
    wild = ("unknown", "void", "record", "character", "array")
    if left.kind in wild or right.kind in wild:
        return True
    if 8 in (left.bits, right.bits) and "integer" in (left.kind, right.kind):
        return True
    return left.kind == right.kind and (left.bits is None or right.bits is None or left.bits == right.bits)


class Targets:
    """What the value of an expression may point to: named objects, what other pointers point to, or anything."""

    __slots__ = ("anything", "copies", "objects")

    def __init__(self) -> None:
        self.objects: set[Symbol] = set()
        self.copies: set[Symbol] = set()
        self.anything = False


def targets(expr: Expr, effects: Mapping[str, CallEffects]) -> Targets:
    """The objects and pointers that the value of `expr` is made from."""
    found = Targets()
    stack = [expr]
    while stack:
        top = stack.pop()
        match top:
            case Name(symbol=symbol):
                if symbol.is_array:
                    found.objects.add(symbol)
                elif symbol.type.kind in ("pointer", "unknown"):
                    found.copies.add(symbol)
                elif symbol.type.kind == "record":
                    found.anything = True
            case Address(operand=operand):
                _address_targets(operand, found, stack)
            case Element() | Field() if top.type.kind == "array":
                # A sub-array or member array decays to its own address.
                _address_targets(top, found, stack)
            case Element() | Field():
                if top.type.kind in ("pointer", "unknown", "record"):
                    found.anything = True
            case Binary(op="+" | "-" | "&" | "|", left=left, right=right):
                stack += (left, right)
            case Conditional(then=then, otherwise=otherwise):
                stack += (then, otherwise)
            case Cast(operand=operand) | Unary(op="+" | "~", operand=operand):
                stack.append(operand)
            case Call(arguments=arguments, name=name):
                effect = effects.get(name) if name else None
                if top.type.kind not in ("pointer", "unknown", "record") or (effect and effect.allocates):
                    continue
                found.anything = True
                stack += arguments  # strchr(s, c) points into s
            case Opaque(reads=reads):
                found.anything = True
                stack += reads
            case _:
                pass
    return found


def _address_targets(lvalue: Expr, found: Targets, stack: list[Expr]) -> None:
    while True:
        match lvalue:
            case Field(base=base):
                lvalue = base
            case Element(base=base):
                through_pointer = base.type.kind != "array"
                if through_pointer:
                    stack.append(base)
                    return
                lvalue = base
            case Name(symbol=symbol):
                found.objects.add(symbol)
                return
            case _:
                found.anything = True
                return


@dataclass(frozen=True, slots=True)
class CallMasks:
    """Variables that a call may read, may write, surely overwrites, and knows other than by `&x` in its arguments."""

    reads: int
    writes: int
    kills: int
    indirect: int
    assumed_reads: int = 0  # untouched under the assumption that no pointer leads to them
    assumed_writes: int = 0


class Memory:
    """Resolves accesses through pointers and the effects of calls to masks of the variables in `bits`.

    `bits(place)` is the mask of a place, `all_bits` that of every variable.
    """

    def __init__(
        self,
        function: Function,
        statements: Iterable[Stmt],
        uses: Iterable[Uses],
        variables: Mapping[Symbol, int],
        bits: Callable[[Place], int],
        types: tuple[tuple[int, Type], ...],
        effects: Mapping[str, CallEffects],
        untaken: frozenset[Symbol] = frozenset(),
    ) -> None:
        self.effects = effects
        # File-scope variables whose address the file never takes, and undeclared ones that are `untaken`: that no
        # pointer from outside leads to them is an ordinary assumption, kept apart so that a verdict can name it.
        self.assumable = 0
        # Those of them that other files do not see: no pointer leads to them.
        self.unreachable = 0
        # Parameters by reference: objects of the caller.
        self.references = 0
        self.bits = bits
        self.types = types
        self.all = 0
        for mask in variables.values():
            self.all |= mask
        self.by_name: dict[str, int] = {}
        self.outside = 0
        for symbol, mask in variables.items():
            if symbol.is_reference:
                self.references |= mask
                self.outside |= mask
                self.assumable |= mask
            elif symbol.storage in ("global", "undeclared"):
                self.outside |= mask
                self.by_name[symbol.name] = self.by_name.get(symbol.name, 0) | mask
                if not symbol.address_taken or (symbol.storage == "undeclared" and symbol in untaken):
                    self.assumable |= mask
                    self.unreachable |= mask if symbol.internal else 0
        self.variables = variables
        self.points: dict[Symbol, int] = {}
        self.escaped = 0
        self._compatible: dict[Type, int] = {}
        uses = list(uses)
        hot = any(u.addresses for u in uses) and any(s.address_taken for s in variables)
        self.hidden = any(is_variable(s) and s.address_taken and s.storage not in ("global",) for s in variables)
        self._solve(function, statements, uses, precise=hot)

    def _solve(self, function: Function, statements: Iterable[Stmt], uses: list[Uses], *, precise: bool) -> None:
        """Solves the inclusion constraints; without any address of a variable there is nothing to solve."""
        self.anything = self.outside
        if not precise:
            return
        direct: dict[Symbol, int] = {}
        copies: dict[Symbol, set[Symbol]] = {}
        wild: set[Symbol] = set()
        sinks: list[Targets] = []
        for stmt in statements:
            for target, value in _flows(stmt):
                found = targets(value, self.effects)
                if target is not None and _simple_pointer(target):
                    direct[target] = direct.get(target, 0) | self._mask(found.objects)
                    copies.setdefault(target, set()).update(found.copies)
                    if found.anything:
                        wild.add(target)
                else:
                    sinks.append(found)
        for use in uses:
            for call in use.calls:
                effect = self.effects.get(call.name) if call.name else None
                for position, argument in enumerate(call.arguments):
                    if parameter_use(effect, position) == "escapes":
                        sinks.append(targets(argument, self.effects))
        points = dict(direct)
        changed = True
        while changed:
            changed = False
            for pointer, sources in copies.items():
                mask = points.get(pointer, 0)
                for source in sources:
                    mask |= points.get(source, 0)
                    if source in wild or not (_simple_pointer(source) or source.storage == "parameter"):
                        wild.add(pointer)
                if mask != points.get(pointer, 0):
                    points[pointer] = mask
                    changed = True
        # Wildness travels along copies too.
        grew = True
        while grew:
            before = len(wild)
            wild.update(p for p, sources in copies.items() if sources & wild)
            grew = len(wild) != before
        for found in sinks:
            self.escaped |= self._mask(found.objects)
            for source in found.copies:
                self.escaped |= points.get(source, 0)
        for symbol, mask in self.variables.items():
            # Taken where this analysis does not look: a static initialiser, another function.
            if symbol.is_static and symbol.address_taken:
                self.escaped |= mask
        self.anything = self.outside | self.escaped
        for pointer in {*direct, *copies}:
            mask = points.get(pointer, 0) | self.outside
            self.points[pointer] = mask | self.anything if pointer in wild else mask
        for parameter in function.params:
            if parameter not in self.points and not parameter.address_taken:
                self.points[parameter] = self.outside

    def _mask(self, symbols: Iterable[Symbol]) -> int:
        mask = 0
        for symbol in symbols:
            mask |= self.variables.get(symbol, 0)
        return mask

    def reached(self, pointer: Expr) -> int:
        """The variables that the value of `pointer` may point to."""
        found = targets(pointer, self.effects)
        mask = self._mask(found.objects)
        if found.anything:
            mask |= self.anything
        for symbol in found.copies:
            # What a restricted parameter reaches and the function changes is reached in no other way (C17 6.7.3.1).
            if not (symbol.type.restrict and symbol.storage == "parameter"):
                mask |= self.points.get(symbol, self.anything)
        return mask

    def accessed(self, lvalue: Expr) -> int:
        """The variables that an access through a pointer may touch."""
        if not (self.outside or self.hidden):
            return 0
        base = memory_base(lvalue)
        mask = self.anything if base is None else self.reached(base)
        return mask & self._same_type(lvalue.type) & ~self.unreachable

    def _same_type(self, accessed: Type) -> int:
        mask = self._compatible.get(accessed)
        if mask is None:
            mask = 0
            for bit, declared in self.types:
                if may_share_memory(accessed, declared):
                    mask |= bit
            self._compatible[accessed] = mask
        return mask

    def call(self, call: Call) -> CallMasks:
        """What a call reads and writes of the variables."""
        effect = self.effects.get(call.name) if call.name else None
        if effect is None or effect.unknown is not None:
            mask = self.anything
            for argument in call.arguments:
                mask |= self._argument(argument)
            return CallMasks(mask, mask, 0, mask)
        reads = writes = kills = assumed_reads = assumed_writes = 0
        for name in effect.reads if effect.needs is None else effect.needs:
            reads |= self.by_name.get(name, 0)
        for name in effect.writes:
            writes |= self.by_name.get(name, 0)
        indirect = reads | writes
        for name in effect.reads:
            indirect |= self.by_name.get(name, 0)
        for position, argument in enumerate(call.arguments):
            use = parameter_use(effect, position)
            if use == "none":
                continue
            reached = self._argument(argument) & ~self.unreachable
            mask = reached & ~self.assumable
            if use != "write":
                reads |= mask
                assumed_reads |= reached & self.assumable
            if use != "read":
                writes |= mask | self.escaped
                assumed_writes |= reached & self.assumable
            reads |= self.escaped
            place = place_of(argument.operand) if isinstance(argument, Address) else None
            if place is None or use == "escapes":
                indirect |= mask
            elif position in effect.overwrites and place[1]:
                kills |= self.bits(place[0])
            indirect |= self.escaped
        if effect.memory:
            behind = self.anything & ~self.unreachable
            reads |= behind & ~self.assumable
            assumed_reads |= behind & self.assumable
            indirect |= behind & ~self.assumable
            if any(use != "read" for _, _, use in effect.memory):
                writes |= behind & ~self.assumable
                assumed_writes |= behind & self.assumable
        return CallMasks(reads, writes | kills, kills, indirect, assumed_reads, assumed_writes)

    def needed_by(self, call: Call) -> int:
        """The file-scope variables that a callee of this file needs."""
        effect = self.effects.get(call.name) if call.name else None
        mask = 0
        if effect is not None:
            for name in effect.reads if effect.needs is None else effect.needs:
                mask |= self.by_name.get(name, 0)
        return mask

    def _argument(self, argument: Expr) -> int:
        if argument.type.is_scalar:
            return 0
        return self.reached(argument)


def parameter_use(effect: CallEffects | None, position: int) -> str:
    """What a call does with the memory behind the argument at `position`."""
    if effect is None or effect.unknown is not None:
        return "escapes"
    if not effect.parameters:
        return "none"
    return effect.parameters[min(position, len(effect.parameters) - 1)]


def _simple_pointer(symbol: Symbol) -> bool:
    return symbol.type.kind == "pointer" and symbol.storage in ("local", "parameter") and not symbol.address_taken


def _flows(stmt: Stmt) -> Iterable[tuple[Symbol | None, Expr]]:
    """Where values go that may be addresses: (pointer variable, or None for anywhere else, value)."""
    match stmt:
        case Assign(target=Name(symbol=symbol), value=value):
            yield symbol, value
        case Assign(value=value):
            yield None, value
        case Declare(symbol=symbol, value=value) if value is not None:
            yield symbol, value
        case Jump(value=value) if value is not None:
            yield None, value
        case _:
            return
