"""Roles of scalars on random programs: run with those roles, iterations in any order, nothing changes.

HPC_LS_PROPERTY_CASES sets the number of programs (1,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from analyzers.dependence import effects, induction, privatization, reductions
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.expressions import Name
from analyzers.ir.statements import Function, Loop, LoopHeader, loops
from analyzers.text import SourceText
from tests.property import programs
from tests.property.machine import SIZE, Machine, Plan, PoisonError

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "1000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "20261122"))


def loop_under_test(function: Function) -> Loop:
    """The loop over `i`: the first one, or the one inside the loop over `r`."""
    found = list(loops(function.body))
    first = found[0]
    names = {s.symbol.name for s in first.init if hasattr(s, "symbol")}
    return found[1] if "r" in names else first


def plan_of(text: str, seed: int) -> tuple[dict[str, Function], Plan | None, str]:
    """The functions of a program, how its loop may run (None: not in any order) and what stood in the way."""
    file = lower_file(SourceText.of(text))
    functions = {placed.function.name: placed.function for placed in file.functions}
    table = effects.table(functions.values())
    function = functions["f"]
    graph = flow.build(function, table)
    loop = loop_under_test(function)
    header = induction.normalise(loop, graph)
    if not isinstance(header, LoopHeader):
        return functions, None, header.code
    found = reductions.find(loop, graph, header)
    taken = {r.symbol for r in found.found}
    moving = {
        symbol: known.step
        for symbol, known in induction.induction_variables(loop, header, graph).items()
        if symbol not in taken
    }
    roles = privatization.classify(loop, graph, header, {*taken, *moving})
    if roles.conflicts:
        return functions, None, roles.conflicts[0].reason.code
    for node in graph.nodes_of(loop):
        if any(part.base.symbol.name == "t" for part in node.raw.element_stores if isinstance(part.base, Name)):
            return functions, None, "array"
        # What is written through pointers and by calls is compared as memory, which is not asked here.
        if node.writes & node.indirect:
            return functions, None, "memory"
    plan = Plan(
        loop,
        header,
        frozenset(roles.private),
        frozenset(roles.firstprivate),
        frozenset(roles.lastprivate),
        found.found,
        moving,
        roles.index_live,
        seed,
    )
    return functions, plan, "parallel"


def run(functions: dict[str, Function], plan: Plan | None, seed: int) -> tuple[object, list[int], object]:
    """Result, output array and global of a run with random inputs."""
    inputs = random.Random(seed)
    machine = Machine(functions, plan)
    n, k = inputs.choice((0, 1, 2, 3, 5, 7)), inputs.randint(0, 5)
    a = [inputs.randint(-3, 8) for _ in range(SIZE)]
    o = [0] * SIZE
    objects = {s.name: s for f in functions.values() for s in f.globals if s.name in ("g", "h", "z")}
    machine.memory[0].update(dict.fromkeys(objects.values(), 9))
    result = machine.call("f", [n, k, a, o])
    # A value that no function of the file needs may be anything afterwards.
    lasting = [machine.memory[0][symbol] for name, symbol in sorted(objects.items()) if name != "h"]
    return result, o, lasting


def test_roles_survive_any_order() -> None:
    seen: Counter[str] = Counter()
    used: Counter[str] = Counter()
    for number in range(CASES):
        seed = SEED + number
        text = programs.Writer(seed).program()
        functions, plan, why = plan_of(text, seed)
        seen[why] += 1
        if plan is None:
            continue
        used.update(private=len(plan.private), lastprivate=len(plan.lastprivate), first=len(plan.firstprivate))
        used.update(reduction=len(plan.reductions), linear=len(plan.linear), index=plan.index_live)
        for trial in range(6):
            expected = run(functions, None, seed + trial)
            try:
                got = run(functions, plan, seed + trial)
            except PoisonError as read:
                raise AssertionError(f"seed {seed}: `{read}` is read in a copy that nobody wrote\n{text}") from read
            assert got == expected, f"seed {seed}, inputs {trial}\n{text}"
    print(dict(seen), dict(used))
    assert seen["parallel"] > CASES / 20, seen
    assert min(used.values()) > 0, used
