"""A real Neovim without a screen, set up as docs/editors.md says, typed into and asked over its own socket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
PROBE = Path(__file__).resolve().parent / "probe.lua"

Tool = Callable[[str], str]


class Neovim:
    """One editor with one file."""

    def __init__(self, program: str, config: str, file: Path, scratch: Path) -> None:
        self.program, self.scratch = program, scratch
        self.socket = scratch / "socket"
        init = scratch / "init.lua"
        init.write_text(config)
        # Only what is needed of the environment: nobody's settings, and the server of this checkout first on PATH.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        homes = {name: str(scratch) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
        self.environment = {**os.environ, **homes, "PATH": path}
        command = [program, "--headless", "-u", str(init), "-i", "NONE", "-n", "--listen", str(self.socket), str(file)]
        self.log = scratch / "nvim.log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=file.parent,
                env=self.environment,
                start_new_session=True,
            )
        self.wait("true", "Neovim to start")

    def _remote(self, *arguments: str) -> str:
        command = [self.program, "-u", "NONE", "-i", "NONE", "--headless", "--server", str(self.socket), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=30, env=self.environment, cwd=self.scratch
        )
        if done.returncode != 0:
            raise RuntimeError((done.stdout + done.stderr).strip())
        return done.stdout or done.stderr  # Neovim before 0.8 answers on standard error

    def lua(self, expression: str) -> object:
        """The value of a Lua expression in the editor."""
        script = self.scratch / "ask.lua"
        script.write_text(
            f"probe = probe or dofile('{PROBE}')\nlocal value = {expression}\n"
            "return vim.fn.json_encode({ value == nil and vim.NIL or value })\n"
        )
        answer: list[object] = json.loads(self._remote("--remote-expr", f"luaeval('dofile(_A)', '{script}')"))
        return answer[0]

    def keys(self, text: str) -> None:
        """Type, in Neovim's notation: `<Esc>`, `<Tab>`."""
        self._remote("--remote-send", text)

    def wait(self, expression: str, what: str, seconds: float = 20) -> object:
        """Ask until the answer is neither nil, false nor empty."""
        end = time.monotonic() + seconds
        last: object = None
        while time.monotonic() < end and self.process.poll() is None:
            try:
                last = self.lua(expression)
            except (RuntimeError, ValueError) as error:
                last = str(error)
            else:
                if last:
                    return last
            time.sleep(0.1)
        pytest.fail(f"waited in vain for {what}; last answer: {last!r}\n{self.log.read_text(errors='replace')}")

    def text(self) -> str:
        lines = self.lua("vim.api.nvim_buf_get_lines(0, 0, -1, true)")
        assert isinstance(lines, list)
        return "\n".join(lines) + "\n"

    def processes(self) -> list[psutil.Process]:
        """The server and its workers."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def close(self) -> None:
        if self.process.poll() is None:
            try:
                self.keys("<C-\\><C-N>:qall!<CR>")
                self.process.wait(10)
            except (RuntimeError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.wait(10)


def snippets() -> list[str]:
    """The Lua blocks of docs/editors.md: for 0.11, for 0.12, for what is older."""
    return re.findall(r"^```lua\n(.*?)^```", (ROOT / "docs" / "editors.md").read_text(), re.MULTILINE | re.DOTALL)


def version_of(program: str) -> tuple[int, int]:
    first = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"NVIM v(\d+)\.(\d+)", first)
    assert match is not None, first
    return int(match[1]), int(match[2])


@pytest.fixture
def open_neovim(tool: Tool, tmp_path: Path) -> Iterator[Callable[[str, str], Neovim]]:
    """Opens a text as a C file in the named Neovim with the settings that the documentation gives for its version."""
    opened: list[Neovim] = []

    def start(name: str, text: str) -> Neovim:
        program = tool(name)
        new, newest, old = snippets()
        version = version_of(program)
        config = old if version < (0, 11) else new if version < (0, 12) else new + newest
        folder, scratch = tmp_path / "work", tmp_path / "nvim"
        folder.mkdir()
        scratch.mkdir()
        file = folder / "sample.c"
        file.write_text(text)
        opened.append(Neovim(program, config, file, scratch))
        return opened[-1]

    yield start
    for neovim in opened:
        neovim.close()
