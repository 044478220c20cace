"""The main job, by hand, in a real VS Code workbench."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
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


def plant_traps(folder: Path) -> None:
    """Modules that Python would find first if the server or a worker looked into the workspace."""
    trap = f"open({str(folder / 'trapped')!r}, 'a').write(__name__)\n"
    for name in ("multiprocessing.py", "sitecustomize.py", "models/__init__.py", "lsp_server/__init__.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(trap)


def test_tour(start_workbench: Start) -> None:
    """Squiggle, code lens, status, hover, quick fix, ghost text, insertion, and the page of the analysis."""
    workbench = start_workbench(server=sys.executable)
    file = with_sample(workbench)
    plant_traps(workbench.folder)
    workbench.play("tour.mjs", file=str(file))
    assert not (workbench.folder / "trapped").exists(), "a module of the workspace was imported"


def test_api(start_workbench: Start) -> None:
    """What the extension host knows: exact edits, settings, commands, restarts."""
    workbench = start_workbench(server=sys.executable, automated=True)
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


def test_set_up(start_workbench: Start, need: Callable[[bool, str], None], tmp_path: Path) -> None:
    """No server anywhere: the extension makes its private environment, and runs the server from there."""
    probe = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path), "iniconfig"]
    need(subprocess.run(probe, capture_output=True, check=False).returncode == 0, "needs a package index for pip")
    workbench = start_workbench(server="", path=path_without_server())
    file = with_sample(workbench)
    workbench.play("setup.mjs", timeout=300, file=str(file))
    (environment,) = (tmp_path / "state").glob("data/User/globalStorage/hpc-ls.hpc-ls/server")
    assert (environment / "hpc-ls.stamp").is_file()


def path_without_server() -> str:
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not (Path(folder) / "hpc-ls").exists())


def test_broken_server(start_workbench: Start, tmp_path: Path) -> None:
    """A server that dies at once is given up with a message, and one click starts it again once it is repaired."""
    server = tmp_path / "server"
    server.write_text("#!/bin/sh\necho 'the library is missing' >&2\nexit 1\n")
    server.chmod(0o755)
    workbench = start_workbench(server=str(server))
    repaired = f"#!/bin/sh\nexec {sys.executable} -I -m lsp_server\n"
    workbench.play("broken.mjs", file=str(with_sample(workbench)), server=str(server), repaired=repaired)
