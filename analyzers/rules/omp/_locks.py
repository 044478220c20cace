"""What the rules on locks share: where threads of a region take locks and enter critical constructs, and what they hold
there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.ir.expressions import Call
from analyzers.ir.statements import Construct, Evaluate, calls_of, walk_statements
from analyzers.openmp.constructs import has_one_thread
from analyzers.openmp.locks import SET_LOCK, exclusion, lock_of
from analyzers.openmp.placements import Phases, Placement
from analyzers.rules.registry import Context
from analyzers.text import Span


@dataclass(frozen=True, slots=True)
class Taking:
    """A thread comes to a lock (`lock:l`) or a critical construct (`critical:name`) while it holds others."""

    lock: str
    span: Span
    at: Placement
    phases: Phases
    call: Call | None = None  # None: a critical construct

    @property
    def held(self) -> frozenset[str]:
        return self.at.locks


def takings(context: Context) -> Iterator[Taking]:
    """Where the threads of parallel regions take what excludes others, in textual order."""
    for region in context.openmp.regions:
        construct = region.construct
        if construct.body is None or not construct.directive.has("parallel") or has_one_thread(construct.directive):
            continue
        phases = context.phases(construct)
        for stmt in walk_statements(construct.body):
            at = phases.placements.get(id(stmt))
            if at is None:
                continue
            if isinstance(stmt, Construct) and stmt.directive.has("critical"):
                (lock,) = exclusion(stmt, at.stack)
                yield Taking(lock, stmt.directive.span, at, phases)
            elif isinstance(stmt, Evaluate):
                for call in calls_of(stmt):
                    if call.name in SET_LOCK and call.arguments and lock_of(call).startswith("lock:"):
                        yield Taking(lock_of(call), call.span, at, phases, call)


def named(lock: str) -> str:
    """`the lock `l``, `critical(name)`, ..."""
    kind, _, name = lock.partition(":")
    if kind == "critical":
        return f"`critical({name})`" if name else "`critical`"
    return f"the lock `{name}`"
