"""The files of one workspace as a program: which of them define what the others call.

Commands ask for a few files: only those that may define what these call are looked at, as far as that leads. The server
asks for all of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzers import api
from analyzers.api import Analyzer
from lsp_server import batch, sources
from lsp_server.index import records, store
from lsp_server.index.records import Wanted
from lsp_server.index.store import Record
from lsp_server.settings import Loaded

if TYPE_CHECKING:
    from analyzers.dependence.linking import Outside, Program

log = logging.getLogger(__name__)

MOST = 20_000  # files of one workspace; the others are not looked at


@dataclass(slots=True)
class Project:
    """One workspace. `settings` are those of a file; `told` hears how many of how many files were read."""

    root: Path
    settings: Callable[[Path], Loaded]
    jobs: int = 1
    told: Callable[[int, int], None] = lambda done, total: None
    _known: dict[str, Record] = field(default_factory=dict)  # as the store has it
    _valid: dict[str, Record] = field(default_factory=dict)  # found to hold
    _buffers: set[str] = field(default_factory=set)  # whose entries are not of what is on disk
    # Of open documents: only the function that was edited is read again.
    _analyzers: dict[tuple[str, api.Language, api.Options], Analyzer] = field(default_factory=dict)
    _files: tuple[Path, ...] | None = None
    _dirty: bool = False
    _header_names: frozenset[str] | None = None

    def open(self) -> None:
        """Read what is kept of earlier runs."""
        self._known = store.load(self.root)

    def close(self) -> None:
        """Keep what was learnt, and what others wrote meanwhile."""
        if self._dirty:
            mine = {name: record for name, record in self._valid.items() if name not in self._buffers}
            self._known = {**store.load(self.root), **self._known, **mine}
            self._known = {name: each for name, each in self._known.items() if (self.root / name).exists()}
            self._dirty = not store.save(self.root, self._known)

    def name_of(self, path: Path) -> str:
        """What the other files call a file."""
        return Path(os.path.relpath(path.absolute(), self.root)).as_posix()

    def wanted(self, path: Path, data: bytes | None = None, language: api.Language | None = None) -> Wanted:
        known = language or api.EXTENSIONS.get(path.suffix) or api.EXTENSIONS.get(path.suffix.lower()) or "c"
        return Wanted(self.name_of(path), path, known, self.settings(path).settings.to_options(), data)

    def sources(self) -> Iterator[Path]:
        """The files of the workspace that may define functions, headers among them."""
        own = self.settings(self.root)
        for count, (path, error) in enumerate(sources.walk(self.root, api.EXTENSIONS, own)):
            if count >= MOST:
                log.info("%s has more than %d files; the others are not indexed", self.root, MOST)
                return
            if error is None and not self.settings(path).excludes(path):
                yield path

    def read(self, files: Sequence[Wanted]) -> None:
        """Make the entries of files that have none that holds."""
        missing: list[Wanted] = []
        for wanted in files:
            if wanted.name in self._valid:
                continue
            if wanted.data is not None:
                self._buffers.add(wanted.name)
            source = records.text_of(wanted)
            if source is None:
                continue
            known = self._known.get(wanted.name)
            headers = self._headers() if known is not None and known.missing else frozenset()
            if known is not None and records.holds(known, wanted, source, headers):
                self._valid[wanted.name] = known
            else:
                missing.append(wanted)
        work = self._made if self.jobs == 1 else records.made  # what other processes do must not need this object
        results = batch.run(work, missing, self.jobs, _crashed)
        for done, wanted in enumerate(missing):
            self.told(done, len(missing))
            record = next(results)
            if record is not None:
                if record.missing:
                    record = replace(record, nearby=records.nearby(record, self._headers()))
                self._valid[wanted.name] = record
                self._dirty = self._dirty or wanted.data is None

    def _headers(self) -> frozenset[str]:
        """The names of the headers of the workspace."""
        if self._header_names is None:
            self._header_names = frozenset(path.name for path in self.sources() if records.is_header(path))
        return self._header_names

    def _made(self, wanted: Wanted) -> Record | None:
        if wanted.data is None:
            return records.made(wanted)
        key = (wanted.name, wanted.language, wanted.options)
        analyzer = self._analyzers.get(key)
        if analyzer is None:
            analyzer = self._analyzers[key] = Analyzer(wanted.language, wanted.options, str(wanted.path.absolute()))
        return records.made(wanted, analyzer)

    def read_all(self, documents: Sequence[Wanted], *, rescan: bool) -> None:
        """Bring the entries of all files up to date; `documents` are open and count as they are in the editor. Whatever
        `told` raises ends it, and what was read until then is kept."""
        self._known.update((name, record) for name, record in self._valid.items() if name not in self._buffers)
        before, self._valid, self._buffers = self._valid, {}, set()
        if rescan or self._files is None:
            self._files, self._header_names = tuple(self.sources()), None
        buffers = [records.unless_saved(wanted) for wanted in documents]
        for wanted in buffers:
            known = before.get(wanted.name)
            source = records.text_of(wanted) if known is not None and wanted.data is not None else None
            headers = self._headers() if known is not None and known.missing else frozenset()
            if known is not None and source is not None and records.holds(known, wanted, source, headers):
                self._valid[wanted.name] = known
                self._buffers.add(wanted.name)
        open_names = {wanted.name for wanted in buffers}
        self._analyzers = {key: analyzer for key, analyzer in self._analyzers.items() if key[0] in open_names}
        others = [self.wanted(path) for path in self._files if not records.is_header(path)]
        self.read([*buffers, *(wanted for wanted in others if wanted.name not in open_names)])

    def reach(self, files: Iterable[str]) -> None:
        """Read the files of the workspace that may define what `files` call, and what those call."""
        needed = self._unresolved(files)
        if not needed:
            return
        waiting = {path: None for path in self.sources() if not records.is_header(path)}
        may_define = {path: _names(path) for path in waiting if self.name_of(path) not in self._valid}
        while needed:
            found = [path for path, names in may_define.items() if not names.isdisjoint(needed)]
            if not found:
                return
            for path in found:
                del may_define[path]
            self.read([self.wanted(path) for path in found])
            needed = self._unresolved(self.name_of(path) for path in found)

    def _unresolved(self, files: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for name in files:
            record = self._valid.get(name)
            if record is not None:
                # The last part of `A::f` is what a definition is found by.
                found.update(called.rpartition("::")[2] for called in record.unit.declared)
        return found

    def program(self) -> Program:
        """All files that were read, as one program."""
        from analyzers.dependence.linking import Program

        return Program(record.unit for record in self._valid.values())

    def outside(self, program: Program, name: str) -> Outside | None:
        """What a file is told of functions that it does not define; None where there is nothing to tell."""
        record = self._valid.get(name)
        if record is None:
            return None
        found = program.outside(name, record.unit.declared, record.digest)
        return found if found.functions or found.called else None

    @property
    def records(self) -> Mapping[str, Record]:
        """The entries that hold, by file."""
        return self._valid


def _names(path: Path) -> frozenset[str]:
    try:
        if path.stat().st_size > records.LARGEST:
            return frozenset()
        return records.may_define(path.read_bytes())
    except OSError:
        return frozenset()


def _crashed(wanted: Wanted, how: str) -> Record | None:
    log.info("%s is not indexed: %s", wanted.name, how)
    return None
