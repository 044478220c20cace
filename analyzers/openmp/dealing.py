"""Which thread a static schedule gives an iteration to, where that is known (OpenMP 5.2 §11.5.3).

Chunks are dealt out round-robin in the order of thread numbers. Of chunks of constant length, number k goes to thread k
of a team that is larger than k; without a length the first iteration goes to thread 0. What a thread does with its own
number, or the master does, meets other iterations only, and so do two loops that are dealt out alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzers.ir.accesses import Access, Guard, Subscripts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import ONE, ZERO, Binary, BinaryOp, Constant, Expr, Name, symbols
from analyzers.ir.statements import Construct, Loop, LoopHeader
from analyzers.ir.symbols import INT, Symbol
from analyzers.openmp.facts import Executor
from analyzers.openmp.sharing import dealt_loops


def is_static(construct: Construct) -> bool:
    """Does a thread get the same iterations each time? A schedule that is not given is taken as static."""
    directive = construct.directive
    order = directive.first("order")
    if not directive.has("for", "distribute") or (order and "unconstrained" in order.modifiers):
        return False
    if directive.has("teams") or (directive.has("parallel") and not directive.has("distribute")):
        return False
    clauses = (directive.first("dist_schedule"), directive.first("schedule"))
    return all(clause is None or "static" in clause.modifiers for clause in clauses)


def dealt_to(construct: Construct) -> tuple[tuple[str, ...], tuple[Expr | None, ...]]:
    """To whom a static schedule deals out, and in which chunks: teams (OpenMP 5.2 §11.6) and their threads."""
    directive = construct.directive
    clauses = (directive.first("dist_schedule"), directive.first("schedule"))
    kinds = tuple(kind for kind in ("distribute", "for") if directive.has(kind))
    return kinds, tuple(item.expr for clause in clauses if clause is not None for item in clause.items)


def chunk(construct: Construct) -> tuple[Expr | None, ...]:
    """That of its schedule; () without one."""
    clause = construct.directive.first("schedule")
    return () if clause is None else tuple(item.expr for item in clause.items)


def names_threads(access: Access, thread: Symbol) -> bool:
    """Does which element it is, or whether it runs, hang on the number of the thread?"""
    places = (e for step in access.path if isinstance(step, Subscripts) for e in step.indices)
    return any(thread in symbols(e) for e in (*places, *(g.condition for g in access.guards)))


def cases(
    access: Access, executor: Executor, headers: Mapping[int, LoopHeader], thread: Symbol, team: Expr
) -> Iterator[Access]:
    """The access in iterations that any thread may run, and in those that one thread runs, as conditions on `thread`
    in a team of `team`. Only the access where nothing is known."""
    dealt = _dealt(access, executor, headers)
    if dealt is None:
        yield access
        return
    construct, header = dealt
    number = Binary("-", Name(header.index), header.lower, INT)
    length = _chunk_length(construct)
    if length is None:  # the first iteration goes to thread 0
        known: tuple[Guard, ...] = (_is("==", number, ZERO), _is("==", Name(thread), ZERO))
        rest = _is(">", number, ZERO)
    else:
        start = Binary("*", Constant(length), Name(thread), INT)
        known = _is(">=", number, start), _is("<", number, Binary("+", start, Constant(length), INT))
        rest = _is(">=", number, Binary("*", Constant(length), team, INT))
    yield replace(access, guards=(*access.guards, rest))
    yield replace(access, guards=(*access.guards, *known))


def turn(access: Access, executor: Executor, headers: Mapping[int, LoopHeader]) -> tuple[Expr, int] | None:
    """The number of the chunk that the access is in, and the constant length of chunks: in two loops with such chunks
    of one length, equal numbers go to one thread."""
    dealt = _dealt(access, executor, headers)
    if dealt is None:
        return None
    construct, header = dealt
    length = _chunk_length(construct)
    number = Binary("-", Name(header.index), header.lower, INT)
    if length is None:
        return None
    return (number if length == 1 else Binary("/", number, Constant(length), INT)), length


def _dealt(
    access: Access, executor: Executor, headers: Mapping[int, LoopHeader]
) -> tuple[Construct, LoopHeader] | None:
    """The construct with a static schedule that deals out the iteration the access is in, and the loop's header."""
    construct = executor.construct
    loops = dealt_loops(construct) if construct is not None and executor.kind == "iteration" else ()
    header = headers.get(id(loops[0])) if len(loops) == 1 and loops[0] in access.loops else None
    if construct is None or construct.directive.has("distribute") or header is None or fold(header.step) != 1:
        return None
    return (construct, header) if is_static(construct) else None


def _chunk_length(construct: Construct) -> int | None:
    """Iterations of a chunk, where constant."""
    sizes = chunk(construct)
    length = fold(sizes[0]) if sizes and sizes[0] is not None else None
    return length if isinstance(length, int) and length > 0 else None


def at_edge(access: Access, loops: Sequence[Loop], headers: Mapping[int, LoopHeader], *, last: bool) -> Access:
    """The access in the first or the last iteration of loops that all threads run, with a barrier in each iteration:
    in no other does it meet what stands before or behind them."""
    guards: list[Guard] = []
    for loop in loops:
        header = headers.get(id(loop))
        if header is None or fold(header.step) != 1 or (last and header.relation not in ("<", "<=")):
            continue
        end = header.bound if header.relation == "<=" else Binary("-", header.bound, ONE, INT)
        guards.append(_is("==", Name(header.index), end if last else header.lower))
    return replace(access, guards=(*access.guards, *guards)) if guards else access


def _is(op: BinaryOp, left: Expr, right: Expr) -> Guard:
    return Guard(Binary(op, left, right, INT), True)
