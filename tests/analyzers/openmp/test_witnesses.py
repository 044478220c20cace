"""The iterations that a race finding names touch the element that it names: computed anew, by the names alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzers import pipeline
from analyzers.api import analyze
from analyzers.dependence import witness
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Expr, Name, walk
from analyzers.ir.symbols import Symbol
from analyzers.openmp import races
from analyzers.openmp.facts import OpenMPFacts, Race
from analyzers.text import SourceText
from tests.fixtures_check import FIXTURES


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Race]:
    """The races of what is analysed."""
    seen: list[Race] = []
    find = races.find

    def noting(*arguments: object) -> OpenMPFacts:
        facts = find(*arguments)  # type: ignore[arg-type]
        seen.extend(facts.races)
        return facts

    monkeypatch.setattr(pipeline.races, "find", noting)
    return seen


def subscripts(access: Access) -> Iterator[Expr]:
    return (index for step in access.path if isinstance(step, Subscripts) for index in step.indices)


def touched(access: Access, values: dict[str, int]) -> tuple[str | int, ...] | None:
    names = {e.symbol for index in subscripts(access) for e in walk(index) if isinstance(e, Name)}
    binding: dict[Symbol | Expr, int] = {s: values[s.name] for s in names if s.name in values}
    return witness.element(access, binding)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("c/race/*.c")), ids=lambda p: p.stem)
def test_both_accesses_touch_the_element(path: Path, found: list[Race]) -> None:
    analyze(SourceText.of(path.read_text(encoding="utf-8")), "c")
    for race in found:
        if race.witness is None:
            continue
        sizes = dict(race.witness.parameters)
        one, other = [
            touched(placed.access, {**sizes, **dict(values)})
            for placed, values in ((race.first, race.witness.first), (race.second, race.witness.second))
        ]
        assert one is not None and other is not None, race
        # A member is a part of its record, and what shares memory has several names.
        assert race.overlap or all(x == y for x, y in zip(one, other, strict=False)), race
        if race.between in ("iterations", "lanes"):
            assert race.witness.first != race.witness.second, race


@pytest.mark.parametrize(
    ("read", "writer", "reader"),
    [("i - 1", 1, 2), ("i + 1", 1, 0), ("i + 2", 2, 0)],
)
def test_the_first_iteration_is_that_of_the_first_access(
    read: str, writer: int, reader: int, found: list[Race]
) -> None:
    text = f"void f(int n, int *u) {{\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) u[i] = u[{read}];\n}}\n"
    analyze(SourceText.of(text), "c")
    (race,) = found
    assert race.first.access.kind == "write" and race.witness is not None
    assert dict(race.witness.first)["i"] - dict(race.witness.second)["i"] == writer - reader
