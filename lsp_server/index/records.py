"""One entry of the index: made from a file, and valid as long as nothing that it was made from changes."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from analyzers import api
from analyzers.api import Analyzer, Language, Options, SourceText
from lsp_server import sources
from lsp_server.index.store import Record
from lsp_server.sources import SourceError

log = logging.getLogger(__name__)

LARGEST = 1_000_000  # bytes of a file; what is longer was hardly written by hand
HEADERS = frozenset({".h", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".tpp", ".cuh"})

# `name(...) {`, `name(...) const {`, `name(a, b) int a;`: where a function may begin.
_CALL = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_NAME = re.compile(rb"[A-Za-z_]\w*")
_PARENTHESIS = re.compile(rb"[()]")
_AFTER = re.compile(rb"(?:\s|//[^\n]*\n|/\*.*?\*/)*([A-Za-z_{:#(])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to make an entry for. Crosses to another process, so it holds data only. `name` is what others call it."""

    name: str
    path: Path
    language: Language
    options: Options
    data: bytes | None = None  # an editor's buffer, which counts before the file


def is_header(path: Path) -> bool:
    return path.suffix.lower() in HEADERS


def text_of(wanted: Wanted) -> SourceText | None:
    """The text of a file, None where it cannot be read or is too long."""
    if wanted.data is not None:
        return SourceText.of(wanted.data)
    try:
        if wanted.path.stat().st_size > LARGEST:
            return None
        return sources.read(wanted.path)[0]
    except (OSError, SourceError):
        return None


def unless_saved(wanted: Wanted) -> Wanted:
    """The same without the editor's text if that is what is on disk."""
    saved = replace(wanted, data=None)
    source = text_of(saved)
    return saved if source is not None and source.data == wanted.data else wanted


def digest_of(source: SourceText) -> str:
    return blake2b(source.data, digest_size=16).hexdigest()


def key_of(wanted: Wanted, source: SourceText) -> str:
    """Everything that the entry depends on, but for headers."""
    options = replace(wanted.options, select=frozenset(), ignore=frozenset(), assume_no_alias=False)
    about = repr((wanted.name, wanted.language, _spelled(options), api.compile_flags(str(wanted.path.absolute()))))
    return blake2b(about.encode("utf-8", "surrogateescape") + source.data, digest_size=16).hexdigest()


def _spelled(options: Options) -> tuple[object, ...]:
    return options.defines, options.include_paths, sorted(options.independent), options.snippet


def made(wanted: Wanted, analyzer: Analyzer | None = None) -> Record | None:
    """The entry of a file; None where it cannot be read. `analyzer` is one that had an earlier version of the text."""
    source = text_of(wanted)
    if source is None:
        return None
    from analyzers.dependence.units import Unit

    key, digest = key_of(wanted, source), digest_of(source)
    try:
        analyzer = analyzer or Analyzer(wanted.language, wanted.options, str(wanted.path.absolute()))
        analyzer.update(source)
        unit = analyzer.unit(wanted.name)
        headers, missing = analyzer.headers()
    except Exception:  # a bug of ours must cost this file only: others know nothing of its functions
        log.exception("%s could not be indexed", wanted.name)
        return Record(key, digest, (), (), Unit(wanted.name))
    if is_header(wanted.path):  # its functions belong to the files that include it
        unit = replace(unit, definitions=())
    return Record(key, digest, headers, missing, unit)


def nearby(record: Record, names: frozenset[str]) -> frozenset[str]:
    """The headers that were not found and of which the workspace has namesakes; `names` are those of its headers."""
    return frozenset(name for name in record.missing if Path(name).name in names)


def holds(record: Record, wanted: Wanted, source: SourceText, names: frozenset[str] = frozenset()) -> bool:
    """Is the entry still that of the file? `names` are the headers that the workspace has."""
    if record.key != key_of(wanted, source) or record.nearby != nearby(record, names):
        return False
    return all(_signature(path) == (changed, size) for path, changed, size in record.headers)


def _signature(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def may_define(data: bytes) -> frozenset[str]:
    """The names of functions that a text may define: found without reading it closely, none too few."""
    found: set[bytes] = set()
    for match in _CALL.finditer(data):
        if match[1] in found or match[1] in _WORDS:
            continue
        depth, at = 1, match.end()
        while depth and (mark := _PARENTHESIS.search(data, at)) is not None:
            depth += 1 if mark[0] == b"(" else -1
            at = mark.end()
        after = _AFTER.match(data, at) if depth == 0 else None
        if after is not None:
            found.add(match[1])
            if after[1] == b"(":  # `NAME(f)(int n) {`
                found.update(_NAME.findall(data, match.end(), at))
    return frozenset(name.decode() for name in found)


_WORDS = frozenset((b"if", b"for", b"while", b"switch", b"return", b"sizeof", b"defined", b"catch"))
