"""Roles of scalars on random programs: run with those roles, iterations in any order, nothing changes.

HPC_LS_PROPERTY_CASES sets the number of programs (1,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

from analyzers.dependence import effects, induction, privatization, reductions
from analyzers.dependence.rewriting import rewrite
from analyzers.dependence.values import Values
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.expressions import Name, symbols
from analyzers.ir.statements import Declare, Function, Loop, LoopHeader, Stmt, loops, walk_statements
from analyzers.text import SourceText


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scalars", Path(__file__).with_name("scalars.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["scalars"] = module
    spec.loader.exec_module(module)
    return module


scalars = _load()
CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "1000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "20261122"))


def loop_under_test(function: Function) -> Loop:
    """The loop over `i`: the first one, or the one inside the loop over `r`."""
    found = list(loops(function.body))
    first = found[0]
    names = {s.symbol.name for s in first.init if hasattr(s, "symbol")}
    return found[1] if "r" in names else first


def plan_of(text: str, seed: int) -> tuple[dict[str, Function], object, str]:
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
    plan = scalars.Plan(
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


def run(functions: dict[str, Function], plan: object, seed: int) -> tuple[object, list[int], object]:
    """Result, output array and global of a run with random inputs."""
    inputs = random.Random(seed)
    machine = scalars.Machine(functions, plan)
    n, k = inputs.choice((0, 1, 2, 3, 5, 7)), inputs.randint(0, 5)
    a = [inputs.randint(-3, 8) for _ in range(scalars.SIZE)]
    o = [0] * scalars.SIZE
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
        text = scalars.Writer(seed).program()
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
            except scalars.PoisonError as read:
                raise AssertionError(f"seed {seed}: `{read}` is read in a copy that nobody wrote\n{text}") from read
            assert got == expected, f"seed {seed}, inputs {trial}\n{text}"
    print(dict(seen), dict(used))
    assert seen["parallel"] > CASES / 20, seen
    assert min(used.values()) > 0, used


def test_values_are_what_variables_hold() -> None:
    """Wherever a statement runs, the values that the analysis fills in are those that the variables have."""
    checked: Counter[str] = Counter()
    for number in range(CASES // 2):
        seed = SEED + 7_000_000 + number
        text = scalars.Writer(seed).program()
        functions = {p.function.name: p.function for p in lower_file(SourceText.of(text)).functions}
        function = functions["f"]
        graph = flow.build(function, effects.table(functions.values()))
        headers = {
            loop: header
            for loop in loops(function.body)
            if isinstance(header := induction.normalise(loop, graph), LoopHeader)
        }
        values = induction.values_of(graph, headers)
        for trial in range(3):
            watch_values(functions, values, seed + trial, text, checked)
    print(dict(checked))
    assert checked["value"] > CASES
    assert checked["entry"] > 0
    assert checked["header"] > CASES


def watch_values(functions: dict[str, Function], values: Values, seed: int, text: str, checked: Counter[str]) -> None:
    graph = values.graph
    inputs = random.Random(seed)
    machine = scalars.Machine(functions)

    def watch(stmt: Stmt) -> None:
        if len(machine.memory) != 2:
            return
        for symbol, expr in values.at(stmt).items():
            if symbol.is_pointer:
                continue
            actual = machine.home(symbol)[symbol]
            assert machine.value(expr) == actual, f"seed {seed}: `{symbol.name}` before {stmt}\n{text}"
            checked["entry" if any(s in graph.entries for s in symbols(expr)) else "value"] += 1

    def enter(loop: Loop) -> None:
        if len(machine.memory) != 2:
            return
        for entry, (original, owner) in graph.entries.items():
            if owner is loop:
                machine.home(entry)[entry] = machine.home(original)[original]
        header = values.headers.get(loop)
        if header is not None:
            actual = machine.home(header.index)[header.index]
            assert machine.value(header.lower) == actual, f"seed {seed}: lower bound of `{header.index.name}`\n{text}"
            checked["header"] += 1

    machine.watch, machine.enter = watch, enter
    objects = {s for f in functions.values() for s in f.globals if s.storage == "global"}
    machine.memory[0].update(dict.fromkeys(objects, 9))
    n, k = inputs.choice((0, 1, 2, 3, 5, 7)), inputs.randint(0, 5)
    a = [inputs.randint(-3, 8) for _ in range(scalars.SIZE)]
    machine.call("f", [n, k, a, [0] * scalars.SIZE])


class _Sink(list[int]):
    """An array without bounds: where accesses go does not matter, only which element they mean."""

    def __getitem__(self, index: object) -> int:  # type: ignore[override]
        return 3

    def __setitem__(self, index: object, value: object) -> None:
        pass


def test_pointers_mean_the_elements_that_are_filled_in() -> None:
    checked = 0
    for number in range(CASES // 2):
        seed = SEED + 9_000_000 + number
        text = scalars.pointer_program(seed)
        (placed,) = lower_file(SourceText.of(text)).functions
        function = placed.function
        graph = flow.build(function)
        headers = {
            loop: header
            for loop in loops(function.body)
            if isinstance(header := induction.normalise(loop, graph), LoopHeader)
        }
        values = induction.values_of(graph, headers)
        for trial in range(2):
            checked += watch_elements(function, values, seed + trial, text)
    assert checked > CASES


def watch_elements(function: Function, values: Values, seed: int, text: str) -> int:
    graph = values.graph
    inputs = random.Random(seed)
    machine = scalars.Machine({function.name: function})
    arrays = [_Sink(), _Sink()]
    checked = 0

    def watch(stmt: Stmt) -> None:
        nonlocal checked
        node = graph.node_of(stmt)
        known = values.at(stmt)
        if node is None or not known:
            return
        raw = node.raw
        for lvalue in (*raw.loads, *raw.stores, *raw.elements, *raw.element_stores):
            written, filled = machine.cell(lvalue), machine.cell(rewrite(lvalue, known))
            same = written[0] is filled[0] and written[1] == filled[1]
            assert same, f"seed {seed}: {written[1]} is not {filled[1]} before {stmt}\n{text}"
            checked += 1

    def enter(loop: Loop) -> None:
        for entry, (original, owner) in graph.entries.items():
            if owner is loop:
                machine.home(entry)[entry] = machine.home(original)[original]

    machine.watch, machine.enter = watch, enter
    n, k = inputs.choice((0, 1, 2, 3)), inputs.randint(0, 3)
    b = next(s for s in (d.symbol for d in walk_statements(function.body) if isinstance(d, Declare)) if s.name == "b")
    declare = machine.execute

    def execute(stmt: Stmt) -> None:
        declare(stmt)
        if isinstance(stmt, Declare) and stmt.symbol == b:
            machine.home(b)[b] = _Sink()

    machine.execute = execute  # type: ignore[method-assign]
    machine.call("f", [n, k, *arrays])
    return checked
