"""Runs the real program, as a shell would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = (str(Path(sys.executable).with_name("hpc-ls")),)


def run(
    *arguments: str | Path, cwd: Path, stdin: bytes = b"", status: int | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `hpc-ls` in `cwd`; `status` is the exit status that it must have. A traceback always fails."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", **environment},
        timeout=120,
        check=False,
    )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in said, said
    if status is not None:
        assert done.returncode == status, said
    return done


def check_json(
    *arguments: str | Path, cwd: Path, status: int | None = None, command: str = "check", **more: Any
) -> Any:
    """The document that `--format json` prints."""
    done = run(command, "--format", "json", *arguments, cwd=cwd, status=status, **more)
    return json.loads(done.stdout)


def git(*arguments: str | Path, cwd: Path) -> str:
    """Run git with nothing of this machine's configuration."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{role}_{what}": "x@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    done = subprocess.run(["git", *map(str, arguments)], cwd=cwd, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
