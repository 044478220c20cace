"""What is said of a race: who does what while who else does it, whose memory it is and by which rule.

Every finding says it in the same order: the interleaving, the attribute of the variable and where that comes from, then
what the rule itself has to say.
"""

from __future__ import annotations

from collections.abc import Collection

from analyzers.ir.accesses import Access
from analyzers.ir.directives import Directive
from analyzers.ir.expressions import Name, root
from analyzers.ir.verdicts import Related
from analyzers.openmp.facts import PlacedAccess, Race, Region
from analyzers.openmp.sharing import associated_loops, index_of
from analyzers.text import NOWHERE, Span

_VERBS = {"read": "reads", "write": "writes", "update": "updates"}
_TEAM = ("thread", "threads")  # the names that witnesses have for the number of a thread and that of all
_MOST_VALUES = 3  # of sizes, in a sentence
_RULES = {"implicit": "by the implicit rule", "predetermined": "predetermined", "explicit": "explicitly"}
_CLAUSES = {"shared": "§5.4.2", "private": "§5.4.3", "firstprivate": "§5.4.4", "lastprivate": "§5.4.5"}


def verb(access: Access) -> str:
    return _VERBS[access.kind]


def iteration(values: tuple[tuple[str, int], ...], names: Collection[str] = ()) -> str:
    """`i=0, j=3`, of all indices or of those named; empty where only the number of the thread tells the two apart."""
    told = (v for v in values if v[0] not in _TEAM and v[0].isidentifier() and (not names or v[0] in names))
    return ", ".join(f"{name}={value}" for name, value in told)


def indices(race: Race) -> frozenset[str]:
    """The names of the indices whose iterations are shared out."""
    construct = race.first.executor.construct
    found = (index_of(loop) for loop in associated_loops(construct)) if construct is not None else ()
    return frozenset(s.name for s in found if s is not None)


def element(race: Race) -> str:
    """The memory that both touch: `a[1]` where there is a witness, the variable otherwise."""
    assert race.first.access.symbol is not None
    return race.witness.element if race.witness is not None else race.first.access.symbol.name


def interleaving(race: Race) -> str:
    """The two accesses as they meet, without a full stop: "Thread A in iteration i=3 writes `x[4]` while thread B in
    iteration i=4 reads it". With the sizes of the witness where there are any."""
    one, other = race.first.access, race.second.access
    too = " too" if verb(one) == verb(other) else ""
    text = f"{actor(race, False)} {verb(one)} `{element(race)}` while {actor(race, True)} {verb(other)} it{too}"
    sizes = _sizes(race)
    return f"With {sizes}, {text}" if sizes else text[0].upper() + text[1:]


def actor(race: Race, second: bool) -> str:
    """`thread A in iteration i=1`, `thread B in section 2`, `the lane of iteration i=2`, ..."""
    placed = race.second if second else race.first
    witness = race.witness
    names = () if race.element or race.between == "tasks" else indices(race)
    values = iteration(witness.second if second else witness.first, names) if witness is not None else ""
    if race.between == "lanes":
        return f"the lane of iteration {values}" if values else ("another lane" if second else "one lane")
    inside = f", inside `{placed.access.call}`," if placed.access.call is not None else ""
    return f"thread {'B' if second else 'A'}{_where(race, placed, second, values)}{inside}"


def _where(race: Race, placed: PlacedAccess, second: bool, values: str) -> str:
    executor = placed.executor
    if race.between == "tasks":
        return _task(race, second) + (f" with {values}" if values else "")
    if race.between == "iterations":
        return f" in iteration {values}" if values else " in another iteration" if second else " in one iteration"
    if executor.kind == "section":
        return f" in section {executor.section}"
    construct = executor.construct
    if executor.kind in ("single", "masked") and construct is not None:
        return f" in the {construct.directive.name} construct"
    if executor.kind == "iteration" and construct is not None:
        mate = (race.first if second else race.second).executor
        which = ""
        if mate.kind == "iteration" and mate.construct is not construct:
            mine = placed.access.order
            which = " of the second loop" if mine > (race.first if second else race.second).access.order else ""
            which = which or " of the first loop"
        return f" in iteration {values}{which}" if values else f" in an iteration{which or ' of the loop'}"
    return f" at {values}" if values else ""


def _task(race: Race, second: bool) -> str:
    mine, mate = (race.second, race.first) if second else (race.first, race.second)
    if mine.executor.kind not in ("task", "iteration"):
        return ", which goes on beside the task,"
    if mate.executor.kind not in ("task", "iteration"):
        return " in the task"
    return " in another task" if second else " in a task"


def _sizes(race: Race) -> str:
    if race.witness is None:
        return ""
    sizes = [f"{name}={value}" for name, value in race.witness.parameters if name not in _TEAM]
    return ", ".join(sizes) if len(sizes) <= _MOST_VALUES else ""


def sharing(race: Race) -> str:
    """Whose memory it is, as a sentence: the attribute, whether a rule or a clause gives it, and the section."""
    symbol, found = race.first.access.symbol, race.first.attribute
    assert symbol is not None
    if found is None:
        return f"`{symbol.name}` is shared by all threads (OpenMP 5.2 §5.1.1)."
    section = _CLAUSES.get(found.attribute, "§5.1.1") if found.origin == "explicit" else "§5.1.1"
    if found.why.startswith("default("):
        section = "§5.4.1"
    word = _RULES[found.origin]
    attribute = f"predetermined {found.attribute}" if word == "predetermined" else f"{found.attribute} {word}"
    text = f"`{symbol.name}` is {attribute}, because {found.why} (OpenMP 5.2 {section})"
    if found.attribute != "shared":
        return f"{text}; every copy leads to the same memory."
    return f"{text}."


def related(race: Race) -> tuple[Related, ...]:
    """The other access of the pair, and where the variable gets its attribute."""
    found: list[Related] = []
    one, other = race.first.access, race.second.access
    if one.span != other.span:
        found.append(Related(other.span, f"{actor(race, True).rstrip(',')} {verb(other)} `{element(race)}` here"))
    given = _given(race)
    if given is not None and given.span not in (one.span, other.span):
        found.append(given)
    return tuple(found)


def _given(race: Race) -> Related | None:
    """The clause that lists the variable; of a whole variable without one its declaration."""
    symbol, attribute = race.first.access.symbol, race.first.attribute
    if symbol is None or attribute is None:
        return None
    if attribute.origin == "explicit":
        span = _listed(race.region, symbol.name, attribute.attribute)
        return None if span is None else Related(span, f"`{symbol.name}` is {attribute.attribute} by this clause")
    if race.element or symbol.span == NOWHERE or attribute.attribute != "shared":
        return None
    inside = race.region.construct.span.contains(symbol.span)
    where = "with static storage" if inside else "outside the region"
    return Related(symbol.span, f"`{symbol.name}` is declared here, {where}")


def _listed(region: Region, name: str, clause: str) -> Span | None:
    directive: Directive = region.construct.directive
    for each in directive.all(clause):
        for item in each.items:
            base = root(item.expr) if item.expr is not None else None
            if isinstance(base, Name) and base.symbol.name == name:
                return item.span
    return None
