"""Loops with a name: the algorithm behind a dependence, and what people do about it.

Each pattern looks at the statements of one loop and gives a sentence or None. They are hints: nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.spelling import spell
from analyzers.dependence.surroundings import declared_inside
from analyzers.ir.expressions import Binary, Constant, Element, Expr, Field, Name, symbols, walk
from analyzers.ir.statements import Assign, Declare, If, Loop, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.words import listed, quoted

LEGIBLE = 400  # operators and operands of one assignment


def remedy(facts: LoopFacts) -> str | None:
    """What would help with a loop that is not parallel as it stands, as one or two sentences."""
    return next((text for pattern in _PATTERNS if (text := pattern(facts)) is not None), None)


def linked_list(facts: LoopFacts) -> str | None:
    if facts.header is not None:
        return None
    for assign in _assigns(facts):
        match assign:
            case Assign(target=Name(symbol=p), op=None, value=Field(base=Element(base=Name(symbol=q)))) if p == q:
                return (
                    f"this walks a linked list. One thread can walk it (`#pragma omp parallel` with `single`) and make "
                    f"a `task firstprivate({p.name})` of the work on each node (OpenMP 5.2 §12.5)."
                )
    return None


def compaction(facts: LoopFacts) -> str | None:
    counters = {
        a.target.symbol
        for a in _assigns(facts)
        if isinstance(a.target, Name) and a.op == "+" and isinstance(a.value, Constant)
    } - _own(facts)
    for assign in _assigns(facts):
        target = assign.target
        if isinstance(target, Element) and (used := counters & _used(target.subscripts)) and _conditional(facts):
            name = min(symbol.name for symbol in used)
            return (
                f"this collects elements in order, and `{name}` is the place of the next one. In three loops it is "
                f"parallel: mark what is wanted, turn the marks into places with a prefix sum (`scan`, OpenMP 5.2 "
                f"§5.6), write."
            )
    return None


def steady_growth(facts: LoopFacts) -> str | None:
    """`k += e` once in every iteration, where `e` stays the same."""
    if facts.header is None:
        return None
    changed = {a.target.symbol for a in _assigns(facts) if isinstance(a.target, Name)} | {facts.header.index}
    for assign in facts.loop.body.statements:
        if not isinstance(assign, Assign) or not isinstance(assign.target, Name) or assign.op not in ("+", "-"):
            continue
        k = assign.target.symbol
        plain = all(isinstance(e, (Name, Constant, Binary)) for e in walk(assign.value))
        once = sum(isinstance(a.target, Name) and a.target.symbol == k for a in _assigns(facts)) == 1
        if plain and once and not changed & set(symbols(assign.value)):
            return (
                f"`{k.name}` moves by the same amount in every iteration. Compute it from `{facts.header.index.name}` "
                f"instead: its first value, and `{spell(assign.value)}` for each iteration before this one."
            )
    return None


def prefix_sum(facts: LoopFacts) -> str | None:
    """A running total, in a scalar that is also read, or from one element of an array to the next."""
    own = _own(facts)
    for assign in _assigns(facts):
        target = assign.target
        op = _combined(assign)
        if isinstance(target, Name) and target.symbol in own:
            continue
        if isinstance(target, Name) and op in ("+", "*") and _stored_elsewhere(facts, target.symbol, assign):
            s = target.symbol.name
            return (
                f"this is a prefix sum. OpenMP 5.0 can scan: `reduction(inscan, {op}:{s})` on the loop and "
                f"`#pragma omp scan inclusive({s})` between the update of `{s}` and its use (OpenMP 5.2 §5.6); where "
                f"`{s}` is used first, `exclusive({s})`."
            )
        if isinstance(target, Element) and (before := _previous(assign)) is not None:
            array = _array(before)
            return (
                f"this is a prefix sum. Keep the running value in a scalar `s` and store it to `{array}`; then OpenMP "
                f"can scan: `reduction(inscan, +:s)` with `#pragma omp scan inclusive(s)` (OpenMP 5.2 §5.6)."
            )
    return None


def work_arrays(facts: LoopFacts) -> str | None:
    found = facts.alternatives.work_arrays
    if found is None:
        return None
    names = listed(quoted(array.symbol.name for array in found.arrays))
    pointers = [array.symbol.name for array in found.arrays if array.symbol.is_pointer]
    several = len(found.arrays) > 1
    head = (
        f"only the work arrays {names} are in the way: every iteration fills them before it reads them."
        if several
        else f"only the work array {names} is in the way: every iteration fills it before it reads it."
    )
    if not pointers:
        why = "No clause gives each thread its own and keeps what the last iteration leaves for who looks at it later."
    elif len(pointers) == 1:
        why = f"`{pointers[0]}` is a pointer, so `private({pointers[0]})` would only copy the address."
    else:
        each = ", ".join(pointers)
        why = f"{listed(quoted(pointers))} are pointers, so `private({each})` would only copy the addresses."
    return f"{head} {why} Declared inside the loop, or allocated by each thread, every thread has its own."


def sum_into_element(facts: LoopFacts) -> str | None:
    """`x[i] += ...` in a loop over `j`, and nothing else in the way."""
    found = facts.verdict.dependences
    if facts.header is None or not found or any(d.source_text != d.sink_text for d in found):
        return None
    inner = _counted(facts)
    for assign in _assigns(facts):
        target = assign.target
        op = _combined(assign)
        if not isinstance(target, Element) or op not in ("+", "-", "*"):
            continue
        used = _used(target.subscripts)
        if facts.header.index in used:
            continue
        name = _array(target)
        if inner & used and _filled(facts, target):
            return (
                f"`{name}` looks like a work array that every iteration fills anew. Declared inside the loop, each "
                f"iteration has its own."
            )
        if inner & used:
            op = "+" if op == "-" else op
            return (
                f"every iteration updates the same elements of `{name}`. Make the loop over these elements the outer "
                f"one, or give each thread its own copy of them: `reduction({op}:{name}[:n])`."
            )
        return (
            f"every iteration updates the same element of `{name}`. Do it in a scalar and store that to `{name}` "
            f"after the loop: a scalar can be a reduction."
        )
    return None


def histogram(facts: LoopFacts) -> str | None:
    taken = _taken_from_memory(facts)
    for assign in _assigns(facts):
        target = assign.target
        op = _combined(assign)
        if not isinstance(target, Element) or op is None:
            continue
        parts = (e for subscript in target.subscripts for e in walk(subscript))
        if any(isinstance(e, Element) or (isinstance(e, Name) and e.symbol in taken) for e in parts):
            name = _array(target)
            return (
                f"iterations may meet in the same element of `{name}`. `#pragma omp atomic` before the update makes it "
                f"safe (OpenMP 5.2 §15.8.4); where `{name}` is small, a private copy for each thread is faster: "
                f"`reduction({'+' if op == '-' else op}:{name}[:n])`."
            )
    return None


def position_of_extreme(facts: LoopFacts) -> str | None:
    index = facts.header.index if facts.header else None
    for stmt in walk_statements(facts.loop.body):
        if not isinstance(stmt, If) or not isinstance(stmt.condition, Binary) or stmt.condition.op not in _ORDER:
            continue
        for assign in stmt.then.statements:
            match assign:
                case Assign(target=Name(symbol=best), op=None, value=Name(symbol=at)) if at == index:
                    return (
                        f"this looks for the position of an extreme value. OpenMP's `max` and `min` keep the value "
                        f"only: give each thread its own `{best.name}`, and compare them after the loop in a "
                        f"`critical` section, or declare a reduction for value and position (OpenMP 5.2 §5.5.11)."
                    )
    return None


def sweep_in_place(facts: LoopFacts) -> str | None:
    """A stencil that reads its own results: Gauss-Seidel, or a table filled from its earlier entries."""
    for assign in _assigns(facts):
        target = assign.target
        if not isinstance(target, Element):
            continue
        neighbours = [
            e
            for e in walk(assign.value)
            if isinstance(e, Element) and e.base == target.base and e.subscripts != target.subscripts
        ]
        if len(neighbours) < 2 or not all(_offset_of(target, e) for e in neighbours):
            continue
        name = _array(target)
        if _one_sided(target, neighbours):
            return (
                f"`{name}` is filled from entries that come before. The entries of an anti-diagonal are independent: "
                f"loop over the diagonals, or let `ordered` with `doacross` run it as a wavefront (OpenMP 5.2 §15.9.6)."
            )
        return (
            f"`{name}` is updated in place from its neighbours (a Gauss-Seidel sweep). Written to a second array it is "
            f"parallel (Jacobi); in two colours, red and black points in turn, it stays in place; `ordered` with "
            f"`doacross` runs it as a wavefront (OpenMP 5.2 §15.9.6)."
        )
    return None


def _one_sided(target: Element, neighbours: list[Element]) -> bool:
    """Do all neighbours lie on one side in each dimension, by constant distances?"""
    for dimension, mine in enumerate(target.subscripts):
        base, own = _split(mine)
        signs = set()
        for other in neighbours:
            theirs, offset = _split(other.subscripts[dimension])
            if theirs != base:
                return False
            signs.add((offset > own) - (offset < own))
        if {-1, 1} <= signs:
            return False
    return True


def _split(expr: Expr) -> tuple[Expr, int]:
    """`i + 3` as `i` and 3."""
    match expr:
        case Binary(op="+", left=left, right=Constant(value=int() as value)):
            return left, value
        case Binary(op="-", left=left, right=Constant(value=int() as value)):
            return left, -value
        case _:
            return expr, 0


def pivot(facts: LoopFacts) -> str | None:
    """`a[i][j]` from `a[k][j]` in a loop over `i`: of all iterations only `i == k` writes what the others read."""
    if facts.header is None:
        return None
    index = facts.header.index
    moving = _counted(facts) | {a.target.symbol for a in _assigns(facts) if isinstance(a.target, Name)} | {index}
    for assign in _assigns(facts):
        target = assign.target
        for read in walk(assign.value) if isinstance(target, Element) else ():
            if not isinstance(target, Element) or not isinstance(read, Element) or read.base != target.base:
                continue
            apart = [(a, b) for a, b in zip(target.subscripts, read.subscripts, strict=False) if a != b]
            match apart:
                case [(Name(symbol=mine), Name(symbol=k))] if mine == index and k not in moving:
                    i = index.name
                    return (
                        f"only the iteration in which `{i}` is `{k.name}` writes the `{spell(read)}` that the others "
                        f"read. Loop up to `{k.name}`, do that one, loop on from `{k.name} + 1`: in either loop the "
                        f"iterations no longer need it from each other. Where it changes nothing, as for shortest "
                        f"paths without negative cycles, leave it out: `if ({i} != {k.name})`."
                    )
    return None


def reads_ahead(facts: LoopFacts) -> str | None:
    found = facts.verdict.dependences
    if found and all(d.kind == "anti" for d in found):
        name = found[0].variable
        return (
            f"only old values of `{name}` are needed, before they are overwritten: read them from a copy of `{name}` "
            f"made before the loop, and it is parallel."
        )
    return None


def search(facts: LoopFacts) -> str | None:
    if any(reason.code == "early-exit" for reason in facts.verdict.reasons):
        return (
            "threads cannot leave a loop early. Let every iteration run and keep the first hit with "
            "`reduction(min: ...)`, or end the loop with `#pragma omp cancel for` (OpenMP 5.2 §16.1)."
        )
    return None


def output(facts: LoopFacts) -> str | None:
    if any(reason.code == "io" for reason in facts.verdict.reasons):
        return "compute into an array in this loop and print it in a second one; then the first can run in parallel."
    return None


_ORDER = ("<", "<=", ">", ">=")
_PATTERNS: tuple[Callable[[LoopFacts], str | None], ...] = (
    search,
    output,
    linked_list,
    compaction,
    work_arrays,
    steady_growth,
    prefix_sum,
    sum_into_element,
    histogram,
    position_of_extreme,
    pivot,
    sweep_in_place,
    reads_ahead,
)


def _statements(facts: LoopFacts) -> Iterator[Stmt]:
    return walk_statements(facts.loop.body)


def _assigns(facts: LoopFacts) -> Iterator[Assign]:
    """The assignments of the body, without those that only count a loop inside it."""
    counting = {id(s) for loop in _statements(facts) if isinstance(loop, Loop) for s in (*loop.init, *loop.step)}
    return (s for s in _statements(facts) if isinstance(s, Assign) and id(s) not in counting and _is_legible(s))


def _own(facts: LoopFacts) -> set[Symbol]:
    """The variables of which every iteration has its own: nothing runs on in them."""
    return {*facts.private, *declared_inside(facts.loop)}


def _taken_from_memory(facts: LoopFacts) -> set[Symbol]:
    """The variables that the loop sets to elements of arrays: `j = list[k]`."""
    found = {s.symbol for s in _statements(facts) if isinstance(s, Declare) and isinstance(s.value, Element)}
    return found | {
        a.target.symbol for a in _assigns(facts) if isinstance(a.target, Name) and isinstance(a.value, Element)
    }


def _is_legible(assign: Assign) -> bool:
    """Short enough to be an algorithm that a person wrote; comparing sums of thousands of terms recurses as deep."""
    return next(islice(chain(walk(assign.target), walk(assign.value)), LEGIBLE, None), None) is None


def _combined(assign: Assign) -> str | None:
    """The operator of `x op= e` and of `x = x op e`."""
    if assign.op is not None:
        return assign.op
    value = assign.value
    if isinstance(value, Binary) and (
        value.left == assign.target or (value.right == assign.target and value.op != "-")
    ):
        return value.op
    return None


def _filled(facts: LoopFacts, element: Element) -> bool:
    """Is the array of `element` also set outright in the loop?"""
    return any(
        isinstance(a.target, Element) and a.target.base == element.base and _combined(a) is None
        for a in _assigns(facts)
    )


def _counted(facts: LoopFacts) -> set[Symbol]:
    """The variables that loops inside this one step."""
    inside = (s for s in _statements(facts) if isinstance(s, Loop))
    return {
        step.target.symbol
        for loop in inside
        for step in loop.step
        if isinstance(step, Assign) and isinstance(step.target, Name)
    }


def _conditional(facts: LoopFacts) -> bool:
    return any(isinstance(s, If) for s in _statements(facts))


def _used(expressions: tuple[Expr, ...]) -> set[Symbol]:
    return {symbol for expr in expressions for symbol in symbols(expr)}


def _stored_elsewhere(facts: LoopFacts, symbol: Symbol, update: Assign) -> bool:
    """Is the running value of `symbol` stored to memory, while nothing but `update` changes it?"""
    others = [a for a in _assigns(facts) if a is not update]
    if any(isinstance(a.target, Name) and a.target.symbol == symbol for a in others):
        return False
    return any(isinstance(a.target, Element) and symbol in symbols(a.value) for a in others)


def _previous(assign: Assign) -> Element | None:
    """`x[i - 1]` of `x[i] = x[i - 1] + e`, or of `x[i] += x[i - 1]`, where `e` does not read `x`."""
    target = assign.target
    assert isinstance(target, Element)
    if assign.op == "+":
        terms: tuple[Expr, ...] = (assign.value,)
    elif assign.op is None and isinstance(assign.value, Binary) and assign.value.op == "+":
        terms = (assign.value.left, assign.value.right)
    else:
        return None
    reads = [e for term in terms for e in walk(term) if isinstance(e, Element) and e.base == target.base]
    return next((e for e in reads if len(reads) == 1 and e in terms and _offset_of(target, e)), None)


def _offset_of(target: Element, other: Element) -> bool:
    """Do the two differ by constants only, `x[i][j]` and `x[i - 1][j]`, or linearised, `x[i*n + j]` and
    `x[(i - 1)*n + j]`?"""
    if len(target.subscripts) != len(other.subscripts) or target.subscripts == other.subscripts:
        return False
    return all(_named(a) == _named(b) for a, b in zip(target.subscripts, other.subscripts, strict=True))


def _named(expr: Expr) -> list[Symbol]:
    return sorted(symbols(expr), key=lambda symbol: symbol.uid)


def _array(element: Element) -> str:
    base: Expr = element
    while isinstance(base, (Element, Field)):
        base = base.base
    return base.symbol.name if isinstance(base, Name) else "the array"
