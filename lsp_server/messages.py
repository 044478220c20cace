"""What the server and its analysis processes say to each other.

This module is imported by the worker, so it may import `analyzers` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzers.api import Language, Options, Trial
from analyzers.ir.verdicts import Finding, FunctionResult

QuestionKind = Literal["complete", "describe", "loop", "repairs", "reproducer", "verify", "verify-call"]


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
    verify: what the analysis says of each of `pragmas` on the loop that is the first thing after `offset`.
    verify-call: what it says of each of `pragmas`, calls of MPI, put in place at `offset`.
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
    pragmas: tuple[str, ...] = ()


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
