"""What the analysis fills in for temporaries, induction variables and pointers is what they hold when programs run.

HPC_LS_PROPERTY_CASES sets the number of programs (1,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
import random
from collections import Counter

from analyzers.dependence import effects, induction
from analyzers.dependence.rewriting import rewrite
from analyzers.dependence.values import Values
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.expressions import symbols
from analyzers.ir.flow import FlowGraph
from analyzers.ir.statements import Declare, Function, Loop, LoopHeader, Stmt, loops, walk_statements
from analyzers.text import SourceText
from tests.property import programs
from tests.property.machine import SIZE, Machine

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "1000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "20261122"))


def values_in(graph: FlowGraph) -> Values:
    """The values of the variables of a function, its counted loops normalised."""
    headers = {
        loop: header
        for loop in loops(graph.function.body)
        if isinstance(header := induction.normalise(loop, graph), LoopHeader)
    }
    return induction.values_of(graph, headers)


def test_values_are_what_variables_hold() -> None:
    """Wherever a statement runs, the values that the analysis fills in are those that the variables have."""
    checked: Counter[str] = Counter()
    for number in range(CASES // 2):
        seed = SEED + 7_000_000 + number
        text = programs.Writer(seed).program()
        functions = {p.function.name: p.function for p in lower_file(SourceText.of(text)).functions}
        graph = flow.build(functions["f"], effects.table(functions.values()))
        values = values_in(graph)
        for trial in range(3):
            watch_values(functions, values, seed + trial, text, checked)
    print(dict(checked))
    assert checked["value"] > CASES
    assert checked["entry"] > 0
    assert checked["header"] > CASES


def watch_values(functions: dict[str, Function], values: Values, seed: int, text: str, checked: Counter[str]) -> None:
    graph = values.graph
    inputs = random.Random(seed)
    machine = Machine(functions)

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
    a = [inputs.randint(-3, 8) for _ in range(SIZE)]
    machine.call("f", [n, k, a, [0] * SIZE])


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
        text = programs.pointer_program(seed)
        (placed,) = lower_file(SourceText.of(text)).functions
        function = placed.function
        graph = flow.build(function)
        values = values_in(graph)
        for trial in range(2):
            checked += watch_elements(function, values, seed + trial, text)
    assert checked > CASES


def watch_elements(function: Function, values: Values, seed: int, text: str) -> int:
    graph = values.graph
    inputs = random.Random(seed)
    machine = Machine({function.name: function})
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
