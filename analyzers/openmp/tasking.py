"""Tasks on the walk through a region: who makes them, and who waits for which (OpenMP 5.2 chapter 12, §15.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from analyzers.ir.directives import Directive
from analyzers.ir.statements import Construct
from analyzers.openmp.constructs import is_final, is_undeferred
from analyzers.openmp.placements import Phases, State, Task, made_by_one


@dataclass(slots=True)
class Tasking:
    """The tasks of one region."""

    result: Phases
    numbers: dict[int, int] = field(default_factory=dict)  # by id(construct)

    def makes(self, construct: Construct, state: State, inner: State, run: Callable[[State], None]) -> None:
        """A construct makes tasks; `run` walks what is done in them, from the state `inner` on."""
        directive = construct.directive
        number = self.numbers.setdefault(id(construct), len(self.numbers))
        if number == len(self.result.tasks):
            self.result.tasks.append(Task(number, construct, state.task, state.placement()))
        task = self.result.tasks[number]
        task.created = self.result.placements[id(construct)]
        inner.task = number
        deferred = not is_undeferred(directive) and not state.final
        if deferred:
            inner.locks = frozenset()
        inner.final = state.final or is_final(directive)
        if not deferred and directive.first("depend") is not None:
            # It runs at once, so that its creator waits for what it depends on.
            self.wait(directive, state)
            inner.pending = set(state.pending)
        run(inner)
        made = {n for n in inner.pending if n not in state.pending and n != number}
        task.remaining |= made
        task.descendants |= made | self._below(number)
        if deferred:
            state.pending.add(number)
            state.pending |= task.descendants
        else:
            state.pending |= made

    def wait(self, directive: Directive, state: State) -> None:
        """Waits for the children of the current task, not for their descendants (OpenMP 5.2 §15.5); with `depend` only
        for those on which it depends."""
        some = directive.first("depend") is not None
        for number in sorted(state.pending):
            task = self.result.tasks[number]
            waited = not some or self.result.dependences.relation(task.construct.directive, directive) is not None
            if task.parent == state.task and waited:
                self._completed(task, state)

    def waits_for_all(self, before: set[int], state: State) -> None:
        """The end of a taskgroup: all tasks made since `before` are done."""
        made = state.pending - before
        for number in sorted(made):
            self._completed(self.result.tasks[number], state)
        state.pending -= made

    def _completed(self, task: Task, state: State) -> None:
        """A task is done, so that those are done for which it waited."""
        left = [task]
        while left:
            done = left.pop()
            state.pending.discard(done.number)
            state.pending -= done.descendants - done.remaining
            for number in sorted(state.pending):
                sibling = self.result.tasks[number]
                if sibling.parent != done.parent or sibling.number >= done.number or not made_by_one(sibling, done):
                    continue
                relation = self.result.dependences.relation(sibling.construct.directive, done.construct.directive)
                if relation == "order":
                    left.append(sibling)

    def _below(self, number: int) -> set[int]:
        found: set[int] = set()
        for task in self.result.tasks:
            parent = task.parent
            while parent is not None:
                if parent == number:
                    found.add(task.number)
                    break
                parent = self.result.tasks[parent].parent
        return found
