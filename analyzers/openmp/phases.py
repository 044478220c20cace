"""Who runs each statement of a parallel region, between which barriers, under which locks, beside which tasks.

The phase of a statement is the set of barriers that a thread may have passed last when it gets there (reaching
definitions, with barriers as the definitions). Two threads can be at two statements at the same time only if the sets
meet, because all threads of a team pass the same barriers (OpenMP 5.2 §15.3). A loop that holds barriers keeps its
iterations apart; statements in it have one set for each such loop around them, in which the start of an iteration of
that loop counts as a barrier. The walk is repeated until what the iterations of loops leave behind is known.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from analyzers.dependence.facts import Effects
from analyzers.ir.directives import BARRIER_AT_END, DIVIDED, TEAM_MAKERS
from analyzers.ir.expressions import Constant
from analyzers.ir.statements import (
    Block,
    Construct,
    Function,
    If,
    Jump,
    Loop,
    Stmt,
    Switch,
    calls_of,
    walk_statements,
)
from analyzers.openmp.constructs import has_nowait, holds_barrier, is_deferred_target, is_run_by_each, waits_at_end
from analyzers.openmp.decisions import Decision, Phase, meet
from analyzers.openmp.dependences import Dependences
from analyzers.openmp.facts import Executor
from analyzers.openmp.locks import Holding, exclusion
from analyzers.openmp.placements import ENTRY, Phases, State
from analyzers.openmp.sharing import associated_loops
from analyzers.openmp.tasking import Tasking
from analyzers.openmp.threads import Chosen, conjuncts

_MOST_WALKS = 12
_NO_EFFECTS: Mapping[str, Effects] = {}


def place(
    root: Construct | Function,
    outside: Sequence[Construct] = (),
    meeting: Container[str] = frozenset(),
    effects: Mapping[str, Effects] = _NO_EFFECTS,
    dependences: Dependences | None = None,
) -> Phases:
    """The placements of all statements below a parallel region, or below a function that may be called from one.

    `outside` are the constructs around the region; the functions named in `meeting` are taken to hold a barrier where
    all threads call them. `effects` say which functions take and give back locks, `dependences` what depend objects
    stand for.
    """
    result = Phases() if dependences is None else Phases(dependences=dependences)
    if root.body is None:
        return result
    walker = _Walker(result, root.body, meeting, effects)
    for _ in range(_MOST_WALKS):
        walker.unsettled = False
        if isinstance(root, Function):
            walker.walk(root.body, State((), Executor("all-threads"), [{Phase(ENTRY)}]))
        else:
            start = State((*outside, root), Executor("all-threads", root), [{Phase(ENTRY)}])
            walker.record(root, start)
            walker.inside(root, start)
        if not walker.unsettled:
            break
    return result


class _Walker:
    def __init__(self, result: Phases, body: Stmt, meeting: Container[str], effects: Mapping[str, Effects]) -> None:
        self.result = result
        self.meeting = meeting
        self.chosen = Chosen(body)
        self.holding = Holding(body, effects)
        self.tasking = Tasking(result)
        result.locks = self.holding.places
        self.barriers: dict[int, int] = {}
        self.left: list[dict[str, list[State]]] = []  # of each loop and switch around: states at `break`, `continue`
        self.repeated: dict[int, State] = {}  # id(loop) -> what holds at the ends of its iterations
        self.meets: dict[int, bool] = {}  # id(block) -> does the team meet at a barrier in it?
        self.unsettled = False

    def record(self, stmt: Stmt, state: State) -> None:
        known = self.result.placements.get(id(stmt))
        new = state.placement()
        self.result.placements[id(stmt)] = new if known is None else known.merged(new)

    def holds_barrier(self, body: Block) -> bool:
        known = self.meets.get(id(body))
        if known is None:
            known = self.meets[id(body)] = holds_barrier(body)
        return known

    def barrier(self, at: object, state: State) -> None:
        if state.nested or state.task is not None:
            return
        number = self.barriers.setdefault(id(at), len(self.barriers))
        for level in state.levels:
            level.clear()
            level.add(Phase(number))
        state.pending.clear()

    def walk(self, stmt: Stmt, state: State) -> None:
        """Walks one statement; `state` becomes that behind it."""
        match stmt:
            case Block(statements=statements):
                for each in statements:
                    self.walk(each, state)
            case If():
                self._if(stmt, state)
            case Switch():
                self._switch(stmt, state)
            case Loop():
                self._loop(stmt, state)
            case Construct():
                self.construct(stmt, state)
            case _:
                self.record(stmt, state)
                if isinstance(stmt, Jump):
                    self._jump(stmt, state)
                for call in calls_of(stmt):
                    self.holding.call(call, state)
                    if call.name is not None and call.name in self.meeting and state.executor.kind == "all-threads":
                        self.barrier(call, state)

    def _jump(self, stmt: Jump, state: State) -> None:
        for each in reversed(self.left):
            if stmt.kind in each:
                each[stmt.kind].append(state.copy())
                break

    # --- where paths part -------------------------------------------------------------------------------------------

    def _switch(self, stmt: Switch, state: State) -> None:
        self.record(stmt, state)
        decides = not state.nested and any(self.holds_barrier(arm) for arm in stmt.arms)
        ends = []
        self.left.append({"break": []})
        for number, arm in enumerate(stmt.arms):
            branch = state.copy()
            decision = state.decision(id(arm))
            if decides:
                branch.decide(id(arm), True)
                state.decide(id(arm), False)
            picked = self.chosen.arm(stmt, number)
            if picked is not None and not state.nested and branch.executor.kind == "all-threads":
                branch.executor = picked
            self.walk(arm, branch)
            branch.executor = state.executor
            ends.append((decision, branch))
        left = self.left.pop()["break"]
        if stmt.exhaustive and ends:
            state.become(ends.pop()[1])
        for decision, end in reversed(ends):
            end.join(state, decision)
            state.become(end)
        for end in left:
            state.locks &= end.locks
            state.pending |= end.pending

    def _if(self, stmt: If, state: State) -> None:
        # `else if` chains are walked in a loop: they may be longer than the interpreter's stack.
        ends: list[tuple[Decision, State]] = []
        rest = state
        at: If | None = stmt
        while at is not None:
            self.record(at, rest)
            then, otherwise = rest.copy(), rest.copy()
            decision = rest.decision(id(at))
            if not state.nested and (self.holds_barrier(at.then) or self.holds_barrier(at.otherwise)):
                then.decide(id(at), True)
                otherwise.decide(id(at), False)
            self._guarded(at, then, otherwise)
            self.walk(at.then, then)
            then.executor = state.executor
            if not _ends_here(at.then):
                ends.append((decision, then))
            below = at.otherwise.statements
            rest = otherwise
            if len(below) == 1 and isinstance(below[0], If):
                at = below[0]
                continue
            self.walk(at.otherwise, rest)
            rest.executor = state.executor
            if not _ends_here(at.otherwise):
                ends.append((decision, rest))
            at = None
        if not ends:
            return
        # The last decision first: what is behind `else` was decided within the branch not taken before it.
        _, joined = ends.pop()
        for decided, end in reversed(ends):
            end.join(joined, decided)
            joined = end
        state.become(joined)

    def _guarded(self, stmt: If, then: State, otherwise: State) -> None:
        """`if (omp_get_thread_num() == 0)`: one thread runs the branch. `if (omp_test_lock(&l))`: who runs it has l."""
        for part in () if then.nested else conjuncts(stmt.condition):
            found = self.chosen.thread(part)
            if found is None:
                continue
            chosen, equal = found
            if equal and then.executor.kind == "all-threads":
                then.executor = chosen
            elif not equal and otherwise.executor.kind == "all-threads" and part is stmt.condition:
                otherwise.executor = chosen
        self.holding.known(stmt.condition, True, then)
        self.holding.known(stmt.condition, False, otherwise)

    # --- loops ------------------------------------------------------------------------------------------------------

    def _loop(self, loop: Loop, state: State) -> None:
        for each in loop.init:
            self.walk(each, state)
        keeps_apart = not state.nested and state.task is None and self.holds_barrier(loop.body)
        if keeps_apart:
            entry = Phase(self.barriers.setdefault(id(loop), len(self.barriers)))
            self.result.entries[id(loop)] = entry
            state.levels.append({entry})
            state.synchronised = (*state.synchronised, loop)
        state.loops = (*state.loops, loop)
        before = state.copy()
        # What the last iteration leaves behind is where the next one begins.
        earlier = self.repeated.get(id(loop))
        if earlier is not None:
            state.join(earlier)
        self.record(loop, state)
        if loop.condition is not None and loop.kind != "do-while":
            self.holding.known(loop.condition, True, state)
        self.left.append({"break": [], "continue": []})
        self.walk(loop.body, state)
        left = self.left.pop()
        for end in left["continue"]:
            _forget_decisions(loop, end)
            state.join(end)
        for each in loop.step:
            self.walk(each, state)
        if keeps_apart:
            self.result.ends[id(loop)] = frozenset(state.levels[-1])
            state.levels[-1] = {entry}
        _forget_decisions(loop, state)
        again = state.copy()
        if earlier is None or not again.holds_like(earlier):
            self.repeated[id(loop)] = again
            # Where the first iteration begins with all that an iteration leaves behind, walking again shows nothing.
            self.unsettled = self.unsettled or earlier is not None or keeps_apart or not before.covers(again)
        # A loop with barriers is taken to run at least once: with none the region would be a degenerate one.
        if not keeps_apart:
            state.join(before)
        state.locks &= before.locks
        state.loops = state.loops[:-1]
        if keeps_apart:
            state.levels.pop()
            state.synchronised = state.synchronised[:-1]
            self._leave(loop, before, state)
        if loop.condition is not None:
            self.holding.known(loop.condition, False, state)
        _broken_off(loop, left["break"], state)

    def _leave(self, loop: Loop, before: State, state: State) -> None:
        """Behind a loop with barriers: only what stood behind the last barrier of an iteration can still be running."""
        exit_ = Phase(self.barriers.setdefault(-id(loop), len(self.barriers)))
        depth = len(state.levels)
        ends = self.result.ends[id(loop)]
        for stmt in (loop, *walk_statements(loop.body)):
            for known in (self.result.placements, self.result.closing):
                at = known.get(id(stmt))
                if at is not None and len(at.phases) > depth and meet(at.phases[depth], ends):
                    phases = (*(level | {exit_} for level in at.phases[:depth]), *at.phases[depth:])
                    known[id(stmt)] = replace(at, phases=phases)
        passed = meet(frozenset({self.result.entries[id(loop)]}), ends)
        for level, old in zip(state.levels, before.levels, strict=False):
            level.clear()
            level.add(exit_)
            if passed:
                level |= old

    # --- constructs -------------------------------------------------------------------------------------------------

    def construct(self, construct: Construct, state: State) -> None:
        directive = construct.directive
        self.record(construct, state)
        if not state.nested:
            self.result.constructs.setdefault(construct)
        if construct.body is None:
            self._alone(construct, state)
            return
        if state.nested:
            inner = state.copy()
            inner.stack = (*state.stack, construct)
            inner.locks |= exclusion(construct, inner.stack)
            self.walk(construct.body, inner)
            return
        if directive.has("target"):
            self._target(construct, state)
            return
        if directive.has(*TEAM_MAKERS) and not directive.has("distribute"):
            self._of_another_team(construct, state)
            return
        outer = state.executor, state.locks, state.stack
        state.stack = (*state.stack, construct)
        self.inside(construct, state)
        state.executor, state.locks, state.stack = outer
        if directive.has(*BARRIER_AT_END) and not directive.has(*TEAM_MAKERS):
            self.result.closing[id(construct)] = state.placement()
            if waits_at_end(directive):
                self.barrier(construct, state)

    def _of_another_team(self, construct: Construct, state: State) -> None:
        assert construct.body is not None
        inner = state.copy()
        inner.nested = construct.directive.has(*TEAM_MAKERS)
        inner.stack = (*state.stack, construct)
        self.walk(construct.body, inner)
        state.pending |= inner.pending

    def _target(self, construct: Construct, state: State) -> None:
        """A target region is a task; its creator waits for it unless `nowait` says otherwise (OpenMP 5.2 §13.8)."""
        body, directive = construct.body, construct.directive
        assert body is not None
        if not is_deferred_target(directive):
            if directive.first("depend") is not None:
                self.tasking.wait(directive, state)
            self._of_another_team(construct, state)
            return
        inner = state.copy()
        inner.stack = (*state.stack, construct)
        inner.executor = Executor("task", construct)
        inner.nested = directive.has(*TEAM_MAKERS)
        self.tasking.makes(construct, state, inner, lambda inside: self.walk(body, inside))

    def inside(self, construct: Construct, state: State) -> None:
        """Walks the body of a construct whose stack entry is made."""
        body, directive = construct.body, construct.directive
        assert body is not None
        state.locks |= exclusion(construct, state.stack)
        if directive.has("masked", "master"):
            state.executor = self.chosen.masked(construct, state.executor)
        elif directive.has("single", "workshare"):
            state.executor = Executor("single", construct)
        elif directive.has("sections"):
            self._sections(construct, state)
            return
        if directive.has("task", "taskloop"):
            self._tasks(construct, state)
            return
        if directive.has(*DIVIDED) and not is_run_by_each(directive):
            loops = associated_loops(construct)
            state.executor = Executor("iteration", construct, loops[0] if loops else None)
        before = set(state.pending)
        self.walk(body, state)
        grouped = directive.has("target data") and directive.first("nogroup") is None  # OpenMP 6.0 §15.7
        if grouped or directive.has("taskgroup", "taskgraph"):
            self.tasking.waits_for_all(before, state)

    def _tasks(self, construct: Construct, state: State) -> None:
        body, directive = construct.body, construct.directive
        assert body is not None
        self.result.placements[id(construct)] = replace(self.result.placements[id(construct)], executor=state.executor)
        inner = state.copy()
        inner.executor = Executor("task", construct)
        if directive.has("taskloop"):
            loops = associated_loops(construct)
            inner.executor = Executor("iteration", construct, loops[0] if loops else None, creator=state.executor)
        before = set(state.pending)
        self.tasking.makes(construct, state, inner, lambda inside: self.walk(body, inside))
        if directive.has("taskloop") and directive.first("nogroup") is None:
            self.tasking.waits_for_all(before, state)

    def _sections(self, construct: Construct, state: State) -> None:
        assert construct.body is not None
        start = state.copy()
        ends: list[State] = []
        number = 0
        plain: State | None = None
        for stmt in construct.body.statements:
            is_section = isinstance(stmt, Construct) and stmt.directive.has("section")
            if is_section or plain is None:
                number += 1
                plain = start.copy()
                ends.append(plain)
            plain.executor = Executor("section", construct, section=number)
            self.walk(stmt, plain)
        for end in ends:
            state.join(end)

    def _alone(self, construct: Construct, state: State) -> None:
        directive = construct.directive
        if directive.has("barrier"):
            self.barrier(construct, state)
        elif has_nowait(directive) and not state.nested:
            # An empty task: others may depend on it.
            self.tasking.makes(construct, state, state.copy(), lambda _: None)
        elif directive.has("taskwait") or directive.first("depend") is not None:
            self.tasking.wait(directive, state)


def _broken_off(loop: Loop, ends: Sequence[State], state: State) -> None:
    """Behind a loop come also those who broke it off, and nobody else if it has no other end."""
    if not ends:
        return
    endless = loop.condition is None or (isinstance(loop.condition, Constant) and bool(loop.condition.value))
    state.locks = ends[0].locks if endless else state.locks
    for end in ends:
        state.locks &= end.locks
        state.pending |= end.pending


def _forget_decisions(loop: Loop, state: State) -> None:
    """The next iteration may decide otherwise."""
    if not any(phase.decisions for level in state.levels for phase in level):
        return
    inside: set[int] = set()
    for stmt in walk_statements(loop.body):
        if isinstance(stmt, If):
            inside.add(id(stmt))
        elif isinstance(stmt, Switch):
            inside |= {id(arm) for arm in stmt.arms}
    for level in state.levels:
        kept = {Phase(p.barrier, frozenset(d for d in p.decisions if d[0] not in inside)) for p in level}
        level.clear()
        level |= kept


def _ends_here(block: Block) -> bool:
    return bool(block.statements) and isinstance(block.statements[-1], Jump)
