"""Pipelines: how closely the iterations of a loop that carries dependences may follow each other."""

from __future__ import annotations

import itertools
import random

import pytest

from analyzers.dependence import loops
from analyzers.dependence.facts import LoopFacts
from analyzers.settings import Options
from tests.analyzers.openmp.lowered import function

SWEEP = "a[i][j] = a[i - 1][j] + a[i + 1][j] + a[i][j - 1] + a[i][j + 1];"


def outermost(body: str, rows: str = "int t = 0; t < m; t++", steps: str = "int i = 1; i < n - 1; i++") -> LoopFacts:
    text = f"""void f(int m, int n, int k, double a[99][99], double b[99][99], double *p, double *q) {{
        for ({rows}) for ({steps}) {{ {body} }} }}"""
    return loops.analyse(function(text), {}, Options()).loops[0]


def inside(statement: str) -> str:
    return f"for (int j = 1; j < n - 1; j++) {statement}"


def lag(body: str, **header: str) -> int | None:
    found = outermost(body, **header).wavefront
    return found.lag if found is not None else None


def test_sweeps_follow_each_other() -> None:
    assert lag(inside(SWEEP)) == 1
    assert lag(inside("a[i][j] = a[i + 2][j] + a[i - 1][j];")) == 2
    assert lag(inside("a[i][j] += a[i][j - 1];")) == 0


def test_the_direction_of_both_loops_counts() -> None:
    assert lag(inside("a[i][j] = a[i + 2][j] + a[i - 1][j];"), steps="int i = n - 3; i > 1; i--") == 2
    assert lag(inside("a[i][j] = a[i - 3][j];"), steps="int i = n; i > 3; i--") == 3
    assert lag(inside("a[i][j] = a[i - 3][j] + a[i][j];"), steps="int i = 3; i < n; i++") == 3
    assert lag(inside(SWEEP), rows="int t = m; t > 0; t -= 2") == 1


def test_steps_that_leave_rows_out() -> None:
    assert lag(inside(SWEEP), steps="int i = 1; i < n - 1; i += 2") == 0
    assert lag(inside("a[i][j] = a[i - 2][j] + a[i + 2][j];"), steps="int i = 2; i < n - 2; i += 2") == 1


def test_a_table_from_its_earlier_entries() -> None:
    body = inside("a[t][i] += a[t - 1][i] * a[t][i - 1] * b[t][j];")
    assert lag(body, rows="int t = 1; t < m; t++") == 0
    body = inside("a[t][i] += a[t - 1][i + 1] * b[t][j];")
    assert lag(body, rows="int t = 1; t < m; t++") == 1


@pytest.mark.parametrize(
    "body",
    [
        inside("a[i][j] += a[n - 1 - i][j];"),  # no constant distance
        inside("a[i][j] += a[i + k][j];"),
        inside("a[i][j] += a[i + 9][j];"),  # too far ahead to be worth it
        inside("a[0][j] += a[i][j];"),  # every row needs all of the one before
        inside(SWEEP) + "b[i][0] = a[i][1]; if (b[i][0] > 7) continue; b[i][1] = 0;",
        inside(SWEEP) + "if (a[i][1] > 7) break;",
        inside(SWEEP) + "unseen(i);",
        "\n#pragma omp parallel for\n" + inside(SWEEP),
        "a[i][0] = a[i + 1][0];",  # nothing to do between two signals
    ],
)
def test_no_pipeline(body: str) -> None:
    assert lag(body) is None


def test_no_pipeline_over_scalars_and_shapes() -> None:
    assert lag(inside("{ k = a[i][j] + k; a[i][j] = a[i + 1][j]; }")) is None
    assert lag(inside("a[i][j] = a[i + 1][j];") + "a[i][0] = 1;", steps="int i = t; i < n - 1; i++") is None
    assert outermost(inside("a[t][j] += a[t][i];")).wavefront is None


def test_a_continue_of_a_loop_inside_is_its_own_business() -> None:
    assert lag(inside("{ if (j == 3) continue; " + SWEEP + " }")) == 1


def test_what_pointers_do_is_assumed_by_name() -> None:
    found = outermost(inside("p[i] = p[i + 1] + q[j];")).wavefront
    assert found is not None and found.lag == 1
    assert [a.text for a in found.assumptions] == ["`p` and `q` do not overlap"]


def test_against_enumeration() -> None:
    """Random sweeps: whatever two iterations share, the later one has waited for the earlier one, and no smaller lag
    would do."""
    chance = random.Random(1)
    found = 0
    for _ in range(40):
        terms = [(chance.randint(-3, 3), chance.randint(-2, 2)) for _ in range(chance.randint(1, 3))]
        down, moves = chance.random() < 0.5, chance.choice(("t", ""))
        reads = " + ".join(f"a[{'t + ' if moves else ''}i + {di}][j + {dj}]" for di, dj in terms)
        steps = "int i = 40; i >= 5; i--" if down else "int i = 5; i <= 40; i++"
        statement = f"a[{'t + ' if moves else ''}i][j] = {reads};"
        facts = outermost(f"for (int j = 5; j < 20; j++) {statement}", rows="int t = 0; t < 12; t++", steps=steps)
        answer = facts.wavefront
        needed = _lag_needed(terms, down, bool(moves))
        if facts.verdict.status == "parallel":
            continue
        assert (answer.lag if answer is not None else None) == (needed if needed <= 4 else None), statement
        found += answer is not None
    assert found > 10


def _lag_needed(terms: list[tuple[int, int]], down: bool, moves: bool) -> int:
    order = range(40, 4, -1) if down else range(5, 41)
    needed = 0
    for t, (position, i) in itertools.product(range(2), enumerate(order)):
        base = i + t if moves else i
        for later in range(t + 1, 12):
            for place, other in enumerate(order):
                target = other + later if moves else other
                meets = any(base + d == target or target + d == base for d, _ in terms) or base == target
                if meets and position > place:
                    needed = max(needed, -(-(position - place) // (later - t)))
    return needed
