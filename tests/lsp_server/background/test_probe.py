"""Measuring this machine with its real compiler. Times are never asserted, only that there are some."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server import compilers
from lsp_server.background import calibration, probe
from lsp_server.background.calibration import QUANTITIES, CalibrationError
from tests.lsp_server.cli_runner import run

ONE_PROCESSOR = """\
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from lsp_server.cli import main
sys.exit(main(["doctor", "--calibrate"]))
"""


@pytest.mark.needs("gcc")
def test_the_probe_measures_everything(tmp_path: Path) -> None:
    compiler, program = probe._compiled(compilers.with_openmp(probe.NAMES), tmp_path)
    assert compiler.name in probe.NAMES and compiler.version
    samples = probe._samples(probe._run(program, threads=2, rounds=3))
    assert {name: len(values) for name, values in samples.items()} == dict.fromkeys(QUANTITIES, 3)
    assert all(value > 0 for values in samples.values() for value in values)
    times = probe._times(samples, threads=2)
    assert set(times) == set(QUANTITIES)
    assert times["region"] == statistics.median(samples["region"])
    assert all(times[name] >= times["operation"] for name in ("division", "exp", "sqrt"))


@pytest.mark.needs("gcc")
def test_doctor_calibrates_or_says_why_not(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    done = run("doctor", "--calibrate", cwd=tmp_path, XDG_CACHE_HOME=str(cache), LOCALAPPDATA=str(cache), COLUMNS="200")
    said = done.stderr.decode()
    kept = list(cache.rglob("*.json"))
    if done.returncode == 2:  # the tests of others run here at the same time
        assert "nothing was measured: " in said and kept == []
        assert "Try again when" in said or "cannot be meant" in said
        assert done.stdout == b"", "no table that looks as if it had worked"
        return
    (path,) = kept
    assert f"kept in {path}" in said
    measured = calibration.parsed(path.read_bytes())
    assert measured.threads == len(os.sched_getaffinity(0)) if sys.platform == "linux" else measured.threads > 1
    assert "enter and leave a parallel loop" in done.stdout.decode()


def refusal(*command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot bind a process to a processor")
def test_one_processor_is_too_few() -> None:
    assert "one processor only" in refusal("-c", ONE_PROCESSOR)


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path) -> None:
    command = ("-m", "lsp_server.cli", "doctor", "--calibrate")
    assert "no compiler with OpenMP is on PATH: install gcc" in refusal(*command, PATH=str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_a_compiler_that_cannot_link_says_what_it_said(tmp_path: Path) -> None:
    program = tmp_path / "gcc"
    program.write_text(
        '#!/bin/sh\ncase "$*" in\n*--version*) echo "gcc (X) 9.1.0";;\n*-dM*) echo "#define _OPENMP 201511";;\n'
        '*) echo "cannot find -lgomp" >&2; exit 1;;\nesac\n'
    )
    program.chmod(0o755)
    said = refusal("-m", "lsp_server.cli", "doctor", "--calibrate", PATH=f"{tmp_path}")
    assert "gcc cannot build a program with OpenMP: cannot find -lgomp" in said


def test_a_busy_machine_is_refused() -> None:
    steady = {name: [1.0, 1.1, 1.2, 1.1, 1.0] for name in ("operation", "region", "barrier")}
    probe._demand_quiet(steady, probe.QUIET)
    with pytest.raises(CalibrationError, match=r"the same `region` took 900 ns and 7\.9\d ms"):
        probe._demand_quiet({**steady, "region": [900.0, 900.0, 900.0, 8e6, 7.9e6]}, probe.QUIET)


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_a_quiet_moment_of_a_busy_machine_is_enough(tmp_path: Path) -> None:
    program = tmp_path / "probe"
    program.write_text(
        "#!/bin/sh\necho again >> tries\nfor name in operation region barrier; do\nfor n in 1 1 1 2 9; do\n"
        '[ "$(wc -l < tries)" -lt 3 ] || n=1\necho "$name $n"\ndone\ndone\n'
    )
    program.chmod(0o755)
    samples = probe._quiet_samples(program, 2, 5, probe.QUIET)
    assert samples == {name: [1.0] * 5 for name in ("operation", "region", "barrier")}
    assert (tmp_path / "tries").read_text().split() == ["again"] * 3
