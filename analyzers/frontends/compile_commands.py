"""What the build says of a file: its compilation database (`compile_commands.json`, written by CMake, Meson or Bear).

Flags are read and nothing else: the program that an entry names is never run, its name says only whether it compiles
C++. What could make a compiler run code (`-fplugin=`, `-specs=`, `-B`) means nothing here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analyzers.ir.statements import Problem
from analyzers.text import NOWHERE

NAME = "compile_commands.json"
# Beside the sources, and where CMake, Meson and editors build.
PLACES = ("", "build", "builddir", "out", "cmake-build-debug", "cmake-build-release")
_MAX_BYTES = 64_000_000
_MAX_PARENTS = 32
_MAX_RESPONSE = 1_000_000  # bytes of a file of further arguments (`@file`)
_MAX_DEPTH = 8
_SEPARATE = {
    "-I": "path",
    "--include-directory": "path",
    "-isystem": "path",
    "-iquote": "path",
    "-idirafter": "path",
    "-D": "define",
    "-U": "undef",
    "-include": "file",
    "-imacros": "file",
    "-std": "standard",
    "--std": "standard",
    "-x": "language",
}
_JOINED = re.compile(r"(-I|-isystem|-iquote|-idirafter|-D|-U|-x|--include-directory=|--?std=)(.+)", re.DOTALL)
_CPP = frozenset((".cc", ".cpp", ".cxx", ".c++", ".C", ".cu", ".hpp", ".hh", ".hxx", ".h++", ".H", ".cuh"))
_HEADERS = frozenset((".h", ".H", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".cuh", ".inc"))


@dataclass(frozen=True, slots=True)
class Flags:
    """What a file is compiled with. `include_paths` and `included` (before its first line) are absolute; `problem` says
    why the database could not be used."""

    defines: tuple[tuple[str, str], ...] = ()
    include_paths: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    included: tuple[str, ...] = ()
    standard: str = ""  # the word behind `-std=`
    cpp: bool = False  # the build takes the file for C++, whatever it is called
    database: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    file: str
    directory: str
    arguments: tuple[str, ...]


def flags_for(path: str, given: str = "") -> Flags:
    """The flags of the file at `path`, from the nearest database above it or in a build folder beside it. `given`: the
    database, or its folder, that the user named."""
    file = os.path.abspath(path)  # resolve() follows links, which compilers do not
    for database in _candidates(file, given):
        try:
            status = os.stat(database)
        except (OSError, ValueError):
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        if status.st_size > _MAX_BYTES:
            return Flags(database=database, problem=_problem(database, "it is too large"))
        return _lookup(database, status.st_mtime_ns, status.st_size, file)
    return Flags(problem=_problem(given, "there is none; `compile-commands` names it")) if given else Flags()


def _candidates(file: str, given: str) -> Iterator[str]:
    if given:
        yield from (given, os.path.join(given, NAME))
        return
    folder = os.path.dirname(file)
    for _ in range(_MAX_PARENTS):
        for place in PLACES:
            yield os.path.join(folder, place, NAME)
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _problem(database: str, why: str) -> Problem:
    return Problem("preprocessor", f"{database} is not used: {why}", NOWHERE)


@lru_cache(maxsize=256)
def _lookup(database: str, changed: int, size: int, file: str) -> Flags:
    entries = _load(database, changed, size)
    if isinstance(entries, str):
        return Flags(database=database, problem=_problem(database, entries))
    entry = entries.get(file) or entries.get(os.path.realpath(file))
    if entry is not None:
        return _flags(database, entry, entry.file)
    entry = _neighbour(entries.values(), file)
    return Flags(database=database) if entry is None else _flags(database, entry, file)


def _neighbour(entries: Iterable[_Entry], file: str) -> _Entry | None:
    """A header, or a file that is not built yet, takes the flags of the file that is most like it: of its language, of
    its name, of its folder."""
    stem, suffix = os.path.splitext(os.path.basename(file))
    parts = file.split(os.sep)
    header, cpp = suffix in _HEADERS, suffix in _CPP

    def likeness(entry: _Entry) -> tuple[bool, bool, int]:
        name, extension = os.path.splitext(os.path.basename(entry.file))
        common = 0
        for one, other in zip(parts[:-1], entry.file.split(os.sep)[:-1], strict=False):
            if one != other:
                break
            common += 1
        return suffix == ".h" or (extension in _CPP) == cpp, header and name == stem, common

    return max(entries, key=likeness, default=None)


@lru_cache(maxsize=4)
def _load(database: str, changed: int, size: int) -> Mapping[str, _Entry] | str:
    """The entry of every file, or what is wrong with the database."""
    try:
        content = json.loads(Path(database).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        return f"it cannot be read ({error})"
    if not isinstance(content, list):
        return "it does not hold a list"
    entries: dict[str, _Entry] = {}
    for entry in content:
        if not isinstance(entry, dict):
            continue
        file, directory = entry.get("file"), entry.get("directory", "")
        if not isinstance(file, str) or not isinstance(directory, str):
            continue
        directory = os.path.join(os.path.dirname(database), directory)
        name = os.path.normpath(os.path.join(directory, file))
        entries.setdefault(name, _Entry(name, directory, _arguments(entry)))
    return entries


def _arguments(entry: Mapping[str, object]) -> tuple[str, ...]:
    """The words of the command, from either form of an entry."""
    arguments = entry.get("arguments")
    if isinstance(arguments, list):
        return tuple(a for a in arguments if isinstance(a, str))
    command = entry.get("command")
    return _words(command) if isinstance(command, str) else ()


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def _spread(words: Iterable[str], directory: str, depth: int = 0) -> Iterator[str]:
    """The arguments with those of `@file` in its place; a file that cannot be read is left out."""
    for word in words:
        if not word.startswith("@") or len(word) == 1:
            yield word
            continue
        path = os.path.join(directory, word[1:])
        try:
            status = os.stat(path)
            if depth < _MAX_DEPTH and stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_RESPONSE:
                text = Path(path).read_text(encoding="utf-8", errors="replace")
                yield from _spread(_words(text), directory, depth + 1)
        except (OSError, ValueError):
            continue


def _options(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The options that say how a file is read, as (kind, value)."""
    stream = iter(words)
    for word in stream:
        if word in _SEPARATE:
            yield _SEPARATE[word], next(stream, "")
        elif joined := _JOINED.fullmatch(word):
            yield _SEPARATE[joined[1].rstrip("=")], joined[2]
        elif word == "-ansi":
            yield "standard", "ansi"


def _flags(database: str, entry: _Entry, file: str) -> Flags:
    """The flags of `entry` for `file`, which is that of the entry or one like it."""
    defines: dict[str, str] = {}
    undefined: dict[str, None] = {}
    found: dict[str, list[str]] = {"path": [], "file": [], "standard": [], "language": []}
    for kind, value in _options(_spread(entry.arguments[1:], entry.directory)):
        name, separator, body = value.partition("=")
        if kind == "define" and name:
            undefined.pop(name, None)
            defines[name] = body if separator else "1"
        elif kind == "undef":
            defines.pop(value, None)  # the last word counts
            undefined[value] = None
        elif kind in found and value:
            found[kind].append(value)
    paths = tuple(os.path.normpath(os.path.join(entry.directory, path)) for path in found["path"])
    return Flags(
        tuple(defines.items()),
        paths,
        tuple(undefined),
        tuple(_forced(name, entry.directory, paths) for name in found["file"]),
        found["standard"][-1] if found["standard"] else "",
        _is_cpp(entry, found["language"]) and (file == entry.file or os.path.splitext(file)[1] in _HEADERS),
        database,
    )


def _forced(name: str, directory: str, paths: Iterable[str]) -> str:
    """Where a header of `-include` is: the working folder comes first."""
    places = [os.path.normpath(os.path.join(place, name)) for place in (directory, *paths)]
    return next((place for place in places if os.path.isfile(place)), places[0])


def _is_cpp(entry: _Entry, languages: list[str]) -> bool:
    """`-x` decides, then the name of the compiler (`g++`, `clang++-15`), then that of the file."""
    if languages and languages[-1] != "none":
        return languages[-1].startswith(("c++", "cu"))
    compiler = os.path.basename(entry.arguments[0]) if entry.arguments else ""
    if re.search(r"\+\+(?:[-.\d]*|\.exe)$", compiler):
        return True
    return os.path.splitext(entry.file)[1] in _CPP
