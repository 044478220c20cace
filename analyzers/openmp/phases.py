"""Who runs each statement of a parallel region, between which barriers, under which locks, beside which tasks.

The phase of a statement is the set of barriers that a thread may have passed last when it gets there (reaching
definitions, with barriers as the definitions). Two threads can be at two statements at the same time only if the sets
meet, because all threads of a team pass the same barriers (OpenMP 5.2 §15.3). A loop that holds barriers keeps its
iterations apart; statements in it have one set for each such loop around them, in which the start of an iteration of
that loop counts as a barrier.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from analyzers.dependence.spelling import spell
from analyzers.ir.directives import BARRIER_AT_END, DIVIDED, TEAM_MAKERS, Directive
from analyzers.ir.expressions import Binary, Call, Cast, Constant, Expr, Name, Unary, calls_in
from analyzers.ir.statements import (
    Block,
    Construct,
    Declare,
    Function,
    If,
    Jump,
    Loop,
    Stmt,
    Switch,
    calls_of,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.openmp import dependences
from analyzers.openmp.constructs import (
    SET_LOCK,
    TEST_LOCK,
    UNSET_LOCK,
    conjuncts,
    exclusion,
    holds_barrier,
    is_doacross,
    is_final,
    is_thread_number,
    is_undeferred,
    lock_of,
    locked_object,
    masked_thread,
    thread_numbers,
)
from analyzers.openmp.decisions import Decision, Phase, meet, resolved
from analyzers.openmp.facts import Executor
from analyzers.openmp.sharing import associated_loops

ENTRY = -1  # the phase in which a region begins


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a statement stands in a region."""

    stack: tuple[Construct, ...]  # the constructs around it in the function, outermost first
    executor: Executor
    phases: tuple[frozenset[Phase], ...]  # [0] in the region, [k] within an iteration of `synchronised[k - 1]`
    synchronised: tuple[Loop, ...] = ()  # surrounding loops of the region that hold barriers
    locks: frozenset[str] = frozenset()
    pending: frozenset[int] = frozenset()  # tasks that may be running, by number
    task: int | None = None  # the explicit task that runs it
    loops: tuple[Loop, ...] = ()  # of the region, around it


@dataclass(slots=True)
class Task:
    """An explicit task construct of a region."""

    number: int
    construct: Construct
    parent: int | None
    created: Placement
    descendants: set[int] = field(default_factory=set)
    remaining: set[int] = field(default_factory=set)  # descendants that it does not wait for

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops of the region in which it is created."""
        return self.created.loops


@dataclass(slots=True)
class Phases:
    """The placements of the statements of a region, by id(statement)."""

    placements: dict[int, Placement] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    ends: dict[int, frozenset[Phase]] = field(default_factory=dict)  # id(synchronised loop) -> phases at its end
    entries: dict[int, Phase] = field(
        default_factory=dict
    )  # id(synchronised loop) -> the phase in which an iteration begins
    closing: dict[int, tuple[Construct, Placement]] = field(default_factory=dict)  # ends, before the barriers there


def place(
    root: Construct | Function, outside: Sequence[Construct] = (), meeting: Container[str] = frozenset()
) -> Phases:
    """The placements of all statements below a parallel region, or below a function that may be called from one.

    `outside` are the constructs around the region; the functions named in `meeting` are taken to hold a barrier where
    all threads call them.
    """
    result = Phases()
    inside = () if root.body is None else walk_statements(root.body)
    declared = frozenset(s.symbol for s in inside if isinstance(s, Declare) and s.symbol.storage == "local")
    walker = _Walker(result, thread_numbers(root.body) if root.body else frozenset(), meeting, declared)
    if isinstance(root, Function):
        start = _State((), Executor("all-threads"), [{Phase(ENTRY)}])
        walker.walk(root.body, start)
        return result
    if root.body is None:
        return result
    executor = Executor("all-threads", root)
    stack = (*outside, root)
    start = _State(stack, executor, [{Phase(ENTRY)}])
    walker.inside(root, start)
    return result


@dataclass(slots=True)
class _State:
    """What holds at a point: changes along the walk."""

    stack: tuple[Construct, ...]
    executor: Executor
    levels: list[set[Phase]]
    synchronised: tuple[Loop, ...] = ()
    locks: frozenset[str] = frozenset()
    pending: set[int] = field(default_factory=set)
    task: int | None = None
    loops: tuple[Loop, ...] = ()
    final: bool = False  # inside a final task, whose descendants are executed at once (OpenMP 5.2 §12.3)
    nested: bool = False  # inside a parallel region that is not the one looked at: its team is another

    def copy(self) -> _State:
        return _State(
            self.stack,
            self.executor,
            [set(level) for level in self.levels],
            self.synchronised,
            self.locks,
            set(self.pending),
            self.task,
            self.loops,
            self.final,
            self.nested,
        )

    def join(self, other: _State, decided: Decision | None = None) -> None:
        """Two paths meet; where they part at the decision `decided`, this one has taken it."""
        for mine, theirs in zip(self.levels, other.levels, strict=True):
            if decided is not None:
                theirs = resolved(mine, theirs, decided)
                mine.clear()
            mine |= theirs
        self.pending |= other.pending
        self.locks &= other.locks

    def decision(self, at: int) -> Decision:
        return Decision(at, frozenset(d for level in self.levels for phase in level for d, _ in phase.decisions))

    def placement(self) -> Placement:
        return Placement(
            self.stack,
            self.executor,
            tuple(frozenset(level) for level in self.levels),
            self.synchronised,
            self.locks,
            frozenset(self.pending),
            self.task,
            self.loops,
        )


class _Walker:
    def __init__(
        self,
        result: Phases,
        thread_numbers_: frozenset[Symbol],
        meeting: Container[str],
        declared: frozenset[Symbol],
    ) -> None:
        self.result = result
        self.meeting = meeting
        self.thread_numbers = thread_numbers_
        self.barriers: dict[int, int] = {}
        self.task_numbers: dict[int, int] = {}
        self.chosen: dict[str, int] = {}
        self.declared = declared

    def record(self, stmt: Stmt, state: _State) -> None:
        known = self.result.placements.get(id(stmt))
        new = state.placement()
        if known is not None:
            new = Placement(
                new.stack,
                new.executor,
                tuple(a | b for a, b in zip(known.phases, new.phases, strict=True)),
                new.synchronised,
                known.locks & new.locks,
                known.pending | new.pending,
                new.task,
                new.loops,
            )
        self.result.placements[id(stmt)] = new

    def barrier(self, at: object, state: _State) -> None:
        if state.nested or state.task is not None:
            return
        number = self.barriers.setdefault(id(at), len(self.barriers))
        for level in state.levels:
            level.clear()
            level.add(Phase(number))
        state.pending.clear()

    def walk(self, stmt: Stmt, state: _State) -> None:
        """Walks one statement; `state` becomes that behind it."""
        match stmt:
            case Block(statements=statements):
                for each in statements:
                    self.walk(each, state)
            case If():
                self._if(stmt, state)
            case Switch(arms=arms, exhaustive=exhaustive):
                self.record(stmt, state)
                decides = not state.nested and any(holds_barrier(arm) for arm in arms)
                ends = []
                for arm in arms:
                    branch = state.copy()
                    decision = state.decision(id(arm))
                    if decides:
                        _decide(branch, id(arm), True)
                        _decide(state, id(arm), False)
                    self.walk(arm, branch)
                    ends.append((decision, branch))
                if exhaustive and ends:
                    _become(state, ends.pop()[1])
                for decision, end in reversed(ends):
                    end.join(state, decision)
                    _become(state, end)
            case Loop():
                self._loop(stmt, state)
            case Construct():
                self.construct(stmt, state)
            case _:
                self.record(stmt, state)
                for call in calls_of(stmt):
                    if call.name in SET_LOCK and call.arguments and not self._is_own(call, state):
                        state.locks |= {lock_of(call)}
                    elif call.name in UNSET_LOCK and call.arguments:
                        state.locks -= {lock_of(call)}
                    elif call.name is not None and call.name in self.meeting and state.executor.kind == "all-threads":
                        self.barrier(call, state)

    def _is_own(self, call: Call, state: _State) -> bool:
        """Has each thread a lock of its own, which keeps nobody out? What one thread declares, its tasks share."""
        symbol = locked_object(call)
        if symbol is None or state.task is not None:
            return False
        clauses = (clause for c in state.stack for clause in c.directive.all("private", "firstprivate", "lastprivate"))
        listed = (item.expr for clause in clauses for item in clause.items)
        return symbol in self.declared or any(isinstance(e, Name) and e.symbol == symbol for e in listed)

    def _if(self, stmt: If, state: _State) -> None:
        # `else if` chains are walked in a loop: they may be longer than the interpreter's stack.
        ends: list[tuple[Decision, _State]] = []
        rest = state
        at: If | None = stmt
        while at is not None:
            self.record(at, rest)
            then, otherwise = rest.copy(), rest.copy()
            decision = rest.decision(id(at))
            if not state.nested and (holds_barrier(at.then) or holds_barrier(at.otherwise)):
                _decide(then, id(at), True)
                _decide(otherwise, id(at), False)
            self._guarded(at.condition, then, otherwise)
            for call in calls_in(at.condition):
                if call.name in TEST_LOCK and call.arguments and not self._is_own(call, then):
                    then.locks |= {lock_of(call)}
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
        _become(state, joined)

    def _guarded(self, condition: Expr, then: _State, otherwise: _State) -> None:
        """`if (omp_get_thread_num() == 0)`: one thread runs the branch."""
        for part in conjuncts(condition):
            found = self._thread_test(part)
            if found is None:
                continue
            chosen, equal = found
            if equal and then.executor.kind == "all-threads":
                then.executor = chosen
            elif not equal and otherwise.executor.kind == "all-threads" and part is condition:
                otherwise.executor = chosen

    def _thread_test(self, expr: Expr) -> tuple[Executor, bool] | None:
        """The thread that a condition on the thread's number picks, and whether where it holds."""
        if isinstance(expr, Unary) and expr.op == "!" and self._is_thread_number(expr.operand):
            return Executor("masked", None, thread=0), True
        if self._is_thread_number(expr):
            return Executor("masked", None, thread=0), False
        if isinstance(expr, Binary) and expr.op in ("==", "!="):
            for left, right in ((expr.left, expr.right), (expr.right, expr.left)):
                if not self._is_thread_number(left):
                    continue
                if isinstance(right, Constant) and isinstance(right.value, int):
                    return Executor("masked", None, thread=right.value), expr.op == "=="
                # Some one thread: the same one wherever the text is the same.
                number = self.chosen.setdefault(spell(right), len(self.chosen) + 1)
                return Executor("masked", None, section=number), expr.op == "=="
        return None

    def _is_thread_number(self, expr: Expr) -> bool:
        while isinstance(expr, Cast):
            expr = expr.operand
        return is_thread_number(expr, self.thread_numbers)

    def _loop(self, loop: Loop, state: _State) -> None:
        for each in loop.init:
            self.walk(each, state)
        keeps_apart = not state.nested and state.task is None and holds_barrier(loop.body)
        if keeps_apart:
            entry = Phase(self.barriers.setdefault(id(loop), len(self.barriers)))
            self.result.entries[id(loop)] = entry
            state.levels.append({entry})
            state.synchronised = (*state.synchronised, loop)
        state.loops = (*state.loops, loop)
        before = state.copy()
        # Twice: what the first iteration leaves behind is where the second one begins.
        for last in (False, True):
            self.record(loop, state)
            self.walk(loop.body, state)
            for each in loop.step:
                self.walk(each, state)
            if keeps_apart:
                self.result.ends[id(loop)] = frozenset(state.levels[-1])
                state.levels[-1] = {entry}
            self._forget_decisions(loop, state)
            # A loop with barriers is taken to run at least once: with none the region would be a degenerate one.
            if not (keeps_apart and last):
                state.join(before)
            state.locks = before.locks & state.locks
        state.loops = state.loops[:-1]
        if keeps_apart:
            state.levels.pop()
            state.synchronised = state.synchronised[:-1]
            self._leave(loop, before, state)
        waited = loop.condition
        if isinstance(waited, Unary) and waited.op == "!":
            for call in calls_in(waited.operand):
                if call.name in TEST_LOCK and call.arguments:
                    state.locks |= {lock_of(call)}

    def _leave(self, loop: Loop, before: _State, state: _State) -> None:
        """Behind a loop with barriers: only what stood behind the last barrier of an iteration can still be running."""
        exit_ = Phase(self.barriers.setdefault(-id(loop), len(self.barriers)))
        depth = len(state.levels)
        ends = self.result.ends[id(loop)]
        for stmt in (loop, *walk_statements(loop.body)):
            at = self.result.placements.get(id(stmt))
            if at is not None and len(at.phases) > depth and meet(at.phases[depth], ends):
                phases = (*(level | {exit_} for level in at.phases[:depth]), *at.phases[depth:])
                self.result.placements[id(stmt)] = replace(at, phases=phases)
        passed = meet(frozenset({self.result.entries[id(loop)]}), ends)
        for level, old in zip(state.levels, before.levels, strict=False):
            level.clear()
            level.add(exit_)
            if passed:
                level |= old

    def _forget_decisions(self, loop: Loop, state: _State) -> None:
        """The next iteration may decide otherwise."""
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

    def construct(self, construct: Construct, state: _State) -> None:
        directive = construct.directive
        self.record(construct, state)
        if construct.body is None:
            self._alone(construct, state)
            return
        if directive.has(*TEAM_MAKERS, "target") and not directive.has("distribute") and not state.nested:
            inner = state.copy()
            inner.nested = directive.has(*TEAM_MAKERS)
            inner.stack = (*state.stack, construct)
            self.walk(construct.body, inner)
            state.pending |= inner.pending
            return
        if directive.has("task") and not state.nested:
            self._task(construct, state)
            return
        outer = state.executor, state.locks, state.stack
        state.stack = (*state.stack, construct)
        if state.nested:
            state.locks |= exclusion(construct)
            self.walk(construct.body, state)
            state.executor, state.locks, state.stack = outer
            return
        self.inside(construct, state)
        state.executor, state.locks, state.stack = outer
        if directive.has(*BARRIER_AT_END) and not directive.has(*TEAM_MAKERS):
            self.result.closing[id(construct)] = construct, state.placement()
            if directive.first("nowait") is None:
                self.barrier(construct, state)

    def inside(self, construct: Construct, state: _State) -> None:
        """Walks the body of a construct whose stack entry is made."""
        assert construct.body is not None
        directive = construct.directive
        state.locks |= exclusion(construct)
        if directive.has(*DIVIDED):
            loops = associated_loops(construct)
            creator = state.executor if directive.has("taskloop") else None
            state.executor = Executor("iteration", construct, loops[0] if loops else None, creator=creator)
            if directive.has("for", "taskloop") and is_doacross(construct):
                state.locks |= {f"doacross:{id(construct)}"}
        elif directive.has("sections"):
            self._sections(construct, state)
            return
        elif directive.has("section"):
            pass
        elif directive.has("single", "workshare"):
            state.executor = Executor("single", construct)
        elif directive.has("masked", "master"):
            state.executor = Executor("masked", construct, thread=masked_thread(directive))
        before = set(state.pending)
        self.walk(construct.body, state)
        if directive.has("taskgroup", "taskgraph") or (
            directive.has("taskloop") and directive.first("nogroup") is None
        ):
            state.pending = before & state.pending

    def _sections(self, construct: Construct, state: _State) -> None:
        assert construct.body is not None
        start = state.copy()
        ends: list[_State] = []
        number = 0
        plain: _State | None = None
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

    def _alone(self, construct: Construct, state: _State) -> None:
        directive = construct.directive
        if directive.has("barrier"):
            self.barrier(construct, state)
        elif directive.has("taskwait"):
            self._taskwait(directive, state)

    def _taskwait(self, directive: Directive, state: _State) -> None:
        """Waits for the children of the current task, not for their descendants (OpenMP 5.2 §15.5); with `depend` only
        for those on which it depends."""
        some = directive.first("depend") is not None
        for number in sorted(state.pending):
            task = self.result.tasks[number]
            if task.parent != state.task or (some and not self._awaited(directive, task, state)):
                continue
            state.pending.discard(number)
            state.pending -= task.descendants - task.remaining

    def _awaited(self, directive: Directive, task: Task, state: _State) -> bool:
        """Does a directive with dependences wait for a sibling task, or for one that comes after it in their order?"""
        if dependences.conflict(task.construct.directive, directive):
            return True
        siblings = [self.result.tasks[n] for n in state.pending if self.result.tasks[n].parent == task.parent]
        return any(
            other.number > task.number
            and dependences.conflict(other.construct.directive, directive)
            and dependences.ordered(task, other, self.result.tasks)
            for other in siblings
        )

    def _task(self, construct: Construct, state: _State) -> None:
        assert construct.body is not None
        number = self.task_numbers.setdefault(id(construct), len(self.task_numbers))
        if number == len(self.result.tasks):
            self.result.tasks.append(Task(number, construct, state.task, state.placement()))
        task = self.result.tasks[number]
        task.created = self.result.placements[id(construct)]
        inner = state.copy()
        inner.stack = (*state.stack, construct)
        inner.locks = frozenset()
        inner.executor = Executor("task", construct)
        inner.task = number
        deferred = not is_undeferred(construct.directive) and not state.final
        inner.final = state.final or is_final(construct.directive)
        if not deferred and construct.directive.first("depend") is not None:
            # It runs at once, so that its creator waits for what it depends on.
            self._taskwait(construct.directive, state)
            inner.pending = set(state.pending)
        if deferred:
            # Brothers of other iterations may run beside it.
            inner.pending |= state.pending
        self.walk(construct.body, inner)
        made = {n for n in inner.pending if n not in state.pending and n != number}
        task.remaining |= made
        task.descendants |= made | self._below(number)
        if deferred:
            state.pending.add(number)
            state.pending |= task.descendants
        else:
            state.pending |= made

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


def _decide(state: _State, at: int, taken: bool) -> None:
    state.levels = [{Phase(p.barrier, p.decisions | {(at, taken)}) for p in level} for level in state.levels]


def _become(state: _State, other: _State) -> None:
    state.levels = [set(level) for level in other.levels]
    state.pending = set(other.pending)
    state.locks = other.locks


def _ends_here(block: Block) -> bool:
    return bool(block.statements) and isinstance(block.statements[-1], Jump) and block.statements[-1].kind != "continue"
