"""No thread goes on too early: every `nowait` that is offered is checked against enumeration.

HPC_LS_PROPERTY_CASES sets the number of programs (CI: 20,000), HPC_LS_PROPERTY_SEED the first seed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import combinations

import pytest

from analyzers.api import Options, SourceText, analyze
from analyzers.costs import Costs
from tests.edits import applied
from tests.property import rows
from tests.property.rows import Cell, Counted, Part, Program

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "2000"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "1"))
BATCH = 40
EVERYTHING_PAYS = Options(costs=Costs(pays=0.0, pays_again=0.0, pays_two=0.0))
_LINE = re.compile(r"#pragma omp ((?:for|single).*)\n(?:.*\{\n)?.*/\* row (\d+) \*/")


def directives(program: Program, text: str) -> list[str | None]:
    """The directive of each part of a row."""
    found = {int(m[2]): m[1] for m in _LINE.finditer(text)}
    return [found.get(number) for number in range(len(program.parts))]


def objection(program: Program, lines: Sequence[str | None]) -> str | None:
    """What is wrong with the directives of a program; None: nothing."""
    for first, second in combinations(range(len(lines)), 2):
        between = lines[first:second]
        one, other = lines[first], lines[second]
        if one is None or other is None or not all(line is not None and "nowait" in line for line in between):
            continue
        alike = _schedule(one) is not None and _schedule(one) == _schedule(other)
        for n, m in rows.SIZES:
            for t in range(m):
                variables = {"n": n, "m": m, "t": t}
                one_touches = _touched(program.parts[first], one, variables)
                found = _meet(one_touches, _touched(program.parts[second], other, variables), alike)
                if found is not None:
                    return f"parts {first} and {second} with {variables}: {found}"
    return None


def _schedule(line: str) -> str | None:
    found = re.search(r"schedule\(static.*?\)", line)
    return found[0] if found and "collapse" not in line else None


def _touched(loop: Part, line: str, variables: dict[str, int]) -> tuple[int, list[tuple[int, Cell, bool]]]:
    """How often the loop runs, and what its threads have in common: not what each has a copy of."""
    copies = re.findall(r"\w+", " ".join(re.findall(r"\bprivate\((.*?)\)", line)))
    return len(loop.iterations(variables, {})), [each for each in loop.touched(variables) if each[1][0] not in copies]


def _meet(
    one: tuple[int, list[tuple[int, Cell, bool]]], other: tuple[int, list[tuple[int, Cell, bool]]], alike: bool
) -> Cell | None:
    """A cell that both loops touch, one of them writing, in iterations that different threads may run."""
    alike = alike and one[0] == other[0]
    seen: dict[Cell, list[tuple[int, bool]]] = {}
    for number, cell, writes in one[1]:
        seen.setdefault(cell, []).append((number, writes))
    for number, cell, writes in other[1]:
        for earlier, wrote in seen.get(cell, ()):
            if (writes or wrote) and not (alike and earlier == number):
                return cell
    return None


def test_nobody_goes_on_too_early(capsys: pytest.CaptureFixture[str]) -> None:
    failures: list[str] = []
    regions = waits = free = in_step = singles = 0
    for first in range(SEED, SEED + CASES, BATCH):
        batch = [rows.generate(seed, f"f{seed}") for seed in range(first, min(first + BATCH, SEED + CASES))]
        source = SourceText.of(rows.PREAMBLE + "".join(program.c for program in batch))
        for program, placed in zip(batch, analyze(source, "c", EVERYTHING_PAYS).functions, strict=True):
            assert placed.result.name == program.name
            for loop in placed.result.loops:
                if loop.compound is None:
                    continue
                text = applied(program.c.encode(), loop.compound.fix.edits).decode()
                lines = directives(program, text)
                given = [line for line in lines if line is not None]
                if not given:
                    continue  # a region inside one of the loops
                ends = [
                    one for one, two in zip(lines, [*lines[1:], None], strict=True) if one is not None and two is None
                ]
                assert not any("nowait" in line for line in ends), text
                regions += 1
                waits += sum("nowait" not in line for line in given[:-1])
                free += sum("nowait" in line and "static" not in line for line in given)
                in_step += sum("nowait" in line and "static" in line for line in given)
                singles += sum(line.startswith("single") for line in given)
                wrong = objection(program, lines)
                if wrong is not None:
                    failures.append(f"seed {program.name[1:]}: {wrong}\n{text}")
    with capsys.disabled():
        waiting = f"{waits} barriers in them, {free + in_step} left out"
        print(f"\n{CASES} programs, {regions} regions: {waiting}; {singles} statements of one thread")
    assert not failures, f"{len(failures)} threads go on too early\n" + "\n".join(failures[:5])
    assert min(singles, free, in_step) > CASES / 100 and waits > CASES / 10, "too few for this test to mean anything"


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ("for nowait", "for", True),
        ("for schedule(static) nowait", "for schedule(static)", False),
        ("for schedule(static) nowait", "for schedule(static, 1)", True),
        ("for", "for", False),
    ],
)
def test_the_judge(first: str, second: str, wrong: bool) -> None:
    """`a[i] = 1` in both loops: only equal iterations meet."""
    zero, size = rows.Term((), 0), rows.Term((("n", 1),), 0)
    step = rows.Step(rows.Place("a", (rows.Term((("i", 1),), 0),)), "=", ())
    parts = [Counted("i", zero, size, 1, False, False, [step]) for _ in range(2)]
    assert (objection(Program("f", "", parts), [first, second]) is not None) is wrong
