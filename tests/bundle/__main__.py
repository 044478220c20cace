"""A clean room for the bundle: installs what is in a .vsix with no network, no compiler and nothing else of this
machine, and has the server find a race and the model load.

`python -m tests.bundle FILE.vsix`; `make bundle` runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.models import tiny
from tests.samples import RACY


def main(vsix: Path) -> int:
    """Exit status."""
    with tempfile.TemporaryDirectory(prefix="hpc-ls-bundle-") as folder:
        room = Path(folder)
        with zipfile.ZipFile(vsix) as archive:
            archive.extractall(room / "vsix")
        wheels = room / "vsix" / "extension" / "server"
        (server,) = wheels.glob("hpc_ls-*.whl")
        python = room / "environment" / "bin" / "python"
        run(room, sys.executable, "-I", "-m", "venv", room / "environment")
        # As the extension does it: see makeEnvironment.
        pip = (python, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", "install")
        run(room, *pip, "--no-index", "--find-links", wheels, f"{server}[model]")
        shutil.rmtree(room / "vsix")
        program = python.with_name("hpc-ls")
        (room / "racy.c").write_text(RACY)
        said = run(room, program, "check", "racy.c", status=1)
        expect("race-missing-reduction", said)
        tiny.write(room / "tiny.gguf")
        run(room, program, "model", "use", "tiny.gguf")
        said = run(room, program, "model", "info")
        expect("loaded in", said)
        expect("memory", said)
        expect("ok run-time", " ".join(run(room, program, "doctor").split()))
    print(f"clean room: {vsix.name} installs and works with no network and no compiler")
    return 0


def run(room: Path, *command: str | Path, status: int = 0) -> str:
    """Run a program that knows nothing of this machine, and reaches no other one where the system lets us say so."""
    environment = {
        "PATH": str(room / "nothing"),
        "HOME": str(room),
        "XDG_DATA_HOME": str(room / "data"),
        "XDG_CACHE_HOME": str(room / "cache"),
        "PIP_CONFIG_FILE": os.devnull,
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    done = subprocess.run(
        [*_without_network(), *map(str, command)],
        cwd=room,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    if done.returncode != status:
        sys.exit(f"clean room: {' '.join(map(str, command))} ended with {done.returncode}:\n{said}")
    return said


def _without_network() -> tuple[str, ...]:
    program = shutil.which("unshare")
    if program is None:
        return ()
    alone = (program, "--map-root-user", "--net", "--")
    works = subprocess.run([*alone, sys.executable, "-c", ""], capture_output=True, check=False)
    return alone if works.returncode == 0 else ()


def expect(words: str, text: str) -> None:
    if words not in text:
        sys.exit(f"clean room: `{words}` is not said:\n{text}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
