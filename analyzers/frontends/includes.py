"""Headers of the project: found as a compiler finds them, read lightly, cached by path, size and time of change.

System headers are not opened: what programs commonly use of them stands in `c_names` and `c_types`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from analyzers.frontends.macros import Macro
from analyzers.frontends.masking import Masked, blank_ranges, mask
from analyzers.frontends.preprocessor import Include, preprocess

MAX_DEPTH = 24
MAX_FILES = 200
MAX_BYTES = 4_000_000  # of all headers of one file together

# Headers whose relevant contents are known without reading them.
STANDARD = frozenset(
    f"{name}.h"
    for name in [
        "assert",
        "complex",
        "ctype",
        "errno",
        "fenv",
        "float",
        "inttypes",
        "iso646",
        "limits",
        "locale",
        "math",
        "setjmp",
        "signal",
        "stdalign",
        "stdarg",
        "stdatomic",
        "stdbool",
        "stddef",
        "stdint",
        "stdio",
        "stdlib",
        "stdnoreturn",
        "string",
        "tgmath",
        "threads",
        "time",
        "uchar",
        "wchar",
        "wctype",
        "omp",
        "unistd",
        "sys/time",
        "sys/types",
        "sys/stat",
        "sys/resource",
        "sys/mman",
        "fcntl",
        "pthread",
        "malloc",
        "alloca",
        "strings",
        "getopt",
        "sched",
        "immintrin",
        "xmmintrin",
        "emmintrin",
        "x86intrin",
        "memory",
        "values",
        "dirent",
        "libgen",
        "mpi",
    ]
)

_THREADPRIVATE = re.compile(r"\s*#\s*pragma\s+omp\s+(?:threadprivate|groupprivate)\s*\(([^)]*)\)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_NEARBY = (".", "include", "inc", "src", "common", "headers", "utils", "util", "lib")
_NEARBY_LEVELS = 4
_NEARBY_ROOT = 3

Signature = tuple[str, int, int]  # path, time of change in ns, size


def threadprivate_names(line: str) -> list[str]:
    """The names in a directive line, none unless it is a threadprivate directive (OpenMP 5.2 §5.2) or one that gives
    every contention group its own copy (OpenMP 6.0, groupprivate): teams do not share it."""
    match = _THREADPRIVATE.match(line)
    return _WORD.findall(match[1]) if match else []


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it was read: `code` is its text without comments and inactive branches."""

    path: str
    code: bytes
    skeleton: bytes
    threadprivate: frozenset[str] = frozenset()  # the names in its threadprivate directives


@dataclass(slots=True)
class HeaderReader:
    """Reads the headers of one document and remembers their masked texts."""

    include_paths: tuple[str, ...]
    directory: str | None
    masks: dict[Signature, Masked] = field(default_factory=dict)

    def find(self, name: str, system: bool, directory: str | None) -> str | None:
        """The path of a header; `directory` is that of the including file."""
        places: list[str] = [] if system or directory is None else [directory]
        if self.directory is not None:
            places += (os.path.join(self.directory, p) for p in self.include_paths)
        else:
            places += (p for p in self.include_paths if os.path.isabs(p))
        for place in places:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                return os.path.normpath(path)
        return None if name in STANDARD else self._nearby(name)

    def _nearby(self, name: str) -> str | None:
        """Without flags: the folders where projects keep their headers, from the document's own upwards."""
        if self.directory is None:
            return None
        for place in [Path(self.directory), *Path(self.directory).parents][:_NEARBY_LEVELS]:
            if len(place.parts) <= _NEARBY_ROOT:  # what everybody shares is no project
                break
            for folder in _NEARBY:
                path = place / folder / name
                if path.is_file():
                    return os.path.normpath(path)
        return None

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


@dataclass(slots=True)
class Reading:
    """The headers read for one version of a document, in the order in which their text would be inserted."""

    reader: HeaderReader
    headers: list[Header] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    system: list[str] = field(default_factory=list)  # not of the project
    missing: list[str] = field(default_factory=list)
    once: set[str] = field(default_factory=set)  # #pragma once
    size: int = 0

    def include(self, found: Include, macros: MutableMapping[bytes, Macro]) -> bool:
        """Process one `#include` of the document. False: something in it was not seen."""
        return self._include(found, macros, self.reader.directory, 0)

    def _include(self, found: Include, macros: MutableMapping[bytes, Macro], directory: str | None, depth: int) -> bool:
        path = self.reader.find(found.name, found.system, directory)
        if path is None:
            self.system.append(found.name)
            if found.name in STANDARD:
                return True
            self.missing.append(found.name)
            return False
        if path in self.once:
            return True
        signature = self.reader.signature(path)
        if signature is None or depth >= MAX_DEPTH or len(self.signatures) >= MAX_FILES:
            return False
        self.size += signature[2]
        masked = self.reader.masked(signature) if self.size <= MAX_BYTES else None
        if masked is None:
            return False
        self.signatures.append(signature)
        if any(line.keyword == "pragma" and line.text.split()[1:2] == ["once"] for line in masked.lines[:20]):
            self.once.add(path)
        complete = True
        inside = os.path.dirname(path)

        def nested(inner: Include, table: MutableMapping[bytes, Macro]) -> bool:
            nonlocal complete
            seen = self._include(inner, table, inside, depth + 1)
            complete = complete and seen
            return seen

        pre = preprocess(masked.lines, macros, len(masked.code), nested)
        code, skeleton = masked.code, masked.skeleton
        if pre.inactive:
            code, skeleton = blank_ranges(code, list(pre.inactive)), blank_ranges(skeleton, list(pre.inactive))
        if not code.isspace():
            private = frozenset(name for line in pre.pragmas for name in threadprivate_names(line.text))
            self.headers.append(Header(path, code, skeleton, private))
        return complete


@dataclass(slots=True)
class IncludeCache:
    """The headers of a document between its versions: read again when an `#include`, a macro or a header changes."""

    reader: HeaderReader
    key: object = None
    reading: Reading | None = None
    replies: list[tuple[bool, dict[bytes, Macro], frozenset[bytes]]] = field(default_factory=list)

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
