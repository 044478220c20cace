"""Barrier phases, executors, locks and pending tasks of statements."""

from __future__ import annotations

import pytest

from analyzers.ir.statements import Function, Loop, Stmt, walk_statements
from analyzers.openmp import phases as phases_module
from analyzers.openmp.concurrency import modes
from analyzers.openmp.decisions import meet
from analyzers.openmp.phases import place
from analyzers.openmp.placements import Phases, Placement, State
from tests.analyzers.openmp.lowered import assignment, constructs, function


def region(body: str, clauses: str = "") -> tuple[Function, Phases]:
    head = "#include <omp.h>\nomp_lock_t l;\nvoid f(int n, int *x, int *y, int c) {\n"
    text = f"{head}#pragma omp parallel {clauses}\n{{\n{body}\n}} }}"
    lowered = function(text)
    return lowered, place(constructs(lowered)[0])


def at(lowered: Function, phases: Phases, name: str, number: int = 0) -> Placement:
    stmt: Stmt = assignment(lowered, name, number)
    return phases.placements[id(stmt)]


def concurrent(body: str) -> bool:
    """May the assignments to `x` and to `y` in a region run at the same time?"""
    lowered, phases = region(body)
    return bool(modes(at(lowered, phases, "x"), at(lowered, phases, "y"), phases, False))


FOR = "for (int i = 0; i < n; i++)"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x[0] = 1; y[0] = 1;", True),
        ("x[0] = 1;\n#pragma omp barrier\ny[0] = 1;", False),
        (f"#pragma omp for\n{FOR} x[i] = 1;\ny[0] = 1;", False),
        (f"#pragma omp for nowait\n{FOR} x[i] = 1;\ny[0] = 1;", True),
        ("#pragma omp single\nx[0] = 1;\ny[0] = 1;", False),
        ("#pragma omp single nowait\nx[0] = 1;\ny[0] = 1;", True),
        ("#pragma omp master\nx[0] = 1;\ny[0] = 1;", True),
        ("#pragma omp masked\nx[0] = 1;\n#pragma omp barrier\ny[0] = 1;", False),
        ("#pragma omp master\nx[0] = 1;\n#pragma omp masked filter(0)\ny[0] = 1;", False),
        ("#pragma omp masked filter(1)\nx[0] = 1;\n#pragma omp masked filter(2)\ny[0] = 1;", True),
        ("#pragma omp sections\n{\n#pragma omp section\nx[0] = 1;\n#pragma omp section\ny[0] = 1;\n}", True),
        ("#pragma omp sections\n{\n#pragma omp section\n{ x[0] = 1; y[0] = 1; }\n}", False),
        ("if (omp_get_thread_num() == 0) x[0] = 1;\n#pragma omp master\ny[0] = 1;", False),
        ("if (omp_get_thread_num() == 1) x[0] = 1; else y[0] = 1;", True),
        ("int t = omp_get_thread_num(); if (!t) x[0] = 1; if (t == 0) y[0] = 1;", False),
        ("#pragma omp critical\nx[0] = 1;\n#pragma omp critical\ny[0] = 1;", False),
        ("#pragma omp critical(a)\nx[0] = 1;\n#pragma omp critical(b)\ny[0] = 1;", True),
        ("omp_set_lock(&l); x[0] = 1; omp_unset_lock(&l); omp_set_lock(&l); y[0] = 1; omp_unset_lock(&l);", False),
        ("omp_set_lock(&l); x[0] = 1; omp_unset_lock(&l); y[0] = 1;", True),
        (f"#pragma omp taskloop\n{FOR} x[i] = 1;\ny[0] = 1;", True),
        # A branch with a barrier: all threads take it, or none.
        ("if (c) {\n x[0] = 1;\n#pragma omp barrier\n}\ny[0] = 1;", False),
        ("x[0] = 1;\nif (c) {\n#pragma omp barrier\n}\ny[0] = 1;", True),
        ("if (c) {\n x[0] = 1;\n#pragma omp barrier\n} else {\n y[0] = 1;\n#pragma omp barrier\n}", False),
        # Loops with barriers.
        ("for (int k = 0; k < n; k++) {\n x[0] = 1;\n#pragma omp barrier\n}\ny[0] = 1;", False),
        ("for (int k = 0; k < n; k++) {\n#pragma omp barrier\nx[0] = 1;\n}\ny[0] = 1;", True),
        ("y[0] = 1;\nfor (int k = 0; k < n; k++) {\n x[0] = 1;\n#pragma omp barrier\n}", True),
        ("y[0] = 1;\nfor (int k = 0; k < n; k++) {\n#pragma omp barrier\nx[0] = 1;\n}", False),
        ("for (int k = 0; k < n; k++) {\n x[0] = 1;\n#pragma omp barrier\ny[0] = 1;\n}", True),
        ("for (int k = 0; k < n; k++) {\n x[0] = 1;\n#pragma omp barrier\ny[0] = 1;\n#pragma omp barrier\n}", False),
    ],
)
def test_may_run_at_the_same_time(body: str, expected: bool) -> None:
    assert concurrent(body) == expected


TASKS = "#pragma omp single\n{\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("#pragma omp task\nx[0] = 1;\ny[0] = 1;", True),
        ("#pragma omp task\nx[0] = 1;\n#pragma omp taskwait\ny[0] = 1;", False),
        ("#pragma omp task if(0)\nx[0] = 1;\ny[0] = 1;", False),
        (f"#pragma omp taskloop\n{FOR} x[i] = 1;\ny[0] = 1;", False),
        (f"#pragma omp taskloop nogroup\n{FOR} x[i] = 1;\ny[0] = 1;", True),
        ("y[0] = 1;\n#pragma omp task\nx[0] = 1;", False),
        ("#pragma omp task\nx[0] = 1;\n#pragma omp task\ny[0] = 1;", True),
        ("#pragma omp task depend(out: c)\nx[0] = 1;\n#pragma omp task depend(in: c)\ny[0] = 1;", False),
        ("#pragma omp task depend(in: c)\nx[0] = 1;\n#pragma omp task depend(in: c)\ny[0] = 1;", True),
        ("#pragma omp taskgroup\n{\n#pragma omp task\nx[0] = 1;\n}\ny[0] = 1;", False),
        ("#pragma omp task\n{\n#pragma omp task\nx[0] = 1;\n}\n#pragma omp taskwait\ny[0] = 1;", True),
        ("#pragma omp task\n{\n#pragma omp task\nx[0] = 1;\n#pragma omp taskwait\n}\n"
         "#pragma omp taskwait\ny[0] = 1;", False),
        ("#pragma omp task depend(out: c)\nx[0] = 1;\n#pragma omp taskwait depend(in: c)\ny[0] = 1;", False),
        ("#pragma omp task depend(out: c)\nx[0] = 1;\n#pragma omp taskwait depend(in: n)\ny[0] = 1;", True),
        ("#pragma omp task depend(out: c)\nx[0] = 1;\n#pragma omp task depend(in: c) depend(out: n)\nc = 2;\n"
         "#pragma omp task depend(in: n)\ny[0] = 1;", False),
    ],
)  # fmt: skip
def test_tasks(body: str, expected: bool) -> None:
    assert concurrent(f"{TASKS}{body}\n}}") == expected


def test_iterations_of_one_loop() -> None:
    lowered, phases = region(f"#pragma omp for\n{FOR} x[i] = 1;")
    where = at(lowered, phases, "x")
    (mode,) = modes(where, where, phases, False)
    assert mode.between == "iterations"
    assert list(mode.loops) == [s for s in walk_statements(lowered.body) if isinstance(s, Loop)]


def test_one_thread_never_races_with_itself() -> None:
    lowered, phases = region("x[0] = 1; y[0] = 1;")
    assert modes(at(lowered, phases, "x"), at(lowered, phases, "y"), phases, True) == ()


def test_iterations_of_a_loop_with_barriers_are_kept_in_step() -> None:
    body = f"for (int k = 0; k < n; k++) {{\n#pragma omp for\n{FOR} x[i] = 1;\n#pragma omp for\n{FOR} y[i] = 1;\n}}"
    lowered, phases = region(body)
    where = at(lowered, phases, "x")
    assert len(where.synchronised) == 1
    assert len(where.phases) == 2
    assert not meet(where.phases[1], at(lowered, phases, "y").phases[1])


def test_a_long_chain_of_conditions_is_walked() -> None:
    chain = " else ".join(f"if (c == {k}) x[{k}] = {k};" for k in range(300))
    lowered, phases = region(chain)
    assert at(lowered, phases, "x", 299).executor.kind == "all-threads"


@pytest.mark.parametrize("inner", [1, 2, 4])
def test_a_row_of_nested_conditions_with_barriers_has_few_phases(inner: int) -> None:
    sweep = f"if (x[1]) {{\n#pragma omp for\n{FOR} x[i] = 1;\n}}\n"
    body = "".join(f"if (x[{k}]) {{\n{sweep * inner}}}\n" for k in range(16)) + "y[0] = 1;"
    lowered, phases = region(body)
    assert len(at(lowered, phases, "y").phases[0]) == 16 * inner + 1


@pytest.mark.parametrize("head", ["if (y[1])", "if (y[1]) x[0] = 2; else", "for (int k = 0; k < n; k++)"])
def test_conditions_with_barriers_in_a_loop_have_few_phases(head: str) -> None:
    sweeps = "".join(f"if (x[{k}]) {{\n#pragma omp for\n{FOR} x[i] = 1;\n}}\n" for k in range(3))
    body = "for (int t = 0; t < n; t++) {" + f"{head} {{ {sweeps} }}\n" * 12 + "y[0] = 1; }"
    lowered, phases = region(body)
    assert len(at(lowered, phases, "y").phases[0]) < 200


def test_a_row_of_switches_with_barriers_has_few_phases() -> None:
    sweep = f"if (x[1]) {{\n#pragma omp for\n{FOR} x[i] = 1;\n}}\n"
    body = f"switch (c) {{ case 1: {sweep} break; case 2: {sweep} break; default: {sweep} }}\n" * 12 + "y[0] = 1;"
    lowered, phases = region(body)
    assert len(at(lowered, phases, "y").phases[0]) == 37


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("switch (c) { case 1: x[0] = 1;\n#pragma omp barrier\nbreak; default: y[0] = 1; }", False),
        ("switch (c) { case 1: x[0] = 1; break; case 2:\n#pragma omp barrier\nbreak; }\ny[0] = 1;", True),
        ("switch (c) { case 1: x[0] = 1; case 2:\n#pragma omp barrier\nbreak; }\ny[0] = 1;", False),
        ("if (n) { if (c) { x[0] = 1;\n#pragma omp barrier\n} }\ny[0] = 1;", False),
        ("if (n) { x[0] = 1; if (c) {\n#pragma omp barrier\n} }\ny[0] = 1;", True),
        ("if (n) { if (c) {\n#pragma omp barrier\n} x[0] = 1; }\ny[0] = 1;", True),
        ("if (n) { x[0] = 1;\n#pragma omp barrier\n} else if (c) {\n#pragma omp barrier\n}\ny[0] = 1;", False),
        ("if (n) {\n#pragma omp barrier\n} else if (c) { x[0] = 1;\n#pragma omp barrier\n}\ny[0] = 1;", False),
        ("if (n) {\n#pragma omp barrier\n} else if (c) {\n#pragma omp barrier\n} else x[0] = 1;\ny[0] = 1;", True),
        (
            "if (n) { if (c) {\n#pragma omp barrier\n} else x[0] = 1; }\nif (c) {\n#pragma omp barrier\n}\ny[0] = 1;",
            True,
        ),
    ],
)
def test_behind_nested_conditions_with_barriers(body: str, expected: bool) -> None:
    assert concurrent(body) is expected


def test_nested_loops_with_barriers_are_walked_a_few_times_only() -> None:
    depth = 40  # walking each loop twice whenever the one around it is walked would never end
    heads = "".join(f"for (int k{number} = 0; k{number} < n; k{number}++) {{\n" for number in range(depth))
    lowered, phases = region(f"{heads}x[0] = 1;\n#pragma omp barrier\ny[0] = 1;\n{'}' * depth}")
    assert len(at(lowered, phases, "x").phases) == depth + 1
    assert modes(at(lowered, phases, "x"), at(lowered, phases, "y"), phases, False)


@pytest.mark.parametrize(
    ("body", "walks"),
    [
        ("for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) x[j] = 1;", 1),
        ("for (int i = 0; i < n; i++) {\n#pragma omp barrier\nx[0] = 1; }", 2),
        ("for (int i = 0; i < n; i++) {\n#pragma omp task\nx[0] = 1; }", 2),
        ("omp_set_lock(&l);\nfor (int i = 0; i < n; i++) { x[0] = 1; omp_unset_lock(&l); }", 2),
    ],
)
def test_a_region_is_walked_again_where_iterations_leave_something_behind(
    monkeypatch: pytest.MonkeyPatch, body: str, walks: int
) -> None:
    counted: list[object] = []

    def start(*rest: object) -> State:
        counted.append(rest)
        return State(*rest)  # type: ignore[arg-type]

    monkeypatch.setattr(phases_module, "State", start)
    region(body)
    assert len(counted) == walks
