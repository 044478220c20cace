"""Task dependences: which tasks the `depend` clauses keep in order (OpenMP 5.2 §15.9.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from analyzers.ir.directives import ClauseItem, Directive
from analyzers.ir.expressions import Constant, Element, root
from analyzers.ir.statements import Construct

_ALL = "omp_all_memory"
_WRITING = ("out", "inout", "mutexinoutset", "inoutset")


class SiblingTask(Protocol):
    """What is asked of a task: its number in the order of creation, who made it, its construct."""

    @property
    def number(self) -> int: ...
    @property
    def parent(self) -> int | None: ...
    @property
    def construct(self) -> Construct: ...


def listed(directive: Directive) -> Iterator[tuple[str, ClauseItem]]:
    """The dependences of a directive: their types and list items."""
    return ((c.modifiers[-1], item) for c in directive.all("depend") if c.modifiers for item in c.items)


def conflict(one: Directive, other: Directive) -> bool:
    """Do two directives name the same storage such that the later task waits for the earlier one?"""
    for kind, item in listed(one):
        for other_kind, other_item in listed(other):
            if (kind in _WRITING or other_kind in _WRITING) and _same_item(item, other_item):
                return not (kind == other_kind == "inoutset")
    return False


def ordered(one: SiblingTask, other: SiblingTask, tasks: Sequence[SiblingTask]) -> bool:
    """Do `depend` clauses order two sibling tasks, also through siblings between them?"""
    if one.parent != other.parent:
        return False
    if one.number > other.number:
        one, other = other, one
    reached = [one]
    seen = {one.number}
    while reached:
        task = reached.pop()
        for later in tasks:
            if later.number <= task.number or later.number in seen or later.parent != one.parent:
                continue
            if conflict(task.construct.directive, later.construct.directive):
                if later is other:
                    return True
                seen.add(later.number)
                reached.append(later)
    return False


def orders_itself(directive: Directive) -> bool:
    """Do the instances of one task construct wait for each other, as far as their clauses tell?"""
    return any(kind in _WRITING and kind != "inoutset" for kind, _ in listed(directive))


def _same_item(one: ClauseItem, other: ClauseItem) -> bool:
    """Do two items name the same storage? Elements of one array count as the same unless both subscripts are constant:
    which element it is may change from task to task."""
    if _ALL in (one.text, other.text):
        return True
    if one.expr is None or other.expr is None:
        return one.text.replace(" ", "") == other.text.replace(" ", "")
    if one.expr == other.expr and one.section == other.section:
        return True
    if root(one.expr) != root(other.expr):
        return False
    return not (_is_fixed(one) and _is_fixed(other))


def _is_fixed(item: ClauseItem) -> bool:
    expr = item.expr
    if item.section or not isinstance(expr, Element):
        return False
    return all(isinstance(s, Constant) for s in expr.subscripts)
