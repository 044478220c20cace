"""Programs with the pragmas that are offered, as they run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from analyzers import api
from analyzers.api import SourceText
from lsp_server.outcomes import loops_in
from lsp_server.patches import chosen, patch

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler that knows OpenMP")


def applied(text: str, minimum: str = "likely") -> str:
    """A C text after `suggest --apply`."""
    source = SourceText.of(text)
    report = api.analyze(source, "c")
    result = patch(source, report, chosen(loops_in(report), minimum), lambda other: api.analyze(other, "c"))
    assert not result.refused
    return result.text.data.decode()


def printed(folder: Path, text: str, threads: Iterable[int]) -> set[str]:
    """What the program prints, run with these numbers of threads."""
    (folder / "p.c").write_text(text)
    subprocess.run(["gcc", "-O1", "-fopenmp", "p.c", "-o", "p"], cwd=folder, check=True)
    runs = ({**os.environ, "OMP_NUM_THREADS": str(number)} for number in threads)
    return {subprocess.run([folder / "p"], capture_output=True, text=True, check=True, env=e).stdout for e in runs}
