"""Messages on a pipe between two processes of ours: eight bytes of length, then a pickle.

Both ends are of the same version, and nobody else writes to the pipe.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass, field

HEADER = struct.Struct("<Q")


@dataclass(slots=True)
class Frames:
    """Cuts a byte stream into messages."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[object]:
        """The messages completed by `data`."""
        self._buffer += data
        messages: list[object] = []
        while len(self._buffer) >= HEADER.size:
            (size,) = HEADER.unpack_from(self._buffer)
            end = HEADER.size + size
            if len(self._buffer) < end:
                break
            messages.append(decode(bytes(self._buffer[HEADER.size : end])))
            del self._buffer[:end]
        return messages


def encode(message: object) -> bytes:
    """A whole frame."""
    body = pickle.dumps(message, protocol=5)
    return HEADER.pack(len(body)) + body


def decode(body: bytes) -> object:
    """The message in a frame. The pipe is private: only our own parent or child writes to it."""
    return pickle.loads(body)  # noqa: S301  (private pipe between two processes of ours)
