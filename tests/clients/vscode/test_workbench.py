"""The main job, by hand, in a real VS Code workbench."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
Start = Callable[..., Any]  # gives the Workbench of conftest.py

pytestmark = pytest.mark.needs("chromium", "node", "npm", "vscode", "node-24", "playwright", "extension")


def with_sample(workbench: Any) -> Path:
    file: Path = workbench.folder / "sample.c"
    shutil.copy(HERE / "sample.c", file)
    return file


def test_tour(start_workbench: Start) -> None:
    """Squiggle, code lens, status, hover, quick fix, ghost text, insertion, and the page of the analysis."""
    workbench = start_workbench(server=sys.executable)
    file = with_sample(workbench)
    workbench.play("tour.mjs", file=str(file))


def test_api(start_workbench: Start) -> None:
    """What the extension host knows: exact edits, settings, commands, restarts."""
    workbench = start_workbench(server=sys.executable)
    with_sample(workbench)
    output = workbench.play("api.mjs", patience=100)
    assert "FAIL" not in output
