"""How often functions are called: the loops around their calls, over the whole call graph.

What a loop costs is one question, how often it runs another one. A few microseconds for a team of threads are nothing
in a function that is called once, and ruin one that is called for each block of a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from analyzers.dependence.callgraph import components
from analyzers.dependence.facts import DEEP, ONCE, Calling
from analyzers.ir.arithmetic import fold
from analyzers.ir.directives import TEAM_MAKERS
from analyzers.ir.expressions import ZERO, Binary, Call, Expr, Name, children
from analyzers.ir.statements import Assign, Construct, Declare, Function, Loop, Stmt, expressions, substatements
from analyzers.text import Span

ENTRIES = ("main", "MAIN__")  # where programs begin
FEW = 16  # iterations of a loop that does not count

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Site:
    """A call, or several like it. `loops` is how many stand around it, `around` where (in the caller); `shared`: in a
    parallel region; `named`: it is no call, but anything may call what is named here."""

    caller: str
    callee: str
    loops: int = 0
    shared: bool = False
    around: tuple[Span, ...] = ()
    named: bool = False


def sites(function: Function) -> tuple[Site, ...]:
    """The calls that a function makes. One that it names without calling it may be called from anywhere."""
    if not function.callees:
        return ()
    found: dict[Site, None] = {}
    stack: list[tuple[Stmt, Site]] = [(function.body, Site(function.name, ""))]
    while stack:
        stmt, at = stack.pop()
        inside = at
        if isinstance(stmt, Loop) and not _runs_few_times(stmt):
            inside = replace(at, loops=min(at.loops + 1, DEEP), around=(*at.around, stmt.span))
        elif isinstance(stmt, Construct) and stmt.directive.has(*TEAM_MAKERS):
            inside = replace(at, shared=True)
        for expr in expressions(stmt):
            for callee, called in _functions(expr):
                found[replace(inside, callee=callee) if called else Site(function.name, callee, named=True)] = None
        before = stmt.init if isinstance(stmt, Loop) else ()
        stack.extend((below, at if below in before else inside) for below in substatements(stmt))
    return tuple(found)


def _functions(expr: Expr) -> Iterator[tuple[str, bool]]:
    """The functions that an expression names, and whether it calls them."""
    stack = [expr]
    while stack:
        top = stack.pop()
        if isinstance(top, Call) and top.name is not None:
            yield top.name, True
            stack.extend(top.arguments)
            continue
        if isinstance(top, Name) and top.symbol.storage == "function":
            yield top.symbol.name, False
        stack.extend(children(top))


def _runs_few_times(loop: Loop) -> bool:
    """Does it count to a small constant? Also `do { ... } while (0)`, the way macros are wrapped."""
    if loop.condition == ZERO:
        return True
    start = next((s.value for s in loop.init if isinstance(s, (Assign, Declare)) and s.value is not None), None)
    bound = loop.condition.right if isinstance(loop.condition, Binary) else None
    if start is None or bound is None:
        return False
    low, high = fold(start), fold(bound)
    return low is not None and high is not None and abs(high - low) <= FEW


def callings(
    wanted: Iterable[Node],
    calls: Callable[[Node], Sequence[tuple[Node, Site]]],
    outside: Mapping[Node, Calling] | None = None,
) -> dict[Node, Calling]:
    """How functions are called: those that are wanted and all that call them. `calls` gives the calls of a function
    with their callers, `outside` says of some how they are called besides."""
    above: dict[Node, Sequence[tuple[Node, Site]]] = {}
    waiting = list(wanted)
    while waiting:
        node = waiting.pop()
        if node not in above:
            above[node] = calls(node)
            waiting += [caller for caller, _ in above[node]]
    found: dict[Node, Calling] = dict.fromkeys(above, ONCE)
    for component in components({node: [caller for caller, _ in each] for node, each in above.items()}):
        own = frozenset(component)
        ways = [outside[node] for node in component if outside is not None and node in outside]
        again = ""
        serial = True
        for caller, site in (each for node in component for each in above[node]):
            if caller not in own:
                ways.append(through(site, found[caller]))
                continue
            serial = serial and _stays_serial(site)
            if site.loops:
                again = site.caller
        together = joined(ways)
        together = replace(together, serial=together.serial and serial)
        if again:  # a function that calls itself in a loop walks a tree
            together = replace(together, loops=DEEP, caller=again)
        found.update(dict.fromkeys(component, together))
    return found


def through(site: Site, caller: Calling) -> Calling:
    """How a function is called by this call alone."""
    return Calling(
        min(site.loops + caller.loops, DEEP),
        site.shared or caller.shared,
        site.caller if site.loops or site.shared else caller.caller,
        (caller.serial or site.caller in ENTRIES) and _stays_serial(site),
    )


def _stays_serial(site: Site) -> bool:
    return not site.shared and not site.named


def joined(ways: Iterable[Calling]) -> Calling:
    """How a function is called that is called in all these ways."""
    every = list(ways)
    if not every:
        return ONCE
    most: Calling = max(every, key=lambda way: way.loops)
    return Calling(most.loops, all(way.shared for way in every), most.caller, all(way.serial for way in every))


class Calls:
    """The calls of one version of a file."""

    def __init__(self, every: Iterable[Site], outside: Mapping[str, Calling]) -> None:
        """`outside` says how functions of the file are called from other files."""
        self._outside = outside
        self._sites: dict[str, list[tuple[str, Site]]] = {}
        callees: dict[str, list[str]] = {}
        for site in every:
            self._sites.setdefault(site.callee, []).append((site.caller, site))
            callees.setdefault(site.caller, []).append(site.callee)
            callees.setdefault(site.callee, [])
        groups = reversed(components(callees))
        self._rank = {name: rank for rank, group in enumerate(groups) for name in group}
        self._known = callings(callees, lambda name: self._sites.get(name, ()), outside)

    def rank(self, name: str) -> int:
        """Callers before callees; those that call each other together."""
        return self._rank.get(name, 0)

    def as_written(self, name: str) -> Calling:
        """How a function is called as the text stands."""
        return self._known.get(name) or self._outside.get(name) or ONCE

    def of(self, name: str, divided: Mapping[str, frozenset[Span]], now: Mapping[str, Calling]) -> Calling | None:
        """How a function is called if threads get the `divided` loops of its callers, and these are called as they are
        `now`; None where that is not known of all of them yet."""
        known = self.as_written(name)
        more = self._outside.get(name)
        sites = self._sites.get(name, ())
        if known.shared or not known.loops or not sites or (more is not None and not more.shared):
            return known
        at_work = known.caller
        for caller, site in sites:
            if site.shared:
                continue
            if self.rank(caller) >= self.rank(name):  # it calls itself
                return known
            if caller not in divided:
                return None
            if not now[caller].shared and divided[caller].isdisjoint(site.around):
                return known
            at_work = now[caller].caller if now[caller].shared else caller
        return replace(known, shared=True, caller=at_work)
