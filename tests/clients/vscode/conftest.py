"""The real VS Code workbench: its server from a package, the page in Chromium, the extension as a user installs it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
EXTENSION = ROOT / "vscode-extension"
OUTPUT = ROOT / "tests" / "clients" / "output"

Tool = Callable[[str], str]


@dataclass(frozen=True)
class Workbench:
    """A running VS Code server with a folder of its own."""

    port: int
    folder: Path
    log: Path

    def play(self, script: str, *, timeout: float = 150, **settings: object) -> str:
        """Run a script of this folder in the browser; returns what it printed. Fails with that text."""
        shots = OUTPUT / Path(script).stem
        shutil.rmtree(shots, ignore_errors=True)
        settings |= {"port": self.port, "folder": str(self.folder), "shots": str(shots)}
        settings["browser"] = shutil.which("chromium")
        command = ["node", script, json.dumps(settings)]
        done = subprocess.run(
            command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False
        )
        sys.stdout.write(done.stdout)
        assert done.returncode == 0, f"{script} failed; pictures are in {shots}\n{done.stdout[-6000:]}"
        return done.stdout


@pytest.fixture(scope="session")
def vscode_command(tool: Tool) -> list[str]:
    return [tool("node-24"), tool("vscode"), "--accept-server-license-terms", "--telemetry-level", "off"]


@pytest.fixture(scope="session")
def extensions(vscode_command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of extensions into which ours was installed from its package."""
    folder = tmp_path_factory.mktemp("extensions")
    package = folder / "hpc-ls.vsix"
    # pip builds inside the folder that it is given; what an earlier build left there would end up in the wheel.
    sources = folder / "sources"
    for name in ("analyzers", "lsp_server", "models", "processes"):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    wheels = EXTENSION / "server"
    shutil.rmtree(wheels, ignore_errors=True)
    for command in (
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(sources)],
        ["npm", "run", "--silent", "build"],
        ["npm", "run", "--silent", "package", "--", "--out", str(package)],
    ):
        subprocess.run(command, cwd=EXTENSION, check=True, capture_output=True, text=True, timeout=120)
    install = ["--extensions-dir", str(folder), "--server-data-dir", str(folder / "state"), "--install-extension"]
    done = subprocess.run(
        [*vscode_command, *install, str(package)], check=False, capture_output=True, text=True, timeout=120
    )
    assert "successfully installed" in done.stdout, done.stdout + done.stderr
    return folder


@pytest.fixture
def start_workbench(vscode_command: list[str], extensions: Path, tmp_path: Path) -> Iterator[Callable[..., Workbench]]:
    """Starts a server with fresh state; unsaved text of one test must not turn up in the next."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*, server: str, trusted: bool = True, automated: bool = False, path: str | None = None) -> Workbench:
        folder, state = tmp_path / "work", tmp_path / "state"
        folder.mkdir()
        machine = state / "data" / "Machine" / "settings.json"
        machine.parent.mkdir(parents=True)
        machine.write_text(json.dumps(BASE_SETTINGS | {"hpc-ls.server.path": server}))
        port = free_port()
        command = [
            *vscode_command,
            *("--host", "127.0.0.1", "--port", str(port), "--without-connection-token"),
            *("--server-data-dir", str(state), "--extensions-dir", str(extensions)),
        ]
        if trusted:
            command.append("--disable-workspace-trust")
        if automated:
            # Lets tests run in the extension host, and keeps messages from popping up.
            command.append("--enable-smoke-test-driver")
        log = tmp_path / "server.log"
        with log.open("wb") as sink:
            # A group of its own: the server's extension hosts and language servers end with it.
            process = subprocess.Popen(
                command,
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PATH": path or os.environ["PATH"]},
            )
        running.append(process)
        wait_until_up(port, process, log)
        return Workbench(port, folder, log)

    yield start
    for process in running:
        stop_group(process)


BASE_SETTINGS: Mapping[str, object] = {
    "files.autoSave": "off",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "git.enabled": False,
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "editor.minimap.enabled": False,
    "security.workspace.trust.startupPrompt": "never",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the VS Code server did not come up:\n{log.read_text(errors='replace')[-4000:]}")


def stop_group(process: subprocess.Popen[bytes]) -> None:
    for signal in (15, 9):
        try:
            os.killpg(process.pid, signal)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    process.poll()
