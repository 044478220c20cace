"""Random loop nests against brute force: "none" is never contradicted, "proved" always has a true witness.

HPC_LS_PROPERTY_CASES sets the number of nests, HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analyzers.dependence.facts import Conflict
from analyzers.dependence.polyhedral import Solver
from analyzers.ir.accesses import Access, Guard
from analyzers.ir.expressions import Conditional, Constant, Element, Expr, Name, Unary, symbols
from analyzers.ir.symbols import INT, Symbol
from tests.brute_force import Event, TooManyError, conflicts, events, uncovered
from tests.helpers_ir import (
    SIZE_T,
    UNSIGNED,
    Nest,
    add,
    array,
    binary,
    expr,
    mul,
    pointer,
    sub,
    variable,
)

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "2000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "1"))
SIZES = (0, 1, 2, 3, 5, 6)


@dataclass(frozen=True)
class Table:
    """The contents of an index array."""

    name: str
    at: Callable[[int], int]
    distinct: bool
    rising: bool

    def __call__(self, place: int) -> int:
        return self.at(place)


TABLES = (
    Table("reversed", lambda e: 5 - e, True, False),
    Table("halves", lambda e: e // 2, False, True),
    Table("shifted", lambda e: 2 * e + 1, True, True),
    Table("scattered", lambda e: e * e % 5, False, False),
)
MAX_VALUES = 12  # of the parameters, for each nest


@dataclass
class Case:
    nest: Nest
    accesses: list[Access]
    parameters: dict[str, tuple[Any, ...]]
    indices: list[Symbol] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)  # of the parameters, those that are tried
    memo: dict[int, object] = field(default_factory=dict)
    known: dict[tuple[int, int], list[Event] | None] = field(default_factory=dict)

    def events(self, access: Access, number: int) -> list[Event] | None:
        """All executions for the parameter values of that number; None where there are too many."""
        key = (id(access), number)
        if key not in self.known:
            try:
                self.known[key] = events(access, self.nest.headers, self.values[number], self.memo)
            except TooManyError:
                self.known[key] = None
        return self.known[key]


def random_case(rng: random.Random) -> Case:
    kind = rng.choice([None] * 8 + [SIZE_T, UNSIGNED])
    n, m, k = (variable(x) for x in "nmk")
    if kind is not None:
        n, m = variable("n", kind), variable("m", kind)
    names = iter("ijpqrstuvw")
    nest = Nest()
    target = rng.choice([array("a"), pointer("x")])
    dims = rng.choice([1, 1, 2])
    visible: list[Symbol] = []
    every: list[Symbol] = []
    used: set[str] = set()
    linear = rng.random() < 0.25
    idx = array("idx", element=INT)
    indirect = kind is None and rng.random() < 0.15

    def use(symbol: Symbol) -> Symbol:
        used.add(symbol.name)
        return symbol

    def bound(top: bool) -> Expr | Symbol | int:
        choices: list[Expr | Symbol | int] = []
        size = rng.choice([n, n, m])
        if top:
            choices += [use(size), use(size), rng.randint(2, 6), sub(use(size), rng.randint(1, 2))]
            if visible:
                other = rng.choice(visible)
                choices += [other, add(other, rng.randint(1, 2)), binary("min", use(n), add(other, 2))]
        else:
            choices += [0, 0, 0, 1, 2]
            if visible:
                other = rng.choice(visible)
                choices += [other, add(other, 1), binary("max", 1, sub(other, 1)) if kind is None else other]
        return rng.choice(choices)

    def load(place: Expr | Symbol | int) -> Expr:
        used.add("idx")
        return Element(Name(idx), (expr(place),), INT)

    def open_loop() -> None:
        index = variable(next(names), *(() if kind is None else (kind,)))
        step = rng.choice([1, 1, 1, 1, 2, 3, -1, -2]) if kind is None else rng.choice([1, 1, 2])
        if indirect and visible and rng.random() < 0.4:
            nest.loop(index, load(visible[-1]), "<", load(add(visible[-1], 1)))
        elif rng.random() < 0.05:
            nest.loop(index, rng.choice([0, 1]), "!=", use(n))
        elif step > 0:
            nest.loop(index, bound(False), rng.choice(["<", "<", "<="]), bound(True), step)
        else:
            top = rng.choice([use(n), sub(use(n), 1), rng.randint(2, 5), *visible[-1:]])
            nest.loop(index, top, rng.choice([">=", ">"]), rng.choice([0, 1]), step)
        visible.append(index)
        every.append(index)

    def subscript() -> Expr:
        if linear and len(visible) > 1:
            outer, inner = rng.sample(visible, 2)
            pitch: Expr | Symbol = use(rng.choice([m, n]))
            e = add(mul(outer, add(pitch, 1) if rng.random() < 0.2 else pitch), inner)
            return add(e, rng.randint(0, 1)) if rng.random() < 0.3 else e
        total: Expr = Constant(rng.choice([0, 0, 0, 1, 2, 3] if kind else [0, 0, 0, 1, 2, -1, -2]))
        for each in visible:
            factor = rng.choice([0, 1, 1, 1, 2, 3] if kind else [0, 0, 1, 1, 1, 2, -1])
            if factor:
                total = add(total, each if factor == 1 else mul(factor, each))
        chance = rng.random()
        if indirect and rng.random() < 0.5:
            found = load(total)
            return rng.choice([found, found, mul(2, found), add(found, 1), add(mul(2, found), visible[-1])])
        if chance < 0.08:
            total = add(total, use(k)) if kind is None else total
        elif chance < 0.16:
            total = binary(rng.choice(["/", "%"]), total, rng.randint(2, 3))
        elif chance < 0.2:
            total = sub(use(n), add(total, 1))
        elif chance < 0.25:
            total = binary(rng.choice(["min", "max"]), total, rng.choice([2, use(n), visible[0]]))
        elif chance < 0.27:
            total = binary("%", add(visible[0], rng.randint(0, 2)), use(n))
        elif chance < 0.32:
            test = binary(rng.choice(["<", "==", "!=", ">="]), visible[-1], rng.choice([0, 1, use(n)]))
            total = Conditional(test, total, expr(rng.choice([0, visible[0], use(n)])), total.type)
        return total

    def guards() -> list[Guard]:
        found: list[Guard] = []
        while rng.random() < 0.2 and visible:
            one = rng.choice(visible)
            other: Expr | Symbol | int = rng.choice([*visible, 1, 2, use(n)])
            condition = rng.choice(
                [
                    binary(rng.choice(["<", "<=", "==", "!=", ">"]), one, other),
                    binary("==", binary("%", one, 2), rng.choice([0, 1])),
                    binary("||", binary("<", one, other), binary(">", one, 2)),
                    binary("&&", binary("<=", one, other), binary("!=", one, 1)),
                    Unary("!", binary("==", one, other)),
                ]
            )
            found.append(Guard(condition, rng.random() < 0.7, len(visible)))
        return found

    accesses: list[Access] = []

    def place(write: bool) -> None:
        own = guards()
        accesses.append(
            nest.access(target, *(subscript() for _ in range(dims)), kind="write" if write else "read", guards=own)
        )

    for _ in range(rng.randint(1, 2)):
        open_loop()
    place(True)
    for _ in range(rng.randint(1, 2)):
        extra = rng.randint(0, 1)
        for _ in range(extra):
            open_loop()
        place(rng.random() < 0.3)
        for _ in range(extra):
            nest.end()
            visible.pop()
    sizes: dict[str, tuple[Any, ...]] = {"idx": TABLES, "n": SIZES, "m": SIZES, "k": (-3, -1, 0, 1, 2, 4)}
    chosen = {name: sizes[name] for name in sorted(used)}
    values = [dict(zip(chosen, v, strict=True)) for v in itertools.product(*chosen.values())]
    if len(values) > MAX_VALUES:
        values = rng.sample(values, MAX_VALUES)
    return Case(nest, accesses, chosen, every, values)


def shown(case: Case) -> str:
    from analyzers.dependence.spelling import spell, spell_access

    lines = []
    for access in case.accesses:
        loops = [case.nest.headers[id(x)] for x in access.loops]
        heads = "; ".join(
            f"{h.index.name}={spell(h.lower)} {h.relation}{spell(h.bound)} by {spell(h.step)}" for h in loops
        )
        conditions = " && ".join(f"{'' if g.positive else '!'}({spell(g.condition)})@{g.depth}" for g in access.guards)
        lines.append(f"{access.kind} {spell_access(access)}  for {heads}  if {conditions}")
    return "\n".join(lines)


def holds(text: str, values: dict[str, Any]) -> bool:
    """Evaluates a condition of an assumption: "`k == 0` or `k >= n`". Those on indices are not evaluated here."""
    if "idx" in values:
        table = values["idx"]
        known = {"`idx` holds no value twice": table.distinct, "`idx` never decreases": table.rising}
        return bool(known.get(text, False))
    source = text.replace("`", "")
    if "?" in source or not set(re.findall(r"[a-z]+", source)) <= {*values, "and", "or"}:
        return False
    return bool(eval(source, {}, dict(values)))


def check(case: Case, answer: Conflict, first: Access, second: Access, shared: int, different: bool) -> None:
    """Compares one answer with all executions."""
    for number, values in enumerate(case.values):
        a, b = case.events(first, number), case.events(second, number)
        if a is None or b is None:
            continue
        pairs = list(itertools.islice(conflicts(a, b, shared, different=different), 500))
        if first is second and not different:
            pairs = [(x, y) for x, y in pairs if x.iterations != y.iterations]
        if answer.status == "none":
            assert not pairs, f"wrong none: {pairs[0]} {values}\n{shown(case)}"
        assumption = answer.assumption
        if assumption is not None:
            assert not (pairs and holds(assumption.text, values)), (
                f"wrong assumption {assumption.text}: {pairs[0]} {values}\n{shown(case)}"
            )
        dependence = answer.dependence
        if different and dependence is not None and dependence.distance is not None:
            forward = _is_forward(answer, first, second)
            for x, y in pairs:
                gap = y.iterations[shared] - x.iterations[shared]
                if forward == (gap > 0):
                    assert abs(gap) == dependence.distance, f"wrong distance: {x} {y} {values}\n{shown(case)}"
    if answer.status == "proved":
        check_witness(case, answer, first, second, shared, different)


def _is_forward(answer: Conflict, first: Access, second: Access) -> bool | None:
    """Was the first access reported as the source? Known by the text where the two differ."""
    from analyzers.dependence.spelling import spell_access

    dependence = answer.dependence
    if dependence is None or spell_access(first) == spell_access(second):
        return None
    return dependence.source_text == spell_access(first)


def check_witness(case: Case, answer: Conflict, first: Access, second: Access, shared: int, different: bool) -> None:
    found = answer.witness
    assert found is not None
    if "idx" in case.parameters:
        return  # the witness says what some places of the table hold, not all
    values = {**dict.fromkeys(case.parameters, 0), **dict(found.parameters)}
    assert set(dict(found.parameters)) <= set(case.parameters), f"{answer}\n{shown(case)}"
    try:
        a = events(first, case.nest.headers, values)
        b = events(second, case.nest.headers, values)
    except TooManyError:
        return

    def matches(event: Event, indices: tuple[tuple[str, int], ...]) -> bool:
        return event.indices == tuple(v for _, v in indices)

    pairs = conflicts(a, b, shared, different=different)
    assert any(
        (matches(x, found.first) and matches(y, found.second) and (not different or x.iterations <= y.iterations))
        or (matches(y, found.first) and matches(x, found.second) and (not different or y.iterations <= x.iterations))
        for x, y in pairs
    ), f"false witness {answer}\n{shown(case)}"


def run(case: Case) -> Counter[str]:
    solver = Solver(case.nest.headers, lambda e: not set(case.indices) & set(symbols(e)))
    counts: Counter[str] = Counter()
    for first, second in itertools.combinations_with_replacement(case.accesses, 2):
        if not (first.writes or second.writes):
            continue
        for depth, loop in enumerate(first.loops):
            if depth >= len(second.loops) or second.loops[depth] is not loop:
                break
            answer = solver.carried(first, second, loop)
            check(case, answer, first, second, depth, True)
            counts[answer.status] += 1
            counts[f"{answer.status}:{answer.reason.code if answer.reason else ''}"] += 1
            counts[f"assuming {answer.assumption.kind}" if answer.assumption else "assuming nothing"] += 1
            same = solver.same_iteration(first, second, loop)
            if first is not second:
                check(case, same, first, second, depth + 1, False)
        if first is not second:
            check(case, solver.unordered(first, second), first, second, 0, False)
    reads = [a for a in case.accesses if not a.writes]
    writes = [a for a in case.accesses if a.writes]
    for read in reads:
        for depth, loop in enumerate(read.loops):
            inside = [w for w in writes if depth < len(w.loops) and w.loops[depth] is loop]
            claimed = solver.covered(read, inside, loop)
            counts["covered"] += claimed
            if claimed:
                check_covered(case, read, inside, depth + 1)
    return counts


def check_covered(case: Case, read: Access, writes: list[Access], shared: int) -> None:
    for number, values in enumerate(case.values):
        reads = case.events(read, number)
        found = [(w, case.events(w, number)) for w in writes]
        written = [(w, e) for w, e in found if e is not None]
        if reads is None or len(written) < len(found):
            continue
        assert not uncovered(reads, written, read, shared), f"wrong covered {values}\n{shown(case)}"


def test_random_nests() -> None:
    counts: Counter[str] = Counter()
    for number in range(CASES):
        counts += run(random_case(random.Random(SEED * 1_000_003 + number)))
    total = counts["none"] + counts["proved"] + counts["maybe"]
    print(f"\n{CASES} nests, {total} questions: " + ", ".join(f"{k} {v}" for k, v in counts.most_common()))
    print(f"share of maybe: {counts['maybe'] / total:.1%}")
    assert counts["none"] > total * 0.2
    assert counts["proved"] > total * 0.15
    assert counts["covered"] > 0
    assert counts["assuming condition"] > 0 and counts["assuming distinct-index"] > 0
