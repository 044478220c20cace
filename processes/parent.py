"""The parent's end of a child process: start, send, receive, end. asyncio only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections import deque
from collections.abc import Callable, Sequence

from processes.frames import Frames, encode

log = logging.getLogger(__name__)

CHUNK = 1 << 16


def elsewhere() -> str:
    """A working folder outside any workspace: what lies in a workspace must never be imported or run."""
    return tempfile.gettempdir()


class WorkerProcess:
    """One process. Messages sent before it runs wait; `on_message` and `on_exit` are called on the event loop.

    It stays in the server's process group, so that an editor which kills the group leaves nothing behind; if the server
    alone dies, the closed pipe ends the worker.
    """

    def __init__(
        self,
        command: Sequence[str],
        on_message: Callable[[WorkerProcess, object], None],
        on_exit: Callable[[WorkerProcess], None],
    ) -> None:
        self.ready = False
        self.stopped = False  # ended on purpose
        self.stderr: deque[str] = deque(maxlen=40)
        self._on_message = on_message
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._backlog: list[bytes] = []
        self._task = asyncio.get_running_loop().create_task(self._live(tuple(command)))

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def send(self, message: object) -> None:
        """Queue one message; a dead process swallows it (its end is reported by `on_exit`)."""
        frame = encode(message)
        if self._process is None or self._process.stdin is None:
            self._backlog.append(frame)
            return
        if not self._process.stdin.is_closing():
            self._process.stdin.write(frame)

    def kill(self) -> None:
        """End it now, without a report."""
        self.stopped = True
        self._kill()

    @property
    def gone(self) -> bool:
        """It has ended, and was reaped."""
        return self._task.done()

    async def ended(self) -> None:
        """Wait until it is gone and reaped."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def abort(self) -> None:
        """End it now as if it had died: `on_exit` follows."""
        self._kill()

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _live(self, command: tuple[str, ...]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=elsewhere(),
            )
        except OSError as error:
            self.stderr.append(f"{command[0]}: {error.strerror}")
            self._report_exit()
            return
        self._process = process
        assert process.stdin and process.stdout and process.stderr
        if self.stopped:
            self._kill()
        for frame in self._backlog:
            process.stdin.write(frame)
        self._backlog.clear()
        errors = asyncio.create_task(self._collect(process.stderr))
        await self._receive(process.stdout)
        self._kill()  # it closed its pipe: no use any more
        await process.wait()
        process.stdin.close()
        await errors
        self._report_exit()

    def _report_exit(self) -> None:
        if not self.stopped:
            self._on_exit(self)

    async def _receive(self, stream: asyncio.StreamReader) -> None:
        frames = Frames()
        while data := await stream.read(CHUNK):
            for message in frames.feed(data):
                if not self.stopped:
                    self._on_message(self, message)

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(CHUNK):
            lines = data.decode("utf-8", "replace").splitlines()
            self.stderr.extend(lines)
            for line in lines:
                log.debug("worker %s: %s", self.pid, line)
