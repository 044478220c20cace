"""The index on disk: one file for each workspace under the cache folder.

Every entry is valid for one text of one file only, whoever wrote it, so several servers and commands may share a file
without asking each other: it is read whole and replaced whole, and what the last writer did not know is made again. A
file that was cut short, or that another version wrote, is one that is not there. Nothing is lost with it but time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import logging
import pickle
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import analyzers
from lsp_server.cache import cache_folder
from lsp_server.settings_edit import write_atomically

if TYPE_CHECKING:
    from analyzers.dependence.units import Unit

log = logging.getLogger(__name__)

_MAGIC = b"hpc-ls index 1\n"
_DIGEST = 16
_LARGEST = 64_000_000  # bytes; a larger index is not written
_OLD = 90 * 86400.0  # seconds until an index that nobody used is removed
_SUFFIX = ".units"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one file. It holds as long as `key` is that of the file and no header has changed."""

    key: str
    digest: str  # of the text alone
    headers: tuple[tuple[str, int, int], ...]  # path, time of change, size
    missing: tuple[str, ...]  # headers that were not found
    unit: Unit
    nearby: frozenset[str] = frozenset()  # those of `missing` that stood elsewhere in the workspace then


def place_of(root: Path) -> Path:
    """The index of the workspace `root`."""
    name = blake2b(str(root).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache_folder() / "index" / f"{name}{_SUFFIX}"


@cache
def version() -> bytes:
    """The analysis that makes the entries: every change of it is another version."""
    digest = blake2b(sys.version.encode(), digest_size=_DIGEST)
    for folder in (Path(analyzers.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            status = path.stat()
            digest.update(f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.digest()


def load(root: Path) -> dict[str, Record]:
    """The entries of a workspace by file name; none where there is no index that can be read."""
    place = place_of(root)
    try:
        data = place.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.info("the index %s cannot be read: %s", place, error.strerror)
        return {}
    at = len(_MAGIC)
    if not data.startswith(_MAGIC) or data[at : at + _DIGEST] != version():
        return {}
    body = data[at + 2 * _DIGEST :]
    if blake2b(body, digest_size=_DIGEST).digest() != data[at + _DIGEST : at + 2 * _DIGEST]:
        log.info("the index %s is damaged; it is made anew", place)
        return {}
    try:
        found = _Reader(io.BytesIO(zlib.decompress(body))).load()
    except Exception as error:  # whatever is in the file, it is only a cache
        log.info("the index %s cannot be understood (%s); it is made anew", place, error)
        return {}
    return found if isinstance(found, dict) else {}


def size_of(root: Path) -> int:
    """Bytes on disk; 0 where there is no index."""
    try:
        return place_of(root).stat().st_size
    except OSError:
        return 0


def save(root: Path, records: Mapping[str, Record]) -> bool:
    """Replace the index of a workspace; whether that could be done. It is not worth an error."""
    body = zlib.compress(pickle.dumps(dict(records), protocol=5), 1)
    place = place_of(root)
    if len(body) > _LARGEST:
        log.info("the index of %s would take %d MB; it is not kept", root, len(body) // 1_000_000)
        return False
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(place, _MAGIC + version() + blake2b(body, digest_size=_DIGEST).digest() + body)
        _clean(place.parent)
    except OSError as error:
        log.info("the index %s cannot be written: %s", place, error.strerror)
        return False
    return True


def _clean(folder: Path) -> None:
    """Remove indexes that were not written for long, and what a crash left behind."""
    now = time.time()
    for path in folder.iterdir():
        temporary = path.name.startswith(".")
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if (temporary or path.suffix == _SUFFIX) and now - path.stat().st_mtime > (3600.0 if temporary else _OLD):
                path.unlink()


class _Reader(pickle.Unpickler):
    """Makes nothing but plain data: what lies in a cache folder must not be able to run anything."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("builtins", "frozenset"):
            return frozenset
        if module.startswith("analyzers.") or module == __name__:
            found = getattr(importlib.import_module(module), name)
            if isinstance(found, type) and dataclasses.is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into an index")
