"""Every rule finds what the annotated sources say, where they say it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.rules.registry import MODULES
from tests.fixtures_check import FIXTURES, Expected, annotations, check, findings

FILES = sorted(path for path in FIXTURES.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(FIXTURES)))
def test_findings_are_those_annotated(path: Path) -> None:
    check(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    // ^ race-shared-scalar: x", Expected(1, "race-shared-scalar", "x")),
        ("// ^ race-shared-scalar: x (likely)", Expected(1, "race-shared-scalar", "x", "likely")),
        ("! ^ omp-unknown-clause: a b", Expected(1, "omp-unknown-clause", "a b")),
    ],
)
def test_an_annotation_is_read(line: str, expected: Expected) -> None:
    assert annotations(f"code\n{line}\n") == [expected]


@pytest.mark.parametrize("line", ["// ^ race-shared-scalar", "//^race-shared-scalar x", "// ^ race: x (very likely)"])
def test_an_annotation_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        annotations(f"code\n{line}\n")


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith(("race.", "omp.", "mpi."))])
def test_every_rule_has_a_bad_and_a_good_source(module: str) -> None:
    family, _, name = module.partition(".")
    folder = FIXTURES / "c" / family
    bad = annotations((folder / f"{name}_bad.c").read_text(encoding="utf-8"))
    assert any(e.rule == f"{family}-{name.replace('_', '-')}" for e in bad)
    assert annotations((folder / f"{name}_good.c").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("pragma", "section"),
    [
        ("parallel for schedule(static) schedule(dynamic)", "§11.5.3"),
        ("parallel for if(n > 3) if(n > 4)", "§3.4"),
        ("parallel master taskloop grainsize(3) num_tasks(4)", "§12.6"),
        ("parallel for copyprivate(n)", "§17.2"),
        ("for num_threads(n)", "§11.5.1"),
    ],
)
def test_clauses_that_may_not_stand_have_a_reason(pragma: str, section: str) -> None:
    found = findings(f"void f(int n, double *a) {{\n#pragma omp {pragma}\nfor (int i = 0; i < n; i++) a[i] = i;\n}}")
    whys = [f.why for _, f in found if f.rule in ("omp-clause-conflict", "omp-misplaced-clause")]
    assert [f"(OpenMP 5.2 {section})." in why for why in whys] == [True]
