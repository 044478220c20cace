"""The text of a program with a race: the region as it stands, inside a `main` that declares and fills what it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.accesses import Access, Member, Subscripts
from analyzers.ir.expressions import symbols
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Evaluate,
    Loop,
    Stmt,
    calls_of,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol, Type
from analyzers.openmp.facts import OpenMPFacts, Race, Region
from analyzers.openmp.sharing import declared_inside, mentioned
from analyzers.reproducer import Draft, NotReproducibleError
from analyzers.reproducer import values as numbers
from analyzers.reproducer.values import Values
from analyzers.rules.race import _words as words
from analyzers.text import SourceText, Span, line_start

_SCALARS = ("integer", "real", "complex", "logical", "character")
_LOCKS = {"omp_lock_t": "omp_init_lock", "omp_nest_lock_t": "omp_init_nest_lock"}
_COUNTERS = ("k", "each", "counter", "number_of_the_element")
_MANY_LOCKS = 101
_RUNS = 20  # of what one thread may do alone
_NAP = "usleep(2000);"


@dataclass(frozen=True, slots=True)
class Other:
    """Another function of the file: where it stands, and what it calls."""

    span: Span
    name: str
    callees: tuple[str, ...]


@dataclass(slots=True)
class _Main:
    """What stands in `main` before the region; `counter` is a name that the region does not use."""

    counter: str
    declarations: list[str] = field(default_factory=list)
    fillings: list[str] = field(default_factory=list)


def draft(
    source: SourceText, start: int, facts: FunctionFacts, openmp: OpenMPFacts, race: Race, others: Sequence[Other]
) -> Draft:
    """The program for a race in the function that starts at byte `start`; `others` are those beside it.

    Raises NotReproducibleError.
    """
    if race.between == "lanes":
        raise NotReproducibleError("ThreadSanitizer watches threads; a race between the lanes of SIMD is none to it")
    function = facts.function
    construct = _region(race.region, openmp)
    whole = construct is None or function.name in function.callees
    body: Stmt = function.body if construct is None or whole else construct
    free = list(function.params) if whole else _free(construct, body)
    accesses = [a for a in facts.accesses if body.span.contains(a.span)]
    used = [*free, *(s for s in _globals(body) if s not in free)]
    values = numbers.choose(facts, body, used, race.witness)
    main = _Main(next(name for name in _COUNTERS if all(s.name != name for s in used)))
    for symbol in used:
        _declare(main, symbol, values, accesses, symbol not in free)
    nap = ["#include <unistd.h>"] if _needs_time(race) and not whole else []
    lines = [*nap, "int main(void)", "{", *(f"    {each}" for each in (*main.declarations, *main.fillings))]
    if whole:
        call = f"{function.name}({', '.join(s.name for s in function.params)});"
        inside = construct is None
        team = ["    #pragma omp parallel", *(["    #pragma omp single"] if race.between == "tasks" else [])]
        region = [*team, f"    {call}"] if inside else [f"    {call}"]
        kept, place = source.slice(function.span.shifted(start)), race.first.access.span.start
    else:
        assert construct is not None
        region, kept, place = _text(source, construct.span.shifted(start), _naps(race, body, start)), "", -1
    if _needs_time(race):
        lines += [f"    for (int run = 0; run < {_RUNS}; run++) {{", *(f"    {each}" for each in region), "    }"]
    else:
        lines += region
    lines += ["    return 0;", "}", ""]
    needed = _reached(body, others)
    _refuse_unseen(facts, body)
    gone = [other.span for other in others if other.name not in needed]
    return _assembled(source, function.span.shifted(start), gone, kept, "\n".join(lines), place, race, start)


def _refuse_unseen(facts: FunctionFacts, body: Stmt) -> None:
    for stmt in walk_statements(body):
        for call in calls_of(stmt):
            effects = facts.effects.get(call.name or "")
            if call.name != facts.function.name and (effects is None or effects.unknown is not None):
                raise NotReproducibleError(f"`{call.name or 'a function'}` is defined elsewhere in the program")


def _reached(body: Stmt, others: Sequence[Other]) -> set[str]:
    """The names of the functions that a body names, also by way of others."""
    callees = {other.name: other.callees for other in others}
    left = [s.name for stmt in walk_statements(body) for e in expressions(stmt) for s in symbols(e)]
    found: set[str] = set()
    while left:
        name = left.pop()
        if name in callees and name not in found:
            found.add(name)
            left += callees[name]
    return found


def _assembled(
    source: SourceText, at: Span, gone: Sequence[Span], kept: str, main: str, place: int, race: Race, start: int
) -> Draft:
    """The file with `main` in place of the function, or behind it, and without `others`."""
    data = source.data
    written = (f"{kept}\n\n{main}" if kept else main).encode("utf-8", "surrogatepass")
    parts, position, moved = [], 0, 0
    for span in sorted((at, *gone), key=lambda s: s.start):
        parts.append(data[position : span.start])
        if span == at:
            moved = sum(map(len, parts))
            parts.append(written)
        position = span.end
    parts.append(data[position:])
    text = b"".join(parts)
    head = moved + len(written) - len(main.encode("utf-8", "surrogatepass"))
    head += main.index("int main(void)")
    told = words.interleaving(race)
    if place >= 0:
        return Draft(text, moved + place, head, told)
    at_access = start + race.first.access.span.start
    begins = line_start(data, at_access)
    line = source.line_text(source.line_of(at_access)).strip().encode("utf-8", "surrogatepass")
    found = text.rfind(line, moved, moved + len(written))
    if found < 0:
        raise NotReproducibleError("the region could not be taken out of its function")
    indent = len(data[begins:at_access]) - len(data[begins:at_access].lstrip(b" \t"))
    return Draft(text, found + at_access - begins - indent, head, told)


def _region(region: Region, openmp: OpenMPFacts) -> Construct | None:
    """The outermost parallel construct around a race; None where the team comes from a caller."""
    construct = region.construct
    if construct.directive.span.start == construct.directive.span.end:
        return None
    around = [r.construct for r in openmp.regions if r.construct.span.contains(construct.span)]
    around = [c for c in around if c.directive.span.start < c.directive.span.end]
    outermost = min(around, key=lambda c: c.span.start - c.span.end, default=construct)
    return outermost if outermost.directive.has("parallel", "teams", "target") else None


def _free(construct: Construct | None, body: Stmt) -> list[Symbol]:
    """The variables of the function that the region names and does not declare."""
    assert construct is not None
    inside = declared_inside(body)
    named = list(mentioned(body))
    for stmt in walk_statements(body):
        if isinstance(stmt, Construct):
            for clause in stmt.directive.clauses:
                for item in clause.items:
                    parts = (item.expr, *(bound for section in item.section for bound in section))
                    named += (s for part in parts if part is not None for s in symbols(part))
    for symbol in list(named):
        named += (s for extent in numbers.extents(symbol) if extent is not None for s in symbols(extent))
    return [
        s
        for s in dict.fromkeys(named)
        if s not in inside and s.storage in ("parameter", "local", "static") and not body.span.contains(s.span)
    ]


def _globals(body: Stmt) -> Iterator[Symbol]:
    """The objects at file scope that the region names: they have no values but zero."""
    found = (s for s in mentioned(body) if s.storage == "global" and not s.type.const and not s.threadprivate)
    return (s for s in found if not (s.is_array and s.type.element is not None and s.type.element.const))


# --- declarations ---------------------------------------------------------------------------------------------------


def _declare(main: _Main, symbol: Symbol, values: Values, accesses: Sequence[Access], is_global: bool) -> None:
    type_, name = symbol.type, symbol.name
    lock = _LOCKS.get((type_.element or type_).name)
    if lock is not None:
        return _lock(main, symbol, lock, is_global)
    if type_.kind in _SCALARS:
        value = values.given.get(symbol, values.ranges.get(symbol, (1, 1))[0])
        if is_global:
            main.fillings.append(f"{name} = {value};")
        else:
            main.declarations.append(f"{type_.name} {name} = {value};")
        return None
    if is_global:
        if type_.kind == "pointer":
            raise NotReproducibleError(f"what `{name}` leads to is made elsewhere in the program")
        _fill(main, name, type_.element or type_)
        return None
    if type_.kind == "record":
        main.declarations.append(f"static {type_.name} {name};")
    elif type_.kind == "array":
        if type_.element is not None and type_.element.const:
            raise NotReproducibleError(f"the values of `{name}` stand in the function")
        counts = [_extent(values, extent) for extent in numbers.extents(symbol)]
        sizes = "".join(f"[{count}]" for count in counts)
        main.declarations.append(f"static {type_.element.name if type_.element else 'int'} {name}{sizes};")
        _fill(main, name, type_.element, counts[0] if len(counts) == 1 else None)
    elif type_.kind == "pointer":
        _pointer(main, symbol, values, [a for a in accesses if a.symbol == symbol])
    else:
        raise NotReproducibleError(f"nobody says what `{name}` is")
    return None


def _lock(main: _Main, symbol: Symbol, initialise: str, is_global: bool) -> None:
    """Locks have to be made before they are taken."""
    name, type_ = symbol.name, symbol.type
    one = type_.kind not in ("array", "pointer")
    if is_global and type_.kind == "pointer":
        raise NotReproducibleError(f"what `{name}` leads to is made elsewhere in the program")
    if not is_global:
        main.declarations.append(f"static {(type_.element or type_).name} {name}{'' if one else f'[{_MANY_LOCKS}]'};")
    if one:
        main.fillings.append(f"{initialise}(&{name});")
        return
    count, k = f"sizeof {name} / sizeof *{name}", main.counter
    main.fillings.append(f"for (unsigned long {k} = 0; {k} < {count}; {k}++) {initialise}(&{name}[{k}]);")


def _extent(values: Values, extent: object) -> int:
    if extent is None:
        return 1000
    return max(1, values.interval(extent)[1])  # type: ignore[arg-type]


def _pointer(main: _Main, symbol: Symbol, values: Values, accesses: Sequence[Access]) -> None:
    pointee, name = symbol.type.element, symbol.name
    if pointee is None or pointee.kind in ("function", "void", "unknown"):
        raise NotReproducibleError(f"nobody says what `{name}` leads to")
    if any(isinstance(s, Member) for a in accesses for s in a.path) and any(
        isinstance(step, Subscripts) and step.through_pointer for a in accesses for step in a.path[1:]
    ):
        raise NotReproducibleError(f"what the members of `{name}` lead to is made elsewhere in the program")
    if pointee.kind == "pointer":
        return _rows(main, symbol, values, accesses)
    inner = pointee.extents if pointee.kind == "array" else ()
    element = pointee.element if pointee.kind == "array" and pointee.element is not None else pointee
    low, high = numbers.reach(values, symbol, accesses)[0]
    count = high + 1 - min(low, 0)
    sizes = "".join(f"[{_extent(values, each.size)}]" for each in inner)
    if low >= 0 and not _is_moved(accesses):
        main.declarations.append(f"static {element.name} {name}[{count}]{sizes};")
        _fill(main, name, element, None if inner else count)
        return None
    if inner:
        raise NotReproducibleError(f"`{name}` is moved, or read before its beginning")
    main.declarations.append(f"static {element.name} {name}_data[{count + 1}];")
    main.declarations.append(f"{element.name} *{name} = {name}_data + {-min(low, 0)};")
    _fill(main, f"{name}_data", element, count + 1)
    return None


def _rows(main: _Main, symbol: Symbol, values: Values, accesses: Sequence[Access]) -> None:
    row = symbol.type.element
    assert row is not None
    element = row.element
    if element is None or element.kind not in _SCALARS:
        raise NotReproducibleError(f"`{symbol.name}` has more levels than a table has")
    (low, rows), (least, columns) = numbers.reach(values, symbol, accesses, 2)
    if low < 0 or least < 0 or (rows + 1) * (columns + 1) > 4_000_000:
        raise NotReproducibleError(f"the size of `{symbol.name}` is not to be found out")
    name, k = symbol.name, main.counter
    main.declarations.append(f"static {element.name} {name}_data[{rows + 1}][{columns + 1}], *{name}[{rows + 1}];")
    main.fillings.append(f"for (int {k} = 0; {k} <= {rows}; {k}++) {name}[{k}] = {name}_data[{k}];")
    _fill(main, f"{name}_data", element)


def _is_moved(accesses: Iterable[Access]) -> bool:
    """Is the pointer itself written?"""
    return any(a.writes and not a.path for a in accesses)


def _fill(main: _Main, name: str, element: Type | None, count: int | None = None) -> None:
    """Elements that are not zero; `count` of a list, None of anything else."""
    if element is None or element.kind not in ("integer", "real", "character"):
        return
    low, high = numbers.FILLED
    k = main.counter
    if count is not None:
        main.fillings.append(f"for (int {k} = 0; {k} < {count}; {k}++) {name}[{k}] = {k} % {high} + {low};")
        return
    every = f"sizeof {name} / sizeof({element.name})"
    main.fillings.append(
        f"for (unsigned long {k} = 0; {k} < {every}; {k}++) (({element.name} *){name})[{k}] = {k} % {high} + {low};"
    )


def _needs_time(race: Race) -> bool:
    """May one thread do both before another one comes?"""
    return race.between == "tasks" or any(p.executor.kind in ("section", "single") for p in (race.first, race.second))


def _naps(race: Race, body: Stmt, start: int) -> list[tuple[int, str]]:
    """What is written where, so that other threads come before the two accesses are both made."""
    if not _needs_time(race):
        return []
    alone = {id(s.body) for s in walk_statements(body) if isinstance(s, Construct) and s.directive.has("atomic")}
    blocks = [s for s in walk_statements(body) if isinstance(s, Block) and id(s) not in alone]
    steps = {id(s): s for block in blocks for s in block.statements if isinstance(s, (Assign, Evaluate))}
    loops = [s for s in walk_statements(body) if isinstance(s, Loop)]
    found: dict[int, str] = {}
    for placed in (race.first, race.second):
        step = steps.get(id(placed.access.statement))
        if step is not None and not any(loop.span.contains(step.span) for loop in loops):
            found[start + step.span.start] = f"{{ {_NAP} "
            found[start + step.span.end] = " }"
    return sorted(found.items())


def _text(source: SourceText, span: Span, naps: Sequence[tuple[int, str]]) -> list[str]:
    """The lines of a region, indented as the body of a function."""
    data = source.data
    first = line_start(data, span.start)
    parts, at = [], first
    for place, text in naps:
        end = place
        if text.startswith(" "):
            end = data.find(b";", place - 1) + 1
        parts += [data[at:end].decode("utf-8", "replace"), text]
        at = end
    lines = "".join([*parts, data[at : span.end].decode("utf-8", "replace")]).splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return [f"    {line[min(margin, len(line) - len(line.lstrip())) :]}".rstrip() for line in lines]
