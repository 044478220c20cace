"""The child's end: messages come on stdin, answers go to stdout. The child ends when its parent does."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from processes.frames import HEADER, decode, encode


def resident_bytes() -> int:
    """Memory of this process in bytes; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def read_forever(stream: BinaryIO, inbox: queue.SimpleQueue[object]) -> None:
    """Fill the inbox. The end of the stream is the end of the parent: leave at once, whatever is being computed."""
    while True:
        header = stream.read(HEADER.size)
        if len(header) < HEADER.size:
            os._exit(0)
        (size,) = HEADER.unpack(header)
        body = stream.read(size)
        if len(body) < size:
            os._exit(0)
        inbox.put(decode(body))


def pipe() -> tuple[queue.SimpleQueue[object], Callable[[object], None]]:
    """The messages that come on stdin, and what sends one to stdout."""
    # The editor's Ctrl-C goes to the whole group; it is the server that ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not reach the pipe.
    os.dup2(2, 1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()

    def send(message: object) -> None:
        try:
            outgoing.write(encode(message))
            outgoing.flush()
        except BrokenPipeError:
            os._exit(0)

    threading.Thread(target=read_forever, args=(incoming, inbox), daemon=True).start()
    return inbox, send
