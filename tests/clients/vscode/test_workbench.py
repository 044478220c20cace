"""The main job, by hand, in a real VS Code workbench."""

from __future__ import annotations

import json
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


def test_restricted_mode(start_workbench: Start, tmp_path: Path) -> None:
    """A workspace that names a program as its server, before and after it is trusted."""
    workbench = start_workbench(server=sys.executable, trusted=False)
    file = with_sample(workbench)
    marker, program = tmp_path / "started", workbench.folder / "server"
    program.write_text(f"#!/bin/sh\ntouch {marker}\nexec {sys.executable} -I -m lsp_server\n")
    program.chmod(0o755)
    settings = workbench.folder / ".vscode" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"hpc-ls.server.path": str(program)}))
    workbench.play("trust.mjs", file=str(file), marker=str(marker))
