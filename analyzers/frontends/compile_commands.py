"""Flags of a file from the compilation database of its project (`compile_commands.json`, written by CMake or Bear)."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analyzers.ir.statements import Problem
from analyzers.text import NOWHERE

NAME = "compile_commands.json"
_MAX_BYTES = 64_000_000
_MAX_PARENTS = 32
_SEPARATE = {
    "-I": "include",
    "-isystem": "include",
    "-iquote": "include",
    "-idirafter": "include",
    "-D": "define",
    "-U": "undef",
}


@dataclass(frozen=True, slots=True)
class Flags:
    """What a file is compiled with. `include_paths` are absolute; `problem` says why the database could not be used."""

    defines: tuple[tuple[str, str], ...] = ()
    include_paths: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    database: str | None = None
    problem: Problem | None = None


def flags_for(path: str) -> Flags:
    """The flags of the file at `path`, from the nearest database above it or in a `build` folder beside it."""
    file = Path(os.path.abspath(path))  # resolve() follows links, which compilers do not
    for _, folder in zip(range(_MAX_PARENTS), file.parents, strict=False):
        for database in (folder / NAME, folder / "build" / NAME):
            try:
                status = database.stat()
            except (OSError, ValueError):
                continue
            if status.st_size > _MAX_BYTES:
                return Flags(database=str(database), problem=_problem(database, "it is too large"))
            return _lookup(str(database), status.st_mtime_ns, status.st_size, str(file))
    return Flags()


def _problem(database: Path | str, why: str) -> Problem:
    return Problem("preprocessor", f"{database} is not used: {why}", NOWHERE)


@lru_cache(maxsize=64)
def _lookup(database: str, changed: int, size: int, file: str) -> Flags:
    entries = _load(database, changed, size)
    if isinstance(entries, str):
        return Flags(database=database, problem=_problem(database, entries))
    entry = entries.get(file) or entries.get(os.path.realpath(file))
    if entry is None:
        entry = _sibling(entries, file)
    if entry is None:
        return Flags(database=database)
    directory, arguments = entry
    return _flags(database, directory, arguments)


def _sibling(entries: dict[str, tuple[str, tuple[str, ...]]], file: str) -> tuple[str, tuple[str, ...]] | None:
    """A header, or a file that is not built yet, takes the flags of a file of its folder."""
    folder = os.path.dirname(file)
    return next((entry for name, entry in entries.items() if os.path.dirname(name) == folder), None)


@lru_cache(maxsize=4)
def _load(database: str, changed: int, size: int) -> dict[str, tuple[str, tuple[str, ...]]] | str:
    """Working folder and arguments of every file, or what is wrong with the database."""
    try:
        content = json.loads(Path(database).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        return f"it cannot be read ({error})"
    if not isinstance(content, list):
        return "it does not hold a list"
    entries: dict[str, tuple[str, tuple[str, ...]]] = {}
    for entry in content:
        if not isinstance(entry, dict):
            continue
        file, directory = entry.get("file"), entry.get("directory", "")
        if not isinstance(file, str) or not isinstance(directory, str):
            continue
        directory = os.path.join(os.path.dirname(database), directory)
        name = os.path.normpath(os.path.join(directory, file))
        entries.setdefault(name, (directory, _arguments(entry)))
    return entries


def _arguments(entry: dict[str, object]) -> tuple[str, ...]:
    """The words of the command, from either form of an entry."""
    arguments = entry.get("arguments")
    if isinstance(arguments, list):
        return tuple(a for a in arguments if isinstance(a, str))
    command = entry.get("command")
    if not isinstance(command, str):
        return ()
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


def _flags(database: str, directory: str, arguments: tuple[str, ...]) -> Flags:
    found: dict[str, list[str]] = {"include": [], "define": [], "undef": []}
    words = iter(arguments[1:])
    for word in words:
        for option, kind in _SEPARATE.items():
            if word == option:
                found[kind].append(next(words, ""))
                break
            if word.startswith(option) and (len(option) == 2 or option == "-isystem"):
                found[kind].append(word[len(option) :])
                break
    undefined = tuple(found["undef"])
    defines: list[tuple[str, str]] = []
    for definition in found["define"]:
        name, separator, value = definition.partition("=")
        if name and name not in undefined:
            defines.append((name, value if separator else "1"))
    paths = tuple(os.path.normpath(os.path.join(directory, p)) for p in found["include"] if p)
    return Flags(tuple(defines), paths, undefined, database)
