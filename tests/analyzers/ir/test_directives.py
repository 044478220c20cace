"""The kinds of constructs agree with the tables of the standard."""

from __future__ import annotations

from analyzers.ir.directives import (
    BARRIER_AT_END,
    LOOP_ASSOCIATED,
    TASKING,
    TEAM_MAKERS,
    WORK_DISTRIBUTION,
    WORKSHARING,
)
from analyzers.standards.openmp import DIRECTIVES

LEAVES = [rule for rule in DIRECTIVES.values() if rule.kinds == (rule.name,) and rule.since == ""]


def test_work_distribution_is_chapter_11() -> None:
    chapter = {r.name for r in LEAVES if r.section.startswith("11.") and r.association != "separating"}
    assert chapter == WORK_DISTRIBUTION


def test_loops() -> None:
    associated = {r.name for r in LEAVES if r.association == "loop" and r.category != "transform"}
    assert associated == LOOP_ASSOCIATED


def test_tasks_and_teams() -> None:
    assert {r.name for r in LEAVES if r.category == "tasking" and r.association != "none"} == TASKING
    assert {r.name for r in LEAVES if r.category == "parallelism"} == TEAM_MAKERS


def test_whoever_may_skip_the_barrier_has_one() -> None:
    takers = {r.name for r in LEAVES if "nowait" in r.clauses and r.category == "worksharing"}
    assert takers == WORKSHARING < BARRIER_AT_END
