"""Open documents: each owns its text and hands out immutable snapshots.

The library's own document store splits lines at form feeds as well, so that an edit can land on the wrong line; here
the line table of `analyzers.text` is the only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

from analyzers.api import EXTENSIONS, Language
from analyzers.text import Encoding, Position, SourceText

# What editors call the languages (LSP 3.17, TextDocumentItem) in our words.
_LANGUAGE_IDS: dict[str, Language] = {
    "c": "c",
    "cpp": "cpp",
    "cuda-cpp": "cpp",
    "fortran": "fortran",
    "fortran-modern": "fortran",
    "FortranFreeForm": "fortran",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit did to the bytes: `[start, old_end)` became `new_end - start` bytes."""

    start: int
    old_end: int
    new_end: int

    @property
    def delta(self) -> int:
        return self.new_end - self.old_end


@dataclass(frozen=True, slots=True)
class Change:
    """A content change as the client sent it; `begin` is None when `text` replaces the whole document."""

    text: str
    begin: Position | None = None
    end: Position | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a document. `edits` lead from the snapshot before it to this one."""

    uri: str
    version: int
    language: Language | None
    source: SourceText
    edits: tuple[Edit, ...] = ()

    @property
    def typed_at(self) -> int | None:
        """Where the last edit ended; None for a text that was not edited."""
        return self.edits[-1].new_end if self.edits else None

    @property
    def path(self) -> Path | None:
        return path_of(self.uri)

    @property
    def name(self) -> str:
        path = self.path
        return path.name if path else self.uri


def path_of(uri: str) -> Path | None:
    """The file that a `file:` URI names; None for anything else (untitled buffers, virtual file systems)."""
    try:
        parts = urlparse(uri)
    except ValueError:
        return None
    if parts.scheme != "file" or "\0" in uri or "%00" in uri:
        return None
    path = unquote(parts.path)
    if len(path) > 2 and path[0] == "/" and path[2] == ":":  # /C:/src: a drive letter
        path = path[1:]
    return Path(f"//{parts.netloc}{path}") if parts.netloc and parts.netloc != "localhost" else Path(path)


def language_of(uri: str, language_id: str) -> Language | None:
    """The language of a document: what the editor says, or what the file is called; None when it is none of ours.

    Only languages that the analysis speaks are answered: an extension that `analyzers.api` does not list is not ours.
    """
    spoken = set(EXTENSIONS.values())
    named = _LANGUAGE_IDS.get(language_id)
    if named in spoken:
        return named
    path = path_of(uri)
    suffix = path.suffix if path else Path(uri).suffix
    return None if named else EXTENSIONS.get(suffix) or EXTENSIONS.get(suffix.lower())


def apply_change(source: SourceText, change: Change, encoding: Encoding) -> tuple[SourceText, Edit, str | None]:
    """The text after one change, what happened to the bytes, and what was wrong with the range, if anything.

    A range outside the text is clamped to it (an editor that counts differently must not lose the document).
    """
    if change.begin is None or change.end is None:
        new = SourceText.of(change.text)
        return new, difference(source.data, new.data), None
    start = _boundary(source, source.offset(change.begin, encoding))
    end = _boundary(source, source.offset(change.end, encoding))
    problem = _range_problem(source, change)
    if end < start:
        start, end = end, start
    inserted = change.text.encode("utf-8", "surrogatepass")
    new = SourceText.of(source.data[:start] + inserted + source.data[end:])
    return new, Edit(start, end, start + len(inserted)), problem


def _boundary(source: SourceText, offset: int) -> int:
    """UTF-8 columns may point into a character: its start."""
    while 0 < offset < len(source.data) and source.data[offset] & 0xC0 == 0x80:
        offset -= 1
    return offset


def _range_problem(source: SourceText, change: Change) -> str | None:
    assert change.begin is not None and change.end is not None
    lines = len(source.line_starts)
    if change.begin.line < 0 or change.end.line < 0 or change.begin.column < 0 or change.end.column < 0:
        return "a position is negative"
    if (change.end.line, change.end.column) < (change.begin.line, change.begin.column):
        return "the range ends before it begins"
    # The end of a text is also written as column 0 of the line after the last one.
    if change.begin.line > lines or change.end.line > lines or (change.end.line == lines and change.end.column > 0):
        return f"line {max(change.begin.line, change.end.line) + 1} does not exist, the text has {lines}"
    return None


def difference(old: bytes, new: bytes) -> Edit:
    """The smallest single edit that turns `old` into `new`."""
    limit = min(len(old), len(new))
    start = _common(old, new, limit, from_end=False)
    tail = _common(old, new, limit - start, from_end=True)
    return Edit(start, len(old) - tail, len(new) - tail)


def _common(old: bytes, new: bytes, limit: int, from_end: bool) -> int:
    """The length of the common prefix (or suffix), at most `limit`: bisection on slices, compared at memory speed."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if from_end:
            same = old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]
        else:
            same = old[low:middle] == new[low:middle]
        if same:
            low = middle
        else:
            high = middle - 1
    return low


class Session:
    """The documents of one client and the position encoding agreed with it."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._documents: dict[str, Snapshot] = {}

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(tuple(self._documents.values()))

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, uri: str) -> Snapshot | None:
        """The current snapshot of an open document."""
        return self._documents.get(uri)

    def open(self, uri: str, version: int, language_id: str, text: str) -> Snapshot:
        """Take over a document; one that is already open is replaced (some clients reload that way)."""
        snapshot = Snapshot(uri, version, language_of(uri, language_id), SourceText.of(text))
        self._documents[uri] = snapshot
        return snapshot

    def change(self, uri: str, version: int | None, changes: Iterable[Change]) -> tuple[Snapshot, list[str]] | None:
        """Apply changes in their order; the new snapshot and what was odd. None when the document is not open."""
        before = self._documents.get(uri)
        if before is None:
            return None
        source = before.source
        edits: list[Edit] = []
        problems: list[str] = []
        for change in changes:
            source, edit, problem = apply_change(source, change, self.encoding)
            edits.append(edit)
            if problem:
                problems.append(problem)
        number = before.version + 1 if version is None else version
        if number <= before.version:
            problems.append(f"version {number} follows version {before.version}")
        after = Snapshot(uri, number, before.language, source, tuple(edits))
        self._documents[uri] = after
        return after, problems

    def close(self, uri: str) -> Snapshot | None:
        """Let go of a document."""
        return self._documents.pop(uri, None)
