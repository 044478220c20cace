"""What the server and its analysis processes say to each other.

Frames on a pipe: eight bytes of length, then a pickle. Both ends are our own processes of the same version. This
module is imported by the worker, so it may import `analyzers` only.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzers.api import Language, Options, Trial
from analyzers.ir.verdicts import Finding, FunctionResult

HEADER = struct.Struct("<Q")

QuestionKind = Literal["complete", "describe", "loop", "repairs", "reproducer"]


@dataclass(frozen=True, slots=True)
class Analyse:
    """A new version of a document, which supersedes all earlier ones. `focus`: analyse the function around this byte
    first."""

    uri: str
    version: int
    language: Language
    options: Options
    data: bytes
    path: str | None = None  # where the file stands
    focus: int | None = None
    outside: bytes | None = None  # a pickled `Outside`; b"": nothing is known of other files; None: as before


@dataclass(frozen=True, slots=True)
class Forget:
    """The document was closed."""

    uri: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about a text at a byte offset, answered before any analysis goes on.

    complete: what may be typed here. describe: what the word here means. loop: the loop whose line follows `offset`,
    analysed in this very text, whatever the document says. repairs: which of `trials` hold in this text.
    reproducer: a program with the race found at `offset`, or a tuple with the reason why there is none.
    """

    id: int
    kind: QuestionKind
    uri: str
    language: Language
    options: Options
    data: bytes
    path: str | None
    offset: int
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """The process has loaded the analysis. `links`: where a person can read about each rule."""

    pid: int
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Working:
    """From now on the process works on this document: who is to blame when it dies."""

    uri: str
    version: int


@dataclass(frozen=True, slots=True)
class Functions:
    """Results in the order in which they came: (start, token, result). The result is None when the server has the one
    of that token. (A fingerprint would not do: the result also depends on the effects of what the function calls.)"""

    uri: str
    version: int
    placed: tuple[tuple[int, int, FunctionResult | None], ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The version is done. `order` lists all its functions as they stand in the text, (start, token); a token that is
    not in it will not be used again. `crash` is for the log, `error` for the user."""

    uri: str
    version: int
    order: tuple[tuple[int, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    crash: str | None = None
    seconds: float = 0.0
    memory: int = 0  # resident bytes of the process


@dataclass(frozen=True, slots=True)
class Answer:
    """To a question; `error` is for the log."""

    id: int
    value: object = None
    error: str | None = None


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
