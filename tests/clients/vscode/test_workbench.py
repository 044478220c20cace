"""The main job, by hand, in a real VS Code workbench."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

pytestmark = pytest.mark.needs("chromium", "node", "npm", "vscode", "node-24", "playwright", "extension")


def test_tour(start_workbench: Callable[..., object]) -> None:
    """Squiggle, code lens, status, hover, quick fix, ghost text, insertion, and the page of the analysis."""
    workbench = start_workbench(server=sys.executable)
    file = workbench.folder / "sample.c"
    shutil.copy(HERE / "sample.c", file)
    workbench.play("tour.mjs", file=str(file))
