"""Synchronization that programs make themselves: flags that are waited for, locks that travel, callees that do so.

What these order is not decided here; races that they may order are not spoken of as certain.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.directives import Directive
from analyzers.ir.expressions import Constant, Name, symbols
from analyzers.ir.statements import (
    Assign,
    Construct,
    Evaluate,
    Jump,
    Loop,
    Stmt,
    calls_of,
    expressions,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.openmp.constructs import holds_barrier
from analyzers.openmp.locks import SET_LOCK, TEST_LOCK, UNSET_LOCK, lock_of
from analyzers.openmp.placements import Phases

_BOTH = frozenset({"release", "acquire"})


@dataclass(frozen=True, slots=True)
class Handmade:
    """`waits`: a loop waits for what another thread writes, or who sees a flag takes what was written before as done.
    `flags`: what is read under mutual exclusion there; these accesses themselves must be protected. `locks`: a lock is
    given back by another piece of code than took it."""

    waits: bool = False
    relaxed: bool = False  # nothing releases what was written, or nothing acquires it: waiting orders nothing
    flags: frozenset[Symbol] = frozenset()
    locks: bool = False
    hidden: bool = False  # functions that are called may take locks and keep them
    events: bool = False  # tasks that complete by an event, or whose dependences reach beyond their siblings


def orders_atomics(directives: Sequence[Directive]) -> bool:
    """Does a requires directive of the file give atomic constructs another memory order than relaxed (§8.2)?"""
    orders = (d.first("atomic_default_mem_order") for d in directives if d.has("requires"))
    return any(order is not None and "relaxed" not in order.modifiers for order in orders)


def find(facts: FunctionFacts, body: Stmt, phases: Phases, ordered: bool) -> Handmade:
    """The hand-made synchronization below a statement; `ordered`: see `orders_atomics`."""
    waits = locks = hidden = events = False
    flags: set[Symbol] = set()
    told: set[str] = set()  # what atomic constructs say of the order of other accesses
    named: set[Symbol] = set()
    for stmt in walk_statements(body):
        if isinstance(stmt, Loop) and is_wait(stmt, facts.headers):
            waits = True
            flags |= _flags(stmt)
        if isinstance(stmt, Construct) and stmt.directive.has("atomic"):
            told |= _flushes(stmt.directive)
            named |= _flags(stmt)
        if isinstance(stmt, Construct) and not events:
            beyond = stmt.directive.has("task_iteration") or stmt.directive.first("transparent") is not None
            events = beyond or _is_completed_elsewhere(stmt, body)
        for call in calls_of(stmt):
            effects = facts.effects.get(call.name or "")
            if effects is None or not effects.synchronizes:
                continue
            at = phases.placements.get(id(stmt))
            known = (call.name or "").startswith("omp_") or call.name in (*SET_LOCK, *UNSET_LOCK, *TEST_LOCK)
            if not known and not effects.excludes:
                locks = True
                hidden = hidden or effects.keeps_locks
            if at is not None and call.name in UNSET_LOCK and call.arguments and lock_of(call) not in at.locks:
                locks = True
    if told >= _BOTH:  # as where a table is filled by whoever comes first: who sees the flag sees the table
        waits, flags = True, flags | named
    return Handmade(
        waits, waits and not ordered and not _hands_over(facts, body), frozenset(flags), locks, hidden, events
    )


def _hands_over(facts: FunctionFacts, body: Stmt) -> bool:
    """May a release flush of one thread meet an acquire flush of another (OpenMP 5.2 §1.4.4)? Atomic constructs imply
    them only where a memory order says so (§15.8.4)."""
    done: set[str] = set()
    for stmt in walk_statements(body):
        if isinstance(stmt, Construct):
            done |= _flushes(stmt.directive)
        for each in (symbol for e in expressions(stmt) for symbol in symbols(e)):
            if each.type.volatile or each.type.atomic:
                done |= _BOTH
        for call in calls_of(stmt):
            effects = facts.effects.get(call.name or "")
            if effects is None or effects.unknown is not None or effects.synchronizes:
                done |= _BOTH
    return done >= _BOTH


def _flushes(directive: Directive) -> frozenset[str]:
    if directive.has("critical", "ordered"):
        return _BOTH
    if not directive.has("flush", "atomic"):
        return frozenset()
    given = {name for name in ("release", "acquire") if directive.first(name) is not None}
    both = directive.first("seq_cst") is not None or directive.first("acq_rel") is not None
    if directive.has("flush"):
        return frozenset(given) or _BOTH
    if not both:
        return frozenset(given)
    if directive.first("read") is not None:
        return frozenset({"acquire"})
    return frozenset({"release"}) if directive.first("write") is not None else _BOTH


def _is_completed_elsewhere(construct: Construct, body: Stmt) -> bool:
    """Is a detached task completed by others than itself, who so order what they did (OpenMP 5.2 §12.5.2)?"""
    clause = construct.directive.first("detach")
    if clause is None:
        return False
    events = {item.expr.symbol for item in clause.items if isinstance(item.expr, Name)}
    own = {id(s) for s in walk_statements(construct)}
    for stmt in walk_statements(body):
        if any(events & set(symbols(e)) for e in expressions(stmt)) and id(stmt) not in own:
            return True
    return not events


def is_wait(loop: Loop, counted: Container[int]) -> bool:
    """Does a loop look at memory until another thread changes it? Not where the team meets in each iteration."""
    if id(loop) in counted or holds_barrier(loop.body):
        return False
    below = tuple(walk_statements(loop.body))
    synchronizes = any(isinstance(s, Construct) and s.directive.has("flush", "atomic", "critical") for s in below)
    condition = loop.condition
    if condition is None or isinstance(condition, Constant):
        return synchronizes and any(isinstance(s, Jump) and s.kind == "break" for s in below)
    if not any(isinstance(s, (Assign, Evaluate)) for s in below):
        return True
    if not synchronizes:
        return False
    tested = set(symbols(condition))
    assigns = [s for s in (*below, *loop.step) if isinstance(s, Assign) and isinstance(s.target, Name)]
    changed = {s.target.symbol for s in assigns if isinstance(s.target, Name)}
    # What follows from its own last value, `p = p->next`, is a walk and no look at what others write.
    seen = {
        s.target.symbol
        for s in assigns
        if s.op is None and isinstance(s.target, Name) and s.target.symbol not in symbols(s.value)
    }
    return bool(tested & seen) or not tested & changed


def _flags(below: Stmt) -> set[Symbol]:
    """The variables that are read inside atomic and critical constructs of a statement."""
    found: set[Symbol] = set()
    for stmt in walk_statements(below):
        if not isinstance(stmt, Construct) or not stmt.directive.has("atomic", "critical"):
            continue
        for inner in walk_statements(stmt):
            parts = expressions(inner)
            read = parts[1:] if isinstance(inner, Assign) and inner.op is None else parts
            found.update(s for e in read for s in symbols(e))
    return found
