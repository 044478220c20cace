"""From verdicts to pragmas: which directive is right for a loop, and where in a nest it pays.

Two questions are kept apart. What is *right* follows from the facts alone: every loop whose iterations are independent
gets its pragma. What is *offered* is the outermost loop of a nest that pays; the others say why not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from analyzers.costs import DEFAULTS, Costs
from analyzers.dependence.facts import DEEP, Calling, FunctionFacts, LoopFacts, Reduction
from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Expr, Name, symbols
from analyzers.ir.notation import Notation
from analyzers.ir.symbols import Symbol
from analyzers.openmp import canonical, cost, pipelines, thresholds
from analyzers.openmp.cost import Work
from analyzers.openmp.nests import Nests
from analyzers.openmp.pipelines import Pipeline
from analyzers.openmp.sharing import copied_inside
from analyzers.openmp.thresholds import Threshold
from analyzers.standards import openmp

THREADS = 16  # a team of ordinary size: fewer iterations than this leave threads without work
COLLAPSE_BELOW = 64  # iterations of the outer loop under which it is worth dividing the inner one as well
COPIES_PAY = 64.0  # operations for each element of a private copy of a reduced array
PRIVATE_ARRAY = 65_536  # elements of a private array that still fit the stack of a thread
VECTOR = 8  # iterations below which a vector unit does not pay


@dataclass(frozen=True, slots=True)
class Proposal:
    """What OpenMP can do for one loop.

    `pragma` is right as the facts stand, `conditional` if the strong assumptions hold; `clauses` are those of either,
    without the schedule and without `threshold`, the condition under which it pays. `profitable`: the pragma is offered
    here, and `advice` says why or why not. `simd` is the pragma for the vector unit of one core, where threads are not
    offered.
    """

    pragma: str | None = None
    conditional: str | None = None
    simd: str | None = None
    clauses: tuple[str, ...] = ()
    schedule: str = ""
    schedule_reason: str = ""
    threshold: str = ""
    collapse: int = 1
    profitable: bool = False
    advice: str = ""
    work: Work | None = None
    pipeline: Pipeline | None = None  # of a loop that is not parallel


def propose(function: FunctionFacts, costs: Costs = DEFAULTS) -> tuple[Proposal, ...]:
    """One proposal for each loop of the function, in the order of `function.loops` (outer loops first)."""
    nests = Nests.of(function.loops)
    works = cost.works(function, costs)
    taken: set[int] = set()  # loops that are offered a pragma, and those that a collapse has swallowed
    proposals = []
    for facts in function.loops:
        proposal = _proposal(facts, function, nests, works, taken)
        if proposal.profitable or proposal.pipeline is not None:
            taken.add(id(facts.loop))
        proposals.append(proposal)
    return tuple(proposals)


def divided(
    facts: LoopFacts,
    nests: Nests[LoopFacts],
    work: Work,
    notation: Notation,
    *more: str,
    directive: str = "parallel for",
    schedule: str | None = None,
) -> str | None:
    """The line that divides a loop among threads if it is parallel, with the clauses that its facts need and `more`.
    `schedule`: the one to take, None: the one that fits the work."""
    schedule = _schedule(facts, nests, work)[0] if schedule is None else schedule
    return _line(notation, directive, (*_clauses(facts, frozenset(), 1), *more), schedule)


def withdrawn(proposal: Proposal, problem: str) -> Proposal:
    """The proposal where there is no place to put its pragma."""
    return replace(proposal, profitable=False, pipeline=None, advice=problem)


def _proposal(
    facts: LoopFacts, function: FunctionFacts, nests: Nests[LoopFacts], works: Mapping[int, Work], taken: set[int]
) -> Proposal:
    work, notation = works[id(facts.loop)], function.function.notation
    parallel = facts.verdict.counts_as_parallel
    if not parallel and not facts.verdict.assumptions:
        return Proposal(work=work, pipeline=_pipeline(facts, nests, works, taken, notation))
    if (problem := canonical.problem(facts)) is not None:
        return Proposal(advice=problem, work=work)

    if (hidden := _unnameable(facts)) is not None:
        advice = f"no clause can name `{hidden}`, of which each iteration needs its own: declare it inside the loop"
        return Proposal(advice=advice, work=work)
    if (whole := next((r.symbol.name for r in facts.reductions if r.symbol.type.wrapped), None)) is not None:
        advice = f"no clause combines the elements of `{whole}`, an object of a class: take a pointer to them first"
        return Proposal(advice=advice, work=work)

    collapse = _collapse(facts, nests, works)
    listed = clauses(facts, nests, collapse)
    schedule, schedule_reason = _schedule(facts, nests, work)
    line = _line(notation, _directive(facts), listed, schedule)
    common = Proposal(clauses=listed, schedule=schedule, schedule_reason=schedule_reason, collapse=collapse, work=work)
    if not parallel:
        return replace(common, conditional=line, advice="right only if the assumptions hold")
    least = thresholds.of(facts, nests, works)
    objection = _objection(facts, nests, works, taken) or _objection_to_calls(function.called, least)
    if objection is None:
        whole = f"{line} if({least.condition})" if line is not None and least.condition else line
        return replace(common, pragma=whole, threshold=least.condition, profitable=True, advice=_praise(work, least))
    return replace(common, pragma=line, simd=_simd(facts, nests, work, notation), advice=objection)


def _pipeline(
    facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work], taken: set[int], notation: Notation
) -> Pipeline | None:
    if _unnameable(facts) is not None or any(id(outer.loop) in taken for outer in nests.above(facts)):
        return None
    return pipelines.propose(facts, nests, works, _clauses(facts, frozenset(), 1), notation)


def _unnameable(facts: LoopFacts) -> str | None:
    """What would have to be listed and is no variable of the program: the size of a container."""
    listed = (
        *facts.private, *facts.firstprivate, *facts.lastprivate, *facts.conditional,
        *(symbol for symbol, _ in facts.linear), *(reduction.symbol for reduction in facts.reductions),
    )  # fmt: skip
    return next((s.name for s in listed if not s.name.replace("::", "").isidentifier()), None)


def _directive(facts: LoopFacts) -> str | None:
    """None in a region that is parallel already: each of its threads runs the whole loop, which may be meant so."""
    if facts.governed_by is None:
        return None if facts.inside_parallel else "parallel for"
    return facts.governed_by.directive.name


def _line(notation: Notation, directive: str | None, clauses: Iterable[str], schedule: str) -> str | None:
    """The whole line, None where the directive does not take a clause that is needed."""
    if directive is None:
        return None
    allowed = {rule.name for rule in openmp.clauses_of(directive)}
    if any(clause.partition("(")[0] not in allowed for clause in clauses):
        return None
    last = [schedule] if schedule and "schedule" in allowed else []
    return notation.directive(directive, *clauses, *last)


# Clauses


def _clauses(facts: LoopFacts, collapsed: frozenset[Symbol], collapse: int) -> tuple[str, ...]:
    """In this order: collapse, private, firstprivate, lastprivate, linear, reduction."""
    clauses = [f"collapse({collapse})"] if collapse > 1 else []
    unlisted = {*facts.lastprivate, *collapsed, *copied_inside(facts.loop.body)}
    for name, listed in (
        ("private", [s for s in facts.private if s not in unlisted]),
        ("firstprivate", facts.firstprivate),
        ("lastprivate", facts.lastprivate),
    ):
        if listed:
            clauses.append(f"{name}({', '.join(_names(listed))})")
    if facts.conditional:
        clauses.append(f"lastprivate(conditional: {', '.join(_names(facts.conditional))})")
    for symbol, step in facts.linear:
        clauses.append(f"linear({symbol.name}{_step(step)})")
    clauses += _reductions(facts.reductions)
    return tuple(clauses)


def clauses(facts: LoopFacts, nests: Nests[LoopFacts], collapse: int) -> tuple[str, ...]:
    """The clauses of a loop directive here that divides `collapse` loops together."""
    return _clauses(facts, _collapsed_indices(facts, nests, collapse), collapse)


def _names(listed: Iterable[Symbol]) -> list[str]:
    return list(dict.fromkeys(symbol.name for symbol in listed))


def _step(step: Expr) -> str:
    value = fold(step)
    return "" if value == 1 else f": {spell(step) if value is None else value}"


def _reductions(reductions: Iterable[Reduction]) -> list[str]:
    """One clause for each operator, in the order of their first variable."""
    items: dict[str, dict[str, None]] = {}
    for reduction in reductions:
        items.setdefault(reduction.op, {})[reduction.item] = None
    return [f"reduction({op}:{', '.join(names)})" for op, names in items.items()]


def _collapse(facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work]) -> int:
    """How many loops to divide together: only where the outer ones alone have too few iterations, because the indices
    of a collapsed loop are found by division."""
    count = works[id(facts.loop)]
    trips, levels, current = count.trips, 1, facts
    bounded = count.bounded or count.counted
    while levels < facts.collapse and bounded and trips < COLLAPSE_BELOW:
        inside = nests.children(current)
        if len(inside) != 1 or not inside[0].verdict.counts_as_parallel or canonical.problem(inside[0]) is not None:
            break
        current = inside[0]
        trips *= works[id(current.loop)].trips
        levels += 1
    return levels


def _collapsed_indices(facts: LoopFacts, nests: Nests[LoopFacts], collapse: int) -> frozenset[Symbol]:
    indices = set()
    current = facts
    for _ in range(1, collapse):
        (current,) = nests.children(current)
        if current.header is not None:
            indices.add(current.header.index)
    return frozenset(indices)


def _schedule(facts: LoopFacts, nests: Nests[LoopFacts], work: Work) -> tuple[str, str]:
    """A clause and its reason, both empty where equal shares are right (OpenMP 5.2 §11.5.3).

    Steady growth is dealt out in turn: that balances it, costs nothing at run time and gives the same element to the
    same thread each time. Only what cannot be foreseen is handed out on demand.
    """
    light = work.each < work.costs.light
    evenness = cost.evenness(facts, nests.below(facts))
    if evenness == "triangular":
        chunk = 8 if light else 1
        return f"schedule(static, {chunk})", "the work grows or shrinks with the index: dealt out in turn it is even"
    if evenness == "data":
        # libomp (up to 22 at least) forgets the last iteration's value when threads steal from each other, and stealing
        # is what OpenMP 5.0 made the default of `dynamic`.
        ordered = "monotonic:" if facts.lastprivate or facts.linear or facts.conditional else ""
        clause = f"schedule({ordered}dynamic{', 16' if light else ''})"
        return clause, "how long an iteration takes depends on the data: a free thread takes the next one"
    return "", ""


# What pays


def _objection(facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work], taken: set[int]) -> str | None:
    """Why the pragma is not offered here; None where it is."""
    work = works[id(facts.loop)]
    if facts.governed_by is not None:
        return "it already has an OpenMP directive"
    if facts.inside_parallel:
        if any(outer.governed_by is not None for outer in nests.above(facts)):
            return "the loop around it is shared out among the threads already"
        return "every thread of the parallel region runs all of it"
    if any(id(outer.loop) in taken for outer in nests.above(facts)):
        return "the outer loop is the better place"
    if not work.pays:
        return _too_small(work)
    if not work.bounded and (place := _wider(facts, nests, works)) is not None:
        return place
    if work.bounded and work.operations < work.enough + work.costs.reduction * len(facts.reductions):
        return f"too small to pay: putting the results of the threads together takes longer than {_size(work)}"
    if (waiting := cost.allocator(facts, nests, works)) is not None:
        return f"most of its work is done by `{waiting}`, where threads wait for each other"
    if (copies := costly_copies(facts, work)) is not None:
        return copies
    if work.counted and work.trips < THREADS and _collapse(facts, nests, works) == 1:
        for inner in nests.below(facts):
            inside = works[id(inner.loop)]
            if (
                inner.verdict.counts_as_parallel
                and inside.pays
                and inside.trips >= 4 * work.trips
                and not canonical.problem(inner)
            ):
                return f"only {readable(work.trips)} iterations: the loop inside keeps more threads busy"
    return None


def _wider(facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work]) -> str | None:
    """That a loop around this one, whose length is a guess, is parallel if only its iterations use different elements:
    lists of cells, blocks, particles. Whoever knows that starts threads there, once."""
    for outer in nests.above(facts):
        strong = [a for a in outer.verdict.assumptions if a.strength == "strong"]
        if not strong or outer.header is None or any(a.kind != "distinct-index" for a in strong):
            continue
        if works[id(outer.loop)].pays and canonical.problem(outer) is None:
            says, *more = (a.text for a in strong)
            return f"the loop over `{outer.header.index.name}` is the better place, if {says}{', …' if more else ''}"
    return None


def _objection_to_calls(called: Calling, least: Threshold) -> str | None:
    """Why threads are better not started in a function that is called like this."""
    if called.shared:
        return f"threads are at work already where `{called.caller}` calls this function"
    if least.needed:
        where = "loops in loops" if called.loops >= DEEP else "a loop"
        enough = readable(least.iterations)
        return f"`{called.caller}` runs it in {where}: starting threads each time pays from about {enough} iterations"
    return None


def _too_small(work: Work) -> str:
    if work.counted or work.bounded:
        return f"too small to pay: {_size(work)}, starting threads costs more"
    enough = readable(work.enough / work.each)
    return f"threads would start anew each time the outer loop comes here; that pays from about {enough} iterations"


def _size(work: Work) -> str:
    most = "" if work.counted else "at most "
    return f"{most}{readable(work.trips)} iterations of about {readable(work.each)} operations"


def _praise(work: Work, least: Threshold) -> str:
    if least.condition:
        return f"pays from about {readable(least.iterations)} iterations"
    if work.bounded or work.each * THREADS >= work.enough:
        return "enough work for a team of threads"
    return f"pays from about {readable(work.enough / work.each)} iterations"


def costly_copies(facts: LoopFacts, work: Work) -> str | None:
    """Private copies of arrays cost memory and time in each thread."""
    for reduction in facts.reductions:
        if reduction.item == reduction.symbol.name and not reduction.symbol.is_array:
            continue
        elements = _elements(reduction.symbol) if reduction.length is None else _length(reduction)
        if work.operations < COPIES_PAY * (elements or cost.SOME):
            return f"each thread would fill and add up its own copy of `{reduction.symbol.name}`, which costs more"
    copied = (*facts.private, *facts.firstprivate, *facts.lastprivate, *(r.symbol for r in facts.reductions))
    for symbol in copied:
        elements = _elements(symbol)
        if elements is not None and elements > PRIVATE_ARRAY:
            return (
                f"each thread would need its own copy of `{symbol.name}` ({readable(elements)} elements) on its stack"
            )
    return None


def _length(reduction: Reduction) -> int | None:
    """The number of elements of a section, as far as it is known."""
    declared = reduction.symbol.type.declared
    return fold(reduction.length) or (fold(declared.size) if declared is not None else None)


def _elements(symbol: Symbol) -> int | None:
    """The number of elements of an array of constant size."""
    if not symbol.is_array:
        return None
    total = 1
    for extent in symbol.type.extents:
        size = fold(extent.size)
        if size is None:
            return None
        total *= size
    return total


def readable(value: float) -> str:
    """Two significant digits, and thousands as people write them: `35`, `1,200`."""
    whole = max(1, round(value))
    digits = len(str(whole))
    if digits > 2 and not float(value).is_integer():
        whole = round(whole, 2 - digits)
    return f"{whole:,}"


# Vectors


def _simd(facts: LoopFacts, nests: Nests[LoopFacts], work: Work, notation: Notation) -> str | None:
    """The `simd` directive for an innermost loop of unit stride that calls nothing a vector unit cannot do (§10.4)."""
    header = facts.header
    if header is None or facts.governed_by is not None or nests.below(facts) or facts.lastprivate or facts.conditional:
        return None
    if abs(fold(header.step) or 0) != 1 or work.trips < VECTOR:
        return None
    if cost.evenness(facts, ()) != "even" or any(r.item != r.symbol.name for r in facts.reductions):
        return None
    if any(a.symbol is None or a.call or not _unit_stride(a, header.index) for a in facts.accesses):
        return None
    if cost.calls_unseen(facts.loop):
        return None
    return _line(notation, "simd", _clauses(facts, frozenset(), 1), "")


def _unit_stride(access: Access, index: Symbol) -> bool:
    """Is the element the same in every iteration, or next to that of the iteration before?"""
    if not access.path:
        return True
    if len(access.path) != 1 or not isinstance(access.path[0], Subscripts):
        return False
    *outer, last = access.path[0].indices
    if any(index in symbols(subscript) for subscript in outer):
        return False
    uses = [s for s in symbols(last) if s == index]
    return not uses or (len(uses) == 1 and _is_shifted(last, index))


def _is_shifted(subscript: Expr, index: Symbol) -> bool:
    """`i`, `i + e` or `e - ...`: the index itself, added to or subtracted from, never scaled."""
    while True:
        match subscript:
            case Name(symbol=symbol):
                return symbol == index
            case Binary(op="+" | "-", left=left, right=right):
                subscript = left if index in symbols(left) else right
            case _:
                return False
