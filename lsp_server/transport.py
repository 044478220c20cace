"""The base protocol of LSP on two file descriptors: frames in, frames out, no thread of ours in the way of the loop.

The library's reader gives up on a bad header and shares its threads with the handlers; this one resynchronises, and has
one thread that only reads and one that only writes.
"""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Callable, Iterator

MAX_HEADER = 1 << 16
MAX_BODY = 1 << 29
_LENGTH = re.compile(rb"[ \t]*content-length[ \t]*:[ \t]*(\d{1,12})[ \t]*", re.IGNORECASE)


class BadFrameError(Exception):
    """Bytes that are no header; reading goes on behind them."""


class Frames:
    """Cuts the stream of the client into message bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None  # of the message whose headers are being read
        self._body: int | None = None  # of the message whose body is being read
        self._lost = False  # in the middle of something that is no message

    def feed(self, data: bytes) -> Iterator[bytes | BadFrameError]:
        """Bodies completed by `data`, and once for each stretch of rubbish an error."""
        self._buffer += data
        while True:
            if self._body is not None:
                if len(self._buffer) < self._body:
                    return
                body = bytes(self._buffer[: self._body])
                del self._buffer[: self._body]
                self._body = None
                yield body
                continue
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > MAX_HEADER:
                    self._buffer.clear()
                    yield from self._lose("a header line without end")
                return
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            yield from self._header(line)

    def _header(self, line: bytes) -> Iterator[BadFrameError]:
        if not line:
            if self._length is not None:
                self._body, self._length = self._length, None
                self._lost = False
            return
        match = _LENGTH.fullmatch(line)
        if match and int(match[1]) <= MAX_BODY:
            self._length = int(match[1])
        elif match or line.lower().startswith(b"content-length") or b":" not in line or line[:1] in b"{[":
            self._length = None
            yield from self._lose(f"{line[:60]!r} is no header of a message")

    def _lose(self, why: str) -> Iterator[BadFrameError]:
        if not self._lost:
            self._lost = True
            yield BadFrameError(why)


def read_forever(descriptor: int, deliver: Callable[[bytes | BadFrameError | None], None]) -> None:
    """Start a thread that delivers every body, then None at the end of the stream.

    It reads the descriptor itself: a daemon thread inside a buffered standard stream aborts the interpreter at exit.
    """

    def read() -> None:
        frames = Frames()
        try:
            while data := os.read(descriptor, 1 << 16):
                for body in frames.feed(data):
                    deliver(body)
        except (OSError, RuntimeError):  # the descriptor or the event loop is gone
            return
        try:
            deliver(None)
        except RuntimeError:
            return

    threading.Thread(target=read, name="stdin", daemon=True).start()


class Writer:
    """Writes in the background, in order. A client that does not read never stops the server."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes."""
        self._queue.put(data)

    def close(self, patience: float = 2.0) -> None:
        """Write what is queued, as far as the client reads it in time."""
        self._queue.put(None)
        self._thread.join(patience)

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self._on_broken()
                return
