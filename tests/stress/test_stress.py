"""A sample of `python -m tests.stress`, and that its instruments find what they are there for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stress import kernels, pragmas, programs

SEED = 500
PROGRAMS = 20
KERNELS = 4


@pytest.fixture
def tool(need: Callable[[bool, str], None]) -> programs.Tools:
    found = programs.tools()
    need(found is not None, "needs clang, ThreadSanitizer and libomp with Archer: `make setup-system` brings them")
    assert found is not None
    return found


def test_no_race_and_no_difference_in_a_sample(tool: programs.Tools, tmp_path: Path) -> None:
    inserted = 0
    for number in range(PROGRAMS):
        first = SEED + number * KERNELS
        mode = pragmas.MODES[number % len(pragmas.MODES)]
        made = pragmas.kernels_for(mode, first, KERNELS)
        applied = pragmas.apply(programs.text_of(made), mode, first)
        programs.write(tmp_path, made, applied.text)
        outcome = programs.run(tmp_path, tool)
        assert not outcome.failed, f"seed {first}: {outcome}"
        inserted += applied.pragmas
    assert inserted > PROGRAMS * KERNELS / 2, "too few pragmas for this test to mean anything"


@pytest.mark.parametrize(
    ("body", "race", "difference"),
    [
        ("ga[i] = i;", False, False),
        ("ga[i + 1] += ga[i];", True, None),
        ("t = i; ga[i] = t;", True, None),
        ("one = made(i); ga[i] = one.x;", True, None),
        ("ga[i] = omp_get_thread_num();", False, True),
    ],
)
def test_the_instruments(tool: programs.Tools, tmp_path: Path, body: str, race: bool, difference: bool | None) -> None:
    head = f"int omp_get_thread_num(void);\nvoid k1({kernels.PARAMETERS}) {{\n  int t = 0;\n  Point one;\n"
    if "omp" in body:
        serially, body = "ga[i] = 7;", "ga[i] = 7 + omp_get_thread_num();"
    else:
        serially = body
    parts = [f"  for (int i = 0; i < n; i++) {{ {text} }}\n  out[0] = t;\n}}\n" for text in (serially, body)]
    serial, parallel = (head + parts[0], head + "#pragma omp parallel for\n" + parts[1])
    programs.write(tmp_path, [kernels.Kernel(1, "k1", serial)], kernels.PREAMBLE + parallel)
    outcome = programs.run(tmp_path, tool)
    assert not outcome.broken
    assert ("k1" in outcome.races) is race
    assert difference is None or ("k1" in outcome.differences) is difference


def test_kernels_of_one_seed_are_the_same() -> None:
    assert kernels.generate(7) == kernels.generate(7)
    assert kernels.generate(7).c != kernels.generate(8).c
