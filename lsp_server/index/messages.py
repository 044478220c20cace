"""What the server and its indexing process say to each other; frames and pickles as in `processes.frames`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.api import Language


@dataclass(frozen=True, slots=True)
class Document:
    """An open document with its text in the editor."""

    uri: str
    path: str
    language: Language
    root: str  # of its workspace
    data: bytes


@dataclass(frozen=True, slots=True)
class Refresh:
    """Bring the index up to date and say what each document has to know. Supersedes all earlier ones. `rescan`: look
    for new files too. `editor` are the editor's settings."""

    id: int
    documents: tuple[Document, ...]
    editor: Mapping[str, object]
    rescan: bool = True


@dataclass(frozen=True, slots=True)
class Indexing:
    """How many files of how many were read."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a document has to know of functions of other files: a pickled `Outside`. The server only passes it on."""

    uri: str
    outside: bytes


@dataclass(frozen=True, slots=True)
class Indexed:
    """A refresh is done. What the index holds of the workspaces of open documents."""

    id: int
    files: int
    functions: int
