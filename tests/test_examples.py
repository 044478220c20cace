"""The kernels of the demo are programs, and the demo says of them what it should."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.c"))
RACY = {"energy.c", "wave.c"}


@pytest.fixture(scope="session")
def gcc() -> str:
    found = shutil.which("gcc")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("gcc is missing")
        pytest.skip("gcc is missing")
    return found


def output(gcc: str, source: Path, folder: Path, *flags: str) -> str:
    program = folder / f"{source.stem}{len(flags)}"
    build = subprocess.run(
        [gcc, "-O1", "-Wall", "-Wextra", *flags, "-o", str(program), str(source), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    run = subprocess.run([str(program)], capture_output=True, text=True, check=True, env=environment, timeout=60)
    return run.stdout


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_program_that_prints_a_checksum(gcc: str, source: Path, tmp_path: Path) -> None:
    parallel = output(gcc, source, tmp_path, "-fopenmp")
    assert "checksum" in parallel
    if source.name not in RACY:
        assert parallel == output(gcc, source, tmp_path, "-Wno-unknown-pragmas")
