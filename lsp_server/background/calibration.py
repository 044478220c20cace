"""What threads and arithmetic cost on this machine, as `hpc-ls doctor --calibrate` measured it, kept between runs.

One file for each machine in the cache folder, which machines may share. A file that cannot be used is said so and
ignored: the estimates then take the defaults of `analyzers.costs`.
"""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from analyzers.costs import DEFAULTS, Costs
from lsp_server.cache import cache_folder
from lsp_server.settings_edit import write_atomically

VERSION = 1
REMEDY = "hpc-ls doctor --calibrate"
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is measured: in words, and between which times a machine can mean it."""

    words: str
    low: float  # nanoseconds
    high: float


QUANTITIES: Mapping[str, Quantity] = {
    "region": Quantity("enter and leave a parallel loop", 50.0, 2e6),
    "barrier": Quantity("share out a loop, with its barrier", 10.0, 2e6),
    "reduction": Quantity("add up one reduced variable", 0.0, 2e6),
    "chunk": Quantity("hand out one chunk of a dynamic schedule", 1.0, 1e5),
    "operation": Quantity("one operation in cache", 0.005, 20.0),
    "memory": Quantity("one operation from memory", 0.005, 500.0),
    "division": Quantity("one division", 0.02, 500.0),
    "exp": Quantity("exp", 0.1, 2e3),
    "sqrt": Quantity("sqrt", 0.02, 2e3),
}


class CalibrationError(Exception):
    """A calibration that cannot be used; the message says why, `REMEDY` what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The times of `QUANTITIES` in nanoseconds, and where they were measured."""

    nanoseconds: Mapping[str, float]
    threads: int
    processor: str
    compiler: str
    measured: str  # ISO 8601

    @property
    def unit(self) -> float:
        """Nanoseconds of an operation of the estimates. They do not know where the data are: the middle (of orders of
        magnitude) between a loop that runs in the first cache with vectors and one that waits for the memory."""
        return math.sqrt(self.nanoseconds["operation"] * self.nanoseconds["memory"])

    def costs(self) -> Costs:
        """The same in operations, for the estimates.

        With p threads a loop of T takes T/p and the region on top: it wins from region * p / (p - 1). Twice that pays,
        because the region was measured with warm threads and nothing in between. The other numbers keep their
        proportions to the defaults. Whatever was measured, no result is beyond what machines are like.
        """
        time = self.nanoseconds
        operation = self.unit
        twice = 2.0 * self.threads / (self.threads - 1) / operation
        pays = _within(twice * time["region"], 20_000.0, 20_000_000.0)
        exp, sqrt = time["exp"] / operation / 25.0, time["sqrt"] / operation / 10.0
        return Costs(
            pays=pays,
            pays_again=pays * DEFAULTS.pays_again / DEFAULTS.pays,
            pays_two=pays * DEFAULTS.pays_two / DEFAULTS.pays,
            reduction=_within(twice * time["reduction"], 0.0, pays),
            light=_within(20.0 * time["chunk"] / operation, 1_000.0, 1_000_000.0),
            division=_within(time["division"] / operation, 1.0, 50.0),
            library=_within(math.sqrt(exp * sqrt), 0.2, 5.0),
        )

    def to_json(self) -> dict[str, object]:
        return {
            "version": VERSION,
            "processor": self.processor,
            "threads": self.threads,
            "compiler": self.compiler,
            "measured": self.measured,
            "nanoseconds": dict(self.nanoseconds),
        }


def _within(value: float, low: float, high: float) -> float:
    """Clamped and rounded: the last digits of a measurement are noise."""
    return float(f"{min(max(value, low), high):.2g}")


@dataclass(frozen=True, slots=True)
class Found:
    """The calibration of this machine; without one, `problem` says why a file that is there is ignored."""

    path: Path
    calibration: Calibration | None = None
    problem: str | None = None
    costs: Costs = field(default=DEFAULTS)


def place() -> Path:
    """The file of this machine."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", platform.node()) or "machine"
    return cache_folder() / "calibration" / f"{name}.json"


def current() -> Found:
    """What is known of this machine. Costs one look at the file's date when nothing changed. Never raises."""
    path = place()
    try:
        status = path.stat()
    except (OSError, ValueError):
        return Found(path)
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Found:
    try:
        calibration = parsed(path.read_bytes())
    except OSError as error:
        return Found(path, problem=f"it cannot be read ({error.strerror})")
    except CalibrationError as error:
        return Found(path, problem=str(error))
    return Found(path, calibration, costs=calibration.costs())


def parsed(data: bytes) -> Calibration:
    """The content of a file. Raises CalibrationError."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise CalibrationError("it is not JSON") from None
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise CalibrationError(f"it is not of version {VERSION}, which this hpc-ls writes")
    times, threads = content.get("nanoseconds"), content.get("threads")
    words = {name: content.get(name) for name in ("processor", "compiler", "measured")}
    if not isinstance(times, dict) or not all(isinstance(word, str) for word in words.values()):
        raise CalibrationError("it is damaged")
    if isinstance(threads, bool) or not isinstance(threads, int) or not 2 <= threads <= 65_536:
        raise CalibrationError("its number of threads cannot be meant")
    calibration = Calibration(
        checked(times), threads, str(words["processor"]), str(words["compiler"]), str(words["measured"])
    )
    if calibration.processor != processor():
        raise CalibrationError(f"it was measured on another processor, {calibration.processor}")
    return calibration


def checked(times: Mapping[str, object]) -> dict[str, float]:
    """The times, all of them and each between its limits. Raises CalibrationError."""
    good: dict[str, float] = {}
    for name, quantity in QUANTITIES.items():
        value = times.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CalibrationError(f"it does not say the time of `{name}`")
        if not quantity.low <= value <= quantity.high:  # also what is no number
            raise CalibrationError(
                f"{duration(value)} for `{name}` cannot be meant: "
                f"{duration(quantity.low)} to {duration(quantity.high)} is possible"
            )
        good[name] = float(value)
    return good


def duration(nanoseconds: float) -> str:
    """A time as people write it."""
    for unit, factor in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= factor:
            return f"{nanoseconds / factor:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def save(calibration: Calibration) -> Path:
    """Write the file of this machine, all or nothing; where it is. Raises OSError."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(calibration.to_json(), indent=1) + "\n").encode())
    return path


@lru_cache(maxsize=1)
def processor() -> str:
    """What the processor calls itself, as far as it can be told cheaply."""
    try:
        with _CPUINFO.open("rb") as stream:
            start = stream.read(4096).decode("utf-8", "replace")
    except OSError:
        start = ""
    named = re.search(r"^model name\s*:\s*(.+)$", start, re.MULTILINE)
    return named[1].strip() if named else platform.processor() or platform.machine()
