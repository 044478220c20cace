"""What a loop contains besides accesses: calls, directives, declarations, protected statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from analyzers.dependence import failing
from analyzers.dependence.collected import FOR_TYPES
from analyzers.dependence.conflicts import Obstacles
from analyzers.dependence.facts import Basis, Effects
from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access
from analyzers.ir.directives import TASKING, WORKSHARING
from analyzers.ir.expressions import Address, Call, Element, Expr, Field, Name, walk
from analyzers.ir.implicit import Implicit, is_plain
from analyzers.ir.statements import (
    Assign,
    Construct,
    Declare,
    Function,
    Loop,
    Stmt,
    calls_of,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Reason
from analyzers.standards import mpi
from analyzers.standards.library import SECOND_RESULTS

DEFINED = "defined-elsewhere"  # the code of a reason that is none against the loop
_TEAMWORK = WORKSHARING | TASKING | {"barrier", "taskwait", "cancel"}
_PROTECTING = ("atomic", "critical", "ordered")


def declared_inside(loop: Loop) -> frozenset[Symbol]:
    """What comes to life anew in each iteration."""
    return frozenset(
        s.symbol for s in walk_statements(loop.body) if isinstance(s, Declare) and s.symbol.storage != "static"
    )


def exclusions(body: Stmt) -> Mapping[int, frozenset[str]]:
    """By id(), what keeps statements below apart from others: `atomic`, `ordered`, or critical regions by name."""
    found: dict[int, frozenset[str]] = {}
    for stmt in walk_statements(body):
        if not isinstance(stmt, Construct) or stmt.body is None or not stmt.directive.has(*_PROTECTING):
            continue
        name = stmt.directive.first("name") if stmt.directive.has("critical") else None
        text = name.items[0].text if name is not None and name.items else ""
        own = frozenset(f"{kind} {text}".rstrip() for kind in _PROTECTING if stmt.directive.has(kind))
        for inner in walk_statements(stmt.body):
            found[id(inner)] = found.get(id(inner), own) | own
    return found


def note_directives(loop: Loop, obstacles: Obstacles) -> None:
    """Directives whose meaning depends on all threads coming by: they cannot stand in a divided loop."""
    for stmt in walk_statements(loop.body):
        if not isinstance(stmt, Construct) or stmt.directive.has("parallel", "target"):
            continue
        kind = next((k for k in stmt.directive.kinds if k in _TEAMWORK), None)
        if kind is not None:
            text = f"`{kind}` inside needs the whole team, so the loop around it runs in every thread"
            obstacles.undecided(Reason("contains-directive", text, stmt.directive.span, kind))


def note_calls(loop: Loop, effects: Mapping[str, Effects], obstacles: Obstacles) -> None:
    """What the called functions do besides reading and writing memory that can be named."""
    for call in calls(loop):
        name = call.name
        effect = effects.get(name) if name is not None else None
        if name is None:
            callee = spell(call.callee)
            text = f"`{callee}` points to a function that may read and write anything"
            assumption = Assumption("independent-call", f"what `{callee}` points to is independent", "strong")
            obstacles.undecided(Reason("unknown-call", text, call.span), assumption)
        elif effect is None or effect.unknown is not None or _is_other(call, effect):
            why = (
                (effect.unknown or f"is called {FOR_TYPES}")
                if effect
                else "is defined elsewhere and may read and write anything"
            )
            text = f"`{name}` {why}"
            assumption = Assumption("independent-call", f"`{name}` is independent", "strong", (name,))
            obstacles.undecided(Reason("unknown-call", text, call.span, name), assumption)
        else:
            _note_known(call, name, effect, obstacles)


def _is_other(call: Call, effect: Effects) -> bool:
    """Is it a template, called for types that may run code of their own?"""
    return effect.generic and not all(is_plain(argument.type) for argument in call.arguments)


def _note_known(call: Call, name: str, effect: Effects, obstacles: Obstacles) -> None:
    if effect.state is not None:
        text = f"`{name}` changes {effect.state}, which all threads share"
        obstacles.undecided(Reason("thread-unsafe-call", text, call.span, name), unread(effect.state))
    if effect.team is not None:
        text = (
            f"`{name}` contains `{effect.team}`, which needs the whole team, so the loop around it runs in every thread"
        )
        obstacles.undecided(Reason("contains-directive", text, call.span, name))
    if effect.io and mpi.procedure(name) is not None:
        text = (
            f"`{name}` exchanges with other processes: the order would change, and threads may do so only if MPI allows"
        )
        obstacles.undecided(Reason("messages", text, call.span, name))
    elif effect.io:
        text = f"`{name}` does input or output: its order would change"
        assumption = Assumption(
            "condition", f"the order of what `{name}` reads or prints does not matter", "strong", (name,)
        )
        obstacles.undecided(Reason("io", text, call.span, name), assumption)
    if effect.exits and effect.fails:
        obstacles.assume(failing.assumption(name))
    elif effect.exits:
        text = f"`{name}` may end the program inside the loop"
        assumption = Assumption("condition", f"`{name}` returns", "strong", (name,))
        obstacles.undecided(Reason("exit", text, call.span, name), assumption)
    for each in sorted(effect.basis):
        if each.certain:
            _note_defined(each, call, obstacles)
        else:
            obstacles.assume(taken_for(each))


def unread(state: str) -> Assumption | None:
    """What has to hold for threads to change the hidden state of functions at the same time."""
    return Assumption("condition", f"nobody reads {state}", "strong") if state in SECOND_RESULTS else None


def _note_defined(basis: Basis, call: Call, obstacles: Obstacles) -> None:
    text = f"`{basis.name}` is defined in {basis.source}"
    obstacles.basis.setdefault(basis.name, Reason(DEFINED, text, call.span, basis.name))


def note_around(
    function: Function, loop: Loop, inside: Iterable[Access], effects: Mapping[str, Effects], obstacles: Obstacles
) -> None:
    """The functions of other files that get an object of the loop by its address elsewhere in the function: that they
    do not keep it is known from there."""
    if not any(effects[name].basis for name in function.callees if name in effects):
        return
    mine = {id(call) for call in calls(loop)}
    objects = {access.symbol for access in inside}
    for call in (c for stmt in walk_statements(function.body) for c in calls_of(stmt) if id(c) not in mine):
        effect = effects.get(call.name) if call.name is not None else None
        basis = effect.basis if effect is not None else frozenset()
        if basis and any(_address_of(argument) in objects for argument in call.arguments):
            for each in sorted(basis):
                if each.certain:
                    _note_defined(each, call, obstacles)


def _address_of(argument: Expr) -> Symbol | None:
    """The `x` of `&x`, `&x.y[0]`, and of an array `x`."""
    if isinstance(argument, Address):
        argument = argument.operand
        while isinstance(argument, (Element, Field)):
            argument = argument.base
        return argument.symbol if isinstance(argument, Name) else None
    return argument.symbol if isinstance(argument, Name) and argument.symbol.is_array else None


def taken_for(basis: Basis) -> Assumption:
    """What is assumed of a function whose text was not read with its caller."""
    if basis.source:
        text = f"`{basis.name}` is the function defined in {basis.source}"
        return Assumption("definition", text, "ordinary", (basis.name,))
    return Assumption("library", f"`{basis.name}` is the library function of that name", "ordinary", (basis.name,))


def note_threadprivate(loop: Loop, obstacles: Obstacles) -> None:
    """What every thread has of its own: the copies of other threads hold other values than that of the thread around
    the loop. Where the loop assigns a variable as a whole, that is noted with the scalars."""
    used: dict[str, Reason] = {}
    assigned: set[str] = set()
    for stmt in walk_statements(loop):
        if isinstance(stmt, Assign) and isinstance(stmt.target, Name):
            assigned.add(stmt.target.symbol.name)
        for expr in expressions(stmt):
            for part in walk(expr):
                if isinstance(part, Name) and part.symbol.threadprivate and part.symbol.name not in used:
                    name = part.symbol.name
                    text = f"`{name}` is threadprivate: each thread has its own"
                    used[name] = Reason("threadprivate", text, part.span, name)
    for name, reason in used.items():
        if name not in assigned:
            obstacles.undecided(reason)


def note_unnamed(accesses: tuple[Access, ...], obstacles: Obstacles) -> None:
    """Accesses to memory without a name (unknown calls are noted elsewhere), and those that must stay in order."""
    writes = any(a.writes for a in accesses)
    for access in accesses:
        if access.reason == "volatile":
            name = access.symbol.name if access.symbol is not None else "memory"
            obstacles.undecided(Reason("volatile", f"`{name}` is volatile: every access counts", access.span, name))
        elif access.symbol is None and access.reason != "unknown-call" and (access.writes or writes):
            text = "it is not known which memory this touches"
            obstacles.undecided(Reason(access.reason or "unnamed-object", text, access.span))


def note_implicit(
    loop: Loop, found: Mapping[int, tuple[Implicit, ...]], effects: Mapping[str, Effects], obstacles: Obstacles
) -> None:
    """What is done to objects of classes may run code that the statements do not show."""
    names: dict[str, None] = {}
    for stmt in walk_statements(loop) if found else ():
        for each in found.get(id(stmt), ()):
            effect = effects.get(each.function or "")
            if effect is None or effect.unknown is not None:
                names[each.owner] = None
            elif not effect.local:
                text = f"`{each.function}` runs for objects of `{each.owner}` and touches more than them"
                obstacles.undecided(Reason("implicit-call", text, stmt.span, each.function))
    for name in sorted(names):
        text = f"making, copying, converting and ending `{name}` objects touches nothing else"
        obstacles.assume(Assumption("condition", text, "strong", (name,)))


def calls(loop: Loop) -> Iterator[Call]:
    """Every call below the loop, in textual order of statements."""
    for stmt in walk_statements(loop):
        yield from calls_of(stmt)


def handed_over(symbol: Symbol, loop: Loop, effects: Mapping[str, Effects]) -> bool:
    """Does the loop give the whole object to a function of which nothing is known but that it is harmless?"""
    return any(
        isinstance(argument, Name) and argument.symbol == symbol
        for call in calls(loop)
        if (effect := effects.get(call.name or "")) is None or effect.parameters == ("none",)
        for argument in call.arguments
    )
