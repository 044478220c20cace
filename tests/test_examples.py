"""The kernels of the demo are programs, and the demo says of them what it should."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from analyzers.api import FileReport, analyze, loops_of
from analyzers.text import SourceText
from tests.edits import applied

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.c"))
RACY = {"energy.c", "wave.c"}
# Each loop that stands in no other, by function: what is said of it. Together they show the whole range.
SAID = {
    "energy.c": {
        "kinetic": ["parallel"],
        "potential": ["possible"],
        "thermostat": ["parallel"],
        "main": ["parallel"],
    },
    "histogram.c": {
        "expose": ["dependent"],
        "count_levels": ["parallel"],
        "most_frequent": ["unknown"],
        "equalise": ["likely"],
        "main": ["dependent", "parallel"],
    },
    "jacobi.c": {"sweep": ["likely"], "largest_change": ["parallel"]},
    "lu.c": {"factor": ["dependent"], "solve": ["dependent", "dependent"], "lower_weight": ["parallel"]},
    "mandelbrot.c": {"mandelbrot": ["parallel"], "legend": ["parallel"]},
    "matmul.c": {"fill": ["parallel"], "multiply": ["parallel"], "trace": ["parallel"]},
    "nbody.c": {"accelerations": ["parallel"], "move": ["parallel"]},
    "prefix_sum.c": {"offsets": ["dependent"], "running_total": ["dependent"]},
    "spmv.c": {"multiply": ["likely"], "dot": ["parallel"], "scale": ["parallel"], "laplacian": ["dependent"]},
    "wave.c": {"smooth": ["dependent"], "drop": ["parallel"]},
}
FINDINGS = {
    "energy.c": [("race-missing-reduction", 14), ("race-shared-scalar", 32)],
    "wave.c": [("race-missing-barrier", 17)],
}


def report(source: Path) -> FileReport:
    return analyze(SourceText.of(source.read_bytes()), "c", path=str(source))


def said(found: FileReport) -> dict[str, list[str]]:
    by_function: dict[str, list[str]] = {}
    for _, loop in loops_of(found):
        if loop.depth == 0:
            verdict = loop.verdict
            word = verdict.status
            if word == "unknown" and verdict.assumptions:
                word = verdict.confidence  # type: ignore[assignment]
            by_function.setdefault(loop.function, []).append(word)
    return by_function


def output(source: Path, folder: Path, *flags: str) -> str:
    program = folder / f"{source.stem}{len(flags)}"
    build = subprocess.run(
        ["gcc", "-O1", "-Wall", "-Wextra", *flags, "-o", str(program), str(source), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    run = subprocess.run([str(program)], capture_output=True, text=True, check=True, env=environment, timeout=60)
    return run.stdout


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_program_that_prints_a_checksum(source: Path, tmp_path: Path) -> None:
    parallel = output(source, tmp_path, "-fopenmp")
    assert "checksum" in parallel
    if source.name not in RACY:
        assert parallel == output(source, tmp_path, "-Wno-unknown-pragmas")


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_each_loop_is_told_from_the_others(source: Path) -> None:
    found = said(report(source))
    expected = SAID[source.name]
    assert {function: found[function] for function in expected} == expected


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_the_races_are_found_and_nothing_else(source: Path) -> None:
    text = SourceText.of(source.read_bytes())
    found = [
        (finding.rule, text.line_of(placed.start + finding.span.start) + 1)
        for placed in report(source).functions
        for finding in placed.result.findings
    ]
    assert found == FINDINGS.get(source.name, [])


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("source", [e for e in EXAMPLES if e.name not in RACY], ids=lambda path: path.name)
def test_the_program_with_the_offered_pragmas_computes_the_same(source: Path, tmp_path: Path) -> None:
    offered = [(start, loop.fixes[0].edits) for start, loop in loops_of(report(source)) if loop.profitable]
    assert offered
    text = source.read_bytes()
    for start, edits in sorted(offered, key=lambda o: o[0] + o[1][0].span.start, reverse=True):
        text = applied(text, edits, start)
    changed = tmp_path / source.name
    changed.write_bytes(text)
    serial = output(source, tmp_path, "-Wno-unknown-pragmas").split()
    parallel = output(changed, tmp_path, "-fopenmp").split()
    assert [word for word in parallel if word.isalpha()] == [word for word in serial if word.isalpha()]
    numbers = [[float(word) for word in words if not word.isalpha()] for words in (serial, parallel)]
    assert numbers[1] == pytest.approx(numbers[0], rel=1e-6)
