"""Task dependences: which tasks the `depend` clauses keep in order (OpenMP 5.2 §15.9.5).

Two tasks are compared by what their constructs list. Where the items are elements that the indices of the loops around
the constructs choose, the order is one between iterations: `depend(in: a[i - 1]) depend(out: a[i])` lets the task of
iteration i wait for that of iteration i - 1, and through it for all earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from analyzers.ir.directives import ClauseItem, Directive
from analyzers.ir.expressions import Binary, Constant, Element, Expr, Name, root
from analyzers.ir.statements import Construct, Loop, Stmt, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.openmp.sharing import index_of

_ALL = "omp_all_memory"
_WRITING = ("out", "inout", "mutexinoutset", "inoutset", "depobj")
_MOST_STEPS = 5_000

Relation = Literal["order", "exclusion"]
Step = tuple[int | None, ...]  # how many iterations later; None: any number


class SiblingTask(Protocol):
    """What is asked of a task: its number in the order of creation, who made it, its construct, the loops around it."""

    @property
    def number(self) -> int: ...
    @property
    def parent(self) -> int | None: ...
    @property
    def construct(self) -> Construct: ...
    @property
    def loops(self) -> tuple[Loop, ...]: ...


Meets = Callable[[ClauseItem, SiblingTask, ClauseItem, SiblingTask], bool]


@dataclass(slots=True)
class Dependences:
    """The dependences of a function's tasks; `objects` are what its depend objects stand for (§15.9.4)."""

    objects: Mapping[Symbol, tuple[tuple[str, ClauseItem], ...]] = field(default_factory=dict)

    def listed(self, directive: Directive) -> Iterator[tuple[str, ClauseItem]]:
        """The dependences of a directive: their types and list items."""
        for clause in directive.all("depend"):
            for item in clause.items if clause.modifiers else ():
                kind = clause.modifiers[-1]
                known = self.objects.get(item.expr.symbol) if isinstance(item.expr, Name) else None
                if kind == "depobj" and known is not None:
                    yield from known
                else:
                    yield kind, item

    def relation(self, one: Directive, other: Directive) -> Relation | None:
        """Do two directives name the same storage such that the later task waits for the earlier one, or such that
        they exclude each other?"""
        found: Relation | None = None
        for kind, item in self.listed(one):
            for other_kind, other_item in self.listed(other):
                relation = _of_kinds(kind, other_kind)
                if relation is not None and _same_item(item, other_item):
                    if relation == "order":
                        return relation
                    found = relation
        return found

    def ordered(self, one: SiblingTask, other: SiblingTask, tasks: Sequence[SiblingTask]) -> bool:
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
                if self.relation(task.construct.directive, later.construct.directive) == "order":
                    if later is other:
                        return True
                    seen.add(later.number)
                    reached.append(later)
        return False

    def orders_itself(self, directive: Directive) -> bool:
        """Do the instances of one task construct wait for each other, as far as their clauses tell?"""
        return any(kind in _WRITING and kind != "inoutset" for kind, _ in self.listed(directive))

    def is_told(self, task: SiblingTask, tasks: Sequence[SiblingTask]) -> bool:
        """Can it be told which tasks of its siblings come after one of `task`: are all made in the same loops?"""
        siblings = (t for t in tasks if t.parent == task.parent and self._has_dependences(t))
        return all(t.loops == task.loops for t in siblings)

    def waits(
        self, earlier: SiblingTask, later: SiblingTask, by: Step, tasks: Sequence[SiblingTask], meets: Meets
    ) -> bool:
        """Does a task of `later` come after one of `earlier` that is made when the indices of the loops around both,
        which count upwards, are less by `by`? True where that cannot be told. `meets`: may two items of tasks be one?
        """
        loops = earlier.loops
        siblings = [t for t in tasks if t.parent == earlier.parent]
        if not self.is_told(earlier, tasks):
            return self._connected(earlier, later, siblings, meets)
        seen: set[tuple[int, Step]] = {(earlier.number, by)}
        left = [(earlier, by)]
        while left:
            task, rest = left.pop()
            for sibling in siblings:
                for step in self._steps(task, sibling, loops):
                    if step is None:
                        return True
                    after = tuple(None if a is None or b is None else a - b for a, b in zip(rest, step, strict=True))
                    if sibling is later and not any(after):
                        return True
                    reach = 2 * max((abs(b) for b in by if b is not None), default=0) + 8
                    key = (sibling.number, after)
                    if key not in seen and all(a is None or abs(a) <= reach for a in after):
                        seen.add(key)
                        left.append((sibling, after))
            if len(seen) > _MOST_STEPS:
                return True
        return False

    def _connected(
        self, earlier: SiblingTask, later: SiblingTask, siblings: Sequence[SiblingTask], meets: Meets
    ) -> bool:
        """May any tasks of the two constructs be ordered, through whatever others?"""
        left, seen = [earlier], {earlier.number}
        while left:
            task = left.pop()
            for sibling in siblings:
                if (sibling.number in seen and sibling is not later) or not _may_come_later(task, sibling):
                    continue
                if any(
                    _of_kinds(kind, other_kind) is not None
                    and _same_item(item, other)
                    and meets(item, task, other, sibling)
                    for kind, item in self.listed(task.construct.directive)
                    for other_kind, other in self.listed(sibling.construct.directive)
                ):
                    if sibling is later:
                        return True
                    seen.add(sibling.number)
                    left.append(sibling)
        return False

    def _has_dependences(self, task: SiblingTask) -> bool:
        return task.construct.directive.first("depend") is not None

    def _steps(self, task: SiblingTask, later: SiblingTask, loops: Sequence[Loop]) -> Iterator[Step | None]:
        """By how many iterations later the tasks of `later` are that wait for one of `task`; None: that is not told."""
        indices = [index_of(loop) for loop in loops]
        for kind, item in self.listed(task.construct.directive):
            for other_kind, other in self.listed(later.construct.directive):
                if _of_kinds(kind, other_kind) is None or not _same_item(item, other):
                    continue
                step = _displacement(item, other, indices)
                if step is None:
                    yield None
                elif _is_later(step, task.number < later.number):
                    yield step


def depend_objects(body: Stmt) -> dict[Symbol, tuple[tuple[str, ClauseItem], ...]]:
    """What the depend objects of a function stand for, where they are made once and never changed."""
    found: dict[Symbol, list[tuple[tuple[str, ClauseItem], ...]]] = {}
    for stmt in walk_statements(body):
        if not isinstance(stmt, Construct) or not stmt.directive.has("depobj"):
            continue
        named = stmt.directive.first("argument") or stmt.directive.first("list") or stmt.directive.first("name")
        if named is None or stmt.directive.first("destroy") is not None:
            continue
        clauses = stmt.directive.all("depend")
        items = tuple((c.modifiers[-1], item) for c in clauses if c.modifiers for item in c.items)
        for each in named.items:
            if isinstance(each.expr, Name):
                found.setdefault(each.expr.symbol, []).append(items)
    return {symbol: made[0] for symbol, made in found.items() if len(made) == 1 and made[0]}


def _of_kinds(kind: str, other: str) -> Relation | None:
    if kind not in _WRITING and other not in _WRITING:
        return None
    if kind == other == "inoutset":
        return None
    return "exclusion" if kind == other == "mutexinoutset" else "order"


def _same_item(one: ClauseItem, other: ClauseItem) -> bool:
    """May two items name the same storage? Elements of one array count as the same unless both subscripts are constant:
    which element it is may change from task to task."""
    if _ALL in (one.text, other.text):
        return True
    if one.expr is None or other.expr is None:
        return one.text.replace(" ", "") == other.text.replace(" ", "")
    if one.expr == other.expr and one.section == other.section:
        return True
    if root(one.expr) != root(other.expr):
        return False
    mine, theirs = _places(one), _places(other)
    if mine is None or theirs is None:
        return True
    # Array sections in depend clauses are the same or have nothing in common (§15.9.5).
    return not any(
        isinstance(a, Constant) and isinstance(b, Constant) and a != b for a, b in zip(mine, theirs, strict=False)
    )


def _places(item: ClauseItem) -> tuple[Expr, ...] | None:
    """The subscripts of an element, or of the first one of an array section; None for a whole variable."""
    if item.section:
        lower = tuple(low for low, _ in item.section)
        return None if any(low is None for low in lower) else tuple(low for low in lower if low is not None)
    return item.expr.subscripts if isinstance(item.expr, Element) else None


def storage_of(item: ClauseItem) -> Expr | None:
    """The element that an item names, or the first one of its array section; None where that is not known."""
    if item.expr is None or not item.section:
        return item.expr
    places = _places(item)
    return None if places is None else Element(item.expr, places)


def _displacement(one: ClauseItem, other: ClauseItem, indices: Sequence[Symbol | None]) -> Step | None:
    """By how many iterations of each loop the second item's task is later where both name the same element."""
    step: list[int | None] = [None] * len(indices)
    mine, theirs = _places(one), _places(other)
    if mine is None or theirs is None:
        return tuple(step)
    if len(mine) != len(theirs):
        return None
    for left, right in zip(mine, theirs, strict=True):
        if isinstance(left, Constant) and isinstance(right, Constant):
            continue
        a, b = _shifted(left), _shifted(right)
        if a is None or b is None or a[0] != b[0] or a[0] not in indices:
            return None
        at = indices.index(a[0])
        by = a[1] - b[1]
        if step[at] not in (None, by):
            return None
        step[at] = by
    return tuple(step)


def _shifted(expr: Expr) -> tuple[Symbol, int] | None:
    """`i - 1`: (i, -1)."""
    if isinstance(expr, Name):
        return expr.symbol, 0
    if isinstance(expr, Binary) and expr.op in ("+", "-") and isinstance(expr.left, Name):
        by = expr.right
        if isinstance(by, Constant) and isinstance(by.value, int):
            return expr.left.symbol, by.value if expr.op == "+" else -by.value
    return None


def _may_come_later(task: SiblingTask, other: SiblingTask) -> bool:
    """May a task of the second construct be made after one of the first: further down, or in a later iteration?"""
    return task.number < other.number or bool(task.loops and other.loops and task.loops[0] is other.loops[0])


def _is_later(step: Step, textually: bool) -> bool:
    """May a task that many iterations on be made later?"""
    for each in step:
        if each is None or each > 0:
            return True
        if each < 0:
            return False
    return textually
