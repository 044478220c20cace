"""Calls between files: the effects of functions that are defined in other files, closed over all of them.

A call means the definition of that name with external linkage. Where there are several (several programs in one folder,
a newer and an older version), it may mean any of them that has the parameters that the caller declares. Nothing is
known where one of them can be replaced by the linker or takes any number of arguments. That none of them is meant, but
a function that nobody has seen, is out of the question if a definition includes the header by which the caller declares
it: then it is *certain*, else an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from analyzers.dependence import callers
from analyzers.dependence.callers import Site
from analyzers.dependence.callgraph import components
from analyzers.dependence.collected import closed
from analyzers.dependence.effects import ROUNDS, UNSEEN, joined
from analyzers.dependence.facts import Basis, Calling, Effects
from analyzers.dependence.transparency import see_through
from analyzers.dependence.units import Definition, Unit, renamed, stands_alone
from analyzers.ir.linkage import Declared, agree
from analyzers.words import listed

Place = tuple[str, str]  # a file and the name of a function in it

_MOST = 400  # places that one function may touch; what touches more is not worth following


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that a call from another file may mean. `through`: the files whose text its effects rest on."""

    source: str
    declared: Declared | None
    replaceable: bool
    variadic: bool
    effects: Effects
    through: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outside:
    """What one file is told of functions that it does not define, by name. `digest` is that of the text of the file
    itself as it was when others that call it were looked at."""

    source: str = ""
    digest: str = ""
    functions: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    called: Mapping[str, Calling] = field(default_factory=dict)  # functions of the file, as other files call them


class Program:
    """All files together. Effects are found when they are asked for."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self._units = {unit.source: unit for unit in units}
        self._definitions: dict[Place, list[Definition]] = {}
        self._exported: dict[str, list[Place]] = {}
        self._calling: dict[str, list[Unit]] = {}
        for unit in self._units.values():
            for callee in unit.calls:
                self._calling.setdefault(callee, []).append(unit)
            for definition in unit.definitions:
                place = (unit.source, definition.name)
                group = self._definitions.setdefault(place, [])
                if not group and definition.linkage != "internal" and definition.name != "main":
                    self._exported.setdefault(definition.name, []).append(place)
                group.append(definition)
        self._callings: dict[Place, Calling] = {}
        self._effects: dict[Place, Effects] = {}
        self._through: dict[Place, frozenset[str]] = {}

    def defines(self, name: str) -> bool:
        """Does some file define a function of that name that others may call?"""
        return name in self._exported

    def outside(self, source: str, names: Iterable[str], digest: str = "") -> Outside:
        """What the file `source` is told of the functions `names`, as far as other files define them."""
        found: dict[str, tuple[Candidate, ...]] = {}
        for name in sorted(set(names)):
            places = [place for place in self._exported.get(name, ()) if place[0] != source]
            if places:
                found[name] = tuple(self._candidate(place) for place in sorted(places))
        return Outside(source, digest, found, self._called_from_others(source))

    def _called_from_others(self, source: str) -> dict[str, Calling]:
        """How functions of a file are called from other files."""
        found: dict[str, Calling] = {}
        for definition in self._units[source].definitions if source in self._units else ():
            sites = self._calls((source, definition.name), own=False)
            missing = {caller for caller, _ in sites} - self._callings.keys()
            self._callings.update(callers.callings(missing, self._calls))
            if sites:
                found[definition.name] = callers.joined(
                    callers.through(site, self._callings[caller]) for caller, site in sites
                )
        return found

    def _calls(self, place: Place, *, own: bool = True) -> list[tuple[Place, Site]]:
        """The calls that may mean a function, with the functions that make them; `own`: those of its file too."""
        source, name = place
        seen = place in self._exported.get(name, ())
        return [
            ((unit.source, site.caller), site)
            for unit in self._calling.get(name, ())
            if (own if unit.source == source else seen and name not in unit.defined)
            for site in unit.calls[name]
        ]

    def _candidate(self, place: Place) -> Candidate:
        self._solve(place)
        group = self._definitions[place]
        return Candidate(
            place[0],
            group[0].declared,
            any(d.linkage == "replaceable" for d in group),
            any(d.variadic for d in group),
            self._effects[place],
            self._through[place],
        )

    def _solve(self, start: Place) -> None:
        """The effects of a function and of all that it calls."""
        if start in self._effects:
            return
        below: dict[Place, list[Place]] = {}
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place in below or place in self._effects:
                continue
            below[place] = list(dict.fromkeys(self._callees(place)))
            waiting += below[place]
        for component in components(below):
            recursive = len(component) > 1 or component[0] in below[component[0]]
            self._close(component, recursive)
            members = {place for each in component for place in below[each]}
            sources = frozenset(place[0] for place in component)
            through = sources.union(*(self._through.get(place, sources) for place in members))
            for place in component:
                self._through[place] = through

    def _callees(self, place: Place) -> Iterable[Place]:
        source, _ = place
        for definition in self._definitions[place]:
            for site in definition.effects.sites:
                yield from self._meant(source, site.callee)

    def _meant(self, source: str, callee: str) -> list[Place]:
        """The definitions that a call in a file may mean."""
        own = (source, callee)
        return [own] if own in self._definitions else self._exported.get(callee, [])

    def _close(self, component: list[Place], recursive: bool) -> None:
        if not recursive:
            self._effects[component[0]] = self._closed(component[0])
            return
        for place in component:
            self._effects[place] = Effects(parameters=("none",))
        for _ in range(ROUNDS):
            before = [self._effects[place] for place in component]
            for place in component:
                self._effects[place] = self._closed(place)
            if [self._effects[place] for place in component] == before:
                return
        for place in component:
            self._effects[place] = Effects(unknown="is recursive")

    def _closed(self, place: Place) -> Effects:
        source = place[0]
        definitions = self._definitions[place]
        effects = joined([_closed(each, lambda callee: self._called(source, callee)) for each in definitions])
        if len(effects.reads) + len(effects.writes) + len(effects.memory) > _MOST:
            return Effects(unknown="touches more than is worth following")
        return effects

    def _called(self, source: str, callee: str) -> Effects:
        if (source, callee) in self._definitions:
            return self._effects[source, callee]
        places = self._exported.get(callee, ())
        candidates = [
            Candidate(
                place[0],
                self._definitions[place][0].declared,
                any(d.linkage == "replaceable" for d in self._definitions[place]),
                any(d.variadic for d in self._definitions[place]),
                self._effects[place],
                frozenset(),
            )
            for place in places
        ]
        return chosen(callee, self._units[source].declared.get(callee), candidates)


def _closed(definition: Definition, called: Callable[[str], Effects]) -> Effects:
    """The effects of a definition, given those of the functions that it leaves open."""
    if not definition.effects.sites:
        return definition.effects.effects
    known = {site.callee: called(site.callee) for site in definition.effects.sites}
    effects = closed(definition.effects, [(site, known[site.callee]) for site in definition.effects.sites])
    if definition.body is None or effects.unknown is not None or "escapes" in effects.parameters:
        return effects
    seen = see_through(definition.body, {**dict(definition.callees), **known})
    return replace(effects, transparent=seen) if seen is not None and stands_alone(seen) else effects


def chosen(name: str, declared: Declared | None, candidates: Iterable[Candidate]) -> Effects:
    """The effects of a call of `name` in a file that declares it like this, if it means one of the candidates."""
    candidates = list(candidates)
    if not candidates:
        return UNSEEN
    problem = _problem(declared, candidates)
    candidates = [c for c in candidates if _fits(declared, c)] or candidates
    where = listed([candidate.source for candidate in candidates])
    effects = joined([candidate.effects for candidate in candidates])
    if problem is None and effects.unknown is not None:
        each = next((c for c in candidates if c.effects.unknown is not None), candidates[0])
        problem = f"(in {each.source}) {each.effects.unknown or effects.unknown}"
    if problem is not None:
        return Effects(unknown=problem)
    certain = declared is not None and any(
        candidate.declared is not None and declared.headers & candidate.declared.headers for candidate in candidates
    )
    # What is certain of the callees of others is of no interest here.
    doubts = {each for each in effects.basis if not each.certain}
    return replace(effects, basis=frozenset({*doubts, Basis(name, where, certain)}))


def _fits(declared: Declared | None, candidate: Candidate) -> bool:
    return declared is None or candidate.declared is None or agree(declared, candidate.declared)


def _problem(declared: Declared | None, candidates: list[Candidate]) -> str | None:
    """Why the definitions say nothing about a call; completes "`f` ..."."""
    if declared is None:
        where = candidates[0].source
        return f"is defined in {where}, but where it is called it is not declared, overloaded, or one of a header"
    fitting = [candidate for candidate in candidates if _fits(declared, candidate)]
    if not fitting:
        return f"has other parameters in {candidates[0].source} than where it is called"
    for candidate in fitting:
        if candidate.declared is None:
            return f"is overloaded in {candidate.source}: which one is called is not known"
        if candidate.replaceable:
            return f"is defined in {candidate.source} as a symbol that another definition may replace"
        if candidate.variadic:
            return f"takes any number of arguments (in {candidate.source})"
    return None


def imported(
    outside: Outside,
    names: Iterable[str],
    declared: Mapping[str, Declared | None],
    internal: frozenset[str],
    digest: str,
) -> dict[str, Effects]:
    """The effects of functions of other files in the terms of the file that calls them: `declared` is how it declares
    them, `internal` are its objects that other files do not see, `digest` is that of its text."""
    own = f"{outside.source}:"

    def rename(name: str) -> str:
        if name.startswith(own):
            return name.removeprefix(own)
        return f"extern {name}" if name in internal else name

    found: dict[str, Effects] = {}
    for name in names:
        candidates = outside.functions.get(name)
        if not candidates:
            continue
        effects = chosen(name, declared.get(name), candidates)
        if digest != outside.digest and any(outside.source in candidate.through for candidate in candidates):
            effects = Effects(unknown=f"(in {candidates[0].source}) calls back into this file, which has changed")
        found[name] = renamed(effects, rename)
    return found
