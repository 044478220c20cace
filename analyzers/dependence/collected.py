"""The effects of one function while they are being collected: from its statements, and from those of its callees.

A place is described by where it starts (a parameter's position or the name of a file-scope object) and the steps from
there: `*` for what a pointer leads to, `.name` for a member. `g->data[i]` of parameter 0 is (0, ("*", ".data", "*")).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from analyzers.dependence.facts import Basis, Effects, ParameterUse

Root = int | str
Steps = tuple[str, ...]
Member = tuple[str, str]  # the type of a record and one of its members

FOR_TYPES = "for types that may run code of their own"
_RANK: dict[ParameterUse, int] = {"none": 0, "read": 1, "write": 2, "readwrite": 3, "escapes": 4}


def join(left: ParameterUse, right: ParameterUse) -> ParameterUse:
    """The use that covers both."""
    if {left, right} == {"read", "write"}:
        return "readwrite"
    return left if _RANK[left] >= _RANK[right] else right


def parameter_use(effect: Effects, position: int) -> ParameterUse:
    """What a call does with the memory behind the argument at `position`."""
    if effect.unknown is not None:
        return "escapes"
    if not effect.parameters:
        return "none"
    return effect.parameters[min(position, len(effect.parameters) - 1)]


@dataclass(slots=True)
class Origin:
    """Where a value may come from. `anything`: from where this analysis does not look; `deep`: what it leads to is
    known, and holds pointers that are not followed."""

    paths: set[tuple[Root, Steps]] = field(default_factory=set)
    anything: bool = False
    deep: bool = False

    def behind(self, steps: Steps) -> Origin:
        """The places that are reached from there by `steps`."""
        anything = self.anything or (self.deep and steps.count("*") > 1)
        return Origin({(root, (*before, *steps)) for root, before in self.paths}, anything)


@dataclass(frozen=True, slots=True)
class Argument:
    """What a callee may reach from one argument of a call: the places that its value was read from."""

    paths: frozenset[tuple[Root, Steps]] = frozenset()
    anything: bool = False
    object: bool = False  # the address of an object: its first `*` leads to the object itself
    scalar: bool = False  # nothing is reached from it
    fixed: bool = False  # a parameter of the caller that it never changes
    static: str | None = None  # hidden state that is reached
    plain: bool = True  # no code of its type runs where it is handed over
    deep: bool = False  # see `Origin`

    def behind(self, steps: Steps) -> Origin:
        found = Origin(set(self.paths), self.anything, self.deep).behind(steps)
        return Origin(set(self.paths), found.anything).behind(steps[1:]) if self.object else found


@dataclass(frozen=True, slots=True)
class Site:
    """A call of a function whose effects are not known yet."""

    callee: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """The effects of a function but for the calls in `sites`."""

    effects: Effects
    sites: tuple[Site, ...]
    moves_pointers: bool = False
    orders: bool = False


class Collected:
    """What is known so far. The places that are noted are those of the function: its parameters, file-scope objects."""

    def __init__(self, parameters: int) -> None:
        self.uses: list[ParameterUse] = ["none"] * parameters
        self.whole = False
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.memory: dict[tuple[Root, Steps], ParameterUse] = {}
        self.members: dict[tuple[int, Member], ParameterUse] = {}
        self.beyond: set[int] = set()  # parameters of which more is used than single members
        self.moves_pointers = False
        self.io = self.exits = self.fails = self.synchronizes = self.orders = self.outgrows = False
        self.keeps_locks = False
        self.basis: frozenset[Basis] = frozenset()
        self.state: str | None = None
        self.team: str | None = None
        self.criticals: set[str] = set()
        self.unknown: str | None = None
        self.threadprivate: set[str] = set()
        self.generic = False

    def file_scope(self, name: str, use: ParameterUse) -> None:
        if use != "write":
            self.reads.add(name)
        if use != "read":
            self.writes.add(name)

    def note(self, found: Origin, use: ParameterUse, *, whole: bool, member: Member | None = None) -> None:
        """An access to places. `whole`: not only to the element that a parameter points to. `member`: all in one of
        that element's members."""
        if found.anything:
            verb = "reads" if use == "read" else "writes"
            self.unknown = f"{verb} memory through a pointer that cannot be followed"
        for root, steps in found.paths:
            if "*" not in steps:
                if isinstance(root, str):
                    self.file_scope(root, use)
            elif isinstance(root, int) and steps[0] == "*" and steps.count("*") == 1:
                self.uses[root] = join(self.uses[root], use)
                self.whole = self.whole or whole
                if member is None:
                    self.beyond.add(root)
                else:
                    self.members[root, member] = join(self.members.get((root, member), "none"), use)
            else:
                key = root, steps
                self.memory[key] = join(self.memory.get(key, "none"), use)

    def call(self, name: str, effect: Effects, arguments: tuple[Argument, ...]) -> None:
        if effect.unknown is not None:
            self.unknown = f"calls `{name}`, which {effect.unknown}"
            return
        if effect.generic and not all(argument.plain for argument in arguments):
            self.unknown = f"calls `{name}` {FOR_TYPES}"
            return
        self.world(effect)
        for position, argument in enumerate(arguments):
            use = parameter_use(effect, position)
            if use == "none" or argument.scalar:
                continue
            self.state = self.state or argument.static
            whole = effect.whole_parameters or not argument.fixed
            members = [each for each in effect.members if each[0] == position] if argument.fixed else []
            for _, record, member, used in members:
                self.note(argument.behind(("*",)), used, whole=whole, member=(record, member))
            if not members:
                self.note(argument.behind(("*",)), use, whole=whole)
        for root, steps, use in effect.memory:
            if isinstance(root, str):
                self.note(Origin({(root, steps)}), use, whole=True)
            elif root < len(arguments):
                self.state = self.state or arguments[root].static
                self.note(arguments[root].behind(steps), use, whole=True)

    def world(self, effect: Effects) -> None:
        """What a call does besides what it does to its arguments."""
        self.reads |= effect.reads
        self.writes |= effect.writes
        self.io = self.io or effect.io
        self.exits = self.exits or (effect.exits and not effect.fails)
        self.fails = self.fails or effect.fails
        self.state = self.state or effect.state
        self.outgrows = self.outgrows or effect.outgrows
        self.basis |= effect.basis
        self.synchronizes = self.synchronizes or effect.synchronizes
        self.keeps_locks = self.keeps_locks or effect.keeps_locks
        self.orders = self.orders or (effect.synchronizes and not effect.excludes)
        self.team = self.team or effect.team
        self.criticals |= effect.criticals
        self.threadprivate |= effect.threadprivate

    def result(self, overwrites: frozenset[int]) -> Effects:
        if self.unknown is not None:
            return Effects(unknown=self.unknown)
        if self.moves_pointers and self.memory:
            return Effects(unknown="changes pointers in memory and follows them")
        return self.so_far(overwrites)

    def so_far(self, overwrites: frozenset[int]) -> Effects:
        """The effects as far as they are known."""
        return Effects(
            parameters=tuple(self.uses) or ("none",),
            reads=frozenset(self.reads),
            writes=frozenset(self.writes),
            memory=tuple(sorted(((*key, use) for key, use in self.memory.items()), key=str)),
            io=self.io,
            state=self.state,
            exits=self.exits or self.fails,
            fails=self.fails and not self.exits,
            overwrites=overwrites,
            whole_parameters=self.whole,
            members=tuple(
                (position, record, member, use)
                for (position, (record, member)), use in sorted(self.members.items())
                if position not in self.beyond and self.uses[position] != "escapes"
            ),
            outgrows=self.outgrows,
            basis=self.basis,
            synchronizes=self.synchronizes,
            keeps_locks=self.keeps_locks,
            team=self.team,
            criticals=frozenset(self.criticals),
            excludes=self.synchronizes and not self.orders,
            generic=self.generic,
            threadprivate=frozenset(self.threadprivate),
        )


def closed(known: Open, calls: list[tuple[Site, Effects]]) -> Effects:
    """The effects of a function once those of the calls that were left open are known."""
    before = known.effects
    if before.unknown is not None:
        return before
    collected = Collected(0)
    collected.uses = list(before.parameters)
    collected.whole = before.whole_parameters
    collected.members = {(position, (record, member)): use for position, record, member, use in before.members}
    by_member = {position for position, *_ in before.members}
    collected.beyond = {k for k, use in enumerate(before.parameters) if use != "none" and k not in by_member}
    collected.reads, collected.writes = set(before.reads), set(before.writes)
    collected.memory = {(root, steps): use for root, steps, use in before.memory}
    collected.moves_pointers, collected.orders = known.moves_pointers, known.orders
    collected.io, collected.synchronizes = before.io, before.synchronizes
    collected.exits, collected.fails = before.exits and not before.fails, before.fails
    collected.basis, collected.state, collected.team = before.basis, before.state, before.team
    collected.criticals = set(before.criticals)
    collected.threadprivate, collected.generic = set(before.threadprivate), before.generic
    collected.outgrows, collected.keeps_locks = before.outgrows, before.keeps_locks
    for site, effect in calls:
        collected.call(site.callee, effect, site.arguments)
    return replace(collected.result(before.overwrites), nesting=before.nesting, dies=before.dies)
