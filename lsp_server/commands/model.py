"""`hpc-ls model`: which model is asked for proposals, which ones could be had, and bringing one. Nothing else leaves or
reaches this machine."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lsp_server.commands import output
from lsp_server.terminal import Progress, visible
from models import store
from models.client import Choice, Model, ModelError
from models.download import DownloadError, pull
from models.gguf import BadModelError, Header, read_header
from models.store import CatalogueError, Entry

SPOKEN = 200  # tokens of the prompt whose time `info` measures


def run(arguments: Namespace) -> int:
    """0 when it was done, 2 when it could not be."""
    try:
        match arguments.action:
            case "list":
                return _list(_catalogue(arguments))
            case "use":
                return _use(arguments.what)
            case "pull":
                return _pull(arguments)
            case "train":
                from lsp_server.commands import train

                return train.run(arguments)
            case _:
                return _info(arguments.what)
    except CatalogueError as error:
        output.failed(str(error))
    except OSError as error:
        output.failed(f"{error.filename or store.folder()}: {error.strerror or error}")
    return output.FAILED


def _catalogue(arguments: Namespace) -> dict[str, Entry]:
    return store.catalogue(arguments.catalogue or store.CATALOGUE)


def _list(entries: dict[str, Entry]) -> int:
    used = store.in_use()
    here = {path.stem: path for path in store.local()}
    rows = [_row(used.path == store.SHIPPED, "default", store.SHIPPED, "", "")] if store.SHIPPED.is_file() else []
    for name, entry in entries.items():
        memory = f"{entry.memory:,} MB of memory" if entry.memory else ""
        path = here.pop(name, None)
        rows.append(_row(path is not None and used.path == path, name, path, memory, entry.licence, entry.size))
    rows += [_row(used.path == path, name, path, "", "") for name, path in here.items()]
    if used.path is not None and used.path != store.SHIPPED and used.path not in store.local():
        rows.append(_row(True, str(used.path), used.path, "", ""))
    sys.stdout.write("\n".join(rows) + "\n")
    if used.path is None:
        sys.stdout.write(f"\nNo model is in use: {visible(used.why)}.\n")
    return 0


def _row(used: bool, name: str, path: Path | None, memory: str, licence: str, size: int = 0) -> str:
    state = "in use" if used else "here" if path is not None else ""
    length = path.stat().st_size if path is not None else size
    shown = f"{length / 1e6:,.0f} MB" if length else ""
    return f"{state:<7} {visible(name):<20} {shown:>9}  {memory:<20} {visible(licence)}".rstrip()


def _use(what: str) -> int:
    if what == "none":
        store.use(None)
        sys.stdout.write("No model is asked any more. `hpc-ls model use default` takes that back.\n")
        return 0
    if what == "default":
        store.use_default()
        used = store.in_use()
        sys.stdout.write(f"In use: {visible(str(used.path))}\n" if used.path else f"No model is in use: {used.why}.\n")
        return 0
    path = _path_of(what)
    if path is None:
        return output.FAILED
    try:
        header = read_header(path)
    except BadModelError as error:
        output.failed(f"{visible(str(path))} is not used: {error}")
        return output.FAILED
    store.use(path)
    sys.stdout.write(f"In use: {visible(str(path))} ({visible(header.name or header.architecture)})\n")
    return 0


def _path_of(what: str) -> Path | None:
    """The file that a person means by a path or a name; None, and it is said, when there is none."""
    path = Path(what)
    if path.is_file():
        return path
    kept = store.folder() / f"{path.name}.gguf"
    if path.name == what and kept.is_file():
        return kept
    known = what in store.catalogue()
    way = f"`hpc-ls model pull {what}` brings it" if known else "`hpc-ls model list` shows what there is"
    output.failed(f"there is no model {visible(what)} here; {way}")
    return None


def _pull(arguments: Namespace) -> int:
    entries = _catalogue(arguments)
    entry = entries.get(arguments.name)
    if entry is None:
        output.failed(f"the catalogue has no {visible(arguments.name)}; it has {', '.join(entries)}")
        return output.FAILED
    if arguments.sha256:
        entry = replace(entry, sha256=arguments.sha256.lower())
    progress = Progress(sys.stderr, 100, what="percent")
    try:
        path = pull(entry, store.folder(), lambda done, total: progress.tick(100 * done // total) if total else None)
    except DownloadError as error:
        progress.clear()
        output.failed(visible(str(error)))
        return output.FAILED
    progress.clear()
    sys.stdout.write(f"{visible(str(path))}\n`hpc-ls model use {entry.name}` has it asked. Licence: {entry.licence}\n")
    return 0


def _info(what: str | None) -> int:
    if what is None:
        used = store.in_use()
        if used.path is None:
            output.failed(f"no model is in use: {used.why}")
            return output.FAILED
        path: Path | None = used.path
    else:
        path = _path_of(what)
    if path is None:
        return output.FAILED
    try:
        header = read_header(path)
    except BadModelError as error:
        output.failed(f"{visible(str(path))} cannot be used: {error}")
        return output.FAILED
    rows = [("file", str(path)), *_facts(header)]
    problem = ""
    try:
        rows += asyncio.run(measured(path))
    except ModelError as error:
        problem = str(error)
    sys.stdout.write("".join(f"{name:<14} {visible(value)}\n" for name, value in rows))
    if problem:
        output.failed(problem)
        return output.FAILED
    return 0


def _facts(header: Header) -> Iterator[tuple[str, str]]:
    yield "name", header.name or "none"
    yield "architecture", header.architecture
    yield "parameters", f"{header.parameters / 1e6:,.1f} million in {header.size / 1e6:,.1f} MB"
    yield "vocabulary", f"{header.vocabulary:,} tokens"
    yield "context", f"{header.context:,} tokens"
    abilities = {"fills in the middle": header.fills_in, "answers questions": header.instructed}
    yield "can", ", ".join(name for name, there in abilities.items() if there) or "go on with a text"


async def measured(path: Path) -> list[tuple[str, str]]:
    """What it needs and how fast it is here. Raises ModelError."""
    model = Model(Choice(path))
    try:
        loaded = await model.load()
        prompt = tuple(n % loaded.vocabulary for n in range(min(SPOKEN, loaded.context // 2)))
        first = await model.complete(prompt, 1, seconds=120.0)
        again = await model.complete((*prompt[:-1], 0), 24, seconds=120.0)
        return [
            ("threads", str(loaded.threads)),
            ("loaded in", f"{1000 * loaded.seconds:,.0f} ms"),
            ("prompt", f"{len(prompt)} tokens in {1000 * first.seconds:,.0f} ms"),
            ("answer", f"24 tokens in {1000 * again.seconds:,.0f} ms, after a prompt that it knew"),
            ("memory", f"{again.memory / 1e6:,.0f} MB"),
        ]
    finally:
        await model.stop()
