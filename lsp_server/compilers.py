"""The compilers of this machine, by their names on PATH. None that a project names is ever run: it may be anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# _OPENMP of the compiler to the version of the specification (OpenMP 5.2 §3.3 and the earlier ones).
OPENMP = {201307: "4.0", 201511: "4.5", 201811: "5.0", 202011: "5.1", 202111: "5.2", 202411: "6.0"}
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Compiler:
    """A program on PATH. `openmp`: the version it supports with `-fopenmp`, None for none."""

    name: str
    path: str
    version: str
    openmp: str | None = None


def which(name: str) -> str | None:
    """The absolute path of a program on PATH. A relative entry of PATH would run what lies in the working folder."""
    path = shutil.which(name)
    return path if path is not None and Path(path).is_absolute() else None


def compiler(name: str) -> Compiler | None:
    """What a compiler says of itself; None where it is not on PATH."""
    path = which(name)
    if path is None:
        return None
    said = output([path, "--version"])
    first = said.splitlines()[0] if said else "does not say its version"
    number = re.search(r"\d+\.\d+(?:\.\d+)?", re.sub(r"\([^)]*\)", "", first))
    language = ["-x", "f95-cpp-input"] if name == "gfortran" else ["-x", "c"]
    date = re.search(r"#define _OPENMP (\d+)", output([path, "-fopenmp", *language, "-E", "-dM", "-"]))
    openmp = OPENMP.get(int(date[1]), date[1]) if date else None
    return Compiler(name, path, number[0] if number else first, openmp)


def with_openmp(names: Iterable[str]) -> list[Compiler]:
    """Those of the compilers that are installed and know OpenMP."""
    found = (compiler(name) for name in names)
    return [one for one in found if one is not None and one.openmp is not None]


def output(command: Sequence[str]) -> str:
    """What a program prints on standard output, "" when it fails. Runs without a shell, in a folder of no interest."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            cwd=tempfile.gettempdir(),
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
