"""The races of random parallel regions against enumeration: none that is not there, hardly one that is not found.

HPC_LS_PROPERTY_CASES sets four times the number of programs (CI: 20,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from analyzers.api import Options, SourceText, analyze
from tests.property import regions
from tests.property.regions import Everybody, One, Place, Program, Shared, Step, Task, Term, Wait

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "2000")) // 4 + 100  # each is run many times
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "1"))
BATCH = 40


def told(programs: list[Program]) -> Iterator[set[str]]:
    """The variables of each program that a finding says race, at the confidence that is shown."""
    source = SourceText.of(regions.PREAMBLE + "".join(program.c for program in programs))
    for program, placed in zip(programs, analyze(source, "c", Options()).functions, strict=True):
        assert placed.result.name == program.name
        yield {
            finding.facts["variable"]
            for finding in placed.result.findings
            if finding.category == "race" and finding.confidence != "possible"
        }


def test_the_races_that_are_there_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    wrong: list[str] = []
    missed: list[str] = []
    found = quiet = 0
    for first in range(SEED, SEED + CASES, BATCH):
        batch = [regions.generate(seed, f"f{seed}") for seed in range(first, min(first + BATCH, SEED + CASES))]
        for program, names in zip(batch, told(batch), strict=True):
            races = regions.judged(program)
            wrong += [f"`{name}` does not race\n{program.c}" for name in sorted(names - races.keys())]
            missed += [
                f"`{name}` races\n{program.c}" for name, certain in races.items() if certain and name not in names
            ]
            found += len(names & races.keys())
            quiet += len(regions.VARIABLES) - len(names | races.keys())
    with capsys.disabled():
        print(f"\n{CASES} regions: {found} races found, {len(missed)} missed, {quiet} variables rightly left alone")
    assert not wrong, f"{len(wrong)} false alarms\n" + "\n".join(wrong[:5])
    assert len(missed) <= found / 100, "\n".join(missed[:5])
    assert found > CASES / 2 and quiet > CASES, "too few for this test to mean anything"


def element(constant: int, variable: str = "") -> Place:
    return Place("a", Term(variable, 1, constant))


WRITES = Step(element(0), "=", None)
MUTEX = (("mutexinoutset", "s"),)
EACH = Step(element(0, "i"), "=", None)


@pytest.mark.parametrize(
    ("parts", "races"),
    [
        ((Everybody((WRITES,)),), True),
        ((Everybody((WRITES,), only=0),), False),
        ((Everybody((Step(element(0, "tid"), "=", None),)),), False),
        ((Everybody((Step(element(0), "+=", None, "atomic"),)),), False),
        ((Everybody((Step(element(0), "+=", None, "one"),)),), False),
        ((Everybody((Step(element(0), "+=", None, "one"), Step(element(0), "+=", None, "two"))),), True),
        ((Shared((EACH,), "dynamic", False), Shared((EACH,), "dynamic", False)), False),
        ((Shared((EACH,), "dynamic", True), Shared((EACH,), "dynamic", False)), True),
        ((Shared((EACH,), "static", True), Shared((EACH,), "static", False)), False),
        ((One("single", (WRITES,)), One("single", (WRITES,))), False),
        ((One("single", (WRITES,), True), One("single", (WRITES,))), True),
        ((One("master", (WRITES,)), One("masked", (WRITES,))), False),
        ((One("single", (Task((WRITES,)), Task((WRITES,)))),), True),
        ((One("single", (Task((WRITES,)), Wait(), Task((WRITES,)))),), False),
        ((One("single", (Task((WRITES,), (("out", "s"),)), Task((WRITES,), (("in", "s"),)))),), False),
        ((One("single", (Task((WRITES,), (("in", "s"),)), Task((WRITES,), (("in", "s"),)))),), True),
        ((One("single", (Task((WRITES,), MUTEX), Task((WRITES,), MUTEX))),), False),
        ((One("single", (Task((), MUTEX, below=(Task((WRITES,)),)), Task((WRITES,)))),), True),
    ],
)  # fmt: skip
def test_the_judge(parts: tuple[regions.Part, ...], races: bool) -> None:
    assert regions.judged(Program("f", parts)) == ({"a": True} if races else {})
