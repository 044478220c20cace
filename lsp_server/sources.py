"""Files for the command line: finding them, reading them in whatever encoding they have, writing them back."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from analyzers.text import SourceText
from lsp_server.settings import Loaded

# Build trees hold copies and generated code; a name given on the command line is read all the same.
SKIPPED = ("build", "_build", "cmake-build-*", "CMakeFiles", "node_modules", "__pycache__", "venv", "dist")
# What the other languages of this field are called, to say "not yet" instead of "unknown".
PLANNED = {
    **dict.fromkeys((".f", ".for", ".ftn", ".f77", ".f90", ".f95", ".f03", ".f08", ".f18"), "Fortran"),
}
HEADERS = (".h", ".H", ".hh", ".hpp", ".hxx", ".h++", ".ipp", ".tpp", ".cuh", ".inc")
_BOMS = (
    # UTF-32 first: its little-endian mark starts with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class SourceError(Exception):
    """A file that cannot be analysed; the message says what a person can do."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a file's bytes become text, so that it can be written back the same way."""

    encoding: str = "utf-8"
    bom: bytes = b""

    def encode(self, text: SourceText) -> bytes:
        return self.bom + (text.data if self.encoding == "utf-8" else text.text.encode(self.encoding))


def decoded(data: bytes) -> tuple[SourceText, Codec]:
    """Bytes of a file to text. Raises SourceError for what is no text.

    A byte-order mark decides; then UTF-8; and what is neither is read as Latin-1, in which most old sources were
    written and which loses nothing when written back.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                text = data[len(bom) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise SourceError(
                    f"starts with a {encoding.upper()} byte-order mark but is not {encoding.upper()} "
                    f"(byte {error.start + len(bom)}); save it as UTF-8"
                ) from None
            return _checked(SourceText.of(text)), Codec(encoding, bom)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _checked(SourceText.of(data.decode("latin-1"))), Codec("latin-1")
    return _checked(SourceText.of(data)), Codec()


def _checked(text: SourceText) -> SourceText:
    at = text.data.find(b"\0")
    if at >= 0:
        raise SourceError(
            f"holds a NUL byte (line {text.line_of(at) + 1}), so it is not a source file. If it is UTF-16 without "
            "a byte-order mark, save it as UTF-8"
        )
    return text


def read(path: Path) -> tuple[SourceText, Codec]:
    """The text of a file. Raises SourceError with a message for people."""
    try:
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise SourceError("is neither a file nor a folder")
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(reason(error)) from None
    return decoded(data)


def reason(error: OSError) -> str:
    """An operating-system error in words."""
    if isinstance(error, FileNotFoundError):
        return "does not exist"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def is_header(path: Path) -> bool:
    """Whether the file is one that others include."""
    return path.suffix in HEADERS


def language_of(path: Path, extensions: Mapping[str, str]) -> str:
    """The language by the file's name. Raises SourceError for a name that is not known."""
    language = extensions.get(path.suffix) or extensions.get(path.suffix.lower())
    if language is not None:
        return language
    known = ", ".join(sorted(extensions))
    planned = PLANNED.get(path.suffix.lower())
    if planned:
        raise SourceError(f"{planned} cannot be analysed yet; this version reads {known}")
    what = f"unknown extension `{path.suffix}`" if path.suffix else "a name without extension"
    raise SourceError(f"{what}; this version reads {known}. For C under another name, add `--language c`")


def walk(folder: Path, extensions: Mapping[str, str], loaded: Loaded) -> Iterator[tuple[Path, str | None]]:
    """The sources below a folder, sorted, each with None, and folders that cannot be read with the reason.

    Hidden names, build trees and what `exclude` names are left out; links to folders are not followed.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield current, reason(error)
            continue
        below = []
        for entry in entries:
            path = current / entry.name
            if entry.name.startswith(".") or loaded.excludes(path):
                continue
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
            except OSError:
                is_folder = False
            if is_folder:
                if not any(fnmatch(entry.name, pattern) for pattern in SKIPPED):
                    below.append(path)
            elif path.suffix.lower() in extensions and not (entry.is_symlink() and path.is_dir()):
                yield path, None
        waiting.extend(reversed(below))
