"""Headers: found as a compiler finds them, read lightly, cached by path, size and time of change.

Those of the standard are not opened: what programs commonly use of them stands in `c_names` and `c_types`. Those of
other libraries are, where compilers look for them on this machine; no compiler is run for it.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from analyzers.frontends.macros import Macro, words
from analyzers.frontends.masking import Masked, PreprocessorLine, blank_ranges, mask
from analyzers.frontends.preprocessor import Include, Preprocessed, preprocess
from analyzers.standards.headers import BY_NAME, STANDARD
from analyzers.text import Span

MAX_DEPTH = 24
# Of all headers of one file together: those of the project, and again those of libraries, which may be many.
MAX_FILES = 200
MAX_BYTES = 4_000_000

_THREADPRIVATE = re.compile(r"\s*#\s*pragma\s+omp\s+(?:threadprivate|groupprivate)\s*\(([^)]*)\)")
_DECLARE_TARGET = re.compile(
    r"\s*#\s*pragma\s+omp\s+(begin\s+|end\s+)?declare[ _]target\b\s*((?:(?:to|enter|link|local)?\s*\([^)]*\)\s*)*)"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_BODY = re.compile(rb"\)[\w\s]*\{")  # of a function, perhaps
_NEARBY = (".", "include", "inc", "src", "common", "headers", "utils", "util", "lib")
_NEARBY_LEVELS = 4
_NEARBY_ROOT = 3
_PROJECT = (  # one of these stands where a project begins, or one of its parts
    ".git", "CMakeLists.txt", "Makefile", "makefile", "GNUmakefile", "configure", "configure.ac", "meson.build",
    "SConstruct", "README", "README.md", "LICENSE", "COPYING",
)  # fmt: skip
_MANY_FOLDERS = 100

# Folders in which compilers look by themselves, after those that the environment names.
_SYSTEM = (
    "/usr/local/include",
    f"/usr/include/{platform.machine()}-linux-gnu",
    "/usr/include",
    "/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include",
)
_FROM_ENVIRONMENT = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")

Signature = tuple[str, int, int]  # path, time of change in ns, size


def system_folders() -> tuple[str, ...]:
    """Where compilers look for the headers of libraries."""
    named = (folder for name in _FROM_ENVIRONMENT for folder in os.environ.get(name, "").split(os.pathsep))
    return (*(os.path.normpath(folder) for folder in named if os.path.isabs(folder)), *_SYSTEM)


def threadprivate_names(line: str) -> list[str]:
    """The names in a directive line, none unless it is a threadprivate directive (OpenMP 5.2 §5.2) or one that gives
    every contention group its own copy (OpenMP 6.0, groupprivate): teams do not share it."""
    match = _THREADPRIVATE.match(line)
    return _WORD.findall(match[1]) if match else []


def declare_target(line: str) -> tuple[str, list[str]] | None:
    """The names that a declare target directive lists (OpenMP 5.2 §7.8.1), or that it is one that "begin"s or "end"s a
    part of the file; without a list and either it begins one too (§7.8.2)."""
    match = _DECLARE_TARGET.match(line)
    if match is None:
        return None
    listed = [word for word in _WORD.findall(match[2]) if word not in ("to", "enter", "link", "local")]
    return (match[1] or ("" if listed else "begin")).strip(), listed


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it was read: `code` is its text without comments and inactive branches."""

    path: str
    code: bytes
    skeleton: bytes
    threadprivate: frozenset[str] = frozenset()  # the names in its threadprivate directives
    bodies: Bodies | None = None  # None: it defines no functions, or those of a library


@dataclass(frozen=True, slots=True)
class Bodies:
    """What the functions that a header defines need to be read as they stand there.

    `macros` are those that its text may use, as they are at its end; `changed` says of names how far into the header
    they get their last meaning: what stands before has another one."""

    macros: Mapping[bytes, Macro]
    changed: Mapping[bytes, int]
    pragmas: tuple[PreprocessorLine, ...]
    guesses: tuple[Span, ...]  # `#if`s that a header which was not read might decide otherwise

    @classmethod
    def of(cls, code: bytes, pre: Preprocessed, macros: Mapping[bytes, Macro]) -> Bodies:
        reached = uses(code, macros)
        last = {name: events[-1][0] for name, events in pre.macros.events.items()}
        return cls(
            {name: macros[name] for name in reached if name in macros},
            {name: last[name] for name in reached if last.get(name, -1) >= 0},
            pre.pragmas,
            tuple(guess.span for guess in pre.guesses),
        )


def uses(code: bytes, macros: Mapping[bytes, Macro]) -> set[bytes]:
    """The names in a text, and those that the macros among them bring along."""
    found: set[bytes] = set()
    waiting = list(words(code))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            macro = macros.get(name)
            if macro is not None:
                waiting += words(macro.body)
    return found


@dataclass(slots=True)
class HeaderReader:
    """Reads the headers of one document and remembers their masked texts."""

    include_paths: tuple[str, ...]
    directory: str | None
    system: tuple[str, ...] = field(default_factory=system_folders)
    masks: dict[Signature, Masked] = field(default_factory=dict)

    def find(self, name: str, system: bool, directory: str | None) -> str | None:
        """The path of a header; `directory` is that of the including file."""
        if name in BY_NAME:
            return None
        places: list[str] = [] if system or directory is None else [directory]
        if self.directory is not None:
            places += (os.path.join(self.directory, p) for p in self.include_paths)
        else:
            places += (p for p in self.include_paths if os.path.isabs(p))
        for place in places:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                return os.path.normpath(path)
        return None if name in STANDARD else self._nearby(name) or self._of_a_library(name) or self._beside(name)

    def exists(self, name: str, system: bool, directory: str | None) -> bool:
        """What `__has_include` says in a file of this folder."""
        return name in STANDARD or self.find(name, system, directory) is not None

    def is_library(self, path: str) -> bool:
        """Whether a header was found where compilers look by themselves."""
        return path.startswith(tuple(folder + os.sep for folder in self.system))

    def _of_a_library(self, name: str) -> str | None:
        """Where the compiler looks by itself. Only for C: what C++ libraries have is templates, megabytes of them."""
        if self.directory is None or not name.endswith(".h"):
            return None
        return next((path for folder in self.system if os.path.isfile(path := os.path.join(folder, name))), None)

    def _nearby(self, name: str) -> str | None:
        """Without flags: the folders where projects keep their headers, from the document's own upwards."""
        paths = (place / folder / name for place in self._around() for folder in _NEARBY)
        return next((os.path.normpath(path) for path in paths if path.is_file()), None)

    def _beside(self, name: str) -> str | None:
        """Without flags: a header that is in one folder of the project and in no other on that level."""
        if not os.path.splitext(name)[1]:
            return None
        for place in self._around():
            if not any((place / mark).exists() for mark in _PROJECT):
                continue
            folders = [place / entry for entry in _folders(place)]
            paths = (path / name for folder in folders for path in (folder, *(folder / each for each in _NEARBY[1:])))
            found = [path for path in paths if path.is_file()]
            if found:
                return os.path.normpath(found[0]) if len(found) == 1 else None
        return None

    def _around(self) -> Iterator[Path]:
        """The folder of the document and those around it; what everybody shares is no project."""
        if self.directory is not None:
            for place in [Path(self.directory), *Path(self.directory).parents][:_NEARBY_LEVELS]:
                if len(place.parts) <= _NEARBY_ROOT:
                    break
                yield place

    def signature(self, path: str) -> Signature | None:
        try:
            status = Path(path).stat()
        except (OSError, ValueError):
            return None
        return (path, status.st_mtime_ns, status.st_size)

    def masked(self, signature: Signature) -> Masked | None:
        known = self.masks.get(signature)
        if known is not None:
            return known
        try:
            data = Path(signature[0]).read_bytes()
        except (OSError, ValueError):
            return None
        known = self.masks[signature] = mask(data)
        return known


def _folders(place: Path) -> list[str]:
    """The folders in a folder, as long as they are few: those of a project, not of a heap of them."""
    try:
        with os.scandir(place) as entries:
            found = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(found) if len(found) <= _MANY_FOLDERS else []


@dataclass(frozen=True, slots=True)
class Missing:
    """A header that was not found."""

    name: str
    asked: int  # which `#include` of the document asks for it, itself or through others
    library: bool  # asked for by a header that is not of the project


@dataclass(slots=True)
class Reading:
    """The headers read for one version of a document, in the order in which their text would be inserted."""

    reader: HeaderReader
    headers: list[Header] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    system: list[str] = field(default_factory=list)  # not of the project
    missing: list[Missing] = field(default_factory=list)
    whole: bool = True  # nothing that was found was too much to read
    asked: int = 0  # `#include`s of the document so far
    once: set[str] = field(default_factory=set)  # #pragma once
    files: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})  # by whether they are of libraries
    size: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})

    def include(self, found: Include, macros: MutableMapping[bytes, Macro]) -> bool:
        """Process one `#include` of the document. False: something in it was not seen."""
        seen = self._include(found, macros, self.reader.directory, 0)
        self.asked += 1
        return seen

    @property
    def complete(self) -> bool:
        """Everything that was asked for was read."""
        return self.whole and not self.missing

    def _include(
        self,
        found: Include,
        macros: MutableMapping[bytes, Macro],
        directory: str | None,
        depth: int,
        library: bool = False,
    ) -> bool:
        path = self.reader.find(found.name, found.system, directory)
        if path is None:
            self.system.append(found.name)
            if found.name in STANDARD:
                return True
            self.missing.append(Missing(found.name, self.asked, library))
            return False
        if path in self.once:
            return True
        library = library or self.reader.is_library(path)
        if library:
            self.system.append(found.name)
        signature = self.reader.signature(path)
        if signature is None or depth >= MAX_DEPTH or self.files[library] >= MAX_FILES:
            self.whole = False
            return False
        self.size[library] += signature[2]
        masked = self.reader.masked(signature) if self.size[library] <= MAX_BYTES else None
        if masked is None:
            self.whole = False
            return False
        self.files[library] += 1
        if not library:  # those change when something is installed: not looked at again while somebody types
            self.signatures.append(signature)
        if any(line.keyword == "pragma" and line.text.split()[1:2] == ["once"] for line in masked.lines[:20]):
            self.once.add(path)
        complete = True
        inside = os.path.dirname(path)

        def nested(inner: Include, table: MutableMapping[bytes, Macro]) -> bool:
            nonlocal complete
            seen = self._include(inner, table, inside, depth + 1, library)
            complete = complete and seen
            return seen

        def exists(name: str, system: bool) -> bool:
            return self.reader.exists(name, system, inside)

        pre = preprocess(masked.lines, macros, len(masked.code), nested, exists)
        code, skeleton = masked.code, masked.skeleton
        if pre.inactive:
            code, skeleton = blank_ranges(code, list(pre.inactive)), blank_ranges(skeleton, list(pre.inactive))
        if not code.isspace():
            private = frozenset(name for line in pre.pragmas for name in threadprivate_names(line.text))
            defines = not library and _BODY.search(skeleton) is not None
            self.headers.append(
                Header(path, code, skeleton, private, Bodies.of(code, pre, macros) if defines else None)
            )
        return complete


@dataclass(slots=True)
class IncludeCache:
    """The headers of a document between its versions: read again when an `#include`, a macro or a header changes."""

    reader: HeaderReader
    key: object = None
    reading: Reading | None = None
    replies: list[tuple[bool, dict[bytes, Macro], frozenset[bytes]]] = field(default_factory=list)
    known: dict[tuple[str, bool], bool] = field(default_factory=dict)  # what `__has_include` said

    def forget(self) -> None:
        """Look again for what was missing."""
        self.key = None

    def exists(self, name: str, system: bool) -> bool:
        """What `__has_include` says in the document: the same until the headers are read again."""
        if (name, system) not in self.known:
            self.known[name, system] = self.reader.exists(name, system, self.reader.directory)
        return self.known[name, system]

    def begin(self, key: object) -> Callable[[Include, MutableMapping[bytes, Macro]], bool]:
        """What answers the `#include`s of a version whose other preprocessor lines are `key`, in order."""
        if self.reading is not None and key == self.key and unchanged(self.reading.signatures, self.reader):
            replies = iter(self.replies)

            def replay(found: Include, macros: MutableMapping[bytes, Macro]) -> bool:
                complete, defined, removed = next(replies)
                macros.update(defined)
                for name in removed:
                    macros.pop(name, None)
                return complete

            return replay
        self.key = key
        self.replies = []
        self.known = {}
        self.reading = reading = Reading(self.reader)

        def read(found: Include, macros: MutableMapping[bytes, Macro]) -> bool:
            before = dict(macros)
            complete = reading.include(found, macros)
            defined = {name: macro for name, macro in macros.items() if before.get(name) is not macro}
            self.replies.append((complete, defined, frozenset(before.keys() - macros.keys())))
            return complete

        return read


def unchanged(signatures: Iterable[Signature], reader: HeaderReader) -> bool:
    """None of the files has changed since it was read."""
    return all(reader.signature(s[0]) == s for s in signatures)
