"""Sections of random loops against enumeration: they hold every element that is used, and end at used ones."""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from analyzers.dependence.sections import NoSectionError, Section, sections
from tests.analyzers.openmp.lowered import analysed

CASES = int(os.environ.get("HPC_LS_PROPERTY_CASES", "600"))
SEED = int(os.environ.get("HPC_LS_PROPERTY_SEED", "1"))
SIZES = (0, 1, 2, 3, 5)
SECTION = re.compile(r"\w+\[(.*?):(.*?)\](?:\[0:(.*)\])?\Z")


@dataclass
class Case:
    """A nest over `a`: its loops as (index, first, last, step), and its accesses as (subscripts, writes, condition)."""

    loops: list[tuple[str, str, str, int]] = field(default_factory=list)
    accesses: list[tuple[tuple[str, ...], bool, str]] = field(default_factory=list)
    rows: bool = False

    @property
    def text(self) -> str:
        lines = [f"void f(int n, int m, {'int (*a)[m]' if self.rows else 'int *a'}, const int *x) {{", "int t = 0;"]
        for index, first, last, step in self.loops:
            if step > 0:
                lines.append(f"for (int {index} = {first}; {index} <= {last}; {index} += {step}) {{")
            else:
                lines.append(f"for (int {index} = {last}; {index} >= {first}; {index}--) {{")
        for subscripts, writes, condition in self.accesses:
            element = "a" + "".join(f"[{s}]" for s in subscripts)
            guard = f"if ({condition}) " if condition else ""
            lines.append(f"{guard}{element} = 1;" if writes else f"{guard}t += {element};")
        return "\n".join([*lines, "}" * len(self.loops), "}"])

    def iterations(self, sizes: dict[str, int], depth: int = 0) -> Iterator[dict[str, int]]:
        if depth == len(self.loops):
            yield sizes
            return
        index, first, last, step = self.loops[depth]
        for value in range(eval(first, {}, sizes), eval(last, {}, sizes) + 1, abs(step)):
            yield from self.iterations({**sizes, index: value}, depth + 1)

    def used(self, sizes: dict[str, int], *, writes: bool, certain: bool = False) -> set[tuple[int, ...]]:
        """The elements; those under conditions on data count unless `certain`."""
        found = set()
        for values in self.iterations(sizes):
            for subscripts, written, condition in self.accesses:
                if written < writes or (certain and condition):
                    continue
                if not condition.startswith("x[") and condition and not eval(condition, {}, values):
                    continue
                found.add(tuple(eval(s, {}, values) for s in subscripts))
        return found


def generate(rng: random.Random) -> Case:
    case = Case(rows=rng.random() < 0.25)
    names: list[str] = []
    for index in "ijk"[: rng.choice((1, 2, 2, 3))]:
        first = rng.choice(("0", "0", "0", "1", "m", *(f"{name} + 1" for name in names)))
        last = rng.choice(("n - 1", "m - 1", "m - 1", "n", "n - 2", "4", *names))
        case.loops.append((index, first, last, rng.choice((1, 1, 1, 1, 1, -1, 2))))
        names.append(index)
    for _ in range(rng.choice((1, 1, 2, 3))):
        subscripts = (_subscript(rng, names),)
        if case.rows:
            subscripts = (*subscripts, rng.choice((*names, "0")))
        condition = rng.choice(("", "", "", "", "x[i] > 0", "i > 0", "i < n - 1"))
        case.accesses.append((subscripts, rng.random() < 0.6, condition))
    return case


def _subscript(rng: random.Random, names: list[str]) -> str:
    index = rng.choice(names)
    other = rng.choice(names)
    return rng.choice(
        (
            index, index, index, f"{index} + 1", f"{index} - 1", f"n - {index}", "n", "0", f"2 * {index}",
            f"{index} * m + {other}", f"{index} * m + {other}", f"{index} * n + {other}", f"{index} + {other}",
            f"m * {index} + m - 1 - {other}",
        )
    )  # fmt: skip


def problem(case: Case, section: Section, sizes: dict[str, int]) -> str | None:
    match = SECTION.match(section.text)
    assert match is not None, section.text
    first, length, row = (eval(part, {}, sizes) if part else 1 for part in match.groups())
    runs = any(True for _ in case.iterations(sizes))
    if not runs and not section.runs:
        return None
    cells = set(itertools.product(range(first, first + length), *([range(row)] if case.rows else [])))
    used = case.used(sizes, writes=False)
    if case.rows and any(not 0 <= where[1] < row for where in used):
        return None  # no program that is right
    if not used <= cells:
        return f"{used - cells} used outside of {section.text} for {sizes}"
    if section.filled and cells != case.used(sizes, writes=True, certain=True):
        return f"{section.text} is not filled for {sizes}"
    if runs and not section.conditional:
        outer = {where[0] for where in used}
        if cells and {min(outer), max(outer)} != {first, first + length - 1}:
            return f"{section.text} is larger than what is used for {sizes}"
    return None


def test_sections_cover_what_is_used_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    written = filled = 0
    failures = []
    for seed in range(SEED, SEED + CASES):
        case = generate(random.Random(seed))
        facts = analysed(case.text)
        try:
            found = [s for s in sections(facts.loops[0], facts) if s.symbol.name == "a"]
        except NoSectionError:
            continue
        for section in found:
            written += 1
            filled += section.filled
            for n, m in itertools.product(SIZES, SIZES):
                wrong = problem(case, section, {"n": n, "m": m})
                if wrong is not None:
                    failures.append(f"seed {seed}: {wrong}\n{case.text}")
                    break
    with capsys.disabled():
        print(f"\n{CASES} nests: {written} sections, {filled} filled")
    assert not failures, f"{len(failures)} wrong sections\n" + "\n".join(failures[:5])
    assert written > CASES / 8, "too few sections for this test to mean anything"
    assert filled > CASES / 120
