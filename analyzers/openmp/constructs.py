"""What single constructs and calls mean for the threads: mutual exclusion, barriers at their ends, one thread only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from analyzers.dependence.spelling import spell
from analyzers.ir.directives import BARRIER_AT_END, TEAM_MAKERS, Directive
from analyzers.ir.expressions import Address, Binary, Call, Cast, Constant, Element, Expr, Field, Name, walk
from analyzers.ir.statements import Assign, Construct, Declare, Stmt, substatements, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.standards.cpp_library import MUTEXES

SET_LOCK = ("omp_set_lock", "omp_set_nest_lock", *(f"{name}::lock{how}" for name in MUTEXES for how in ("", "_shared")))
UNSET_LOCK = (
    *("omp_unset_lock", "omp_unset_nest_lock"),
    *(f"{name}::unlock{how}" for name in MUTEXES for how in ("", "_shared")),
)
TEST_LOCK = (
    *("omp_test_lock", "omp_test_nest_lock"),
    *(f"{name}::try_lock{how}" for name in MUTEXES for how in ("", "_shared")),
)
THREAD_NUMBER = "omp_get_thread_num"


def exclusion(construct: Construct) -> frozenset[str]:
    """The mutual exclusion of a critical, atomic or ordered construct."""
    directive = construct.directive
    if directive.has("critical"):
        name = directive.first("name")
        return frozenset({f"critical:{name.items[0].text if name and name.items else ''}"})
    if directive.has("atomic"):
        return frozenset({"atomic"})
    if directive.has("ordered"):
        return frozenset({"ordered"})
    return frozenset()


def is_undeferred(directive: Directive) -> bool:
    """Does the task run at once, before the code behind it (OpenMP 5.2 §12.5: `if` false)?"""
    for clause in directive.all("if"):
        for item in clause.items:
            if isinstance(item.expr, Constant) and item.expr.value == 0:
                return True
    return False


def is_final(directive: Directive) -> bool:
    """Is it a final task for certain (OpenMP 5.2 §12.3)?"""
    clause = directive.first("final")
    condition = clause.items[0].expr if clause is not None and clause.items else None
    return isinstance(condition, Constant) and condition.value != 0


def thread_numbers(body: Stmt) -> frozenset[Symbol]:
    """The variables that only ever hold the number of the thread."""
    good: set[Symbol] = set()
    bad: set[Symbol] = set()
    for stmt in walk_statements(body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None:
                (good if is_thread_number(value, ()) else bad).add(symbol)
            case Assign(target=Name(symbol=symbol), value=value, op=op):
                (good if op is None and is_thread_number(value, ()) else bad).add(symbol)
            case _:
                pass
    return frozenset(s for s in good - bad if not s.address_taken)


def asked_for(body: Stmt) -> frozenset[Symbol]:
    """The variables that are set to what a function without arguments gives: the number of the thread, perhaps."""
    found: set[Symbol] = set()
    for stmt in walk_statements(body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None and may_be_thread_number(value):
                found.add(symbol)
            case Assign(target=Name(symbol=symbol), value=value) if may_be_thread_number(value):
                found.add(symbol)
            case _:
                pass
    return frozenset(found)


def may_be_thread_number(expr: Expr, names: Collection[Symbol] = ()) -> bool:
    """Does it hold a value that a wrapper of `omp_get_thread_num` may have given?"""
    return any(
        (isinstance(part, Call) and not part.arguments) or (isinstance(part, Name) and part.symbol in names)
        for part in walk(expr)
    )


def is_thread_number(expr: Expr, names: Iterable[Symbol]) -> bool:
    while isinstance(expr, Cast):
        expr = expr.operand
    if isinstance(expr, Call):
        return expr.name == THREAD_NUMBER
    return isinstance(expr, Name) and expr.symbol in names


def has_one_thread(directive: Directive) -> bool:
    """`num_threads(1)` or `if(0)`: the region has one thread (OpenMP 5.2 §10.1.1)."""
    for clause in directive.all("num_threads", "if"):
        if clause.name == "if" and clause.modifiers and clause.modifiers[0] != "parallel":
            continue
        for item in clause.items:
            if isinstance(item.expr, Constant) and item.expr.value == (1 if clause.name == "num_threads" else 0):
                return True
    return False


def masked_thread(directive: Directive) -> int | None:
    clause = directive.first("filter")
    return clause.constant if clause is not None and clause.items else 0


def holds_barrier(body: Stmt) -> bool:
    """Does the team meet at a barrier in it?"""
    stack: list[Stmt] = [body]
    while stack:
        top = stack.pop()
        if isinstance(top, Construct):
            directive = top.directive
            if directive.has(*TEAM_MAKERS, "task"):
                continue
            if directive.has("barrier"):
                return True
            if directive.has(*BARRIER_AT_END) and directive.first("nowait") is None:
                return True
        stack.extend(substatements(top))
    return False


def is_doacross(construct: Construct) -> bool:
    """Does a cross-iteration dependence (`ordered` with depend or doacross) keep its iterations apart (§15.9.6)?"""
    if construct.body is None:
        return False
    return any(
        (
            isinstance(s, Construct)
            and s.directive.has("ordered")
            and (s.directive.first("depend") or s.directive.first("doacross")) is not None
        )
        or (isinstance(s, Construct) and s.directive.has("task_iteration"))
        for s in walk_statements(construct.body)
    )


def conjuncts(expr: Expr) -> Iterator[Expr]:
    stack = [expr]
    while stack:
        top = stack.pop()
        if isinstance(top, Binary) and top.op == "&&":
            stack += (top.right, top.left)
        else:
            yield top


def lock_of(call: Call) -> str:
    shared = "shared:" if (call.name or "").endswith("_shared") else "lock:"
    return f"{shared}{spell(_place(call.arguments[0]))}"


def locked_object(call: Call) -> Symbol | None:
    """The variable that holds the lock itself; None where it is reached over a pointer."""
    at = _place(call.arguments[0])
    while isinstance(at, Field) or (isinstance(at, Element) and at.base.type.kind == "array"):
        at = at.base
    return at.symbol if isinstance(at, Name) and at.type.kind != "pointer" else None


def exclude(one: frozenset[str], other: frozenset[str]) -> bool:
    """Can threads that hold these locks not run at the same time? Those that share one with others exclude who has it
    alone. `atomic` is judged by the location."""
    for lock in one - {"atomic"}:
        kind, _, name = lock.partition(":")
        if kind != "shared" and lock in other:
            return True
        opposite = {"lock": "shared", "shared": "lock"}.get(kind)
        if opposite is not None and f"{opposite}:{name}" in other:
            return True
    return False


def _place(argument: Expr) -> Expr:
    return argument.operand if isinstance(argument, Address) else argument
