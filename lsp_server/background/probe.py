"""Measures what threads and arithmetic cost: compiles `probe.c`, a program of ours, and runs it. On request only."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from lsp_server import compilers
from lsp_server.background.calibration import Calibration, CalibrationError, checked, duration, processor
from lsp_server.compilers import Compiler

SOURCE = Path(__file__).with_name("probe.c")
NAMES = ("gcc", "clang")
FLAGS = ("-O3", "-fopenmp")  # the faster the serial loop, the larger a loop must be to pay: err on that side
ROUNDS = 25
QUIET = 0.5  # spread of half of the samples, as a part of the median, that a machine in use may have
# Operations that the estimate (`openmp.cost`) counts in one iteration of the loops of the probe.
_ITERATION = 7.0  # y[i] += a * x[i]: three elements, two operations, the statement and the loop itself
_AROUND = 4.0  # y[i] = f(x[i]), besides f: two elements, the statement and the loop itself
_COMPILE_SECONDS = 8.0
_RUN_SECONDS = 7.0
_TRYING_SECONDS = 4.0  # then the run in progress is the last one


def measure(rounds: int = ROUNDS, quiet: float = QUIET) -> Calibration:
    """A calibration of this machine. Raises CalibrationError where it cannot be made."""
    threads = _processors()
    if threads < 2:
        raise CalibrationError("this process may use one processor only, so there are no threads to measure")
    found = compilers.with_openmp(NAMES)
    if not found:
        raise CalibrationError("no compiler with OpenMP is on PATH: install gcc, or clang with libomp")
    with tempfile.TemporaryDirectory(prefix="hpc-ls-") as folder:
        compiler, program = _compiled(found, Path(folder))
        samples = _quiet_samples(program, threads, rounds, quiet)
    times = checked(_times(samples, threads))
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return Calibration(times, threads, processor(), f"{compiler.name} {compiler.version}", now)


def _quiet_samples(program: Path, threads: int, rounds: int, quiet: float) -> dict[str, list[float]]:
    """The first samples that nothing disturbed. A busy machine has quiet seconds; after some tries it is left alone."""
    began = time.monotonic()
    while True:
        samples = _samples(_run(program, threads, rounds))
        try:
            _demand_quiet(samples, quiet)
        except CalibrationError:
            if time.monotonic() - began > _TRYING_SECONDS:
                raise
        else:
            return samples


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _compiled(found: Sequence[Compiler], folder: Path) -> tuple[Compiler, Path]:
    """The first compiler that makes a program of the probe: one may know OpenMP and lack its library."""
    program = folder / ("probe.exe" if os.name == "nt" else "probe")
    said = ""
    for compiler in found:
        command = [compiler.path, *FLAGS, str(SOURCE), "-o", str(program), "-lm"]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_COMPILE_SECONDS,
                check=False,
                cwd=folder,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
            continue
        if done.returncode == 0:
            return compiler, program
        said = _last_line(done.stderr)
    names = " and ".join(compiler.name for compiler in found)
    raise CalibrationError(f"{names} cannot build a program with OpenMP: {said}")


def _run(program: Path, threads: int, rounds: int) -> str:
    # What the user set for OpenMP programs (binding, waiting, schedules) is for those.
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    try:
        done = subprocess.run(
            [str(program), str(rounds)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_RUN_SECONDS,
            check=False,
            cwd=program.parent,
            env={**plain, "OMP_NUM_THREADS": str(threads), "OMP_DYNAMIC": "false"},
        )
    except subprocess.TimeoutExpired:
        raise CalibrationError(
            f"the measurement was not done after {_RUN_SECONDS:g} s: other programs use the processors. "
            "Try again when they are done"
        ) from None
    except OSError as error:
        raise CalibrationError(f"the program cannot be run from {program.parent}: {error.strerror}") from None
    if done.returncode != 0:
        raise CalibrationError(f"the measuring program failed: {_last_line(done.stderr) or done.returncode}")
    return done.stdout.decode("ascii", "replace")


def _last_line(data: bytes) -> str:
    lines = data.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _samples(text: str) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        samples.setdefault(name, []).append(float(value))
    return samples


def _demand_quiet(samples: Mapping[str, Sequence[float]], quiet: float) -> None:
    """Refuse a machine that does other things: its medians would be about those."""
    for name in ("operation", "region", "barrier"):
        low, middle, high = statistics.quantiles(samples[name], n=4)
        if high - low > quiet * middle:
            raise CalibrationError(
                f"the machine is too busy: the same `{name}` took {duration(low)} and {duration(high)}. "
                "Try again when no other program runs"
            )


def _times(samples: Mapping[str, Sequence[float]], threads: int) -> dict[str, float]:
    """From what one turn of each loop of the probe took to the quantities of a calibration."""
    taken = {name: statistics.median(values) for name, values in samples.items()}
    operation = taken["operation"] / _ITERATION

    def beside(name: str) -> float:
        return max(taken[name] - _AROUND * operation, operation)

    return {
        "region": taken["region"],
        "barrier": taken["barrier"],
        "reduction": max(0.0, taken["reduction"] - taken["region"]),
        "chunk": taken["chunk"] * threads,
        "operation": operation,
        "memory": taken["memory"] / _ITERATION,
        "division": beside("division"),
        "exp": beside("exp"),
        "sqrt": beside("sqrt"),
    }
