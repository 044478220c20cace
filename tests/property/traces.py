"""What a generated nest really does: every access of a serial run, and whether a verdict agrees with all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.property.nests import LoopSite, Nest

SIZES = ((0, 0), (1, 1), (2, 3), (3, 2), (5, 4), (4, 6), (7, 7))  # values of (n, m)
LARGER = ((12, 12), (15, 11), (9, 20), (24, 24), (40, 40))  # for dependences that need room
SHIFT = 1000
OWN = ("private", "firstprivate", "lastprivate", "reduction", "linear", "local")  # roles with a copy for each thread


@dataclass(frozen=True)
class Event:
    """One access: cell, kind, value seen or stored, and (loop number, instance, iteration) of all surrounding loops."""

    cell: tuple[str, tuple[int, ...]]
    writes: bool
    tag: str
    value: int
    loops: tuple[tuple[int, int, int], ...]


@dataclass
class Trace:
    events: list[Event]
    iterations: dict[tuple[int, int], int]  # (loop number, instance) -> number of iterations
    sizes: tuple[int, int]


def run(nest: Nest, n: int, m: int, shifted: tuple[int, str] | None = None) -> Trace:
    """Execute serially and record. `shifted` (loop number, variable): when the loop is entered for the first time,
    every cell of the variable is SHIFT larger than it would be."""
    events: list[Event] = []
    memory: dict[tuple[str, tuple[int, ...]], int] = {}
    scalars = {"s": 1, "t": 2, "u": 3, "e": 0, "x": 0}
    stack: list[list[int]] = []
    current: list[tuple[tuple[int, int, int], ...]] = [()]
    instances: dict[int, int] = defaultdict(int)
    iterations: dict[tuple[int, int], int] = defaultdict(int)

    shift: dict[str, int] = {}

    def initial(cell: tuple[str, tuple[int, ...]]) -> int:
        return (sum((k + 3) * v for k, v in enumerate(cell[1])) * 7 + len(cell[0])) % 11 + shift.get(cell[0], 0)

    def read(name: str, where: tuple[int, ...]) -> int:
        cell = (name, where)
        value = memory.get(cell)
        if value is None:
            value = initial(cell)
        events.append(Event(cell, False, "", value, current[0]))
        return value

    def write(name: str, where: tuple[int, ...], value: int) -> None:
        cell = (name, where)
        memory[cell] = value = value % 100003
        events.append(Event(cell, True, "", value, current[0]))

    def read_scalar(name: str, tag: str = "") -> int:
        events.append(Event((name, ()), False, tag, scalars[name], current[0]))
        return scalars[name]

    def write_scalar(name: str, value: int, tag: str = "") -> None:
        scalars[name] = value = value % 100003
        events.append(Event((name, ()), True, tag, value, current[0]))

    def enter(number: int) -> None:
        instances[number] += 1
        if shifted is not None and shifted[0] == number and instances[number] == 1:
            name = shifted[1]
            shift[name] = SHIFT
            if name in scalars:
                scalars[name] += SHIFT
            for cell in memory:
                if cell[0] == name:
                    memory[cell] += SHIFT
        stack.append([number, instances[number], -1])

    def iterate(_: int) -> None:
        top = stack[-1]
        top[2] += 1
        iterations[top[0], top[1]] += 1
        current[0] = tuple((a, b, c) for a, b, c in stack)

    def leave() -> None:
        stack.pop()
        current[0] = tuple((a, b, c) for a, b, c in stack)

    namespace: dict[str, Callable[..., None]] = {}
    exec(nest.python, namespace)
    namespace[nest.name](n, m, read, write, read_scalar, write_scalar, enter, iterate, leave)
    return Trace(events, dict(iterations), (n, m))


@dataclass(frozen=True)
class Claim:
    """What the analysis said of a loop: `status` parallel or dependent, and the role of each variable by name."""

    status: str
    roles: dict[str, tuple[str, str | None]]  # name -> (role kind, operator)
    variable: str | None = None  # of the dependence, for `dependent`


def judge(nest: Nest, loop: LoopSite, claim: Claim, traces: Sequence[Trace]) -> str | None:
    """None if the claim is true for every trace, otherwise what is wrong with it."""
    if claim.status == "dependent":
        return None if _really_dependent(nest, loop, traces) else "no two iterations conflict"
    for trace in traces:
        problem = _check_parallel(nest, trace, loop, claim)
        if problem:
            return problem
    return None


def _really_dependent(nest: Nest, loop: LoopSite, traces: Sequence[Trace]) -> bool:
    """Do two iterations conflict for some size? A loop that never runs twice may be called anything."""
    if any(_conflicts(t, loop, {}) for t in traces):
        return True
    most = 0
    for n, m in LARGER:
        trace = run(nest, n, m)
        if _conflicts(trace, loop, {}):
            return True
        most = max([most, *(count for (number, _), count in trace.iterations.items() if number == loop.number)])
    return most < 2


def _position(event: Event, number: int) -> tuple[int, int] | None:
    for which, instance, iteration in event.loops:
        if which == number:
            return instance, iteration
    return None


def _conflicts(trace: Trace, loop: LoopSite, roles: dict[str, tuple[str, str | None]]) -> str | None:
    """A cell that two iterations of one instance of the loop touch, one of them writing; None if there is none."""
    touched: dict[tuple[object, ...], tuple[set[int], set[int]]] = {}
    for event in trace.events:
        where = _position(event, loop.number)
        name = event.cell[0]
        if where is None or roles.get(name, ("", None))[0] in OWN:
            continue
        readers, writers = touched.setdefault((where[0], event.cell), (set(), set()))
        (writers if event.writes else readers).add(where[1])
    for (_, cell), (readers, writers) in touched.items():
        if writers and len(readers | writers) > 1:
            return f"{cell} is shared by iterations {sorted(readers | writers)}"
    return None


def _check_parallel(nest: Nest, trace: Trace, loop: LoopSite, claim: Claim) -> str | None:
    conflict = _conflicts(trace, loop, claim.roles)
    if conflict:
        return conflict
    for name, (kind, op) in claim.roles.items():
        if kind in ("private", "lastprivate"):
            problem = _check_private(trace, loop, name, kind)
        elif kind == "reduction":
            problem = _check_reduction(nest, trace, loop, name, op)
        elif kind in ("firstprivate", "linear"):
            problem = _check_carried_value(trace, loop, name, kind)
        else:
            problem = None
        if problem:
            return problem
    return None


def _check_private(trace: Trace, loop: LoopSite, name: str, kind: str) -> str | None:
    """Written before read in each iteration; afterwards dead (private) or written by the last one (lastprivate)."""
    written: set[tuple[int, int, tuple[int, ...]]] = set()
    ended: dict[tuple[int, ...], int] = {}  # cell -> instance that wrote it last
    for event in trace.events:
        if event.cell[0] != name:
            continue
        where = _position(event, loop.number)
        cell = event.cell[1]
        if where is None:
            instance = ended.get(cell)
            if instance is not None and not event.writes:
                if kind == "private":
                    return f"{name} is private but read after the loop"
                last = trace.iterations[loop.number, instance] - 1
                if (instance, last, cell) not in written:
                    return f"{name} is lastprivate but the last iteration did not write it"
            if event.writes:
                ended.pop(cell, None)
            continue
        if event.writes:
            written.add((*where, cell))
            ended[cell] = where[0]
        elif (*where, cell) not in written:
            return f"{name} is {kind} but read before it is written in an iteration"
    return None


def _check_reduction(nest: Nest, trace: Trace, loop: LoopSite, name: str, op: str | None) -> str | None:
    """A sum: with a larger start everything else stays the same and every value of the sum is larger by as much. Other
    operators: only statements that were generated as such reductions touch the variable."""
    if op != "+":
        for event in trace.events:
            if event.cell[0] == name and _position(event, loop.number) is not None and event.tag != op:
                return f"{name} is a reduction({op}) but used otherwise ({event.tag or 'plain'})"
        return None
    other = run(nest, *trace.sizes, shifted=(loop.number, name))
    inside = [(_position(e, loop.number), e) for e in trace.events]
    shifted = [(_position(e, loop.number), e) for e in other.events]
    first = [e for at, e in inside if at is not None and at[0] == 1]
    second = [e for at, e in shifted if at is not None and at[0] == 1]
    if len(first) != len(second):
        return f"{name} is a reduction(+) but decides what runs"
    for before, after in zip(first, second, strict=True):
        expected = before.value + SHIFT if before.cell[0] == name else before.value
        if before.cell != after.cell or (after.value - expected) % 100003:
            return f"{name} is a reduction(+) but its running value is used"
    return None


def _check_carried_value(trace: Trace, loop: LoopSite, name: str, kind: str) -> str | None:
    """firstprivate: each exposed read sees the value from before; linear: values at iteration starts rise evenly."""
    seen: dict[int, list[tuple[int, int]]] = defaultdict(list)
    written: set[tuple[int, int]] = set()
    for event in trace.events:
        where = _position(event, loop.number)
        if event.cell[0] != name or where is None:
            continue
        if event.writes:
            written.add(where)
        elif where not in written:
            seen[where[0]].append((where[1], event.value))
    for reads in seen.values():
        first_iteration, first_value = reads[0]
        others = [(i, v) for i, v in reads if i != first_iteration]
        if not others:
            continue
        slope = 0 if kind == "firstprivate" else (others[0][1] - first_value) / (others[0][0] - first_iteration)
        if any(v != first_value + slope * (i - first_iteration) for i, v in reads):
            return f"{name} is {kind} but its value at the start of an iteration is not"
    return None
