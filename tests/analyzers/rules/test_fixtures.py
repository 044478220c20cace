"""Every rule finds what the annotated sources say, where they say it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.rules.registry import MODULES
from tests.fixtures_check import FIXTURES, annotations, check

FILES = sorted(p for p in FIXTURES.glob("*/*/*") if p.parent.name in ("race", "omp") and p.suffix != ".h")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(FIXTURES)))
def test_findings_are_those_annotated(path: Path) -> None:
    check(path)


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith(("race.", "omp."))])
def test_every_rule_has_a_bad_and_a_good_source(module: str) -> None:
    family, _, name = module.partition(".")
    folder = FIXTURES / "c" / family
    bad = annotations((folder / f"{name}_bad.c").read_text(encoding="utf-8"))
    assert any(e.rule == f"{family}-{name.replace('_', '-')}" for e in bad)
    assert annotations((folder / f"{name}_good.c").read_text(encoding="utf-8")) == []
